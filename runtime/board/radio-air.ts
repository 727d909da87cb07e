/**
 * What is in the air around boards: an ether that they share, and phones that look for networks in it. Frames travel at once;
 * who hears them decides by channel. All of it goes by one time source and one seed, so a run replays.
 */
import { RadioKind } from "../contract/host-abi.ts";
import type { RandomSource } from "./random.ts";
import type { Cancel, TimeSource } from "./time-source.ts";

const MAC_BYTES = 6;

/** A frame, as far as a board that sniffs looks at it. */
export interface AirFrame {
  kind: RadioKind;
  /** Who sends it: 6 bytes. */
  address: Uint8Array;
  channel: number;
  /** Of a beacon that a board sends: all of it but the checksum. */
  bytes?: Uint8Array;
}

/** A board's radio. */
export interface AirListener {
  readonly mac: Uint8Array;
  hear(frame: AirFrame, rssiDbm: number): void;
}

/** Signal strength at a board, dBm, below zero. */
export type Strength = number | ((atMac: Uint8Array) => number);

export interface PhoneOptions {
  /** Absent: one of its own, as phones draw them. */
  address?: Uint8Array;
  /** Absent: 1, 6 and 11, which do not overlap. */
  channels?: readonly number[];
  /** Mean time between two probe requests. */
  meanIntervalMs: number;
  rssiDbm?: Strength;
}

const PHONE_CHANNELS = [1, 6, 11];
const RSSI_DBM = -60;

export class RadioAir {
  readonly #time: TimeSource;
  readonly #random: RandomSource;
  readonly #listeners: AirListener[] = [];
  #phones = 0;

  constructor(time: TimeSource, random: RandomSource) {
    this.#time = time;
    this.#random = random;
  }

  attach(listener: AirListener): void {
    this.#listeners.push(listener);
  }

  /** Everybody but the sender may hear it. */
  send(frame: AirFrame, rssiDbm: Strength = RSSI_DBM, sender?: AirListener): void {
    for (const listener of this.#listeners) {
      if (listener === sender) continue;
      listener.hear(frame, typeof rssiDbm === "number" ? rssiDbm : rssiDbm(listener.mac));
    }
  }

  /** A phone that sends probe requests until it is gone: what is returned ends it. */
  phone({ address, channels = PHONE_CHANNELS, meanIntervalMs, rssiDbm }: PhoneOptions): Cancel {
    if (!(meanIntervalMs > 0)) throw new RangeError(`A phone sends each ${meanIntervalMs} ms: give a time above 0.`);
    const random = this.#random.fork(this.#phones++);
    const own = address ?? randomAddress(random);
    let next: Cancel;
    const plan = () => {
      next = this.#time.at(-Math.log(1 - random.fraction()) * meanIntervalMs, () => {
        const channel = channels[random.integer(0, channels.length - 1)] ?? 1;
        plan();
        this.send({ kind: RadioKind.Probe, address: own, channel }, rssiDbm);
      });
    };
    plan();
    return () => next();
  }
}

/** Phones make up addresses: locally administered, of one device (IEEE 802 8.2 and 8.4). */
function randomAddress(random: RandomSource): Uint8Array {
  const address = new Uint8Array(MAC_BYTES);
  random.fill(address);
  address[0] = ((address[0] ?? 0) & 0xfc) | 0x02;
  return address;
}
