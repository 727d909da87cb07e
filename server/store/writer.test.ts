import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PAYLOAD_UP_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { type Batch, BatchBuilder, BatchKind, BlockPool } from "../ingest/batch.ts";
import { encodeCbor } from "../ingest/cbor-codec.ts";
import { noise, testImage } from "../testing/test-images.ts";
import { countingPack, encodePack, makeFolder, TEST_NOW_MS } from "../testing/test-server.ts";
import { checkUpload } from "../updates/image-check.ts";
import { openDataFolder, openForWriting } from "./open-database.ts";
import { Writer } from "./writer.ts";

const MAC = 0x5ccf7f123456;
const EPOCH = 77;

let folder: ReturnType<typeof makeFolder>;
let db: Database.Database;
let writer: Writer;

beforeEach(() => {
  folder = makeFolder();
  const data = openDataFolder(folder.path);
  db = openForWriting(data.databasePath);
  writer = new Writer(db);
  data.release();
});

afterEach(() => {
  db.close();
  folder.remove();
});

function batch(...messages: Array<[BatchKind, Uint8Array]>): Batch {
  const builder = new BatchBuilder(new BlockPool());
  for (const [kind, payload] of messages) builder.add(kind, MAC, TEST_NOW_MS, payload);
  return builder.take();
}

const send = (...payloads: Uint8Array[]) =>
  writer.commit([batch(...payloads.map((p) => [BatchKind.Data, p] as [BatchKind, Uint8Array]))]);
const sequences = () => db.prepare("SELECT sequence FROM readings ORDER BY sequence").pluck().all();
const rows = (table: string) => db.prepare(`SELECT * FROM ${table}`).all() as Array<Record<string, unknown>>;

