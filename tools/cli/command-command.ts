/** `lintel command`: has a device do something, once at most. */

import { type Command, InvalidArgumentError } from "commander";
import { COMMAND_EXPIRES_MAX_S } from "../../server/limits.ts";
import type { CommandOrder, CommandStatus } from "../client/order-client.ts";
import { DEVICE } from "./device-name.ts";
import { type OrderOptions, untilEnd, withWait } from "./order-options.ts";
import { apiOf } from "./server-options.ts";

const DEFAULT_TIMEOUT_S = 60;
/** States that a command stays in. */
export const COMMAND_ENDS = ["done", "failed", "expired"];

export function addCommandCommand(program: Command): void {
  withWait(program.command("command"), DEFAULT_TIMEOUT_S)
    .description("have a device do something: restart, report, log-level, stream-now, and what its product knows")
    .argument(...DEVICE)
    .argument("<method>", "one of these, or what the README of the product names")
    .argument("[arguments...]", "integers, two at most; of log-level 0 error to 3 debug, then seconds", parseArguments)
    .option("--expires <time>", "not later than this from now, as 60s, 10m, 2h or 1d", parseExpires)
    .action(run);
}

async function run(
  mac: string,
  method: string,
  [argument, second]: number[],
  { server, expires, wait, timeout, json }: OrderOptions & { expires?: number },
): Promise<void> {
  const { orders } = apiOf(server);
  const order: CommandOrder = {
    method,
    ...(argument === undefined ? {} : { argument }),
    ...(second === undefined ? {} : { second }),
    ...(expires === undefined ? {} : { expiresS: expires }),
  };
  const first = await orders.addCommand(mac, order);
  const what = `${method} (${first.id}) on ${mac}`;
  const isEnd = ({ state }: CommandStatus) => COMMAND_ENDS.includes(state);
  const end = wait ? await untilEnd(first, () => orders.command(mac, first.id), isEnd, { timeout, json, what }) : first;
  if (json) console.log(JSON.stringify(end));
  else if (!wait) console.log(`${what}: ${end.state}`);
  else if (end.value !== null) console.log(`value ${end.value}`);
  if (end.state !== "failed" && end.state !== "expired") return;
  console.error(`lintel: ${what} ${end.state === "failed" ? FAILURES[end.reason ?? ""] : "was not run in time"}`);
  process.exitCode = 1;
}

const FAILURES: Record<string, string> = {
  "": "failed",
  unknown:
    "is no command that the device knows: all know restart, report, stream-now and log-level, and its product's README tells of more",
  refused:
    "was refused by the device: its arguments are out of their range, or the board has not what it takes; see the README of its product",
  "result-lost": "was taken by the device, and its answer was lost: it may have been run",
};

function parseArguments(text: string, before: number[] = []): number[] {
  const value = Number(text);
  if (!/^-?\d{1,10}$/.test(text) || value > 2 ** 31 - 1 || value < -(2 ** 31) || before.length === 2)
    throw new InvalidArgumentError("Two integers of 32 bits at most are expected.");
  return [...before, value];
}

const UNIT_S: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

function parseExpires(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,8})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNIT_S[unit] ?? Number.NaN);
  if (!(seconds >= 1 && seconds <= COMMAND_EXPIRES_MAX_S))
    throw new InvalidArgumentError("A time from 1s to 365d is expected, as 60s, 10m, 2h or 1d.");
  return seconds;
}
