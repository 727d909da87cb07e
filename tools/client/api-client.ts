/** The server's HTTP API, as far as the tools use it. */
import { EventSource } from "eventsource";

/** Rows of one page; the server's maximum. */
const PAGE_ROWS = 10_000;

export interface Device {
  mac: string;
  online: boolean;
}

export interface Reading {
  time: string;
  value: number;
  epoch: number;
  sequence: number;
}

export interface LiveReading extends Reading {
  device: string;
  stream: string;
}

/** The server does not answer, or not as it should; the message is for people. */
export class ApiError extends Error {}

interface Page<T> {
  items: T[];
  next: string | null;
}

export class ApiClient {
  readonly #url: URL;

  constructor(url: URL) {
    this.#url = url;
  }

  async isHealthy(): Promise<boolean> {
    try {
      const response = await fetch(new URL("/healthz", this.#url));
      return response.ok;
    } catch {
      return false;
    }
  }

  devices(): Promise<Device[]> {
    return this.#all<Device>("/api/v1/devices");
  }

  streams(mac: string): Promise<Array<{ stream: string }>> {
    return this.#whole(`/api/v1/devices/${mac}/streams`);
  }

  readings(mac: string, stream: string): Promise<Reading[]> {
    return this.#all<Reading>(`/api/v1/devices/${mac}/streams/${stream}/readings`, PAGE_ROWS);
  }

  /** Live readings until `close` is called; connects again by itself when the server was away. */
  live(filter: { device?: string; stream?: string }, onReading: (reading: LiveReading) => void): LiveView {
    const url = new URL("/api/v1/live", this.#url);
    for (const [key, value] of Object.entries(filter)) url.searchParams.set(key, value);
    const source = new EventSource(url);
    source.addEventListener("reading", (event) => onReading(JSON.parse(event.data) as LiveReading));
    return source;
  }

  async #whole<T>(path: string): Promise<T[]> {
    const body = await this.#get<T[] | Page<T>>(path);
    return Array.isArray(body) ? body : body.items;
  }

  async #all<T>(path: string, limit?: number): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const url = new URL(path, this.#url);
      if (limit !== undefined) url.searchParams.set("limit", String(limit));
      if (cursor !== null) url.searchParams.set("cursor", cursor);
      const page: Page<T> = await this.#get<Page<T>>(url.pathname + url.search);
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    return items;
  }

  async #get<T>(path: string): Promise<T> {
    const url = new URL(path, this.#url);
    const response = await fetch(url).catch((error: unknown) => {
      throw new ApiError(`no server answers at ${this.#url.origin}: start one with lintel serve`, { cause: error });
    });
    if (!response.ok) throw new ApiError(`${url} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}

export type LiveView = Pick<EventSource, "addEventListener" | "close" | "readyState">;
