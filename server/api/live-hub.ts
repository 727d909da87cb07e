/**
 * Readings and steps of updates as they are committed, to whoever watches: server-sent events (HTML Standard 9.2). A view, not a queue: who
 * reads too slowly is dropped and finds everything in the store. The id of an event names the reading.
 */
import type { ServerResponse } from "node:http";
import type { LiveReading } from "../ingest/live-reading.ts";
import { LIVE_HEARTBEAT_MS, LIVE_UNSENT_MAX_BYTES, LIVE_VIEWERS_MAX } from "../limits.ts";
import { macToText } from "../mac-address.ts";
import { showStream, showTime } from "./device-routes.ts";
import { showClock } from "./reading-formats.ts";
import { showStep, type UpdateStep } from "./update-names.ts";

export interface CommittedUpdate extends UpdateStep {
  mac: number;
  organisation: number | null;
}

/** What one commit brought; `liveLeftOut` readings beside those here. */
export interface CommittedLive {
  live: readonly LiveReading[];
  liveLeftOut: number;
  liveUpdates: readonly CommittedUpdate[];
}

interface LiveEvent {
  /** Undefined: it is about several. */
  device: string | undefined;
  organisation: number | null;
  /** Of a reading. */
  stream: string | undefined;
  text: string;
}

/** What a viewer wants to see, and may. */
export interface LiveFilter {
  device: string | undefined;
  stream: string | undefined;
  /** Null: all of them. */
  organisations: readonly number[] | null;
}

interface Viewer {
  response: ServerResponse;
  filter: LiveFilter;
}

export interface LiveHubOptions {
  /** The first viewer has come or the last has gone. */
  onWanted(isWanted: boolean): void;
  onViewers(count: number): void;
  onDropped(): void;
}

export const EVENT_STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // A proxy that collects before it forwards would make this a slow download.
  "x-accel-buffering": "no",
};

export class LiveHub {
  readonly #options: LiveHubOptions;
  readonly #viewers = new Set<Viewer>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(options: LiveHubOptions) {
    this.#options = options;
    this.#heartbeat = setInterval(() => this.#send(() => ": still here\n\n"), LIVE_HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  get isFull(): boolean {
    return this.#viewers.size >= LIVE_VIEWERS_MAX;
  }

  add(response: ServerResponse, filter: LiveFilter): void {
    const viewer = { response, filter };
    this.#viewers.add(viewer);
    response.once("close", () => this.#remove(viewer));
    if (this.#viewers.size === 1) this.#options.onWanted(true);
    this.#options.onViewers(this.#viewers.size);
    response.writeHead(200, EVENT_STREAM_HEADERS);
    response.write(": readings from now on\n\n");
  }

  tell({ live, liveLeftOut, liveUpdates }: CommittedLive): void {
    if (this.#viewers.size === 0) return;
    const events = [...live.map(formatReading), ...liveUpdates.map(formatUpdate)];
    // Of whom they were is not known.
    const more = liveLeftOut > 0 ? `event: skipped\ndata: {"readings":${liveLeftOut}}\n\n` : "";
    this.#send((viewer) => {
      let text = "";
      for (const event of events) {
        if (isWanted(viewer.filter, event)) text += event.text;
      }
      return text + more;
    });
  }

  get isWatched(): boolean {
    return this.#viewers.size > 0;
  }

  /** Of an organisation as a whole. */
  tellOf(organisation: number, name: string, data: object): void {
    const event = { device: undefined, stream: undefined, organisation };
    const text = `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    this.#send(({ filter }) => (isWanted(filter, { ...event, text }) ? text : ""));
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const viewer of this.#viewers) viewer.response.end();
  }

  #send(textFor: (viewer: Viewer) => string): void {
    for (const viewer of this.#viewers) {
      const text = textFor(viewer);
      if (text === "") continue;
      // What is unsent from before counts, not this text: it may be long, and it leaves at the end of this turn.
      if (viewer.response.writableLength <= LIVE_UNSENT_MAX_BYTES) {
        viewer.response.write(text);
        continue;
      }
      this.#options.onDropped();
      viewer.response.destroy();
      this.#remove(viewer);
    }
  }

  #remove(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer)) return;
    if (this.#viewers.size === 0) this.#options.onWanted(false);
    this.#options.onViewers(this.#viewers.size);
  }
}

function isWanted({ device, stream, organisations }: LiveFilter, event: LiveEvent): boolean {
  if (device !== undefined && device !== event.device) return false;
  if (stream !== undefined && stream !== event.stream) return false;
  return organisations === null || (event.organisation !== null && organisations.includes(event.organisation));
}

function formatReading(reading: LiveReading): LiveEvent {
  const device = macToText(reading.mac);
  const stream = showStream(reading.stream);
  const { value, epoch, sequence } = reading;
  const data = {
    device,
    stream,
    time: showTime(reading.timeMs),
    value,
    epoch,
    sequence,
    clock: showClock(reading.clock),
    errorS: reading.errorS,
  };
  const text = `id: ${device}-${epoch}-${sequence}\nevent: reading\ndata: ${JSON.stringify(data)}\n\n`;
  return { device, stream, text, organisation: reading.organisation };
}

function formatUpdate(update: CommittedUpdate): LiveEvent {
  const device = macToText(update.mac);
  const text = `event: update\ndata: ${JSON.stringify({ device, ...showStep(update) })}\n\n`;
  return { device, stream: undefined, text, organisation: update.organisation };
}
