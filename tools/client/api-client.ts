/** The server's HTTP API, as far as the tools use it. */

import { EventSource } from "eventsource";
import { AlertClient } from "./alert-client.ts";
import { FleetClient } from "./fleet-client.ts";
import { inOrganisation } from "./in-organisation.ts";
import { type LogLine, OrderClient } from "./order-client.ts";
import { PeopleClient } from "./people-client.ts";
import { RecordClient } from "./record-client.ts";
import { RegistrationClient } from "./registration-client.ts";
import { RolloutClient } from "./rollout-client.ts";
import { type Reading, SeriesClient } from "./series-client.ts";
import type { Ways } from "./ways.ts";

/** Rows of one page; the server's maximum. */
const PAGE_ROWS = 10_000;
/** A server that takes longer to answer is stuck, milliseconds. */
const ANSWER_MAX_MS = 60_000;

export interface Device {
  mac: string;
  product: string | null;
  online: boolean;
  /** When it began its last connection. */
  lastHello: string | null;
  /** Id of the last image that failed there, and why. */
  failedImage: string | null;
  failure: string | null;
}

/** As the server knows it, besides what it has said itself. */
export interface RegisteredDevice extends Device {
  slug: string;
  name: string | null;
  project: string | null;
  standing: string;
  secret: string;
  replacedBy: string | null;
}

export interface LiveReading extends Reading {
  device: string;
  stream: string;
}

export interface StoredImage {
  id: string;
  product: string;
  version: string;
  /** Header and payload. */
  sizeBytes: number;
}

/** How the server was started. Null: for ever, without limit. */
export interface ServerFacts {
  retention: { rawDays: number | null; rollupDays: number | null; maxBytes: number | null };
  products: string[];
}

/** What became of the readings of a report; `acknowledged`: ids of its streamer up to this one are durable. */
export interface TakenReport {
  device: string;
  stored: number;
  duplicates: number;
  rejected: number;
  acknowledged: number | null;
}

/** States and failures are the names of the contract, as `rolled-back` and `bad-signature`. */
export interface UpdateStep {
  atMs: number;
  state: string;
  image: string | null;
  percent: number | null;
  failure: string | null;
}

export interface UpdateOffer {
  image: string;
  kind: "patch" | "compressed" | "image";
  /** What the device has to load for it. */
  bytes: number;
}

export interface UpdateStatus {
  desired: string | null;
  /** The desired image failed or was refused; it is not offered again until it is set again. */
  givenUp: boolean;
  /** The device runs the desired image and has confirmed it, and no other image can have come since. */
  confirmed: boolean;
  /** Connected, and has said in this connection what it runs. */
  online: boolean;
  running: string | null;
  /** What runs has not confirmed itself yet. */
  trial: boolean;
  /** Another image that the device is loading or about to start. */
  underWay: string | null;
  /** What the device was sent since the image is desired. */
  offer: UpdateOffer | null;
  state: string;
  percent: number | null;
  failure: string | null;
  /** Oldest first. */
  history: UpdateStep[];
}

export interface BackupStatus {
  state: "running" | "done" | "failed";
  percent: number;
  sizeBytes: number | null;
  error: string | null;
}

/** What browsers flash boards of this kind with. */
export interface UploadedKit {
  board: string;
  title: string;
  flashMiB: number;
  parts: ReadonlyArray<{ name: string; offset: number; bytes: Uint8Array }>;
}

/** The server does not answer, or not as it should; the message is for people. */
export class ApiError extends Error {
  /** Of the problem that the server answered with, as `deviceUnknown`. */
  readonly code: string | undefined;

  constructor(message: string, { code, ...options }: ErrorOptions & { code?: string | undefined } = {}) {
    super(message, options);
    this.code = code;
  }
}

interface Page<T> {
  items: T[];
  next: string | null;
}

export class ApiClient {
  /** What devices are told. */
  readonly orders: OrderClient;
  /** What many devices are to run. */
  readonly rollouts: RolloutClient;
  /** Who may do what. */
  readonly people: PeopleClient;
  /** How devices fare, and who is told of what. */
  readonly alerts: AlertClient;
  /** What devices are to people. */
  readonly fleets: FleetClient;
  /** Which boards and applications are let in. */
  readonly registrations: RegistrationClient;
  /** What devices have measured. */
  readonly series: SeriesClient;
  /** What people and programs write down about devices. */
  readonly records: RecordClient;
  readonly #url: URL;
  readonly #headers: Record<string, string>;

