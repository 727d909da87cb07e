/** Log lines of the server: for people (`12:30:05 listening for devices  mqttPort=1883`) or one JSON object a line. */
import type { Logger } from "../../server/logger.ts";

type Level = "debug" | "info" | "warn" | "error";

export interface ConsoleLoggerOptions {
  json: boolean;
  /** Debug lines too. */
  verbose: boolean;
  write: (line: string) => void;
}

export function consoleLogger({ json, verbose, write }: ConsoleLoggerOptions): Logger {
  const put = (level: Level) => (fields: object, message: string) => {
    if (level === "debug" && !verbose) return;
    const time = new Date();
    if (json) {
      write(JSON.stringify({ time: time.toISOString(), level, message, ...readable(fields) }));
      return;
    }
    const mark = level === "info" || level === "debug" ? "" : `${level}: `;
    const rest = Object.entries(readable(fields)).map(([key, value]) => `  ${key}=${plain(value)}`);
    write(`${time.toLocaleTimeString("en-GB")} ${mark}${message}${rest.join("")}`);
  };
  return { debug: put("debug"), info: put("info"), warn: put("warn"), error: put("error") };
}

/** Errors lose their message in JSON; here they keep it. */
function readable(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? value.message : value]),
  );
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
