/**
 * Readings in the table, in segments and in rollups beside a list of all that were ever acknowledged: whatever is packed,
 * deleted, late, repeated or broken off, every question has the answer that the list gives.
 */
import { join } from "node:path";
import type Database from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BatchBuilder, BatchKind, BlockPool } from "../ingest/batch.ts";
import { encodePack, makeFolder } from "../testing/test-server.ts";
import { addReading, type Bucket, emptyBucket } from "./bucket.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./day.ts";
import { AliasSeries, DifferenceSeries, LinearSeries } from "./derived-series.ts";
import { Housekeeper } from "./housekeeper.ts";
import { openDataFolder, openForWriting } from "./open-database.ts";
import { Reader } from "./reader.ts";
import type { ReadingRow } from "./reading-source.ts";
import { keyAt, type Series } from "./series.ts";
import { Writer } from "./writer.ts";

const MAC = 0x5ccf7f123456;
const NAME = { device: "5ccf7f123456" };
const STREAMS = ["5001", "5002"];
/** 2023-11-15T00:00:00Z */
const START_MS = 1_700_006_400_000;
const YEAR_MS = 365 * DAY_MS;

interface Known {
  timeMs: number;
  value: number;
  sequence: number;
}

type Act =
  | { do: "send"; stream: number; count: number; atMs: number; stepMs: number; isRepeated: boolean }
  | { do: "wait"; passMs: number; steps: number; breaks: string | null }
  | { do: "jump"; byMs: number }
  | { do: "restart" };

class World {
  readonly known = new Map<string, Known[]>(STREAMS.map((stream) => [stream, []]));
  nowMs = START_MS;
  elapsedMs = 0;
  #folder = makeFolder();
  #path = join(this.#folder.path, "lintel.db");
  #db: Database.Database;
  #writer: Writer;
  #keeper: Housekeeper;
  #sequence = 1;
  readonly reader: Reader;
  readonly #keepRawMs: number | null;

