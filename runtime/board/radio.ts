/**
 * A board's radio beside its station: it listens to probe requests and beacons on one channel, and sends beacons.
 *
 * As on the chip it does not listen while it is on a network: its SDK wants the station disconnected before promiscuous mode
 * and nothing else of the Wi-Fi in it (ESP8266 Non-OS SDK API Reference, wifi_promiscuous_enable). So listening leaves the
 * network, and joining or scanning has to wait until it has ended.
 *
 * Addresses of phones are nobody's business: they are hashed with a salt that is drawn anew at each start of the board and that
 * no program can read, so one phone is the same one until then and on this board only.
 */
import { createHash } from "node:crypto";
import { HostError } from "../contract/error-codes.ts";
import { RADIO_CHANNEL_MAX, RADIO_RECORD_BYTES, RADIO_WHO_BYTES, RadioKind } from "../contract/host-abi.ts";
import { RADIO_FRAME_MAX_BYTES, RADIO_FRAME_MIN_BYTES, RADIO_LOG_MAX } from "../contract/limits.ts";
import type { Network } from "./network.ts";
import type { AirFrame, AirListener, RadioAir } from "./radio-air.ts";
import type { RandomSource } from "./random.ts";
import type { TimeSource } from "./time-source.ts";
import type { WifiScan } from "./wifi-scan.ts";

/** IEEE 802.11-2020 9.2.4.1: version 0, type management, subtype beacon, no flags. */
const BEACON_CONTROL = [0x80, 0x00];
/** IEEE 802.11-2020 9.3.3.1: address 2, the sender. */
const SENDER_OFFSET = 10;
const MAC_BYTES = 6;
/** Where beacons go that are sent while the radio listens nowhere. */
const HOME_CHANNEL = 1;
/** IEEE 802.11-2020 15.2.3: at 1 Mbit/s, behind a long preamble and header. */
const PREAMBLE_US = 192;
const US_PER_BYTE = 8;
const SALT_BYTES = 16;
const STRENGTH_MAX = 0xff;
const DROPPED_MAX = 0xffff;
const AGE_MAX_MS = 0xffffffff;

interface RadioRecord {
  kind: RadioKind;
  strength: number;
  atMs: number;
  who: Uint8Array;
  droppedBefore: number;
}

export interface RadioParts {
  mac: Uint8Array;
  time: TimeSource;
  random: RandomSource;
  network: Network;
  scan: WifiScan;
  air: RadioAir | undefined;
  wake: () => void;
}

export class Radio implements AirListener {
  readonly mac: Uint8Array;
  readonly #parts: RadioParts;
  #channel = 0;
  #log: RadioRecord[] = [];
  readonly #salt = new Uint8Array(SALT_BYTES);
  /** When the last frame has left. */
  #freeAtMs = 0;

  constructor(parts: RadioParts) {
    this.mac = parts.mac;
    this.#parts = parts;
    parts.air?.attach(this);
  }

  get isListening(): boolean {
    return this.#channel > 0;
  }

  /** Where it listens; 0 = nowhere. */
  get channel(): number {
    return this.#channel;
  }

  // The program.

  /** Listens on a channel; 0 ends it. What was heard can be read afterwards too. */
  sniff(channel: number): number {
    if (channel < 0 || channel > RADIO_CHANNEL_MAX) return HostError.BadArgument;
    if (channel > 0 && this.#parts.scan.isRunning) return HostError.Busy;
    if (channel > 0 && !this.isListening) this.#parts.network.leave();
    this.#channel = channel;
    return 0;
  }

  /** Moves the oldest records into `into`, as many as fit; returns bytes. */
  read(into: Uint8Array): number {
    const records = this.#log.splice(0, Math.floor(into.length / RADIO_RECORD_BYTES));
    const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
    const nowMs = this.#parts.time.nowMs();
    records.forEach((record, index) => {
      const offset = index * RADIO_RECORD_BYTES;
      view.setUint8(offset, record.kind);
      view.setUint8(offset + 1, record.strength);
      view.setUint16(offset + 2, record.droppedBefore, true);
      view.setUint32(offset + 4, Math.min(AGE_MAX_MS, Math.floor(nowMs - record.atMs)), true);
      into.set(record.who, offset + 8);
    });
    return records.length * RADIO_RECORD_BYTES;
  }

  /** Sends one beacon frame: without its checksum, which the radio adds. */
  beacon(frame: Uint8Array): number {
    const isBeacon = BEACON_CONTROL.every((byte, index) => frame[index] === byte);
    if (!isBeacon || frame.length < RADIO_FRAME_MIN_BYTES || frame.length > RADIO_FRAME_MAX_BYTES) {
      return HostError.BadArgument;
    }
    const nowMs = this.#parts.time.nowMs();
    if (nowMs < this.#freeAtMs || this.#parts.scan.isRunning) return HostError.Busy;
    this.#freeAtMs = nowMs + (PREAMBLE_US + US_PER_BYTE * frame.length) / 1000;
    const address = frame.slice(SENDER_OFFSET, SENDER_OFFSET + MAC_BYTES);
    const channel = this.#channel === 0 ? HOME_CHANNEL : this.#channel;
    this.#parts.air?.send({ kind: RadioKind.Beacon, address, channel, bytes: frame.slice() }, undefined, this);
    return 0;
  }

  // The air.

  hear({ kind, address, channel, bytes }: AirFrame, rssiDbm: number): void {
    if (bytes !== undefined) this.#parts.scan.hear(bytes, channel, rssiDbm);
    if (channel !== this.#channel) return;
    const who = kind === RadioKind.Probe ? this.#pseudonym(address) : Uint8Array.of(...address, channel, 0);
    const strength = Math.min(STRENGTH_MAX, Math.max(0, Math.round(-rssiDbm)));
    this.#remember({ kind, strength, atMs: this.#parts.time.nowMs(), who, droppedBefore: 0 });
    this.#parts.wake();
  }

  /** The chip starts. */
  start(): void {
    this.#parts.random.fill(this.#salt);
  }

  /** The chip stands still, or hands over to another image: that is no new start, so the salt stays. */
  reset(): void {
    this.#channel = 0;
    this.#log = [];
    this.#freeAtMs = 0;
  }

  #pseudonym(address: Uint8Array): Uint8Array {
    return createHash("sha256").update(this.#salt).update(address).digest().subarray(0, RADIO_WHO_BYTES);
  }

  /** A full log drops its oldest record; the one that is then the oldest tells how many are missing before it. */
  #remember(record: RadioRecord): void {
    this.#log.push(record);
    if (this.#log.length <= RADIO_LOG_MAX) return;
    const dropped = this.#log.shift();
    const [oldest] = this.#log;
    if (dropped === undefined || oldest === undefined) return;
    oldest.droppedBefore = Math.min(DROPPED_MAX, oldest.droppedBefore + dropped.droppedBefore + 1);
  }
}
