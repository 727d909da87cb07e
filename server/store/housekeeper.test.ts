import { statSync } from "node:fs";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BatchBuilder, BatchKind, BlockPool } from "../ingest/batch.ts";
import { encodePack, makeFolder } from "../testing/test-server.ts";
import { DAY_MS, dayOf, HOUR_MS } from "./day.ts";
import { Housekeeper } from "./housekeeper.ts";
import { openDataFolder, openForWriting } from "./open-database.ts";
import { Reader } from "./reader.ts";
import { KEEP_ALL, type RetentionOptions } from "./retention.ts";
import type { Series } from "./series.ts";
import type { Damage } from "./unpacked-segments.ts";
import { Writer } from "./writer.ts";

const MAC = 0x5ccf7f123456;
/** 2023-11-15T00:00:00Z */
const START_MS = 1_700_006_400_000;
const FIRST_DAY = dayOf(START_MS);
const PACK = 100;

let folder: ReturnType<typeof makeFolder>;
let db: Database.Database;
let writer: Writer;
let reader: Reader;
let sequence: number;

beforeEach(() => {
  folder = makeFolder();
  openDataFolder(folder.path).release();
  db = openForWriting(join(folder.path, "lintel.db"));
  writer = new Writer(db);
  reader = new Reader(join(folder.path, "lintel.db"));
  sequence = 1;
});

afterEach(() => {
  reader.close();
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  db.close();
  folder.remove();
});

/** Values are sequence numbers. */
function send(fromMs: number, count: number, stepMs: number, nowMs = fromMs, valueOf = (n: number) => n): void {
  const builder = new BatchBuilder(new BlockPool());
  for (let at = 0; at < count; at += PACK) {
    const readings = Array.from({ length: Math.min(PACK, count - at) }, (_, i) => ({
      stream: "5001",
      value: valueOf(sequence + i),
      timeS: (fromMs + (at + i) * stepMs) / 1000,
    }));
    builder.add(BatchKind.Data, MAC, nowMs, encodePack(1, sequence, 1, readings));
    sequence += readings.length;
    if (builder.isFull) writer.commit([builder.take()]);
  }
  writer.commit([builder.take()]);
}

function keep(options: Partial<RetentionOptions> = {}): Housekeeper {
  return new Housekeeper(db, writer.onSealed, { ...KEEP_ALL, ...options });
}

function work(keeper: Housekeeper, nowMs: number, elapsedMs = 0): void {
  keeper.tell(nowMs, elapsedMs);
  while (keeper.step());
}

