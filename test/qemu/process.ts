/** One run of `qemu-system-xtensa -M sim -cpu lx106`: memory is loaded, the core starts at its reset vector. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { QEMU } from "./installed.ts";

export interface Segment {
  address: number;
  bytes: Uint8Array;
}

interface QemuProcess {
  segments: readonly Segment[];
  flags?: readonly string[];
  timeoutMs: number;
  /** Takes the log (`-d`); it may stop the process. Without it the log is what went wrong. */
  readLog?: (log: Readable, stop: () => void) => void;
}

/** Ended by `simcall`, or stopped by `readLog`; everything else is an error. The result is its standard output. */
export function runQemuProcess({ segments, flags = [], timeoutMs, readLog }: QemuProcess): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "lintel-qemu-"));
  const args = [
    "-M",
    "sim",
    "-cpu",
    "lx106",
    "-display",
    "none",
    "-serial",
    "none",
    "-monitor",
    "none",
    "-semihosting",
  ];
  for (const [index, { address, bytes }] of segments.entries()) {
    const file = join(folder, `${index}.bin`);
    writeFileSync(file, bytes);
    args.push("-device", `loader,file=${file},addr=0x${address.toString(16)},force-raw=on`);
  }
  const child = spawn(QEMU, [...args, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  let isStopped = false;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  let errors = "";
  if (readLog === undefined) {
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk;
    });
  } else {
    readLog(child.stderr, () => {
      isStopped = true;
      child.kill("SIGKILL");
    });
  }
  return new Promise<Buffer>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (isStopped || code === 0) resolve(Buffer.concat(output));
      else if (isLate) reject(new Error(`QEMU did not end within ${timeoutMs} ms`));
      else reject(new Error(`QEMU ended with ${code ?? signal}: ${errors.slice(0, 2000)}`));
    });
  }).finally(() => {
    clearTimeout(timer);
    rmSync(folder, { recursive: true });
  });
}
