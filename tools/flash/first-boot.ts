/**
 * The first start of a board that was flashed: listens on its serial line until it says that the server has answered, and asks
 * the server whether it is online there. When that does not come about, says what is known to be wrong.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import { type ApiClient, ApiError } from "../client/api-client.ts";
import { BoardConsole } from "../monitor/board-console.ts";
import { meaningOf } from "../monitor/log-text.ts";
import type { MonitorLine } from "../monitor/serial-line.ts";
import { FlashError } from "./flash-error.ts";

const POLL_MS = 250;
/** What a program says when the server has acknowledged its hello (runtime/device/session/conversation.ts). */
const CONNECTED = /^connected, /;

export interface FirstBootOptions {
  mac: string;
  /** Absent: what the board says has to do. */
  api?: Pick<ApiClient, "device">;
  timeoutS: number;
  onLine: (line: MonitorLine) => void;
  signal?: AbortSignal;
}

/** What was heard, as far as it explains why a board is not online. */
class Heard {
  lines = 0;
  resets = 0;
  crash: string | undefined;
  problem: string | undefined;
  isConnected = false;

  take(line: MonitorLine): void {
    this.lines++;
    if (line.kind === "reset") this.resets++;
    else if (line.kind === "crash" || line.kind === "exception") this.crash = line.text;
    else if (line.kind === "log" && CONNECTED.test(line.text)) this.isConnected = true;
    else if (line.kind === "log" && line.level <= LogLevel.Warning) this.problem = meaningOf(line.text) ?? line.text;
  }

  get explanation(): string {
    if (this.lines === 0) {
      return "it says nothing on the serial line: does it start from flash (GPIO0, GPIO2 high, GPIO15 low), has it enough power?";
    }
    if (this.crash !== undefined) return `its program crashes: ${this.crash}; see lintel monitor`;
    return this.problem ?? "it has started, and has not tried to connect yet: wait longer with --timeout";
  }
}

/** Resolves when the board is online. Throws a FlashError that says what is wrong. */
export async function watchFirstBoot(port: WebSerialPort, options: FirstBootOptions): Promise<void> {
  const { mac, api, timeoutS, onLine, signal } = options;
  const heard = new Heard();
  const console = await BoardConsole.open(port, (line) => {
    heard.take(line);
    onLine(line);
  });
  const endMs = performance.now() + timeoutS * 1000;
  let lost: Error | undefined;
  console.ended.catch((error: Error) => {
    lost = error;
  });
  let serverSays: string | undefined;
  try {
    // The board was let go before the port was opened anew: its first lines may have been missed.
    await console.reset();
    for (;;) {
      if (lost !== undefined) throw new FlashError(`the board was flashed, then its cable was lost: ${lost.message}`);
      if (heard.isConnected) {
        serverSays = api === undefined ? undefined : await askServer(api, mac);
        if (serverSays === undefined) return;
      }
      if (signal?.aborted) throw new FlashError(`interrupted: ${mac} is flashed, and not online yet`);
      if (performance.now() > endMs) break;
      await sleep(POLL_MS);
    }
  } finally {
    await console.close();
  }
  throw new FlashError(
    `${mac} is flashed, and not online after ${timeoutS} s: ${heard.isConnected ? serverSays : heard.explanation}`,
  );
}

/** undefined: it is online there. */
async function askServer(api: Pick<ApiClient, "device">, mac: string): Promise<string | undefined> {
  try {
    const { online } = await api.device(mac);
    return online
      ? undefined
      : "it says that it is connected, and the server does not see it: is it this server (--api)?";
  } catch (error) {
    if (error instanceof ApiError)
      return `it says that it is connected, and the API of the server does not say so (--api): ${error.message}`;
    throw error;
  }
}