const series = () => reader.series.open({ device: "5ccf7f123456", stream: "5001" }) as Series;
const all = (limit = 1_000_000) => series().page({ fromMs: 0, toMs: 9e15, after: null, limit });
const values = () => all().map(({ value }) => value);
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
const count = (table: string) => Number(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
const sums = (...edges: number[]) => series().sumUp(edges, () => true);

describe("packing", () => {
  test("waits until a day has been over for an hour, and then the table is empty", () => {
    send(START_MS, 96, 15 * 60_000);
    const keeper = keep();
    work(keeper, START_MS + DAY_MS + HOUR_MS - 1);
    expect([count("readings"), count("segments")]).toEqual([96, 0]);
    work(keeper, START_MS + DAY_MS + HOUR_MS);
    expect([count("readings"), count("segments"), count("unsealed")]).toEqual([0, 1, 0]);
    expect(values()).toEqual(upTo(96));
    expect(keeper.figures()).toMatchObject({ packed: 96 });
  });

  test("what comes after is noted again and packed with the rest", () => {
    send(START_MS, 96, 15 * 60_000);
    const keeper = keep();
    work(keeper, START_MS + 2 * DAY_MS);
    send(START_MS + 1000, 3, 60_000, START_MS + 2 * DAY_MS);
    expect(count("unsealed")).toBe(1);
    work(keeper, START_MS + 2 * DAY_MS + HOUR_MS);
    expect([count("readings"), count("segments"), count("unsealed")]).toEqual([0, 1, 0]);
    expect(values().toSorted((a, b) => a - b)).toEqual(upTo(99));
  });

  test("a reading a second for a day: segments, minutes, and the same sums at every resolution", async () => {
    send(START_MS, 86_400, 1000);
    work(keep(), START_MS + 2 * DAY_MS);
    send(START_MS + 500, 3, 60_000, START_MS + 2 * DAY_MS);
    expect([count("segments"), count("minute_rollups"), count("hour_rollups")]).toEqual([43, 1, 1]);
    const rows = all();
    expect(rows).toHaveLength(86_403);
    expect(rows.every((row, i) => i === 0 || row.timeMs >= (rows[i - 1]?.timeMs ?? 0))).toBe(true);
    const sum = (86_403 * 86_404) / 2;
    for (const stepMs of [1000 * 7200, HOUR_MS, 60_000, 90_000, DAY_MS]) {
      const edges = Array.from({ length: DAY_MS / stepMs + 1 }, (_, i) => START_MS + i * stepMs);
      const { buckets, isApproximate } = await sums(...edges);
      expect(buckets.reduce((total, bucket) => total + bucket.sum, 0)).toBe(sum);
      expect(buckets[0]).toMatchObject({
        first: 1,
        firstMs: START_MS,
        max: 86_401 + Math.min(2, Math.floor((stepMs - 501) / 60_000)),
      });
      expect(isApproximate).toBe(false);
    }
  }, 60_000);

  test("a day that a clock ahead has written is not waited for", () => {
    send(START_MS + 365 * DAY_MS, 5, 60_000, START_MS);
    const keeper = keep();
    work(keeper, START_MS + HOUR_MS);
    expect(count("segments")).toBe(0);
    work(keeper, START_MS + 26 * HOUR_MS);
    expect([count("segments"), values()]).toEqual([1, upTo(5)]);
  });

  test("a day that was noted by a clock ahead does not wait for that clock", () => {
    send(START_MS, 5, 60_000, START_MS + 365 * DAY_MS);
    work(keep(), START_MS + 3 * DAY_MS);
    expect([count("segments"), values()]).toEqual([1, upTo(5)]);
  });
});

describe("damage", () => {
  test("a segment costs itself and no more, and is told once", async () => {
    const told: Damage[] = [];
    reader.series.onDamage = (damage) => told.push(damage);
    send(START_MS, 3 * 96, 15 * 60_000);
    const keeper = keep();
    work(keeper, START_MS + 5 * DAY_MS);
    db.prepare(
      "UPDATE segments SET body = CAST(substr(body, 1, 20) || x'00' || substr(body, 22) AS BLOB) WHERE day = ?",
    ).run(FIRST_DAY + 1);
    expect(values()).toEqual([...upTo(96), ...upTo(288).slice(192)]);
    expect(values()).toHaveLength(192);
    expect(told).toEqual([{ streamId: 1, day: FIRST_DAY + 1, readings: 96 }]);
    // What was summed up before is still right.
    const { buckets } = await sums(START_MS, START_MS + DAY_MS, START_MS + 2 * DAY_MS);
    expect(buckets.map((bucket) => bucket.count)).toEqual([96, 96]);
    send(START_MS + DAY_MS + 1000, 2, 60_000, START_MS + 5 * DAY_MS);
    work(keeper, START_MS + 6 * DAY_MS);
    expect(keeper.figures()).toMatchObject({ damagedSegments: 1 });
    expect(values()).toHaveLength(194);
  });

  test("a row that holds no number is moved away with what it held, and counted", () => {
    send(START_MS, 10, 60_000);
    db.prepare("UPDATE readings SET value = 'x' WHERE sequence = 4").run();
    expect(values()).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10]);
    const keeper = keep();
    work(keeper, START_MS + 2 * DAY_MS);
    expect(keeper.figures()).toMatchObject({ damagedRows: 1, packed: 9 });
    expect(values()).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10]);
    const [rejected] = reader.rejected(1, -1, 9);
    expect(rejected).toMatchObject({ sequence: 4, reason: "damaged" });
    expect(JSON.parse(String(rejected?.record))).toEqual([START_MS + 180_000, 1, 4, "x", 0, null]);
  });

  test("a full disk leaves all as it was", () => {
    send(START_MS, 500, 60_000);
    const keeper = keep();
    db.pragma(`max_page_count = ${db.pragma("page_count", { simple: true })}`);
    keeper.tell(START_MS + 2 * DAY_MS, 0);
    let failure: unknown;
    try {
      while (keeper.step());
    } catch (error) {
      failure = error;
    }
    expect([db.inTransaction, values()]).toEqual([false, upTo(500)]);
    db.pragma("max_page_count = 1000000");
    while (keeper.step());
    expect([count("readings"), values()]).toEqual([0, upTo(500)]);
    expect(failure === undefined || String(failure).includes("full")).toBe(true);
  });
});

