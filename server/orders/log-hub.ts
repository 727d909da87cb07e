/**
 * Lines of log of devices, to whoever watches: server-sent events. A ring of the last lines is kept of each device that has
 * sent some, in memory only; nothing is stored.
 */
import type { ServerResponse } from "node:http";
import { PAYLOAD_UP_MAX_BYTES } from "../../runtime/contract/limits.ts";
import {
  LIVE_HEARTBEAT_MS,
  LIVE_UNSENT_MAX_BYTES,
  LIVE_VIEWERS_MAX,
  LOG_DEVICES_MAX,
  LOG_RING_LINES,
  LOG_TAKEN_PER_MINUTE,
} from "../limits.ts";
import { macToText } from "../mac-address.ts";
import { decodeLog, type LogLine } from "./order-messages.ts";

interface DeviceLog {
  /** Events, the oldest first. */
  lines: string[];
  minute: number;
  taken: number;
  /** Lines beyond those that are taken in a minute. */
  lost: number;
}

export interface LogHubOptions {
  /** A message could not be read. */
  onMalformed(mac: number, bytes: number): void;
  nowMs: () => number;
}

const MINUTE_MS = 60_000;

export class LogHub {
  readonly #options: LogHubOptions;
  /** By MAC address, the one that spoke longest ago first. */
  readonly #logs = new Map<number, DeviceLog>();
  readonly #viewers = new Map<ServerResponse, number>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(options: LogHubOptions) {
    this.#options = options;
    this.#heartbeat = setInterval(() => {
      for (const response of this.#viewers.keys()) response.write(": still here\n\n");
    }, LIVE_HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  get isFull(): boolean {
    return this.#viewers.size >= LIVE_VIEWERS_MAX;
  }

  take(mac: number, payload: Uint8Array): void {
    const line = payload.length > PAYLOAD_UP_MAX_BYTES ? null : decodeLog(payload);
    if (line === null) {
      this.#options.onMalformed(mac, payload.length);
      return;
    }
    const atMs = this.#options.nowMs();
    const log = this.#logOf(mac);
    const minute = Math.floor(atMs / MINUTE_MS);
    if (minute !== log.minute) {
      log.minute = minute;
      log.taken = 0;
    }
    if (++log.taken > LOG_TAKEN_PER_MINUTE) {
      log.lost++;
      return;
    }
    const event = formatLine(mac, atMs, { ...line, lost: line.lost + log.lost });
    log.lost = 0;
    log.lines.push(event);
    if (log.lines.length > LOG_RING_LINES) log.lines.shift();
    for (const [response, watched] of this.#viewers) if (watched === mac) this.#send(response, event);
  }

  /** The lines that are remembered first, then those that come. */
  add(response: ServerResponse, mac: number): void {
    this.#viewers.set(response, mac);
    response.once("close", () => this.#viewers.delete(response));
    response.write(`: the log from here on\n\n${this.#logs.get(mac)?.lines.join("") ?? ""}`);
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const response of this.#viewers.keys()) response.end();
  }

  #logOf(mac: number): DeviceLog {
    const log = this.#logs.get(mac) ?? { lines: [], minute: 0, taken: 0, lost: 0 };
    this.#logs.delete(mac);
    this.#logs.set(mac, log);
    const [oldest] = this.#logs.keys();
    if (this.#logs.size > LOG_DEVICES_MAX && oldest !== undefined) this.#logs.delete(oldest);
    return log;
  }

  /** Who reads too slowly is dropped. */
  #send(response: ServerResponse, event: string): void {
    if (response.writableLength <= LIVE_UNSENT_MAX_BYTES) response.write(event);
    else response.destroy();
  }
}

function formatLine(mac: number, atMs: number, { level, text, lost }: LogLine): string {
  const data = { device: macToText(mac), time: new Date(atMs).toISOString(), level, text, lost };
  return `event: line\ndata: ${JSON.stringify(data)}\n\n`;
}
