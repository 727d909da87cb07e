/**
 * A device as far as rollouts meet it: it says hello, loads what it is offered piece by piece over the real protocol (patch,
 * compressed or whole), restarts into it on trial and confirms it, or fails as it was told to. It has no flash and no chip, so a
 * thousand fit into a process; the device library itself is tested against the same server elsewhere (test/device).
 */
import { ResetReason } from "../../runtime/contract/host-abi.ts";
import { ACK_TIMEOUT_MS } from "../../runtime/contract/limits.ts";
import { HelloKey, StateKey } from "../../runtime/contract/messages.ts";
import { CHANNEL_STATE } from "../../runtime/contract/topics.ts";
import {
  UPDATE_REQUEST_MAX_BYTES,
  UpdateFailure,
  UpdateKey,
  UpdateState,
} from "../../runtime/contract/update-messages.ts";
import { applyPatch } from "../../runtime/image/apply-patch.ts";
import { decompressImage } from "../../runtime/image/decompress.ts";
import { decodeImageHeader, imageIdText } from "../../runtime/image/image-header.ts";
import { encodeCbor } from "../../server/ingest/cbor-codec.ts";
import type { LintelServer } from "../../server/server-options.ts";
import { startUpdateDevice, type UpdateDevice } from "../../server/testing/test-images.ts";
import { NO_BASE } from "../../server/updates/update-messages.ts";

/** What goes wrong with the new image here. */
export type Fault = "crash" | "no-network" | "restarts";
export const FAULTS: readonly Fault[] = ["crash", "no-network", "restarts"];

const RESTART_MS = 2000;
/** Three starts that crash after some seconds. */
const CRASHES_MS = 30_000;
/** Three starts of five minutes (runtime/device/update). */
const TRIAL_MS = 15 * 60_000;
const RESTARTS_EVERY_MS = 3 * 60_000;
const STATE_EVERY_MS = 15 * 60_000;
const EPOCH = 7;

interface Download {
  image: string;
  base: string | null;
  bytes: Buffer;
  done: number;
  askedMs: number;
}

export interface LightDeviceOptions {
  server: () => LintelServer;
  mac: string;
  image: Uint8Array;
  /** Where the new image does not work, and how; undefined: it does. */
  fault?: Fault | undefined;
  faultyImage: string;
}

export class LightDevice {
  readonly mac: string;
  readonly fault: Fault | undefined;
  /** Images that it has begun to load. */
  readonly loaded = new Set<string>();
  isAway = false;
  #image: Uint8Array;
  readonly #options: LightDeviceOptions;
  #line: UpdateDevice | undefined;
  #isTrial = false;
  #failure: { image: string; reason: UpdateFailure } | undefined;
  #boots = 1;
  #offersSeen = 0;
  #chunksSeen = 0;
  #download: Download | undefined;
  #nextMs = Number.POSITIVE_INFINITY;
  #onNext: (nowMs: number) => void = () => {};
  #stateMs = 0;
  #restartMs = Number.POSITIVE_INFINITY;
  #isConnecting = false;

  constructor(options: LightDeviceOptions) {
    this.#options = options;
    this.mac = options.mac;
    this.fault = options.fault;
    this.#image = options.image;
  }

