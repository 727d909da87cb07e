/**
 * `bench fleet`: a fleet of light devices on one server, all on this machine: a pack of ten readings each every 30 s, a rollout
 * to the fleet under way, then a restart of the server. The server and the devices have processes of their own.
 *
 * - `p50Ms`, `p99Ms`: from the sending of a pack to its acknowledgement, while the rollout runs.
 * - `rssMiB`: the server's resident memory at its peak; `cpuCores`: what it used of the processors, on average.
 * - `reconnectAllMs`: from the order to stop the server until the last device has had its hello answered by the new one.
 * - `lost`: readings that were made and are not stored at the end.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import Database from "better-sqlite3";
import { noise, testImage } from "../../server/testing/test-images.ts";
import { newKey } from "../../tools/image/keys.ts";
import { signImage } from "../../tools/image/pack-image.ts";
import { addImages, rollOut } from "../rollout/call-api.ts";
import type { FleetFigures, FleetShare, ToFleet } from "./fleet-load.ts";
import type { ServerPart } from "./ingest-server.ts";
import { type ListeningPart, startPart } from "./parts.ts";

export const FLEET_HELP = `Usage: npm run bench -- fleet [options]

  --devices <n>   connected devices (5000)
  --seconds <s>   measured time, in which the whole fleet is updated (60)
  --json          one line of JSON, progress on standard error
`;

const PERIOD_MS = 30_000;
const PACK_READINGS = 10;
const LOAD_PROCESSES = 2;
const CONNECT_PER_S = 250;
const PRODUCT = "counter";
/** As large as the counter; does not compress, so that all of it is sent. */
const IMAGE_BYTES = 27_000;
/** A canary, then everybody at once: more downloads at a time than a person would ask for. */
const PLAN = { canary: { devices: 50 }, steps: [100], success: { percent: 100, soakMin: 0 }, atOnce: 10_000 };
/** Everybody is back and everything is acknowledged within this, or the bench fails. */
const SETTLE_MAX_MS = 180_000;
/** Linux, sysconf(_SC_CLK_TCK). */
const TICKS_PER_S = 100;