  constructor(keepRawMs: number | null) {
    this.#keepRawMs = keepRawMs;
    openDataFolder(this.#folder.path).release();
    [this.#db, this.#writer, this.#keeper] = this.#open();
    this.reader = new Reader(this.#path);
  }

  carryOut(act: Act): void {
    if (act.do === "send") this.#send(act);
    else if (act.do === "jump") this.nowMs = Math.max(START_MS, this.nowMs + act.byMs);
    else if (act.do === "wait") this.#wait(act);
    else {
      this.#db.close();
      [this.#db, this.#writer, this.#keeper] = this.#open();
    }
  }

  close(): void {
    this.reader.close();
    expect(this.#db.pragma("integrity_check", { simple: true })).toBe("ok");
    this.#db.close();
    this.#folder.remove();
  }

  #open(): [Database.Database, Writer, Housekeeper] {
    const db = openForWriting(this.#path);
    const writer = new Writer(db);
    const options = { rawMs: this.#keepRawMs, rollupsMs: null, maxBytes: null };
    return [db, writer, new Housekeeper(db, writer.onSealed, options)];
  }

  #send({ stream, count, atMs, stepMs, isRepeated }: Act & { do: "send" }): void {
    const name = STREAMS[stream] as string;
    const first = this.#sequence;
    const readings = Array.from({ length: count }, (_, i) => ({
      stream: name,
      value: ((first + i) * 7919) % 1000 === 0 ? -0.25 : (((first + i) * 7919) % 1000) / 4,
      timeS: Math.floor((atMs + i * stepMs) / 1000),
    }));
    const builder = new BatchBuilder(new BlockPool());
    const pack = encodePack(1, first, 1, readings);
    for (let i = 0; i < (isRepeated ? 2 : 1); i++) builder.add(BatchKind.Data, MAC, this.nowMs, pack);
    const { tallies } = this.#writer.commit([builder.take()]);
    expect(tallies).toMatchObject({ stored: count, duplicates: isRepeated ? count : 0 });
    this.#sequence += count;
    for (const [i, { value, timeS }] of readings.entries()) {
      this.known.get(name)?.push({ timeMs: timeS * 1000, value, sequence: first + i });
    }
  }

  #wait({ passMs, steps, breaks }: Act & { do: "wait" }): void {
    this.nowMs += passMs;
    this.elapsedMs += passMs;
    this.#keeper.tell(this.nowMs, this.elapsedMs);
    if (breaks !== null) {
      this.#db.exec(`CREATE TEMP TRIGGER break BEFORE ${breaks} BEGIN SELECT RAISE(ABORT, 'broken off'); END`);
    }
    try {
      for (let i = 0; i < steps && this.#keeper.step(); i++);
    } catch (error) {
      expect(String(error)).toContain("broken off");
    }
    if (breaks !== null) this.#db.exec("DROP TRIGGER break");
  }
}

const inOrder = (a: Known, b: Known) => a.timeMs - b.timeMs || a.sequence - b.sequence;
const plain = ({ timeMs, value, sequence }: ReadingRow): Known => ({ timeMs, value, sequence });

function allPages(series: Series, fromMs: number, toMs: number, limit: number): Known[] {
  const found: Known[] = [];
  for (let after: ReadingRow | null = null; ; ) {
    const rows = series.page({ fromMs, toMs, after, limit });
    found.push(...rows.map(plain));
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return found;
    after = last;
  }
}

function sumsOf(readings: Known[], edges: number[]): Bucket[] {
  return edges.slice(1).map((end, i) => {
    const bucket = emptyBucket();
    for (const { timeMs, value } of readings) {
      if (timeMs >= (edges[i] as number) && timeMs < end) addReading(bucket, timeMs, value);
    }
    return bucket;
  });
}

function differencesOf(readings: Known[]): Known[] {
  return readings.slice(1).map((reading, i) => {
    const before = (readings[i] as Known).value;
    return { ...reading, value: reading.value >= before ? reading.value - before : reading.value };
  });
}

async function compare(series: Series, known: Known[], question: { edges: number[]; limit: number }, isExact = true) {
  const { edges, limit } = question;
  const [fromMs, toMs] = [edges[0] as number, edges.at(-1) as number];
  const rawFromMs = series.rawFromMs();
  const inRange = known.filter(({ timeMs }) => timeMs >= Math.max(fromMs, rawFromMs) && timeMs < toMs);
  expect(allPages(series, Math.max(fromMs, rawFromMs), toMs, limit)).toEqual(inRange);
  const before = known.findLast(({ timeMs }) => timeMs < toMs);
  if (before !== undefined && before.timeMs >= rawFromMs) {
    expect(series.before(keyAt(toMs))).toMatchObject(before);
  }
  if (!isExact) return;
  const { buckets, isApproximate } = await series.sumUp(edges, () => true);
  expect(buckets).toEqual(sumsOf(known, edges));
  expect(isApproximate).toBe(false);
}

const days = (count: number) => fc.integer({ min: 0, max: count * 24 }).map((hours) => hours * HOUR_MS);
const send: fc.Arbitrary<Act> = fc.record({
  do: fc.constant("send" as const),
  stream: fc.nat(1),
  count: fc.integer({ min: 1, max: 60 }),
  // Few days, so that what comes late meets what is packed, and a year off, as a clock that jumped says.
  atMs: fc
    .tuple(fc.constantFrom(0, 0, 0, 1, 2, 5, -1, -365, 365), days(1))
    .map(([day, ms]) => START_MS + day * DAY_MS + ms),
  stepMs: fc.constantFrom(0, 1000, 61_000, 3_000_000),
  isRepeated: fc.boolean(),
});
const wait: fc.Arbitrary<Act> = fc.record({
  do: fc.constant("wait" as const),
  passMs: fc.constantFrom(HOUR_MS, 26 * HOUR_MS, 4 * DAY_MS),
  steps: fc.constantFrom(1, 2, 5, 30),
  breaks: fc.option<string>(
    fc.constantFrom("INSERT ON segments", "DELETE ON readings", "INSERT ON day_rollups", "DELETE ON unsealed"),
    { freq: 4 },
  ),
});
const act = fc.oneof(
  { arbitrary: send, weight: 6 },
  { arbitrary: wait, weight: 5 },
  { arbitrary: fc.record({ do: fc.constant("jump" as const), byMs: fc.constantFrom(YEAR_MS, -YEAR_MS) }), weight: 1 },
  { arbitrary: fc.constant<Act>({ do: "restart" }), weight: 1 },
);
const question = fc.record({
  startMs: days(12).map((ms) => START_MS - 6 * DAY_MS + ms),
  stepMs: fc.constantFrom(MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS),
  count: fc.integer({ min: 1, max: 40 }),
  limit: fc.integer({ min: 1, max: 50 }),
});
const edgesOf = ({ startMs, stepMs, count }: { startMs: number; stepMs: number; count: number }) =>
  Array.from({ length: count + 1 }, (_, i) => startMs + i * stepMs);

test.each([
  ["kept for ever", null],
  ["deleted after three days", 3 * DAY_MS],
] as const)(
  "readings that are %s",
  async (_name, keepRawMs) => {
    const property = fc.asyncProperty(
      fc.array(fc.tuple(act, question), { minLength: 5, maxLength: 40 }),
      async (acts) => {
        const world = new World(keepRawMs);
        for (const [what, asked] of acts) {
          world.carryOut(what);
          const edges = edgesOf(asked);
          const { limit } = asked;
          const series = STREAMS.map((stream) => world.reader.series.open({ ...NAME, stream }));
          for (const [i, stream] of STREAMS.entries()) {
            const known = (world.known.get(stream) ?? []).toSorted(inOrder);
            const own = series[i];
            expect(own?.span()?.count ?? 0).toBe(known.length);
            if (own === undefined) continue;
            expect(own.last()?.timeMs).toBe(known.at(-1)?.timeMs);
            await compare(own, known, { edges, limit });
            const doubled = known.map((reading) => ({ ...reading, value: reading.value * 2 - 1 }));
            await compare(new LinearSeries(own, 2, -1), doubled, { edges, limit });
            if (keepRawMs === null) await compare(new DifferenceSeries(own), differencesOf(known), { edges, limit });
          }
          const [first, second] = series;
          if (first === undefined || second === undefined || keepRawMs !== null) continue;
          const atMs = START_MS + 2 * DAY_MS + 12_345;
          const alias = new AliasSeries([
            { series: first, fromMs: 0, toMs: atMs },
            { series: second, fromMs: atMs, toMs: Number.MAX_SAFE_INTEGER },
          ]);
          const joined = [
            ...(world.known.get("5001") ?? []).filter(({ timeMs }) => timeMs < atMs),
            ...(world.known.get("5002") ?? []).filter(({ timeMs }) => timeMs >= atMs),
          ].toSorted(inOrder);
          await compare(alias, joined, { edges, limit });
        }
        world.close();
      },
    );
    await fc.assert(property, { numRuns: 25 });
  },
  240_000,
);
