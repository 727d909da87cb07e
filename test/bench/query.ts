/**
 * `bench query`: questions to a store with years of readings, over HTTP, as people ask them; and how long devices wait for
 * acknowledgements while retention deletes. The server runs in a process of its own.
 *
 * - The store: streams with a reading a minute for a year, packed (query-fill.ts). Its readings are read back and counted.
 * - `rows`: the same readings as plain rows of SQLite, fewer streams of the same length, and the same questions in SQL, on a
 *   connection in this process: no HTTP and no JSON in it. Each question is about one stream, so fewer streams change little.
 * - `ack`: packs of ten at a fixed rate, without anything to delete, and while every other day of the store goes by age.
 */
import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DAY_MS, MINUTES_A_DAY } from "../../server/store/day.ts";
import { openForReading } from "../../server/store/open-database.ts";
import type { LoadOptions, LoadResult } from "./ingest-load.ts";
import type { ServerPart } from "./ingest-server.ts";
import { atLeastOne, type ListeningPart, round, runPart, startPart } from "./parts.ts";
import { QUERY_FIRST_DAY, queryMac } from "./query-names.ts";

export const QUERY_HELP = `Usage: npm run bench -- query [options]

  --readings <n>  readings in the store (100000000)
  --seconds <s>   measured time of each part with devices (20)
  --folder <f>    where the store is made (the system's folder for temporary files)
  --json          one line of JSON, the table on standard error
`;

const DAYS = 366;
const DAYS_OF_MONTH = 30;
const PEER_STREAMS = 4;
const COUNTS = { last: 400, day: 400, year: 200, month: 40 } as const;
/** Free space that is left over, bytes. */
const SPARE_BYTES = 2 * 1024 ** 3;
const BYTES_PER_READING_MAX = 6;
const LOAD = { devices: 50, warmUpSeconds: 2, windowPacks: 128, packReadings: 10, rate: 500 } as const;

type Question = keyof typeof COUNTS;
type Spread = { p50Ms: number; p99Ms: number };
/** `cpuMs`: of the server's process, for one question, all its threads together. On a busy machine it says more than time does. */
type Asked = Spread & { cpuMs: number };
interface Filled {
  seconds: number;
  bytes: number;
  readings: number;
}

export async function benchQuery(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      readings: { type: "string", default: "100000000" },
      seconds: { type: "string", default: "20" },
      folder: { type: "string", default: tmpdir() },
      json: { type: "boolean", default: false },
    },
  });
  const streams = Math.ceil(atLeastOne("--readings", values.readings) / DAYS / MINUTES_A_DAY);
  const seconds = atLeastOne("--seconds", values.seconds);
  checkSpace(values.folder, streams * DAYS * MINUTES_A_DAY * BYTES_PER_READING_MAX);
  const folder = mkdtempSync(join(values.folder, "lintel-query-"));
  try {
    const terminal = values.json ? process.stderr : process.stdout;
    const fill = (name: string, count: number, form: string) =>
      runPart<Filled>("query-fill", [join(folder, name), `${DAYS}`, `${count}`, form]);
    const store = await fill("store", streams, "packed");
    terminal.write(`filled        ${store.readings} readings in ${Math.round(store.seconds)} s\n`);
    const peer = await fill("rows", PEER_STREAMS, "rows");

    const server = await startPart("ingest-server", [join(folder, "store")]);
    const asked = await askAll(server, streams);
    const quiet = await load(server.port, seconds, 1);
    await server.stop();
    const rows = askRows(join(folder, "rows", "lintel.db"));

    const segments = segmentsIn(folder);
    // Half of the days, so that there is something to delete to the end.
    const rawMs = Date.now() - (QUERY_FIRST_DAY + DAYS / 2) * DAY_MS;
    const deletion: ServerPart = { retention: { rawMs, rollupsMs: null, maxBytes: null } };
    const deleting = await startPart("ingest-server", [join(folder, "store"), JSON.stringify(deletion)]);
    const busy = await load(deleting.port, seconds, 2);
    await deleting.stop();
    const deletedSegments = segments - segmentsIn(folder);

    const result = {
      readings: store.readings,
      bytesPerReading: round(store.bytes / store.readings),
      fillSeconds: Math.round(store.seconds),
      ...asked,
      rows: { readings: peer.readings, bytesPerReading: round(peer.bytes / peer.readings), ...rows },
      ack: { p50Ms: round(quiet.p50Ms), p99Ms: round(quiet.p99Ms) },
      ackWhileDeleting: { p50Ms: round(busy.p50Ms), p99Ms: round(busy.p99Ms), deletedSegments },
    };
    terminal.write(table(result));
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function askAll({ url, process: { pid } }: ListeningPart, streams: number): Promise<Record<Question, Asked>> {
  const time = async (question: Question, urlOf: (turn: number) => string, isRight: (text: string) => boolean) => {
    const before = cpuMsOf(pid);
    const times = await timeAll(question, urlOf, isRight);
    return { ...times, cpuMs: round((cpuMsOf(pid) - before) / COUNTS[question]) };
  };
  const path = (turn: number, rest: string) =>
    `${url}/api/v1/devices/${queryMac((turn * 7919) % streams)}/streams/5001/${rest}`;
  const range = (fromDay: number, days: number) =>
    `from=${(QUERY_FIRST_DAY + fromDay) * DAY_MS}&to=${(QUERY_FIRST_DAY + fromDay + days) * DAY_MS}`;
  const items = (text: string) => (JSON.parse(text) as { items: unknown[] }).items.length;
  const buckets = (text: string) => (JSON.parse(text) as { buckets: Array<{ count: number }> }).buckets;
  return {
    last: await time(
      "last",
      (turn) => path(turn, "last"),
      (text) => text.includes('"value"'),
    ),
    day: await time(
      "day",
      (turn) => path(turn, `readings?limit=10000&${range((turn * 31) % DAYS, 1)}`),
      (text) => items(text) === MINUTES_A_DAY,
    ),
    year: await time(
      "year",
      (turn) => path(turn, `aggregates?resolution=day&${range(0, DAYS)}`),
      (text) => buckets(text).length === DAYS && buckets(text).every(({ count }) => count === MINUTES_A_DAY),
    ),
    month: await time(
      "month",
      (turn) => path(turn, `readings?format=csv&${range((turn * 31) % (DAYS - DAYS_OF_MONTH), DAYS_OF_MONTH)}`),
      (text) => text.split("\n").length === DAYS_OF_MONTH * MINUTES_A_DAY + 2,
    ),
  };
}

/** Of a process, in clock ticks of 10 ms (proc(5), "stat"). Elsewhere than on Linux it is not known. */
function cpuMsOf(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.NaN;
  }
}

