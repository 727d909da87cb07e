/** A line of a board for people. */
import { LogLevel, ResetReason } from "../../runtime/contract/host-abi.ts";
import { explainLogLine } from "./log-text.ts";
import type { MonitorLine } from "./serial-line.ts";

const RESETS: Record<ResetReason, string> = {
  [ResetReason.PowerOn]: "power came on",
  [ResetReason.External]: "the reset pin was pulled",
  [ResetReason.Software]: "the program asked for it",
  [ResetReason.Watchdog]: "the watchdog ended a call that took too long",
  [ResetReason.Crash]: "the program crashed",
  [ResetReason.DeepSleep]: "it woke up from deep sleep",
  [ResetReason.Deadline]: "the program did not do in time what it was to do",
};

export function showLine(line: MonitorLine): string {
  switch (line.kind) {
    case "log":
      return `${line.uptimeS.toFixed(3).padStart(10)} ${LogLevel[line.level]?.toLowerCase()} ${explainLogLine(printable(line.text))}`;
    case "reset":
      return `--- started: ${line.reason === undefined ? printable(line.text) : RESETS[line.reason]}`;
    case "exception":
      return `--- ${printable(line.text)}`;
    case "crash":
      return `--- crash: ${printable(line.text)}`;
    case "other":
      return printable(line.text);
  }
}

/** What a board sends must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}
