/** `lintel log`: lines of a device's log as they come, by way of the server. */
import { type Command, Option } from "commander";
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import { LOG_SEND_MAX_S } from "../../runtime/contract/limits.ts";
import type { LogLine } from "../client/order-client.ts";
import { explainLogLine } from "../monitor/log-text.ts";
import { reach, withServer } from "./order-options.ts";
import { StopRequest } from "./stop-request.ts";

const LEVELS = ["error", "warning", "info", "debug"] as const;
/** A device that is away for longer need not begin when it is back, seconds. */
const EXPIRES_S = 600;

interface LogOptions {
  server: URL;
  level: (typeof LEVELS)[number];
  json: boolean;
}

export function addLogCommand(program: Command): void {
  withServer(program.command("log"))
    .description("show the log of a device as it comes; the last lines that the server has, first")
    .argument("<device>", "MAC address, twelve hex digits")
    .addOption(new Option("--level <level>", "lines up to this one").choices([...LEVELS]).default("info"))
    .option("--json", "one JSON object a line", false)
    .action(showLog);
}

async function showLog(mac: string, { server, level, json }: LogOptions): Promise<void> {
  const api = reach(server, mac);
  const order = { method: "log-level", argument: LEVELS.indexOf(level), second: LOG_SEND_MAX_S, expiresS: EXPIRES_S };
  await api.orders.addCommand(mac, order);
  const stop = new StopRequest();
  const view = api.log(mac, (line) => console.log(json ? JSON.stringify(line) : formatLine(line)));
  view.addEventListener("error", () => console.error(`lintel: lost ${server.origin}, trying again`));
  await stop.wait();
  view.close();
  await api.orders.addCommand(mac, { method: "log-level", argument: -1, expiresS: EXPIRES_S });
}

export function formatLine({ time, level, text, lost }: LogLine): string {
  const missing = lost > 0 ? `... ${lost} lines are missing\n` : "";
  const name = LogLevel[level]?.toLowerCase() ?? `level ${level}`;
  return `${missing}${time}  ${name.padEnd(7)}  ${explainLogLine(escapeControls(text))}`;
}

/** What a terminal would obey (C0, DEL and C1) is shown as \x1b; and the backslash itself, so that none can be imitated. */
export function escapeControls(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === "\\") return "\\\\";
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029;
    return isControl ? `\\x${code.toString(16).padStart(2, "0")}` : character;
  }).join("");
}
