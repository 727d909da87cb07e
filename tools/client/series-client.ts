/** The part of the server's HTTP API that is about streams: their readings, sums of these, streams that are computed from others. */
import { askJson, queryOf, type Ways } from "./ways.ts";

export interface Stream {
  stream: string;
  slug: string;
  count: number;
  firstTime: string;
  lastTime: string;
  lastValue: number;
}

export interface Reading {
  time: string;
  value: number;
  epoch: number;
  sequence: number;
}

export interface StoredReading extends Reading {
  clock: string;
  errorS: number | null;
}

/** Times as the API takes them. `limit`: of readings of one stream. */
export interface Range {
  from?: string | undefined;
  to?: string | undefined;
  limit?: number | undefined;
}

export interface Bucket {
  time: string;
  count: number;
  sum: number | null;
  mean: number | null;
  min: number | null;
  max: number | null;
  first: number | null;
  last: number | null;
}

export interface Aggregates {
  from: string;
  to: string;
  resolution: string;
  tz: string;
  unit: string | null;
  approximate: boolean;
  rawFrom?: string;
  rollupsFrom?: string;
  buckets: Bucket[];
}

export interface Source {
  device: string;
  stream: string;
}

export interface Section extends Source {
  from?: string;
  to?: string;
}

export interface DerivedStream {
  stream: string;
  kind: string;
  source?: Source;
  factor?: number;
  offset?: number;
  sections?: Section[];
  unit: string | null;
}

/** Readings of one page; the server's maximum. */
const PAGE_ROWS = 10_000;

export class SeriesClient {
  readonly #ways: Ways;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  streams(mac: string): Promise<Stream[]> {
    return this.#ways.all(`/api/v1/devices/${mac}/streams`);
  }

  /** Page by page, the oldest first. The limit is that of one page: whoever asks takes no more than he wants. */
  readings(mac: string, stream: string, { limit = PAGE_ROWS, ...range }: Range): AsyncGenerator<StoredReading[]> {
    return this.#ways.pages(readingsPath(mac, stream, { ...range, limit: Math.min(limit, PAGE_ROWS) }));
  }

  /** As the server writes it, all of it. */
  exported(mac: string, stream: string, range: Range, format: string): Promise<AsyncIterable<Uint8Array>> {
    return this.#ways.open(readingsPath(mac, stream, { ...range, format }));
  }

  aggregates(mac: string, stream: string, question: Record<string, string | undefined>): Promise<Aggregates> {
    return askJson(this.#ways.send, "GET", `${streamPath(mac, stream)}/aggregates${queryOf(question)}`);
  }

  last(mac: string, stream: string): Promise<{ time: string; value: number; unit: string | null }> {
    return askJson(this.#ways.send, "GET", `${streamPath(mac, stream)}/last`);
  }

  derived(mac: string): Promise<DerivedStream[]> {
    return this.#ways.all(`/api/v1/devices/${mac}/derived-streams`);
  }

  setDerived(mac: string, stream: string, definition: object): Promise<DerivedStream> {
    return askJson(this.#ways.send, "PUT", `/api/v1/devices/${mac}/derived-streams/${stream}`, definition);
  }

  async deleteDerived(mac: string, stream: string): Promise<void> {
    await this.#ways.send("DELETE", `/api/v1/devices/${mac}/derived-streams/${stream}`);
  }
}

function streamPath(mac: string, stream: string): string {
  return `/api/v1/devices/${mac}/streams/${encodeURIComponent(stream)}`;
}

function readingsPath(mac: string, stream: string, asked: Record<string, string | number | undefined>): string {
  return `${streamPath(mac, stream)}/readings${queryOf(asked)}`;
}
