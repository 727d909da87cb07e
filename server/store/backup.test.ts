/** A copy of everything while devices go on sending, judged by restoring it. */
import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LintelServer } from "../server-options.ts";
import { countingPack, makeFolder, startDevice, startTestServer, TEST_NOW_MS } from "../testing/test-server.ts";
import { restoreDatabase } from "./restore.ts";

const MAC = "5ccf7f123456";
const EPOCH = 3;
/** With those before, fewer readings than the largest page. */
const FED_PACKS_MAX = 70;

let folder: ReturnType<typeof makeFolder>;
let other: ReturnType<typeof makeFolder>;
let server: LintelServer;

beforeEach(async () => {
  folder = makeFolder();
  other = makeFolder();
  server = await startTestServer(folder.path);
});
afterEach(async () => {
  await server.stop();
  folder.remove();
  other.remove();
});

const at = (path = "", method = "GET") => fetch(`${server.url}/api/v1/backup${path}`, { method });

async function values(from: LintelServer): Promise<number[]> {
  const url = `${from.url}/api/v1/devices/${MAC}/streams/5001/readings?limit=10000`;
  const { items } = (await (await fetch(url)).json()) as { items: Array<{ value: number }> };
  return items.map(({ value }) => value).sort((a, b) => a - b);
}

async function fetchBackup(): Promise<string> {
  expect((await at("", "POST")).status).toBe(202);
  for (;;) {
    const { state, error } = (await (await at()).json()) as { state: string; error: string | null };
    if (state === "done") break;
    expect([state, error]).toEqual(["running", null]);
    await sleep(5);
  }
  const path = join(other.path, "copy.db");
  writeFileSync(path, Buffer.from(await (await at("/content")).arrayBuffer()));
  return path;
}

test("holds what was acknowledged before it began, and the server goes on from it", async () => {
  const device = await startDevice(server, MAC);
  let next = 1;
  const send = () => {
    device.data(countingPack(EPOCH, next, next + 99));
    next += 100;
  };
  for (let i = 0; i < 20; i++) send();
  await device.ack(next - 1);
  const before = next - 1;
  // A pack after the other, as long as it takes and no more than a page shows.
  let isWanted = true;
  const feed = async () => {
    for (let packs = 0; isWanted && packs < FED_PACKS_MAX; packs++) {
      send();
      await device.ack(next - 1);
    }
  };
  const feeding = feed();
  const copy = await fetchBackup();
  isWanted = false;
  await feeding;

  const data = join(other.path, "data");
  const restored = restoreDatabase(copy, data, false, TEST_NOW_MS);
  expect(restored).toMatchObject({ devices: 1, lastSeenMs: TEST_NOW_MS, putAside: null });
  expect(restored.readings).toBeGreaterThanOrEqual(before);
  const second = await startTestServer(data);
  try {
    const kept = await values(second);
    expect(kept).toEqual(Array.from({ length: restored.readings }, (_, index) => index + 1));
    // The device has forgotten what the first server had acknowledged, and goes on.
    const again = await startDevice(second, MAC);
    again.hello(EPOCH);
    again.data(countingPack(EPOCH, next, next + 9));
    await again.ack(next + 9);
    const gaps = (await (await fetch(`${second.url}/api/v1/devices/${MAC}/gaps`)).json()) as { readings: number };
    expect(gaps.readings).toBe(next - 1 - restored.readings);
  } finally {
    await second.stop();
  }
});

test("is for its owner alone, one at a time, and goes when it is deleted or the server starts", async () => {
  expect((await at()).status).toBe(404);
  await fetchBackup();
  const path = join(folder.path, "backup", "lintel.db");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect((await at("", "DELETE")).status).toBe(204);
  expect([existsSync(path), (await at()).status]).toEqual([false, 404]);
  await fetchBackup();
  await server.stop();
  server = await startTestServer(folder.path);
  expect([existsSync(path), (await at("/content")).status]).toEqual([false, 404]);
});

test("a backup is put in only where it is whole and nothing is lost by it", async () => {
  const device = await startDevice(server, MAC);
  device.data(countingPack(EPOCH, 1, 50));
  await device.ack(50);
  const copy = await fetchBackup();
  const restore =
    (path: string, dataDir: string, isReplacing = false) =>
    () =>
      restoreDatabase(path, dataDir, isReplacing, TEST_NOW_MS);
  expect(restore(copy, folder.path, true)).toThrow(/in use by another server/);
  expect(restore(join(other.path, "none"), other.path)).toThrow(/no file .*none/);
  const bad = join(other.path, "bad.db");
  const whole = readFileSync(copy);
  writeFileSync(bad, whole);
  truncateSync(bad, whole.length - 4096);
  expect(restore(bad, join(other.path, "x"))).toThrow(/damaged/);
  writeFileSync(bad, Buffer.concat([whole.subarray(0, 8192), Buffer.alloc(whole.length - 8192, 0x5a)]));
  expect(restore(bad, join(other.path, "x"))).toThrow(/damaged/);
  writeFileSync(bad, "no database at all");
  expect(restore(bad, join(other.path, "x"))).toThrow(/damaged|cannot be opened|none of|not one of/);
  rmSync(bad);

  device.data(countingPack(EPOCH, 51, 60));
  await device.ack(60);
  await server.stop();
  expect(restore(copy, folder.path)).toThrow(/--replace/);
  const { putAside } = restoreDatabase(copy, folder.path, true, TEST_NOW_MS);
  server = await startTestServer(folder.path);
  expect((await values(server)).length).toBe(50);
  // What was put aside is whole, with what its log held.
  const data = join(other.path, "aside");
  expect(restoreDatabase(putAside ?? "", data, false, TEST_NOW_MS)).toMatchObject({ readings: 60 });
});

test("a stop does not wait for one, and loses nothing by it", async () => {
  const device = await startDevice(server, MAC);
  for (let first = 1; first <= 9000; first += 1000) {
    for (let from = first; from < first + 1000; from += 100) device.data(countingPack(EPOCH, from, from + 99));
    await device.ack(first + 999);
  }
  await at("", "POST");
  await server.stop();
  server = await startTestServer(folder.path);
  expect([(await values(server)).length, (await at()).status]).toEqual([9000, 404]);
});
