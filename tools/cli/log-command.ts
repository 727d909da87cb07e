/** `lintel log`: lines of a device's log as they come, by way of the server. */

import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import { LOG_SEND_MAX_S } from "../../runtime/contract/limits.ts";
import { type ApiClient, ApiError } from "../client/api-client.ts";
import type { LogLine } from "../client/order-client.ts";
import { explainLogLine } from "../monitor/log-text.ts";
import { COMMAND_ENDS } from "./command-command.ts";
import { CommandError } from "./command-error.ts";
import { DEVICE } from "./device-name.ts";
import { escapeControls } from "./escape-controls.ts";
import { apiOf, withServer } from "./server-options.ts";
import { StopRequest } from "./stop-request.ts";

const LEVELS = ["error", "warning", "info", "debug"] as const;
/** What a device that went away was asked is of no use when it is back: it is asked anew, seconds. */
const EXPIRES_S = 60;
const LOOK_MS = 1000;
/** Before the time is over for which a device can be asked. */
const RENEW_MS = (LOG_SEND_MAX_S - 60) * 1000;
const NOTHING_ASKED = { state: "", reason: null };

interface LogOptions {
  server: URL;
  level: (typeof LEVELS)[number];
  json: boolean;
}

export function addLogCommand(program: Command): void {
  withServer(program.command("log"))
    .description("show the log of a device as it comes; the last lines that the server has, first")
    .argument(...DEVICE)
    .addOption(new Option("--level <level>", "lines up to this one").choices([...LEVELS]).default("info"))
    .option("--json", "one JSON object a line", false)
    .action(showLog);
}

async function showLog(mac: string, { server, level, json }: LogOptions): Promise<void> {
  const api = apiOf(server);
  const { online } = await api.device(mac);
  if (!online) console.error(`lintel: ${mac} is not connected, its lines come when it is back`);
  const stop = new StopRequest();
  const view = api.log(mac, (line) => console.log(json ? JSON.stringify(line) : formatLine(line)));
  view.addEventListener("error", () => console.error(`lintel: lost ${server.origin}, trying again`));
  try {
    await keepAsking(api, mac, LEVELS.indexOf(level), stop.signal);
  } finally {
    view.close();
  }
  await api.orders.addCommand(mac, { method: "log-level", argument: -1, expiresS: EXPIRES_S });
}

/** A device forgets what it was asked when it starts, and after LOG_SEND_MAX_S: it is asked again, until the stop. */
async function keepAsking(api: ApiClient, mac: string, level: number, stop: AbortSignal): Promise<void> {
  const order = { method: "log-level", argument: level, second: LOG_SEND_MAX_S, expiresS: EXPIRES_S };
  let askedMs = 0;
  let askedAfter: string | null = null;
  let asked: number | undefined;
  while (!stop.aborted) {
    try {
      const { online, lastHello, product } = await api.device(mac);
      if (online && (lastHello !== askedAfter || performance.now() - askedMs > RENEW_MS)) {
        asked = (await api.orders.addCommand(mac, order)).id;
        askedMs = performance.now();
        askedAfter = lastHello;
      }
      const { state, reason } = asked === undefined ? NOTHING_ASKED : await api.orders.command(mac, asked);
      if (reason === "unknown") {
        throw new CommandError(
          `the program of ${mac} (${product}) does not send its log: look at it over a cable, with lintel monitor`,
        );
      }
      if (COMMAND_ENDS.includes(state)) asked = undefined;
    } catch (error) {
      // Of a server that is away the view tells.
      if (!(error instanceof ApiError)) throw error;
    }
    await sleep(LOOK_MS, undefined, { signal: stop }).catch(() => {});
  }
}

export function formatLine({ time, level, text, lost }: LogLine): string {
  const missing = lost > 0 ? `... ${lost} lines are missing\n` : "";
  const name = LogLevel[level]?.toLowerCase() ?? `level ${level}`;
  return `${missing}${time}  ${name.padEnd(7)}  ${explainLogLine(escapeControls(text))}`;
}