describe("exactly once", () => {
  test("packs in order, one acknowledgement for all of them", () => {
    const { acks, tallies } = send(countingPack(EPOCH, 1, 2), countingPack(EPOCH, 3, 5));
    expect([...acks]).toEqual([MAC, EPOCH, 5]);
    expect(tallies).toEqual({ stored: 5, duplicates: 0, rejected: 0, dropped: 0, lostInTransit: 0 });
    expect(sequences()).toEqual([1, 2, 3, 4, 5]);
  });

  test("a repeated pack is acknowledged and not stored; the first content wins", () => {
    send(encodePack(EPOCH, 1, 1, [{ stream: "5001", value: 10 }]));
    const { acks, tallies } = send(encodePack(EPOCH, 1, 1, [{ stream: "5001", value: 99 }]));
    expect([...acks]).toEqual([MAC, EPOCH, 1]);
    expect(tallies).toMatchObject({ stored: 0, duplicates: 1 });
    expect(rows("readings")).toMatchObject([{ value: 10 }]);
  });

  test("a partial overlap stores the rest", () => {
    send(countingPack(EPOCH, 1, 3));
    expect(send(countingPack(EPOCH, 2, 6)).tallies).toMatchObject({ stored: 3, duplicates: 2 });
    expect(sequences()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("a loss in transit stores nothing and asks again", () => {
    send(countingPack(EPOCH, 1, 3));
    const { acks, tallies } = send(countingPack(EPOCH, 6, 7, 4));
    expect([...acks]).toEqual([MAC, EPOCH, 3]);
    expect(tallies).toMatchObject({ stored: 0, lostInTransit: 1 });
    send(countingPack(EPOCH, 4, 7, 4));
    expect(sequences()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(rows("gaps")).toEqual([]);
  });

  test("what the device dropped becomes a gap, and the rest goes on", () => {
    send(countingPack(EPOCH, 1, 3));
    const { acks, tallies } = send(countingPack(EPOCH, 10, 11, 10));
    expect([...acks]).toEqual([MAC, EPOCH, 11]);
    expect(tallies).toMatchObject({ stored: 2, dropped: 6 });
    expect(rows("gaps")).toMatchObject([{ from_sequence: 4, to_sequence: 9 }]);
  });

  test("a new epoch counts from the start, and the old one keeps its watermark", () => {
    send(countingPack(EPOCH, 1, 3));
    expect([...send(countingPack(EPOCH + 1, 1, 2)).acks]).toEqual([MAC, EPOCH + 1, 2]);
    expect([...send(countingPack(EPOCH, 1, 4)).acks]).toEqual([MAC, EPOCH, 4]);
    expect(sequences()).toEqual([1, 1, 2, 2, 3, 4]);
  });

  test("another writer on the same database goes on from the stored watermark", () => {
    send(countingPack(EPOCH, 1, 3));
    writer = new Writer(db);
    expect(send(countingPack(EPOCH, 1, 4)).tallies).toMatchObject({ stored: 1, duplicates: 3 });
  });
});

describe("what cannot be stored as a reading", () => {
  test("is kept as it came, advances the watermark and is never counted as stored", () => {
    const pack = encodePack(EPOCH, 1, 1, [
      { stream: "5001", value: 1 },
      { stream: "5001", value: "text" },
      { stream: "5001", value: 3 },
    ]);
    const { acks, tallies } = send(pack);
    expect([...acks]).toEqual([MAC, EPOCH, 3]);
    expect(tallies).toMatchObject({ stored: 2, rejected: 1 });
    expect(sequences()).toEqual([1, 3]);
    const record = new Map<unknown, unknown>([
      [0, "5001"],
      [2, "text"],
      [6, 0],
    ]);
    expect(rows("rejected")).toMatchObject([{ sequence: 2, reason: "value", record: Buffer.from(encodeCbor(record)) }]);
  });

  test("malformed messages are named and dropped, and their neighbours stay", () => {
    const { malformed, tallies } = writer.commit([
      batch(
        [BatchKind.Data, Buffer.from("ff", "hex")],
        [BatchKind.Data, Buffer.alloc(PAYLOAD_UP_MAX_BYTES + 1)],
        [BatchKind.Hello, encodeCbor(1)],
        [BatchKind.State, encodeCbor(new Map())],
        [BatchKind.Data, countingPack(EPOCH, 1, 1)],
      ),
    ]);
    expect(malformed.map(({ reason }) => reason)).toEqual(["notCbor", "tooLong", "hello", "state"]);
    expect(tallies.stored).toBe(1);
  });
});

test("figures of a stream follow its readings, also late ones", () => {
  send(
    encodePack(EPOCH, 1, 1, [
      { stream: "5001", value: 1, timeS: 1_600_000_000 },
      { stream: "5001", value: 2.5, timeS: 1_600_000_060 },
      { stream: "5001", value: 3, timeS: 1_599_999_000 },
    ]),
  );
  expect(rows("streams")).toMatchObject([
    {
      stream: 0x5001,
      reading_count: 3,
      first_time_ms: 1_599_999_000_000,
      last_time_ms: 1_600_000_060_000,
      last_value: 2.5,
    },
  ]);
  expect(db.prepare("SELECT typeof(value) FROM readings ORDER BY sequence").pluck().all()).toEqual([
    "integer",
    "real",
    "integer",
  ]);
});

test("a full disk stores nothing, acknowledges nothing, and heals", () => {
  send(countingPack(EPOCH, 1, 3));
  const pages = db.pragma("page_count", { simple: true });
  db.pragma(`max_page_count = ${pages}`);
  const many = Array.from({ length: 40 }, (_, i) => countingPack(EPOCH, 4 + i * 100, 103 + i * 100));
  expect(() => send(...many)).toThrow(/full/);
  expect(db.inTransaction).toBe(false);
  expect(sequences()).toEqual([1, 2, 3]);
  db.pragma("max_page_count = 1000000");
  expect([...send(...many).acks]).toEqual([MAC, EPOCH, 4003]);
  expect(sequences()).toEqual(Array.from({ length: 4003 }, (_, i) => i + 1));
});

test("how sure the time of a reading is", () => {
  const sure = (sequence: number, more: Array<[string, unknown]>) =>
    encodeCbor([new Map<unknown, unknown>([["ep", EPOCH], ["sq", sequence], ["ol", 1], ...more, [0, "5001"], [2, 1]])]);
  send(
    sure(1, []),
    sure(2, [["te", 30]]),
    sure(3, [
      ["ts", true],
      ["te", 600],
    ]),
  );
  expect(rows("readings")).toMatchObject([
    { sequence: 1, clock: 1, error_s: null },
    { sequence: 2, clock: 1, error_s: 30 },
    { sequence: 3, clock: 2, error_s: 600 },
  ]);
});

test("a full disk changes no image, and says so", () => {
  const image = testImage(noise(60_000, 1));
  const verdict = checkUpload(image.bytes);
  if (!verdict.ok) throw new Error(verdict.reason);
  const request = {
    kind: "addImage",
    image: verdict.image,
    bytes: image.bytes,
    organisation: 1,
    atMs: TEST_NOW_MS,
  } as const;
  db.pragma(`max_page_count = ${db.pragma("page_count", { simple: true })}`);
  expect(() => writer.answer(request)).toThrow(/full/);
  expect([db.inTransaction, rows("images")]).toEqual([false, []]);
  db.pragma("max_page_count = 1000000");
  expect(writer.answer(request)).toEqual({ outcome: "done" });
  expect(writer.answer(request)).toEqual({ outcome: "existed" });
});

test("a compressed image goes to an image that is there; null says that it was tried", () => {
  const { id, bytes } = testImage(noise(20, 1));
  const verdict = checkUpload(bytes);
  if (!verdict.ok) throw new Error(verdict.reason);
  writer.answer({ kind: "addImage", image: verdict.image, bytes, organisation: 1, atMs: TEST_NOW_MS });
  const add = (image: string, compressed: Uint8Array | null) =>
    writer.answer({ kind: "addCompressed", image, bytes: compressed });
  expect(rows("images")).toMatchObject([{ compressed: null, compress_tried: 0 }]);
  expect(add(id, null)).toEqual({ outcome: "done" });
  expect(rows("images")).toMatchObject([{ compressed: null, compress_tried: 1 }]);
  expect(add(id, Buffer.from("short"))).toEqual({ outcome: "done" });
  expect(rows("images")).toMatchObject([{ compressed: Buffer.from("short"), compress_tried: 1 }]);
  expect(add("0011223344556677", null)).toEqual({ outcome: "imageUnknown" });
});

test("patches go with their images, and the oldest make room", () => {
  const images = [1, 2, 3].map((seed) => testImage(noise(20, seed)));
  for (const { bytes } of images) {
    const verdict = checkUpload(bytes);
    if (verdict.ok)
      writer.answer({ kind: "addImage", image: verdict.image, bytes, organisation: 1, atMs: TEST_NOW_MS });
  }
  const [one, two, three] = images.map(({ id }) => id) as [string, string, string];
  const add = (base: string, image: string) =>
    writer.answer({ kind: "addPatch", base, image, bytes: Buffer.from("patch"), atMs: TEST_NOW_MS });
  expect(add(one, two)).toEqual({ outcome: "done" });
  add(two, three);
  add(one, "0011223344556677");
  expect(rows("patches")).toHaveLength(2);
  writer.answer({ kind: "deleteImage", id: one, organisation: 1 });
  expect(rows("patches")).toMatchObject([{ size_bytes: 5 }]);
});

test("live readings are told only when someone listens", () => {
  expect(send(countingPack(EPOCH, 1, 2)).live).toEqual([]);
  writer.isLiveWanted = true;
  expect(send(countingPack(EPOCH, 2, 3)).live).toEqual([
    {
      mac: MAC,
      organisation: null,
      stream: 0x5001,
      timeMs: TEST_NOW_MS - 1000,
      value: 3,
      epoch: EPOCH,
      sequence: 3,
      clock: 1,
      errorS: null,
    },
  ]);
});

test("the database stays sound", () => {
  send(countingPack(EPOCH, 1, 100));
  const other = new Database(join(folder.path, "lintel.db"), { readonly: true });
  expect(other.pragma("integrity_check", { simple: true })).toBe("ok");
  other.close();
});
