/** A board of the soak run, what goes wrong with it, and what its sensor gave. */
import { writeConfig } from "../../runtime/board/config-image.ts";
import type { DeviceLife } from "../../runtime/board/device-life.ts";
import { Flash } from "../../runtime/board/flash.ts";
import type { MemoryStation } from "../../runtime/board/memory-station.ts";
import type { RandomSource } from "../../runtime/board/random.ts";
import type { TimeSource } from "../../runtime/board/time-source.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { FLASH_QUEUE_OFFSET, FLASH_REGION_BYTES, FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import { createFlashDevice } from "../../tools/build/create-device.ts";
import { flashBoard } from "../../tools/image/flash-board.ts";
import { anyCut } from "../powercut/cuts.ts";
import { PROBE_PRODUCT, type SoakImages } from "./build-soak-images.ts";
import type { Faults } from "./faults.ts";
import { DAY_MS, drawOctave, HOUR_MS, MINUTE_MS } from "./random-times.ts";
import { SensorRecord } from "./sensor-record.ts";

export const SERVER_ADDRESS = { host: "server", port: 1883 };

const CLOCK_PPM_MAX = 80;
/** Without power: mostly a moment, one time in ten up to a night. */
const POWER_OUTAGE_SHORT_MS = [500, MINUTE_MS] as const;
const POWER_OUTAGE_LONG_MS = [HOUR_MS, 10 * HOUR_MS] as const;
/**
 * A glitch: without a network for a moment that many connections outlast, beginning when a reading is on its way, or its
 * acknowledgement.
 */
const GLITCH_MS = [500, MINUTE_MS] as const;
const GLITCH_AFTER_READING_MAX_MS = 60;
/** Without a network: one time in three for long. */
const PARTITION_SHORT_MS = [10_000, 30 * MINUTE_MS] as const;
const PARTITION_LONG_MS = [HOUR_MS, 26 * HOUR_MS] as const;
/** A cut in flash comes at one of so many operations from now on, or of those that a start begins with. */
const OPERATIONS_AHEAD_MAX = 40;
const OPERATIONS_OF_START = 8;

/** Days without a network, as parts of the run: the first board's queue holds them, the second one's does not. */
const LONG_OUTAGES = [
  { from: 0.15, to: 0.72, mayDrop: false },
  { from: 0.05, to: 0.92, mayDrop: true },
] as const;
/** What a queue that holds everything is kept away for. At a reading a minute 1 MB of flash holds four and a half days. */
const HELD_MAX_DAYS = 4;
/** Sectors of the queue that must drop, for each day that it is away: a sector is a third of a day. */
const SECTORS_PER_DAY = 2.5;
const SECTORS_MIN = 2;

export interface SoakBoardOptions {
  index: number;
  images: SoakImages;
  days: number;
  time: TimeSource;
  random: RandomSource;
  station: MemoryStation;
  /** Until the time when nothing goes wrong any more. */
  untilQuietMs: () => number;
  /** Counted here. */
  faults: Faults;
}

export class SoakBoard {
  readonly mac: string;
  readonly record = new SensorRecord();
  readonly device: DeviceLife;
  readonly mayDrop: boolean;
  readonly #options: SoakBoardOptions;
  readonly #flash: Flash;
  readonly #cuts: RandomSource;
  #isCutOff = false;
  #onReading: (() => void) | undefined;
  /** Flash operations until the power goes, and how long it then stays away. */
  #cutIn: { operations: number; outageMs: number } | undefined;

