/** What the commands that tell a device something have in common: the server, the device, and the wait for its answer. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { CommandError } from "./command-error.ts";
import { parseDuration } from "./option-values.ts";
import { withServer } from "./server-options.ts";
import { EXIT_INTERRUPTED, StopRequest } from "./stop-request.ts";

const POLL_MS = 300;

export interface OrderOptions {
  server: URL;
  wait: boolean;
  timeout: number;
  json: boolean;
}

export function withWait(command: Command, timeoutS: number): Command {
  return withServer(command)
    .option("--wait", "until the device has answered", false)
    .option("--timeout <s>", "with --wait: no longer than this", parseDuration, timeoutS)
    .option("--json", "one line of JSON; progress goes to standard error", false);
}

/** Asks until the answer is the last one, or the time is over; says each new state. */
export async function untilEnd<T extends { state: string }>(
  first: T,
  ask: () => Promise<T>,
  isEnd: (status: T) => boolean,
  { timeout, json, what }: { timeout: number; json: boolean; what: string },
): Promise<T> {
  const say = json ? console.error : console.log;
  // From here on Ctrl-C ends the wait, not the order.
  const stop = new StopRequest();
  const deadlineMs = performance.now() + timeout * 1000;
  let status = first;
  let told = "";
  for (;;) {
    if (status.state !== told) say(`${what}: ${status.state}`);
    told = status.state;
    if (isEnd(status)) return status;
    if (stop.signal.aborted) process.exit(EXIT_INTERRUPTED);
    if (performance.now() > deadlineMs) {
      throw new CommandError(
        `${what}: still ${status.state} after ${timeout} s; the server keeps it for the device, wait longer with --timeout`,
        { ...status, error: "timeout" },
      );
    }
    await sleep(POLL_MS);
    status = await ask();
  }
}
