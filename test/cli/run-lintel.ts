/** Runs the command line from its sources, as a process of its own. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export const LINTEL_MAIN = join(PACKAGE_ROOT, "tools/cli/main.ts");

export function runLintel(...args: string[]): Promise<Finished> {
  const child = spawn(process.execPath, ["--import", "tsx", LINTEL_MAIN, ...args], {
    cwd: PACKAGE_ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
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
