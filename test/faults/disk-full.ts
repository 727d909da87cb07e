/**
 * The disk fills up while devices send, and somebody makes room: a small file system in memory (tmpfs), which is made larger. Only
 * root may mount one.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Load } from "./load.ts";
import { startFaultyServer } from "./server.ts";

export interface DiskFullResult {
  /** From the start until `/healthz` said 503. */
  fullAfterS: number;
  /** Acknowledged while the disk was full: those already under way. */
  acknowledgedWhileFull: number;
  /** From the room made until `/healthz` was well again. */
  recoveredAfterS: number;
  acknowledgedReadings: number;
  lost: number;
  duplicated: number;
}

const SMALL_MIB = 24;
const LARGE_MIB = 512;
const DEVICES = 40;
const PACK_EVERY_MS = 20;
/** How long it stays full. */
const FULL_MS = 10_000;
const WAIT_MAX_MS = 180_000;

export function canMount(): boolean {
  return process.getuid?.() === 0 && process.platform === "linux";
}

export async function runDiskFull(onProgress: (line: string) => void = () => {}): Promise<DiskFullResult> {
  const folder = mkdtempSync(join(tmpdir(), "lintel-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SMALL_MIB}m`, "tmpfs", folder]);
  const server = await startFaultyServer(folder, 0);
  const load = new Load(server.port, DEVICES, PACK_EVERY_MS);
  try {
    const fullAfterS = await untilHealthIs(server.url, 503);
    onProgress(`full after ${fullAfterS.toFixed(1)} s`);
    const before = load.acknowledged;
    await sleep(FULL_MS);
    const acknowledgedWhileFull = load.acknowledged - before;
    load.quiet();
    execFileSync("mount", ["-o", `remount,size=${LARGE_MIB}m`, folder]);
    const recoveredAfterS = await untilHealthIs(server.url, 200);
    onProgress(`recovered ${recoveredAfterS.toFixed(1)} s after there was room`);
    await until(() => load.isSettled, "everything is acknowledged");
    await server.stop();
    const { acknowledged: acknowledgedReadings } = load;
    const judged = load.judge(join(folder, "lintel.db"));
    return { fullAfterS, acknowledgedWhileFull, recoveredAfterS, acknowledgedReadings, ...judged };
  } finally {
    load.stop();
    await server.kill();
    execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function untilHealthIs(url: string, status: number): Promise<number> {
  const startMs = performance.now();
  await until(async () => (await fetch(`${url}/healthz`)).status === status, `/healthz says ${status}`);
  return (performance.now() - startMs) / 1000;
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + WAIT_MAX_MS;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`it does not come to pass that ${what}`);
    await sleep(100);
  }
}