  /** `token`: what to show the server; none for one that asks for none. */
  constructor(url: URL, token?: string) {
    this.#url = url;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const ways: Ways = {
      send: (method, path, body) => this.#send(method, path, body),
      all: (path) => this.#all(path),
      pages: (path) => this.#pages(path),
      open: (path) => this.#open(path),
      edit: (path, change) => this.#edit(path, change),
    };
    this.orders = new OrderClient(ways.send);
    this.rollouts = new RolloutClient(ways.send);
    this.people = new PeopleClient(ways);
    this.alerts = new AlertClient(ways);
    this.fleets = new FleetClient(ways);
    this.registrations = new RegistrationClient(ways.send);
    this.series = new SeriesClient(ways);
    this.records = new RecordClient(ways);
  }

  async isHealthy(): Promise<boolean> {
    try {
      const response = await fetch(new URL("/healthz", this.#url));
      return response.ok;
    } catch {
      return false;
    }
  }

  facts(): Promise<ServerFacts> {
    return this.#get("/api/v1/server");
  }

  device(mac: string): Promise<Device> {
    return this.registered(mac);
  }

  registered(mac: string): Promise<RegisteredDevice> {
    return this.#get(`/api/v1/devices/${mac}`);
  }

  /** `filter`: as the API takes it, by name. */
  devices(filter: Record<string, string> = {}): Promise<RegisteredDevice[]> {
    const query = new URLSearchParams(filter).toString();
    return this.#all<RegisteredDevice>(query === "" ? "/api/v1/devices" : `/api/v1/devices?${query}`);
  }

  readings(mac: string, stream: string): Promise<Reading[]> {
    return this.#all<Reading>(`/api/v1/devices/${mac}/streams/${stream}/readings`, PAGE_ROWS);
  }

  images(): Promise<StoredImage[]> {
    return this.#all<StoredImage>("/api/v1/images");
  }

  /** Stores an image; one that is there already is left as it is. */
  async uploadImage(image: Uint8Array, organisation?: string): Promise<StoredImage> {
    const body = { type: "application/octet-stream", bytes: Buffer.from(image) };
    return JSON.parse(await this.#send("POST", `/api/v1/images${inOrganisation(organisation)}`, body)) as StoredImage;
  }

  /** A binary report of an IOTile device. */
  async sendReport(report: Uint8Array): Promise<TakenReport> {
    const body = { type: "application/octet-stream", bytes: Buffer.from(report) };
    return JSON.parse(await this.#send("POST", "/api/v1/iotile/reports", body)) as TakenReport;
  }

  /** In place of the kit that the server has for this board. */
  async uploadKit({ board, title, flashMiB, parts }: UploadedKit): Promise<void> {
    const sent = parts.map(({ name, offset, bytes }) => ({
      name,
      offset,
      content: Buffer.from(bytes).toString("base64"),
    }));
    const body = { type: "application/json", bytes: Buffer.from(JSON.stringify({ title, flashMiB, parts: sent })) };
    await this.#send("PUT", `/api/v1/flash-kits/${board}`, body);
  }

  /** Sets the image that a device ought to run. `retry`: even if it has failed there before. */
  async setDesiredImage(mac: string, image: string, retry = false): Promise<UpdateStatus> {
    const body = { type: "application/json", bytes: Buffer.from(JSON.stringify({ image, retry })) };
    return JSON.parse(await this.#send("PUT", `/api/v1/devices/${mac}/desired-image`, body));
  }

  async clearDesiredImage(mac: string): Promise<void> {
    await this.#send("DELETE", `/api/v1/devices/${mac}/desired-image`);
  }

  update(mac: string, answerMaxMs?: number): Promise<UpdateStatus> {
    return this.#get(`/api/v1/devices/${mac}/update`, answerMaxMs);
  }

  /** Live readings until `close` is called; connects again by itself when the server was away. */
  live(filter: { device?: string; stream?: string }, onReading: (reading: LiveReading) => void): LiveView {
    const url = new URL("/api/v1/live", this.#url);
    for (const [key, value] of Object.entries(filter)) url.searchParams.set(key, value);
    const source = this.#events(url);
    source.addEventListener("reading", (event) => onReading(JSON.parse(event.data) as LiveReading));
    return source;
  }

  /** Lines of log until `close` is called; connects again by itself when the server was away. */
  log(mac: string, onLine: (line: LogLine) => void): LiveView {
    const source = this.#events(new URL(`/api/v1/devices/${mac}/log`, this.#url));
    source.addEventListener("line", (event) => onLine(JSON.parse(event.data) as LogLine));
    return source;
  }

  #events(url: URL): EventSource {
    return new EventSource(url, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...this.#headers } }),
    });
  }

  startBackup(): Promise<BackupStatus> {
    return this.#send("POST", "/api/v1/backup").then((text) => JSON.parse(text) as BackupStatus);
  }

  backup(): Promise<BackupStatus> {
    return this.#get("/api/v1/backup");
  }

  backupContent(): Promise<AsyncIterable<Uint8Array>> {
    return this.#open("/api/v1/backup/content");
  }

  async deleteBackup(): Promise<void> {
    await this.#send("DELETE", "/api/v1/backup");
  }

  async #all<T>(path: string, limit?: number): Promise<T[]> {
    const items: T[] = [];
    for await (const page of this.#pages<T>(path, limit)) items.push(...page);
    return items;
  }

  async *#pages<T>(path: string, limit?: number): AsyncGenerator<T[]> {
    let cursor: string | null = null;
    do {
      const url = new URL(path, this.#url);
      if (limit !== undefined) url.searchParams.set("limit", String(limit));
      if (cursor !== null) url.searchParams.set("cursor", cursor);
      const page: Page<T> = await this.#get<Page<T>>(url.pathname + url.search);
      yield page.items;
      cursor = page.next;
    } while (cursor !== null);
  }

  /** Takes as long as it takes: a backup has gigabytes. */
  async #open(path: string): Promise<AsyncIterable<Uint8Array>> {
    const url = new URL(path, this.#url);
    let response: Response;
    try {
      response = await fetch(url, { headers: this.#headers });
    } catch (error) {
      throw new ApiError(`no server answers at ${url.origin}: start one with lintel serve`, { cause: error });
    }
    if (response.ok && response.body !== null) return this.#chunks(response.body);
    const { message, code } = readProblem(await response.text());
    throw new ApiError(`${url} answered ${response.status}: ${message}`, { code });
  }

  async *#chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      throw new ApiError(`the server at ${this.#url.origin} broke off in the middle of its answer: ask again`, {
        cause: error,
      });
    }
  }

  async #get<T>(path: string, answerMaxMs?: number): Promise<T> {
    return JSON.parse(await this.#send("GET", path, undefined, answerMaxMs)) as T;
  }

  /** The body of the answer. */
  async #send(method: string, path: string, body?: Body, answerMaxMs?: number): Promise<string> {
    return (await this.#ask(method, path, body, answerMaxMs)).text;
  }

  async #edit<T>(path: string, change: (before: T) => object): Promise<T> {
    const { text, etag } = await this.#ask("GET", path);
    const bytes = Buffer.from(JSON.stringify(change(JSON.parse(text) as T)));
    const headers = etag === null ? {} : { "if-match": etag };
    return JSON.parse((await this.#ask("PUT", path, { type: "application/json", bytes, headers })).text) as T;
  }

  async #ask(method: string, path: string, body?: Body, answerMaxMs = ANSWER_MAX_MS) {
    const url = new URL(path, this.#url);
    const signal = AbortSignal.timeout(answerMaxMs);
    let response: Response;
    let text: string;
    try {
      const headers = { ...this.#headers, ...(body !== undefined && { "content-type": body.type, ...body.headers }) };
      response = await fetch(url, { method, signal, headers, ...(body !== undefined && { body: body.bytes }) });
      text = await response.text();
    } catch (error) {
      const { origin } = this.#url;
      throw new ApiError(
        signal.aborted
          ? `the server at ${origin} has not answered for ${answerMaxMs / 1000} s: see whether it hangs, and its log`
          : `no server answers at ${origin}: start one with lintel serve`,
        { cause: error },
      );
    }
    if (response.ok) return { text, etag: response.headers.get("etag") };
    const { message, code } = readProblem(text);
    throw new ApiError(`${url} answered ${response.status}: ${message}`, { code });
  }
}

interface Body {
  type: string;
  headers?: Record<string, string>;
  bytes: Buffer<ArrayBuffer>;
}

/** What a problem document (RFC 9457) says; anything else as it is. */
export function readProblem(text: string): { message: string; code?: string | undefined } {
  try {
    const { title, detail, code } = JSON.parse(text) as { title?: string; detail?: string; code?: string };
    if (title !== undefined)
      return { message: detail === undefined || detail === "" ? title : `${title}: ${detail}`, code };
  } catch {
    // Not a document of the server, as from a proxy.
  }
  return { message: text };
}

export type LiveView = Pick<EventSource, "addEventListener" | "close" | "readyState">;