describe("retention", () => {
  const DAYS = 20;
  const NOW_MS = START_MS + DAYS * DAY_MS + 2 * HOUR_MS;
  const fill = () => send(START_MS, DAYS * 96, 15 * 60_000);

  test("by age: readings go, their hours and minutes stay, and it is told from when on there are readings", async () => {
    fill();
    work(keep({ rawMs: 5 * DAY_MS }), NOW_MS);
    expect(series().rawFromMs()).toBe(START_MS + 15 * DAY_MS);
    expect(values()).toEqual(upTo(DAYS * 96).slice(15 * 96));
    const edges = Array.from({ length: DAYS * 24 + 1 }, (_, i) => START_MS + i * HOUR_MS);
    const { buckets, isApproximate } = await sums(...edges);
    expect(buckets.map((bucket) => bucket.count)).toEqual(new Array(DAYS * 24).fill(4));
    expect(isApproximate).toBe(false);
    const minutes = await sums(START_MS, START_MS + 60_000, START_MS + 15 * 60_000, START_MS + 16 * 60_000);
    expect(minutes.buckets.map(({ first, count: readings }) => [readings, first])).toEqual([
      [1, 1],
      [0, 0],
      [1, 2],
    ]);
  });

  test("a late reading of such a day is added to what is left of it", async () => {
    fill();
    const keeper = keep({ rawMs: 5 * DAY_MS });
    work(keeper, NOW_MS);
    send(START_MS + 30_000, 1, 1000, NOW_MS);
    const before = await sums(START_MS, START_MS + HOUR_MS);
    work(keeper, NOW_MS + 2 * HOUR_MS);
    expect(count("readings")).toBe(0);
    expect(before.buckets[0]).toMatchObject({ count: 5, max: DAYS * 96 + 1 });
    expect(await sums(START_MS, START_MS + HOUR_MS)).toEqual(before);
  });

  test("rollups by age", async () => {
    fill();
    work(keep({ rawMs: 2 * DAY_MS, rollupsMs: 10 * DAY_MS }), NOW_MS);
    expect(series().rollupsFromMs()).toBe(START_MS + 10 * DAY_MS);
    expect(["day_rollups", "hour_rollups", "minute_rollups"].map(count)).toEqual([10, 10, 8]);
  });

  test("rollups by age alone take their readings along, also of a day of many segments", () => {
    send(START_MS, 86_400, 1000);
    const keeper = keep({ rollupsMs: DAY_MS });
    work(keeper, START_MS + DAY_MS + 2 * HOUR_MS);
    expect(count("segments")).toBe(43);
    work(keeper, START_MS + 4 * DAY_MS, 4 * DAY_MS);
    expect(["segments", "minute_rollups", "hour_rollups", "day_rollups"].map(count)).toEqual([0, 0, 0, 0]);
    expect(all()).toEqual([]);
  });

  test("goes on after an outage, by a clock that counts fractions, and after a clock that was wrong for a moment", () => {
    fill();
    work(keep({ rawMs: 5 * DAY_MS }), START_MS + 5 * DAY_MS, 0.25);
    const keeper = keep({ rawMs: 5 * DAY_MS });
    // Away for ten days, then half an hour of ticks: at most twelve hours are caught up with.
    for (let tick = 0; tick <= 180; tick++) work(keeper, START_MS + 15 * DAY_MS + tick * 10_000, 0.3 + tick * 10_000.1);
    expect(keeper.figures().clockBehindMs).toBeGreaterThan(9 * DAY_MS);
    expect(keeper.figures().clockBehindMs).toBeLessThan(10 * DAY_MS);
    const behind = keeper.figures().clockBehindMs;
    work(keeper, 0, 2_000_000.7);
    work(keeper, START_MS + 15 * DAY_MS + 1_800_000, 2_000_001.9);
    expect(keeper.figures().clockBehindMs).toBeLessThanOrEqual(behind);
  });

  test("a clock that jumps ahead by a year deletes next to nothing, and one that jumps back nothing", () => {
    fill();
    const keeper = keep({ rawMs: 15 * DAY_MS });
    work(keeper, NOW_MS);
    expect(series().rawFromMs()).toBe(START_MS + 5 * DAY_MS);
    work(keeper, NOW_MS + 365 * DAY_MS, HOUR_MS);
    expect(series().rawFromMs()).toBe(START_MS + 6 * DAY_MS);
    expect(keeper.figures().clockBehindMs).toBe(364 * DAY_MS);
    work(keeper, NOW_MS + HOUR_MS, 2 * HOUR_MS);
    expect(keeper.figures().clockBehindMs).toBe(0);
    work(keeper, NOW_MS - 365 * DAY_MS, 3 * HOUR_MS);
    expect(series().rawFromMs()).toBe(START_MS + 6 * DAY_MS);
    // Also over a restart: the first time that is told after it is not believed at once either.
    work(keep({ rawMs: 15 * DAY_MS }), NOW_MS + 365 * DAY_MS, 0);
    expect(series().rawFromMs()).toBe(START_MS + 6 * DAY_MS);
  });

  test("by size: the oldest go first, the file is smaller after the next start, hours and days stay until nothing else is left", () => {
    send(START_MS, 86_400 * 2, 1000, START_MS, (n) => ((n * 2_654_435_761) % 1_000_003) / 8);
    const keeper = keep();
    work(keeper, START_MS + 4 * DAY_MS);
    db.pragma("wal_checkpoint(TRUNCATE)");
    const path = join(folder.path, "lintel.db");
    const rowBytes = statSync(path).size;
    const used =
      Number(db.pragma("page_count", { simple: true })) - Number(db.pragma("freelist_count", { simple: true }));
    const maxBytes = Math.floor(used * 4096 * 0.75);
    work(keep({ maxBytes }), START_MS + 4 * DAY_MS);
    openDataFolder(folder.path).release();
    expect(statSync(path).size).toBeLessThan(rowBytes / 4);
    expect(series().rawFromMs()).toBe(START_MS + DAY_MS);
    expect(all().every(({ timeMs }) => timeMs >= START_MS + DAY_MS)).toBe(true);
    expect(["day_rollups", "hour_rollups"].map(count)).toEqual([2, 2]);
    work(keep({ maxBytes: 4096 }), START_MS + 4 * DAY_MS);
    expect(["segments", "minute_rollups", "hour_rollups", "day_rollups"].map(count)).toEqual([0, 0, 0, 0]);
  }, 60_000);
});
