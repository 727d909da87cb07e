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

export interface StoredImage {
  id: string;
  product: string;
  version: string;
}

/** States and failures are the names of the contract, as `rolled-back` and `bad-signature`. */
export interface UpdateStep {
  atMs: number;
  state: string;
  image: string | null;
  percent: number | null;
  failure: string | null;
}

export interface UpdateStatus {
  desired: string | null;
  /** The desired image failed or was refused; it is not offered again until it is set again. */
  givenUp: boolean;
  running: string | null;
  /** What runs has not confirmed itself yet. */
  trial: boolean;
  state: string;
  percent: number | null;
  failure: string | null;
  /** Oldest first. */
  history: UpdateStep[];
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

  device(mac: string): Promise<Device> {
    return this.#get(`/api/v1/devices/${mac}`);
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

  images(): Promise<StoredImage[]> {
    return this.#all<StoredImage>("/api/v1/images");
  }

  /** Stores an image; one that is there already is left as it is. */
  async uploadImage(image: Uint8Array): Promise<StoredImage> {
    const response = await this.#send("POST", "/api/v1/images", "application/octet-stream", Buffer.from(image));
    return (await response.json()) as StoredImage;
  }

  /** Sets the image that a device ought to run. `retry`: even if it has failed there before. */
  async setDesiredImage(mac: string, image: string, retry = false): Promise<UpdateStatus> {
    const body = JSON.stringify({ image, retry });
    const response = await this.#send("PUT", `/api/v1/devices/${mac}/desired-image`, "application/json", body);
    return (await response.json()) as UpdateStatus;
  }

  async clearDesiredImage(mac: string): Promise<void> {
    await this.#send("DELETE", `/api/v1/devices/${mac}/desired-image`);
  }

  update(mac: string): Promise<UpdateStatus> {
    return this.#get(`/api/v1/devices/${mac}/update`);
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
    return (await (await this.#send("GET", path)).json()) as T;
  }

  async #send(method: string, path: string, type?: string, body?: string | Buffer): Promise<Response> {
    const url = new URL(path, this.#url);
    const headers = type === undefined ? {} : { "content-type": type };
    const response = await fetch(url, { method, headers, body: body ?? null }).catch((error: unknown) => {
      throw new ApiError(`no server answers at ${this.#url.origin}: start one with lintel serve`, { cause: error });
    });
    if (!response.ok) throw new ApiError(`${url} answered ${response.status}: ${problemOf(await response.text())}`);
    return response;
  }
}

/** What a problem document (RFC 9457) says; anything else as it is. */
function problemOf(text: string): string {
  try {
    const { title, detail } = JSON.parse(text) as { title?: string; detail?: string };
    if (title !== undefined) return detail === undefined || detail === "" ? title : `${title}: ${detail}`;
  } catch {
    // Not a document of the server, as from a proxy.
  }
  return text;
}

export type LiveView = Pick<EventSource, "addEventListener" | "close" | "readyState">;
