import { beforeEach, describe, expect, test } from "vitest";
import { PAYLOAD_UP_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { MESSAGE_OVERHEAD_BYTES, PENDING_DEVICE_MAX_BYTES, PENDING_MAX_BYTES } from "../limits.ts";
import { silentLogger } from "../logger.ts";
import { Metrics } from "../metrics.ts";
import type { UpdateDue } from "../updates/store-requests.ts";
import { type Batch, BatchKind, readBatch } from "./batch.ts";
import { decodeCbor } from "./cbor-codec.ts";
import { Ingest } from "./ingest.ts";
import type { Committed } from "./writer-messages.ts";

const MAC = 0x5ccf7f123456;
const NOW_MS = 1_700_000_000_999;
const PAYLOAD = new Uint8Array(PAYLOAD_UP_MAX_BYTES);

/** A writer that answers when the test says so. */
class HeldWriter {
  readonly posted: Array<{ id: number; batch: Batch }> = [];
  isThere = true;
  post(id: number, batch: Batch): boolean {
    if (this.isThere) this.posted.push({ id, batch });
    return this.isThere;
  }
  setLive(): void {}
}

let writer: HeldWriter;
let metrics: Metrics;
let ingest: Ingest;
let acks: unknown[];
let dues: UpdateDue[];

beforeEach(() => {
  writer = new HeldWriter();
  metrics = new Metrics();
  ingest = new Ingest({
    writer,
    metrics,
    logger: silentLogger,
    nowMs: () => NOW_MS,
    onLive: () => {},
    onUpdateDue: (due) => dues.push(due),
    onOrdersDue: () => {},
    onRolloutsDue: () => {},
    onSecretDue: () => {},
  });
  ingest.onReady();
  acks = [];
  dues = [];
  ingest.connect({
    mac: MAC,
    sinceMs: 0,
    unsentBytes: 0,
    isOpen: true,
    send: (_channel, payload) => {
      const decoded = decodeCbor(payload);
      acks.push(decoded.ok ? Object.fromEntries(decoded.value as Map<number, number>) : decoded.fault);
      return true;
    },
  });
});

const committed = (batchId: number, ackList: number[] = []): Committed => ({
  type: "committed",
  batchId,
  acks: new Float64Array(ackList),
  tallies: { stored: 0, duplicates: 0, rejected: 0, dropped: 0, lostInTransit: 0 },
  malformed: [],
  commitMs: 1,
  live: [],
  liveLeftOut: 0,
  liveUpdates: [],
  updatesDue: [],
  ordersDue: [],
  rolloutsDue: [],
  secretsDue: [],
});
const shed = async () => (await metrics.shed.get()).values.map(({ labels, value }) => [labels["cause"], value]);
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("messages of one turn travel together, with the time of their arrival", async () => {
  ingest.offer(BatchKind.Hello, MAC, Buffer.from("one"));
  ingest.offer(BatchKind.Data, MAC, Buffer.from("two"));
  await turn();
  const seen: unknown[] = [];
  readBatch(writer.posted[0]?.batch as Batch, (...fields) => seen.push([...fields.slice(0, 3), String(fields[3])]));
  expect(seen).toEqual([
    [BatchKind.Hello, MAC, NOW_MS, "one"],
    [BatchKind.Data, MAC, NOW_MS, "two"],
  ]);
});

test("nothing is acknowledged before its commit", async () => {
  ingest.offer(BatchKind.Data, MAC, PAYLOAD);
  await turn();
  expect(acks).toEqual([]);
  expect(ingest.isIdle).toBe(false);
  ingest.onCommitted(committed(1, [MAC, 7, 12]));
  expect(acks).toEqual([{ 0: 7, 1: 12, 2: 1_700_000_000 }]);
  expect(ingest.isIdle).toBe(true);
});

test("an update that is due is told after the acknowledgement", () => {
  const due = { mac: MAC, image: "00112233445566aa", running: null, isRetry: false };
  ingest.onCommitted({ ...committed(0, [MAC, 7, 12]), updatesDue: [due] });
  expect([acks.length, dues]).toEqual([1, [due]]);
});

describe("memory", () => {
  test("of one device is bounded, and comes back with the commit", async () => {
    const fitting = Math.floor(PENDING_DEVICE_MAX_BYTES / (PAYLOAD.length + MESSAGE_OVERHEAD_BYTES));
    for (let i = 0; i < fitting + 5; i++) ingest.offer(BatchKind.Data, MAC, PAYLOAD);
    expect(await shed()).toEqual([["device", 5]]);
    await turn();
    ingest.onCommitted(committed(writer.posted.at(-1)?.id ?? 0));
    ingest.offer(BatchKind.Data, MAC, PAYLOAD);
    expect(await shed()).toEqual([["device", 5]]);
  });

  test("of all together is bounded", async () => {
    const fitting = Math.floor(PENDING_MAX_BYTES / (PAYLOAD.length + MESSAGE_OVERHEAD_BYTES));
    for (let i = 0; i < fitting + 3; i++) ingest.offer(BatchKind.Data, MAC + (i % 100), PAYLOAD);
    expect(await shed()).toEqual([["total", 3]]);
  });

  test("is taken by empty messages too", async () => {
    const fitting = Math.floor(PENDING_DEVICE_MAX_BYTES / MESSAGE_OVERHEAD_BYTES);
    for (let i = 0; i < fitting + 7; i++) ingest.offer(BatchKind.Data, MAC, new Uint8Array(0));
    expect(await shed()).toEqual([["device", 7]]);
  });

  test("is not given to a message over the limit, however long it is", async () => {
    ingest.offer(BatchKind.Data, MAC, new Uint8Array(PAYLOAD_UP_MAX_BYTES + 1));
    ingest.offer(BatchKind.Data, MAC, new Uint8Array(200_000));
    await turn();
    expect(writer.posted).toHaveLength(0);
    expect(ingest.isIdle).toBe(true);
  });
});

describe("a writer in trouble", () => {
  test("a failed commit acknowledges nothing and is not healthy until one works", async () => {
    ingest.offer(BatchKind.Data, MAC, PAYLOAD);
    await turn();
    ingest.onFailed(1, "disk full");
    expect(acks).toEqual([]);
    expect(ingest.isHealthy).toBe(false);
    await ingest.settled();
    ingest.onReady();
    expect(ingest.isHealthy).toBe(true);
  });

  test("what a dead writer held is given up, and the next one is used", async () => {
    ingest.offer(BatchKind.Data, MAC, PAYLOAD);
    await turn();
    writer.isThere = false;
    ingest.onLost();
    expect(ingest.isHealthy).toBe(false);
    expect(ingest.isIdle).toBe(true);
    ingest.offer(BatchKind.Data, MAC, PAYLOAD);
    await turn();
    expect(await shed()).toEqual([["writer", 1]]);
    writer.isThere = true;
    ingest.onReady();
    ingest.offer(BatchKind.Data, MAC, PAYLOAD);
    await turn();
    expect(writer.posted).toHaveLength(2);
  });
});

test("a drain takes nothing more and says goodbye", async () => {
  ingest.offer(BatchKind.Data, MAC, PAYLOAD);
  const drained = ingest.drain();
  ingest.offer(BatchKind.Data, MAC, PAYLOAD);
  ingest.onCommitted(committed(1, [MAC, 7, 12]));
  await drained;
  expect(await shed()).toEqual([["stopping", 1]]);
  expect(acks).toEqual([
    { 0: 7, 1: 12, 2: 1_700_000_000 },
    { 0: 7, 1: 12, 2: 1_700_000_000, 3: 200 },
  ]);
});
