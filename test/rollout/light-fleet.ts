/** A server, light devices, and a clock that moves only when it is told to. Hours of soaking take seconds. */

import { setImmediate as nextTurn } from "node:timers/promises";
import { imageIdText } from "../../runtime/image/image-header.ts";
import type { LintelServer, ServerOptions } from "../../server/server-options.ts";
import { makeRandom } from "../../server/testing/mutate.ts";
import { noise, testImage } from "../../server/testing/test-images.ts";
import { makeFolder, startTestServer, TEST_NOW_MS } from "../../server/testing/test-server.ts";
import { newKey } from "../../tools/image/keys.ts";
import { signImage } from "../../tools/image/pack-image.ts";
import { addImages, askApi, callApi, rollOut } from "./call-api.ts";
import { FAULTS, type Fault, LightDevice } from "./light-device.ts";

const PAYLOAD_BYTES = 6000;
const STEP_MS = 10_000;
/** Connections that are made at the same time. */
const CONNECTS_AT_ONCE = 50;
/** A server that is idle within these has finished what it was at. */
const TURNS_MAX = 12;

export interface FleetOptions {
  devices: number;
  /** Part of the devices where the new image does not work. */
  failing: number;
  /** How it fails; all ways in turn if not given. */
  faults?: readonly Fault[];
  seed?: number;
  server?: Partial<ServerOptions>;
}

export interface Rollout {
  id: number;
  state: string;
  reason: string | null;
  revision: number;
  group: number;
  touched: number;
  devices: Record<string, number>;
  groups: Array<{ devices: Record<string, number>; bad: number }>;
}

export interface RolloutDevice {
  device: string;
  state: string;
  reason: string | null;
  bad: boolean;
  group: number;
  running: string | null;
}

export class LightFleet {
  nowMs = TEST_NOW_MS;
  readonly folder = makeFolder();
  readonly devices: LightDevice[] = [];
  readonly oldImage: Uint8Array;
  readonly newImage: Uint8Array;
  readonly #key = newKey();
  readonly #options: FleetOptions;
  #server: LintelServer | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    const payload = noise(PAYLOAD_BYTES, 1);
    this.oldImage = signImage(testImage(payload, { version: "1.0.0" }).bytes, this.#key);
    payload.write("what is new", 1000);
    this.newImage = signImage(testImage(payload, { version: "1.1.0" }).bytes, this.#key);
  }

  get server(): LintelServer {
    if (this.#server === undefined) throw new Error("the fleet has no server: start it first");
    return this.#server;
  }

  async start(): Promise<void> {
    await this.startServer();
    const random = makeRandom(this.#options.seed ?? 1);
    const { faults = FAULTS } = this.#options;
    const failing = Math.round(this.#options.devices * this.#options.failing);
    const lots = Array.from({ length: this.#options.devices }, (_, at) => ({ at, lot: random() }));
    const faulty = new Set(
      lots
        .sort((a, b) => a.lot - b.lot)
        .slice(0, failing)
        .map(({ at }) => at),
    );
    for (let at = 0; at < this.#options.devices; at++) {
      this.devices.push(
        new LightDevice({
          server: () => this.server,
          mac: (0x5ccf7f000000 + at).toString(16),
          image: this.oldImage,
          fault: faulty.has(at) ? faults[at % faults.length] : undefined,
          faultyImage: imageIdText(this.newImage),
        }),
      );
    }
    for (let at = 0; at < this.devices.length; at += CONNECTS_AT_ONCE) {
      await Promise.all(this.devices.slice(at, at + CONNECTS_AT_ONCE).map((device) => device.connect()));
      await this.server.idle();
    }
    await addImages(this.server, this.#key, [this.oldImage, this.newImage]);
  }

  async startServer(): Promise<void> {
    this.#server = await startTestServer(this.folder.path, { nowMs: () => this.nowMs, ...this.#options.server });
  }

  /** The server ends in the middle of what it does, and another one takes its place. */
  async interrupt(random: () => number): Promise<void> {
    this.nowMs += STEP_MS;
    this.server.tick();
    for (const device of this.devices) {
      if (random() < 1 / 2) await device.act(this.nowMs);
      if (random() < 1 / this.devices.length) break;
    }
    for (let turns = Math.floor(random() * TURNS_MAX); turns > 0; turns--) await nextTurn();
    await this.server.stop();
    await this.startServer();
  }

  /** A release of the new image, and a rollout of it. */
  roll(plan: object): Promise<Rollout> {
    return rollOut(this.server, this.newImage, `1.1.0-${this.nowMs}`, plan);
  }

  rollout(id: number): Promise<Rollout> {
    return this.call<Rollout>("GET", `/rollouts/${id}`);
  }

  async rolloutDevices(id: number): Promise<RolloutDevice[]> {
    return (await this.call<{ items: RolloutDevice[] }>("GET", `/rollouts/${id}/devices?limit=1000`)).items;
  }

  /** The clock moves on by so much; everybody does what is due. */
  async pass(seconds: number): Promise<void> {
    for (const endMs = this.nowMs + seconds * 1000; this.nowMs < endMs; ) {
      this.nowMs = Math.min(endMs, this.nowMs + STEP_MS);
      this.server.tick();
      await this.#settle();
    }
  }

  /** Until the rollout is as it is wanted to be; fails after so long of the clock. */
  async until(id: number, isIt: (rollout: Rollout) => boolean, mostMinutes: number): Promise<Rollout> {
    const endMs = this.nowMs + mostMinutes * 60_000;
    for (;;) {
      const rollout = await this.rollout(id);
      if (isIt(rollout)) return rollout;
      if (this.nowMs >= endMs) throw new Error(`after ${mostMinutes} minutes: ${JSON.stringify(rollout)}`);
      await this.pass(60);
    }
  }

  running(image: Uint8Array): number {
    return this.devices.filter((device) => device.image === imageIdText(image)).length;
  }

  /** Of devices that have begun to load the new image. */
  get touched(): number {
    return this.devices.filter((device) => this.hasLoaded(device)).length;
  }

  hasLoaded({ loaded }: LightDevice): boolean {
    return loaded.has(imageIdText(this.newImage));
  }

  call<T>(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<T> {
    return callApi(this.server, method, path, body, headers);
  }

  ask(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Response> {
    return askApi(this.server, method, path, body, headers);
  }

  async stop(): Promise<void> {
    for (const device of this.devices) device.drop();
    await this.#server?.stop();
    this.folder.remove();
  }

  /** What one says may be answered at once, and the answer may ask for more. */
  async #settle(): Promise<void> {
    for (let rounds = 0; rounds < 4; rounds++) {
      await this.server.idle();
      await Promise.all(this.devices.map((device) => device.act(this.nowMs)));
    }
    await this.server.idle();
  }
}
