/** For tests: a server whose time goes on when the test says so, and what it answers. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type HelloKey, StateKey } from "../../runtime/contract/messages.ts";
import { CHANNEL_STATE } from "../../runtime/contract/topics.ts";
import { encodeCbor } from "../ingest/cbor-codec.ts";
import type { LintelServer, ServerOptions } from "../server-options.ts";
import { makeFolder, startDevice, startTestServer, TEST_NOW_MS, type TestClient } from "./test-server.ts";

const MINUTE_MS = 60_000;

export class TimedServer {
  server!: LintelServer;
  wallMs = TEST_NOW_MS;
  elapsedMs = 0;
  readonly #folder = makeFolder();
  readonly #options: Partial<ServerOptions>;

  constructor(options: Partial<ServerOptions> = {}) {
    this.#options = options;
  }

  async start(): Promise<this> {
    const clocks = { nowMs: () => this.wallMs, elapsedMs: () => this.elapsedMs };
    this.server = await startTestServer(this.#folder.path, { ...clocks, ...this.#options });
    return this;
  }

  /** The same data folder goes on. */
  async restart(): Promise<void> {
    await this.server.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    this.#folder.remove();
  }

  /** What is in the data folder, without its folders. */
  files(): Buffer[] {
    const entries = readdirSync(this.#folder.path, { withFileTypes: true });
    return entries.filter((one) => one.isFile()).map(({ name }) => readFileSync(join(this.#folder.path, name)));
  }

  /** Time as it passes, a minute each, or some. */
  async pass(minutes: number, stepMin = 1): Promise<void> {
    for (let i = 0; i < minutes; i += stepMin) {
      this.wallMs += stepMin * MINUTE_MS;
      this.elapsedMs += stepMin * MINUTE_MS;
      this.server.tick();
      await this.server.idle();
    }
  }

  /** A device that has said hello, and how it is. */
  async begin(mac: string, extra: Array<[HelloKey, unknown]> = []): Promise<TestClient> {
    const device = await startDevice(this.server, mac);
    device.hello(1, extra);
    tellState(device);
    await device.until(() => device.acks.length > 0, "an answer");
    await this.server.idle();
    return device;
  }

  async ask<T>(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.server.url}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as T };
  }

  /** Throws unless it is done. */
  async done<T>(method: string, path: string, body?: object): Promise<T> {
    const { status, body: answer } = await this.ask<T>(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }
}

export function tellState(device: TestClient, extra: Array<[StateKey, number]> = []): void {
  const state = new Map<number, unknown>([[StateKey.Online, true], ...extra]);
  device.publish(device.topic(CHANNEL_STATE), encodeCbor(state));
}