  get image(): string {
    return imageIdText(this.#image);
  }

  /** Has a connection, or something to do by itself. */
  get isConnected(): boolean {
    return this.#line !== undefined && !this.#line.client.isClosed;
  }

  async connect(): Promise<void> {
    if (this.#isConnecting) return;
    this.#isConnecting = true;
    this.#line?.client.drop();
    this.#line = undefined;
    this.#download = undefined;
    this.#offersSeen = 0;
    this.#chunksSeen = 0;
    this.#line = await startUpdateDevice(this.#options.server(), this.mac);
    this.#hello();
    this.#isConnecting = false;
  }

  drop(): void {
    this.#line?.client.drop();
    this.#line = undefined;
  }

  /** Everything that is due by now; reads what the server has sent. */
  async act(nowMs: number): Promise<void> {
    if (this.isAway) return;
    if (nowMs >= this.#nextMs) {
      this.#nextMs = Number.POSITIVE_INFINITY;
      this.#onNext(nowMs);
    }
    if (this.#nextMs === Number.POSITIVE_INFINITY && !this.isConnected) await this.connect();
    const line = this.#line;
    if (line === undefined) return;
    this.#confirm(line, nowMs);
    const offer = line.offers.at(-1);
    if (line.offers.length > this.#offersSeen && offer !== undefined) {
      this.#offersSeen = line.offers.length;
      this.#take(line, offer, nowMs);
    }
    this.#load(line, nowMs);
    if (nowMs >= this.#stateMs + STATE_EVERY_MS) this.#sayState(line, nowMs);
    if (nowMs >= this.#restartMs) {
      this.#restartMs = nowMs + RESTARTS_EVERY_MS;
      this.#boots++;
      await this.connect();
    }
  }

  #hello(): void {
    const failure: Array<[HelloKey, unknown]> =
      this.#failure === undefined
        ? []
        : [
            [HelloKey.Failure, this.#failure.reason],
            [HelloKey.FailedImage, Buffer.from(this.#failure.image, "hex")],
          ];
    const header = decodeImageHeader(this.#image);
    this.#line?.client.hello(EPOCH, [
      [HelloKey.Product, "counter"],
      [HelloKey.Version, typeof header === "number" ? "0.0.0" : header.version],
      [HelloKey.Board, 2],
      [HelloKey.Abi, 1],
      [HelloKey.ResetReason, ResetReason.Software],
      [HelloKey.Boots, this.#boots],
      [HelloKey.Image, Buffer.from(this.image, "hex")],
      [HelloKey.Trial, this.#isTrial],
      ...failure,
    ]);
    if (this.#failure !== undefined)
      this.#line?.report(UpdateState.RolledBack, this.#failure.image, [[UpdateKey.Failure, this.#failure.reason]]);
  }

  #confirm(line: UpdateDevice, nowMs: number): void {
    if (!this.#isTrial || line.client.acks.length === 0) return;
    this.#isTrial = false;
    line.report(UpdateState.Confirmed, this.image);
    const isFaulty = this.fault === "restarts" && this.image === this.#options.faultyImage;
    this.#restartMs = isFaulty ? nowMs + RESTARTS_EVERY_MS : Number.POSITIVE_INFINITY;
  }

  #take(line: UpdateDevice, offer: Record<string, unknown>, nowMs: number): void {
    const image = String(offer.Image);
    if (image === this.image || (image === this.#failure?.image && offer.Retry !== true)) return;
    const base = offer.Base === undefined ? null : String(offer.Base);
    const bytes = Buffer.alloc(Number(base === null ? offer.SizeBytes : offer.PatchBytes));
    this.loaded.add(image);
    this.#download = { image, base, bytes, done: 0, askedMs: nowMs };
    line.report(UpdateState.Downloading, image, [[UpdateKey.Percent, 0]]);
    this.#ask(line, this.#download, nowMs);
  }

  #ask(line: UpdateDevice, download: Download, nowMs: number): void {
    const { image, base, bytes, done } = download;
    download.askedMs = nowMs;
    line.ask(image, done, Math.min(UPDATE_REQUEST_MAX_BYTES, bytes.length - done), base ?? undefined);
  }

  #load(line: UpdateDevice, nowMs: number): void {
    const download = this.#download;
    if (download === undefined) return;
    const { chunks } = line;
    const before = download.done;
    for (; this.#chunksSeen < chunks.length; this.#chunksSeen++) {
      const chunk = chunks[this.#chunksSeen];
      if (chunk?.image !== download.image || chunk.offset !== download.done) continue;
      chunk.bytes.copy(download.bytes, download.done);
      download.done += chunk.bytes.length;
    }
    if (download.done >= download.bytes.length) this.#finish(line, download, nowMs);
    else if (download.done % UPDATE_REQUEST_MAX_BYTES === 0 && download.done > before) this.#ask(line, download, nowMs);
    else if (nowMs >= download.askedMs + ACK_TIMEOUT_MS) this.#ask(line, download, nowMs);
  }

  #finish(line: UpdateDevice, { image, base, bytes }: Download, nowMs: number): void {
    this.#download = undefined;
    const made = base === null ? bytes : base === NO_BASE ? decompressImage(bytes) : applyPatch(this.#image, bytes);
    if (typeof made === "number" || made === undefined || imageIdText(made) !== image)
      throw new Error(`${this.mac} has loaded something else than ${image}`);
    for (const state of [UpdateState.Downloaded, UpdateState.Verified, UpdateState.Restarting])
      line.report(state, image);
    const isFaulty = image === this.#options.faultyImage && this.fault !== undefined && this.fault !== "restarts";
    if (isFaulty) this.#fail(image, nowMs);
    else this.#at(nowMs + RESTART_MS, () => this.#start(made, true));
    this.#restartMs = Number.POSITIVE_INFINITY;
  }

  /** It goes away, tries, and comes back with what it had. */
  #fail(image: string, nowMs: number): void {
    const isCrash = this.fault === "crash";
    const reason = isCrash ? UpdateFailure.Crash : UpdateFailure.NoNetwork;
    this.#at(nowMs + RESTART_MS, (startMs) => {
      this.drop();
      this.#at(startMs + (isCrash ? CRASHES_MS : TRIAL_MS), () => {
        this.#failure = { image, reason };
        this.#start(this.#image, false);
      });
    });
  }

  #start(image: Uint8Array, isTrial: boolean): void {
    this.drop();
    this.#image = image;
    this.#isTrial = isTrial;
    this.#boots++;
  }

  #at(timeMs: number, run: (nowMs: number) => void): void {
    this.#nextMs = timeMs;
    this.#onNext = run;
  }

  #sayState(line: UpdateDevice, nowMs: number): void {
    this.#stateMs = nowMs;
    const state = new Map<number, unknown>([
      [StateKey.Online, true],
      [StateKey.FreeBytes, 9000],
    ]);
    line.client.publish(line.client.topic(CHANNEL_STATE), encodeCbor(state), true);
  }
}
