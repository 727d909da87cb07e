/**
 * `bench ingest`: readings from MQTT to disk, beside the two things the server is made of, on the same machine in the
 * same run. Everything runs in processes of its own: the server, the load, bare Aedes, bare SQLite.
 *
 * - `messagesPerS`: packs of one reading, acknowledged and so durable, every window full; `bareAedesMessagesPerS` is the
 *   same packs over the same connections, decoded and dropped. In packs of ten the table of readings is what limits the
 *   server (`bareSqliteRowsPerS`), so that ratio says little about messages; it is in the table.
 * - `readingsPerS`: packs of ten, acknowledged, every window full.
 * - `p50Ms`, `p99Ms`: from publish to acknowledgement of packs of ten at a quarter of that rate. With full windows the
 *   latency only says how long the queue is; that figure is in the table as well.
 */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Database from "better-sqlite3";
import type { LoadOptions, LoadResult } from "./ingest-load.ts";
import { atLeastOne, round, runPart, startPart } from "./parts.ts";

export const INGEST_HELP = `Usage: npm run bench -- ingest [options]

  --seconds <s>   measured time of each part (5)
  --devices <n>   connections (50)
  --json          one line of JSON, the table on standard error
`;

const WARM_UP_SECONDS = 2;
const TEN = 10;
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

    const pingLoad = { ...common, pacing: "ping", rate: 0, epoch: 1 } as const;
    const aedes = await startPart("ingest-bare-aedes", []);
    const bareOnes = await load({ ...pingLoad, port: aedes.port, packReadings: 1 });
    const bareTens = await load({ ...pingLoad, port: aedes.port, packReadings: TEN });
    await aedes.stop();

    const server = await startPart("ingest-server", [folder]);
    const memory = watchMemory(server.process);
    const ackLoad = { ...common, port: server.port, pacing: "ack" } as const;
    const ones = await load({ ...ackLoad, rate: 0, epoch: 1, packReadings: 1 });
    const tens = await load({ ...ackLoad, rate: 0, epoch: 2, packReadings: TEN });
    const rate = Math.round(tens.packsPerS * LATENCY_LOAD_SHARE);
    const calm = await load({ ...ackLoad, rate, epoch: 3, packReadings: TEN });
    const rssMiB = memory();
    const duplicates = await countDuplicates(server.url);
    await server.stop();

    const { rowsPerS } = await runPart<{ rowsPerS: number }>("ingest-bare-sqlite", [
      folder,
      `${seconds}`,
      `${devices}`,
    ]);

    const sent = ones.sentPacks + (tens.sentPacks + calm.sentPacks) * TEN;
    const verified = { ...countRows(join(folder, "lintel.db")), duplicates };
    const result = {
      messagesPerS: Math.round(ones.packsPerS),
      bareAedesMessagesPerS: Math.round(bareOnes.packsPerS),
      readingsPerS: Math.round(tens.packsPerS * TEN),
      bareSqliteRowsPerS: Math.round(rowsPerS),
      rssMiB: Math.round(rssMiB),
      p50Ms: round(calm.p50Ms),
      p99Ms: round(calm.p99Ms),
    };
    const terminal = values.json ? process.stderr : process.stdout;
    terminal.write(table(result, { bareOnes, bareTens, ones, tens, calm }, rate, sent, verified));
    if (verified.rows !== sent || verified.distinct !== sent || verified.duplicates !== 0) {
      throw new Error(`sent ${sent} readings, stored ${verified.rows}, ${verified.duplicates} duplicates; report this`);
    }
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
  const packed = one("SELECT count(*) FROM segments");
  if (packed > 0) throw new Error("readings were packed while the bench ran: take fewer seconds");
  const rows = one("SELECT count(*) FROM readings");
  const distinct = one("SELECT count(*) FROM (SELECT DISTINCT epoch_id, sequence FROM readings)");
  db.close();
  return { rows, distinct };
}

type Parts = Record<"bareOnes" | "bareTens" | "ones" | "tens" | "calm", LoadResult>;

function table(result: Record<string, number>, parts: Parts, rate: number, sent: number, verified: Verified): string {
  const { bareOnes, bareTens, ones, tens, calm } = parts;
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const compare = (own: LoadResult, bare: LoadResult) =>
    `${Math.round(own.packsPerS)} messages/s, bare Aedes ${Math.round(bare.packsPerS)} (${percent(own.packsPerS / bare.packsPerS)})`;
  const cpu = [bareOnes, bareTens, ones, tens, calm].map((part) => percent(part.cpuShare)).join(", ");
  return [
    `packs of 1    ${compare(ones, bareOnes)}`,
    `packs of 10   ${compare(tens, bareTens)}`,
    `              ${result["readingsPerS"]} readings/s durable, bare SQLite ${result["bareSqliteRowsPerS"]} rows/s`,
    `memory        ${result["rssMiB"]} MiB at the peak`,
    `latency       p50 ${result["p50Ms"]} ms, p99 ${result["p99Ms"]} ms at ${rate} packs of 10 a second`,
    `              p50 ${round(tens.p50Ms)} ms, p99 ${round(tens.p99Ms)} ms with windows of ${WINDOW_PACKS} packs full`,
    `stored        ${verified.rows} of ${sent} readings, ${verified.duplicates} duplicates`,
    `load          ${cpu} of a core, part by part`,
    "",
  ].join("\n");
}
