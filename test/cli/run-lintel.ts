/**
 * Runs the command line as a process of its own: as it was built, where `npm test` has just built it (it starts in a fraction of
 * the time), else from its sources.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { BUILT_VARIABLE } from "../../tools/testing/built-variable.ts";

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export const LINTEL = [
  process.execPath,
  ...(process.env[BUILT_VARIABLE] === undefined
    ? ["--import", "tsx", join(PACKAGE_ROOT, "tools/cli/main.ts")]
    : [join(PACKAGE_ROOT, "dist/tools/cli/main.js")]),
];

export function runLintel(...args: string[]): Promise<Finished> {
  return run([...LINTEL, ...args]);
}

/** As on a disk that is full: no file grows beyond so many blocks of 512 bytes (POSIX, "ulimit"; some shells take 1024). */
export function runLintelOnFullDisk(blocks: number, ...args: string[]): Promise<Finished> {
  return run(["sh", "-c", 'ulimit -f "$0" && exec "$@"', String(blocks), ...LINTEL, ...args]);
}

function run([program = "", ...args]: string[]): Promise<Finished> {
  const child = spawn(program, args, { cwd: PACKAGE_ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