async function timeAll(question: Question, url: (turn: number) => string, isRight: (text: string) => boolean) {
  const times: number[] = [];
  for (let turn = 0; turn < COUNTS[question]; turn++) {
    const startMs = performance.now();
    const text = await (await fetch(url(turn))).text();
    times.push(performance.now() - startMs);
    if (!isRight(text)) throw new Error(`${question}: not what is in the store; report this: ${text.slice(0, 200)}`);
  }
  return spread(times);
}

/** The same questions to plain rows, in SQL. */
function askRows(path: string): Record<Question, Spread> {
  const db = openForReading(path);
  const first = QUERY_FIRST_DAY * DAY_MS;
  const raw = db
    .prepare("SELECT * FROM readings WHERE stream_id = ? AND time_ms >= ? AND time_ms < ? ORDER BY time_ms")
    .raw();
  const last = db.prepare("SELECT * FROM readings WHERE stream_id = ? ORDER BY time_ms DESC LIMIT 1").raw();
  const byDay = db.prepare(
    `SELECT time_ms / ${DAY_MS}, count(*), sum(value), min(value), max(value) FROM readings WHERE stream_id = ? GROUP BY 1`,
  );
  const ask = (question: Question, act: (stream: number, turn: number) => unknown) => {
    const times: number[] = [];
    for (let turn = 0; turn < COUNTS[question]; turn++) {
      const startMs = performance.now();
      act(1 + (turn % PEER_STREAMS), turn);
      times.push(performance.now() - startMs);
    }
    return spread(times);
  };
  const days = (stream: number, day: number, count: number) =>
    raw.all(stream, first + day * DAY_MS, first + (day + count) * DAY_MS);
  const answers = {
    last: ask("last", (stream) => last.get(stream)),
    day: ask("day", (stream, turn) => days(stream, (turn * 31) % DAYS, 1)),
    year: ask("year", (stream) => byDay.all(stream)),
    month: ask("month", (stream, turn) => days(stream, (turn * 31) % (DAYS - DAYS_OF_MONTH), DAYS_OF_MONTH)),
  };
  db.close();
  return answers;
}

function load(port: number, seconds: number, epoch: number): Promise<LoadResult> {
  const options: LoadOptions = { ...LOAD, port, seconds, epoch, pacing: "ack" };
  return runPart<LoadResult>("ingest-load", [JSON.stringify(options)]);
}

function segmentsIn(folder: string): number {
  const db = openForReading(join(folder, "store", "lintel.db"));
  const count = Number(db.prepare("SELECT count(*) FROM segments").pluck().get());
  db.close();
  return count;
}

function spread(times: number[]): Spread {
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN);
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

function checkSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize > bytes + SPARE_BYTES) return;
  throw new Error(
    `${folder} has too little space for ${Math.round(bytes / 2 ** 30)} GiB: take fewer --readings, or --folder`,
  );
}

type Figures = Record<Question, Spread>;
type Result = Record<Question, Asked> & {
  readings: number;
  bytesPerReading: number;
  rows: Figures & { readings: number; bytesPerReading: number };
  ack: Spread;
  ackWhileDeleting: Spread & { deletedSegments: number };
};

function table(result: Result): string {
  const line = (name: string, question: Question) => {
    const [own, rows] = [result[question], result.rows[question]];
    return `${name.padEnd(26)}${own.p50Ms} / ${own.p99Ms} ms, ${own.cpuMs} ms of CPU; rows in SQL ${rows.p50Ms} / ${rows.p99Ms} ms`;
  };
  const { ack, ackWhileDeleting } = result;
  return [
    `readings                  ${result.readings}, ${result.bytesPerReading} bytes each; as rows ${result.rows.bytesPerReading} (${result.rows.readings} of them)`,
    "p50 / p99",
    line("last value", "last"),
    line("one day, raw", "day"),
    line("one year by day", "year"),
    line("a month as CSV", "month"),
    `acknowledgement           ${ack.p50Ms} / ${ack.p99Ms} ms at ${LOAD.rate} packs of 10 a second`,
    `  while days are deleted  ${ackWhileDeleting.p50Ms} / ${ackWhileDeleting.p99Ms} ms, ${ackWhileDeleting.deletedSegments} segments`,
    "",
  ].join("\n");
}
