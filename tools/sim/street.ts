/**
 * People with phones in front of a shop and in it: seeded, each with an address of its own, a place that makes the signal strong
 * or weak, and a time to stay. What a board can have heard of them is counted by address (HeardPhones): the truth for
 * what it sends.
 */
import type { RadioAir } from "../../runtime/board/radio-air.ts";
import type { RandomSource } from "../../runtime/board/random.ts";
import type { TimeSource } from "../../runtime/board/time-source.ts";
import type { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { RadioKind } from "../../runtime/contract/host-abi.ts";

/** Mean strength, dBm, and mean stay of who passes by, looks at the window, or comes in. */
const PLACES = [
  { dbm: -86, meanStayMs: 60_000 },
  { dbm: -68, meanStayMs: 180_000 },
  { dbm: -50, meanStayMs: 900_000 },
];
/** Around the mean, either way. */
const FADING_DB = 9;
const MEAN_PROBE_MS = 12_000;

export interface StreetOptions {
  time: TimeSource;
  random: RandomSource;
  air: RadioAir;
  /** Between two people. */
  meanIntervalMs: number;
}

export class Street {
  people = 0;
  /** Address of each phone there was. */
  readonly addresses: Uint8Array[] = [];
  readonly #options: StreetOptions;
  #isOpen = false;

  constructor(options: StreetOptions) {
    this.#options = options;
  }

  open(): void {
    this.#isOpen = true;
    this.#expectNext();
  }

  #expectNext(): void {
    const { time, random, meanIntervalMs } = this.#options;
    time.at(-Math.log(1 - random.fraction()) * meanIntervalMs, () => {
      if (!this.#isOpen) return;
      this.#come(random.fork(this.people++));
      this.#expectNext();
    });
  }

  /** Nobody new comes. */
  close(): void {
    this.#isOpen = false;
  }

  #come(random: RandomSource): void {
    const { time, air } = this.#options;
    const { dbm, meanStayMs } = PLACES[random.integer(0, PLACES.length - 1)] ?? { dbm: -60, meanStayMs: 60_000 };
    const address = new Uint8Array(6);
    random.fill(address);
    address[0] = ((address[0] ?? 0) & 0xfc) | 0x02;
    this.addresses.push(address);
    const rssiDbm = () => dbm + random.integer(-FADING_DB, FADING_DB);
    const leave = air.phone({ address, meanIntervalMs: MEAN_PROBE_MS, rssiDbm });
    time.at(-Math.log(1 - random.fraction()) * meanStayMs, leave);
  }
}

/** A phone from when it was first heard to when it has gone. */
export interface Visit {
  /** Uptimes of the board, whole seconds. */
  firstS: number;
  lastS: number;
  lastMs: number;
  /** As -dBm: the strongest. */
  strength: number;
}

/** Hears what the board's radio hears, by address. */
export class HeardPhones {
  frames = 0;
  readonly #visits = new Map<string, Visit>();
  readonly #board: VirtualBoard;

  constructor(board: VirtualBoard) {
    this.#board = board;
    const { radio } = board;
    const hear = radio.hear.bind(radio);
    radio.hear = (frame, rssiDbm) => {
      if (frame.kind === RadioKind.Probe && frame.channel === radio.channel) this.#note(frame.address, rssiDbm);
      hear(frame, rssiDbm);
    };
  }

  #note(address: Uint8Array, rssiDbm: number): void {
    const { clock, time } = this.#board;
    this.frames++;
    const key = Buffer.from(address).toString("hex");
    const nowS = Math.floor(clock.ms() / 1000);
    const strength = Math.round(-rssiDbm);
    const visit = this.#visits.get(key);
    this.#visits.set(key, {
      firstS: visit?.firstS ?? nowS,
      lastS: nowS,
      lastMs: time.nowMs(),
      strength: Math.min(visit?.strength ?? strength, strength),
    });
  }

  /** Different phones since then. */
  heardSince(ms: number): number {
    return [...this.#visits.values()].filter(({ lastMs }) => lastMs > ms).length;
  }

  /** Takes out the visits that have ended: phones that were not heard since then. */
  takeGone(ms: number): Visit[] {
    const gone = [...this.#visits].filter(([, { lastMs }]) => lastMs <= ms);
    for (const [key] of gone) this.#visits.delete(key);
    return gone.map(([, visit]) => visit);
  }
}