  constructor(options: SoakBoardOptions) {
    const { index, images, days, time, random, station } = options;
    this.#options = options;
    this.#cuts = random.fork(5);
    this.mayDrop = LONG_OUTAGES[index]?.mayDrop ?? false;
    const mac = Buffer.from([0x02, 0x4c, 0x4e, 0x54, 0, 0]);
    mac.writeUInt16BE(index + 1, 4);
    this.mac = mac.toString("hex");
    this.#flash = new Flash({
      random: random.fork(1),
      regionBytes: this.mayDrop ? smallRegion(days) : FLASH_REGION_BYTES,
    });
    flashBoard(this.#flash, {
      boot: images.boot,
      image: images.probe,
      product: PROBE_PRODUCT,
      publicKeys: [images.publicKey],
    });
    writeConfig(this.#flash, {
      ssid: "shop",
      passphrase: "virtual-shop",
      serverHost: SERVER_ADDRESS.host,
      serverPort: SERVER_ADDRESS.port,
      secret: "secret",
      product: new Map(),
    });
    this.#flash.onOperation = (operation) => {
      if (this.#cutIn === undefined || this.#cutIn.operations-- > 0) return undefined;
      return anyCut(operation, this.#cuts);
    };
    const board = new VirtualBoard({
      time,
      random: random.fork(2),
      network: station,
      mac,
      flash: this.#flash,
      clockPpm: random.integer(-CLOCK_PPM_MAX, CLOCK_PPM_MAX),
      log: (_level, text) => this.#hear(text),
    });
    this.device = createFlashDevice(images.engine, board, {
      onAllocation: "error",
      onPowerCut: () => this.#lostPowerInFlash(),
    });
  }

  #hear(text: string): void {
    if (!this.record.hear(text, this.#options.time.unixMs())) return;
    this.#onReading?.();
    this.#onReading = undefined;
  }

  /** At once, or in one of the next operations of flash, which then may be half done; or both. */
  losePower(random: RandomSource): void {
    if (!this.device.isPowered || this.#cutIn !== undefined) return;
    const outageMs = drawOctave(random, random.integer(0, 9) === 0 ? POWER_OUTAGE_LONG_MS : POWER_OUTAGE_SHORT_MS);
    const isNow = random.integer(0, 1) === 0;
    const isInFlash = !isNow || random.integer(0, 1) === 0;
    const operations = random.integer(0, isNow ? OPERATIONS_OF_START : OPERATIONS_AHEAD_MAX);
    if (isInFlash) this.#cutIn = { operations, outageMs };
    if (!isNow) return;
    this.device.powerCut();
    this.#lostPower(outageMs);
  }

  #lostPowerInFlash(): void {
    const outageMs = this.#cutIn?.outageMs ?? 0;
    this.#cutIn = undefined;
    this.#options.faults.cutsInFlash++;
    this.#lostPower(outageMs);
  }

  #lostPower(outageMs: number): void {
    const { faults, time, untilQuietMs } = this.#options;
    faults.powerCuts++;
    time.at(Math.min(outageMs, untilQuietMs()), () => this.device.powerOn());
  }

  loseNetwork(random: RandomSource): void {
    // What a board holds that is cut off for days is to be known: no long partition comes right before that.
    const isLong = random.integer(0, 2) === 0 && LONG_OUTAGES[this.#options.index] === undefined;
    const lastsMs = drawOctave(random, isLong ? PARTITION_LONG_MS : PARTITION_SHORT_MS);
    this.#cutOff(random.integer(0, 1) === 0 ? "reset" : "silent", lastsMs);
  }

  glitch(random: RandomSource): void {
    const lastsMs = drawOctave(random, GLITCH_MS);
    const delayMs = random.integer(0, GLITCH_AFTER_READING_MAX_MS);
    this.#onReading = () => void this.#options.time.at(delayMs, () => this.#cutOff("silent", lastsMs));
  }

  /** Days without a network, for the first boards. */
  planLongOutage(): void {
    const { index, days, time } = this.#options;
    const outage = LONG_OUTAGES[index];
    if (outage === undefined) return;
    const lastsDays = (outage.to - outage.from) * days;
    const lastsMs = (outage.mayDrop ? lastsDays : Math.min(lastsDays, HELD_MAX_DAYS)) * DAY_MS;
    const begin = () => {
      if (!this.#cutOff("reset", lastsMs)) time.at(MINUTE_MS, begin);
    };
    time.at(outage.from * days * DAY_MS, begin);
  }

  /** False when the board has no network anyway. */
  #cutOff(mode: "reset" | "silent", lastsMs: number): boolean {
    if (this.#isCutOff) return false;
    const { station, time, faults, untilQuietMs } = this.#options;
    faults.partitions++;
    this.#isCutOff = true;
    station.cut(mode);
    time.at(Math.min(lastsMs, untilQuietMs()), () => {
      this.#isCutOff = false;
      station.restore();
    });
    return true;
  }
}

function smallRegion(days: number): number {
  const outageDays = (LONG_OUTAGES[1].to - LONG_OUTAGES[1].from) * days;
  const sectors = Math.max(SECTORS_MIN, Math.floor(outageDays * SECTORS_PER_DAY));
  return Math.min(FLASH_REGION_BYTES, FLASH_QUEUE_OFFSET + sectors * FLASH_SECTOR_BYTES);
}
