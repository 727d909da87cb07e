/**
 * `bench ingest`: readings from MQTT to disk, beside the two things the server is made of, on the same machine in the
 * same run. Everything runs in processes of its own: the server, the load, bare Aedes, bare SQLite.
 *
 * `messagesPerS` and `readingsPerS` count what was acknowledged, so durable, with every window full. `p50Ms` and `p99Ms`
 * are from publish to acknowledgement at a quarter of that rate: with full windows latency only says how long the
 * queue is (that figure is in the table as well).
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Database from "better-sqlite3";
import type { LoadOptions, LoadResult } from "./ingest-load.ts";
import { READINGS_PER_PACK } from "./ingest-packs.ts";

export const INGEST_HELP = `Usage: npm run bench -- ingest [options]

  --seconds <s>   measured time of each part (5)
  --devices <n>   connections (50)
  --json          one line of JSON at the end, nothing else
`;

const WARM_UP_SECONDS = 2;
/** Packs under way for each device; full windows. */
const WINDOW_PACKS = 128;
/** The load at which latency is measured, as a share of what was just reached. */
const LATENCY_LOAD_SHARE = 0.25;
const MEMORY_SAMPLE_MS = 100;

interface Verified {
  rows: number;
  distinct: number;
  duplicates: number;
}

export async function benchIngest(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "5" },
      devices: { type: "string", default: "50" },
      json: { type: "boolean", default: false },
    },
  });
  const seconds = atLeastOne("--seconds", values.seconds);
  const devices = atLeastOne("--devices", values.devices);
  const folder = mkdtempSync(join(tmpdir(), "lintel-bench-"));
  try {
    const common = { devices, seconds, warmUpSeconds: WARM_UP_SECONDS, windowPacks: WINDOW_PACKS };

    const aedes = await startPart("ingest-bare-aedes", []);
    const bare = await load({ ...common, port: aedes.port, pacing: "ping", rate: 0, epoch: 1 });
    await aedes.stop();

    const { rowsPerS } = await runPart<{ rowsPerS: number }>("ingest-bare-sqlite", [
      folder,
      `${seconds}`,
      `${devices}`,
    ]);

    const server = await startPart("ingest-server", [folder]);
    const memory = watchMemory(server.process);
    const full = await load({ ...common, port: server.port, pacing: "ack", rate: 0, epoch: 1 });
    const rate = Math.round(full.packsPerS * LATENCY_LOAD_SHARE);
    const calm = await load({ ...common, port: server.port, pacing: "ack", rate, epoch: 2 });
    const rssMiB = memory();
    const duplicates = await countDuplicates(server.url);
    await server.stop();

    const sent = (full.sentPacks + calm.sentPacks) * READINGS_PER_PACK;
    const verified = { ...countRows(join(folder, "lintel.db")), duplicates };
    const result = {
      messagesPerS: Math.round(full.packsPerS),
      bareAedesMessagesPerS: Math.round(bare.packsPerS),
      readingsPerS: Math.round(full.packsPerS * READINGS_PER_PACK),
      bareSqliteRowsPerS: Math.round(rowsPerS),
      rssMiB: Math.round(rssMiB),
      p50Ms: round(calm.p50Ms),
      p99Ms: round(calm.p99Ms),
    };
    if (!values.json) process.stdout.write(table(result, full, calm, bare, rate, sent, verified));
    if (verified.rows !== sent || verified.distinct !== sent || verified.duplicates !== 0) {
      throw new Error(`sent ${sent} readings, stored ${verified.rows}, ${verified.duplicates} duplicates; report this`);
    }
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function atLeastOne(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`${name} takes a whole number from 1, not "${text}"`);
}

function entryOf(part: string): URL {
  return new URL(`./${part}.js`, import.meta.url);
}

/** Starts a part that listens. */
async function startPart(part: string, args: string[]) {
  const child = fork(entryOf(part), args);
  const { port, url } = await firstMessage<{ port: number; url: string }>(child, part);
  const stop = () =>
    new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.send("stop");
    });
  return { process: child, port, url, stop };
}

/** Runs a part to its end and returns what it reports. */
async function runPart<T>(part: string, args: string[]): Promise<T> {
  return firstMessage<T>(fork(entryOf(part), args), part);
}

function firstMessage<T>(child: ChildProcess, part: string): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as T));
    child.once("exit", (code) => reject(new Error(`${part} ended with code ${code}; its error is above`)));
  });
}

function load(options: LoadOptions): Promise<LoadResult> {
  return runPart<LoadResult>("ingest-load", [JSON.stringify(options)]);
}

/** Peak resident memory, MiB: the kernel's own mark on Linux. Elsewhere it is not known. */
function watchMemory(child: ChildProcess): () => number {
  let peakKiB = Number.NaN;
  const sample = () => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peakKiB = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
    } catch {
      clearInterval(timer);
    }
  };
  const timer = setInterval(sample, MEMORY_SAMPLE_MS);
  return () => {
    sample();
    clearInterval(timer);
    return peakKiB / 1024;
  };
}

async function countDuplicates(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^lintel_readings_duplicate_total (\d+)$/m.exec(text)?.[1]);
}

function countRows(path: string): { rows: number; distinct: number } {
  const db = new Database(path, { readonly: true });
  const one = (sql: string) => Number(db.prepare(sql).pluck().get());
  const rows = one("SELECT count(*) FROM readings");
  const distinct = one("SELECT count(*) FROM (SELECT DISTINCT epoch_id, sequence FROM readings)");
  db.close();
  return { rows, distinct };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function table(
  result: Record<string, number>,
  full: LoadResult,
  calm: LoadResult,
  bare: LoadResult,
  rate: number,
  sent: number,
  verified: Verified,
): string {
  const share = Math.round((100 * full.packsPerS) / bare.packsPerS);
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  return [
    `packs of ${READINGS_PER_PACK} readings, windows of ${WINDOW_PACKS} packs`,
    "",
    `server       ${result["messagesPerS"]} messages/s, ${result["readingsPerS"]} readings/s durable`,
    `bare Aedes   ${result["bareAedesMessagesPerS"]} messages/s decoded and dropped; the server reaches ${share} %`,
    `bare SQLite  ${result["bareSqliteRowsPerS"]} rows/s`,
    `memory       ${result["rssMiB"]} MiB at the peak`,
    `latency      p50 ${result["p50Ms"]} ms, p99 ${result["p99Ms"]} ms at ${rate} messages/s`,
    `             p50 ${round(full.p50Ms)} ms, p99 ${round(full.p99Ms)} ms with full windows`,
    `load         ${percent(full.cpuShare)} of a core (bare Aedes: ${percent(bare.cpuShare)}, calm: ${percent(calm.cpuShare)})`,
    `stored       ${verified.rows} of ${sent} readings, ${verified.duplicates} duplicates`,
    "",
  ].join("\n");
}
