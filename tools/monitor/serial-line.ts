/**
 * What comes over the serial line of a board, as lines with a meaning (the host's: runtime/board/serial-log.ts, runtime/native/src/log-format.h). The ROM speaks at
 * another speed, so its boot message is noise here; frames of Improv are for other programs. Neither is shown.
 */
import { LogLevel, ResetReason } from "../../runtime/contract/host-abi.ts";

export type MonitorLine =
  | { kind: "log"; uptimeS: number; level: LogLevel; text: string }
  | { kind: "reset"; reason: ResetReason | undefined; text: string }
  | { kind: "exception"; cause: number; epc1: number; excvaddr: number; imageOffset: number; text: string }
  | { kind: "crash"; text: string }
  | { kind: "other"; text: string };

/** A longer line is no line. */
const LINE_MAX_BYTES = 1024;
const LF = 0x0a;
const CR = 0x0d;
const HOST_LINE = /\d+\.\d{3} (?:error|warning|info|debug) |reset: |crash: |watchdog: /;
/** Not text: control characters, or bytes that are no UTF-8. */
const NOISE = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufffd]/;
const LOG = /^(\d+\.\d{3}) (error|warning|info|debug) (.*)$/;
const RESET = /^reset: (\w+)$/;
const EXCEPTION = /^crash: cause (\d+) at 0x([0-9a-f]{1,8}) address 0x([0-9a-f]{1,8}) image 0x([0-9a-f]{1,8})$/;
const CRASH = /^crash: (.+)$/;

export class LineReader {
  readonly #onLine: (line: MonitorLine) => void;
  #bytes: number[] = [];

  constructor(onLine: (line: MonitorLine) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === LF) this.#end();
      else if (this.#bytes.length < LINE_MAX_BYTES) this.#bytes.push(byte);
    }
  }

  #end(): void {
    const bytes = this.#bytes.splice(0);
    if (bytes.at(-1) === CR) bytes.pop();
    const decoded = new TextDecoder().decode(Uint8Array.from(bytes));
    // Noise may stand before a line of the host; a line of nothing else is noise.
    const start = HOST_LINE.exec(decoded)?.index;
    const text = decoded.slice(start ?? 0);
    if (text.trim() === "" || text.startsWith("IMPROV") || (start === undefined && NOISE.test(text))) return;
    this.#onLine(lineOf(text));
  }
}

export function lineOf(text: string): MonitorLine {
  const log = LOG.exec(text);
  if (log !== null) {
    const [, uptime = "", level = "", rest = ""] = log;
    const name = `${level[0]?.toUpperCase()}${level.slice(1)}` as keyof typeof LogLevel;
    return { kind: "log", uptimeS: Number(uptime), level: LogLevel[name], text: rest };
  }
  const reset = RESET.exec(text);
  if (reset !== null) return { kind: "reset", reason: ResetReason[reset[1] as keyof typeof ResetReason], text };
  const exception = EXCEPTION.exec(text);
  if (exception !== null) {
    const [cause = 0, epc1 = 0, excvaddr = 0, imageOffset = 0] = exception
      .slice(1)
      .map((digits, index) => Number.parseInt(digits, index === 0 ? 10 : 16));
    return { kind: "exception", cause, epc1, excvaddr, imageOffset, text };
  }
  const crash = CRASH.exec(text);
  if (crash !== null) return { kind: "crash", text: crash[1] as string };
  return { kind: "other", text };
}