export async function benchFleet(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      devices: { type: "string", default: "5000" },
      seconds: { type: "string", default: "60" },
      json: { type: "boolean", default: false },
    },
  });
  const devices = Number(values.devices);
  const seconds = Number(values.seconds);
  if (!Number.isInteger(devices) || devices < LOAD_PROCESSES) throw new Error("--devices takes a whole number from 2");
  if (!(seconds > 0)) throw new Error("--seconds takes a number above zero");
  const say = (line: string) => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
  const folder = mkdtempSync(join(tmpdir(), "lintel-fleet-"));
  const children: ChildProcess[] = [];
  try {
    let server = await startServer(folder, 0, children);
    const { port } = server;
    const loads = Array.from({ length: LOAD_PROCESSES }, (_, index) => startLoad(port, index, devices, children));
    const ask = (message: ToFleet) => askAll(loads, message);
    say(`${devices} devices connect, ${CONNECT_PER_S * LOAD_PROCESSES} a second`);
    await until(ask, ({ welcome }) => welcome === devices, "connected");
    await sleep(PERIOD_MS);

    await ask("reset");
    const beforeCpuMs = cpuMsOf(server.process);
    const startMs = performance.now();
    const key = newKey();
    const image = signImage(testImage(noise(IMAGE_BYTES, 1), { product: PRODUCT }).bytes, key);
    await addImages(server, key, [image]);
    await rollOut(server, image, "1.2.0", PLAN);
    await sleep(seconds * 1000);
    const elapsedMs = performance.now() - startMs;
    const cpuCores = (cpuMsOf(server.process) - beforeCpuMs) / elapsedMs;
    const busy = await ask("figures");
    const rssMiB = peakMiB(server.process);
    busy.answersMs.sort((a, b) => a - b);
    say(
      `${busy.answersMs.length} packs acknowledged, ${busy.confirmed} devices updated in ${Math.round(elapsedMs / 1000)} s`,
    );
    await until(ask, ({ confirmed }) => confirmed === devices, "updated");

    await ask("reset");
    const stopMs = performance.now();
    await server.stop();
    server = await startServer(folder, port, children);
    const reconnected = await until(ask, ({ welcome }) => welcome === devices, "back");
    const reconnectAllMs = performance.now() - stopMs;
    await ask("quiet");
    const { madePacks } = await until(ask, ({ openPacks }) => openPacks === 0, "acknowledged");
    const { delayMaxMs } = await ask("figures");
    const afterMiB = peakMiB(server.process);
    await ask("stop").catch(() => {});
    await server.stop();

    const stored = countStored(join(folder, "lintel.db"));
    const result = {
      p50Ms: round(percentile(busy.answersMs, 0.5)),
      p99Ms: round(percentile(busy.answersMs, 0.99)),
      rssMiB: Math.round(Math.max(rssMiB, afterMiB)),
      cpuCores: round(cpuCores),
      reconnectAllMs: Math.round(reconnectAllMs),
      lost: madePacks * PACK_READINGS - stored,
    };
    say(
      `${reconnected.welcome} devices back after ${Math.round(reconnectAllMs)} ms, no reading later than ${Math.round(delayMaxMs)} ms`,
    );
    say(
      `${stored} readings stored of ${madePacks * PACK_READINGS}; ${cpus().length} processors for server and devices together`,
    );
    process.stdout.write(`${JSON.stringify(result)}\n`);
    if (result.lost !== 0) process.exitCode = 1;
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startServer(folder: string, mqttPort: number, children: ChildProcess[]): Promise<ListeningPart> {
  const part = await startPart("ingest-server", [folder, JSON.stringify({ mqttPort } satisfies ServerPart)]);
  children.push(part.process);
  return part;
}

function startLoad(port: number, index: number, devices: number, children: ChildProcess[]): ChildProcess {
  const first = Math.floor((index * devices) / LOAD_PROCESSES);
  const share: FleetShare = {
    port,
    first,
    devices: Math.floor(((index + 1) * devices) / LOAD_PROCESSES) - first,
    periodMs: PERIOD_MS,
    packReadings: PACK_READINGS,
    product: PRODUCT,
    connectPerS: CONNECT_PER_S,
  };
  const child = fork(new URL("./fleet-load.js", import.meta.url), [JSON.stringify(share)]);
  children.push(child);
  return child;
}

async function askAll(loads: readonly ChildProcess[], message: ToFleet): Promise<FleetFigures> {
  const all = await Promise.all(loads.map((load) => askOne(load, message)));
  return {
    answersMs: all.flatMap(({ answersMs }) => answersMs),
    delayMaxMs: Math.max(...all.map(({ delayMaxMs }) => delayMaxMs)),
    welcome: sum(all.map(({ welcome }) => welcome)),
    confirmed: sum(all.map(({ confirmed }) => confirmed)),
    madePacks: sum(all.map(({ madePacks }) => madePacks)),
    openPacks: sum(all.map(({ openPacks }) => openPacks)),
    cpuMs: sum(all.map(({ cpuMs }) => cpuMs)),
  };
}

function askOne(load: ChildProcess, message: ToFleet): Promise<FleetFigures> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error("a process of devices ended"));
    load.once("exit", onExit);
    load.once("message", (figures) => {
      load.off("exit", onExit);
      resolve(figures as FleetFigures);
    });
    load.send(message);
  });
}

async function until(
  ask: (message: ToFleet) => Promise<FleetFigures>,
  isSo: (figures: FleetFigures) => boolean,
  what: string,
): Promise<FleetFigures> {
  const endMs = performance.now() + SETTLE_MAX_MS;
  for (;;) {
    const figures = await ask("figures");
    if (isSo(figures)) return figures;
    if (performance.now() > endMs) {
      const { answersMs: _, ...rest } = figures;
      throw new Error(`not all devices ${what} after ${SETTLE_MAX_MS / 1000} s: ${JSON.stringify(rest)}`);
    }
    await sleep(200);
  }
}

/** User and system time, ms: proc(5), fields 14 and 15 of stat, after the name in parentheses. */
function cpuMsOf({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_S;
}

function peakMiB({ pid }: ChildProcess): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

function countStored(path: string): number {
  const db = new Database(path, { readonly: true });
  const stored = Number(db.prepare("SELECT sum(reading_count) FROM streams").pluck().get());
  db.close();
  return stored;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
