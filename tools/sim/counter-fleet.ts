/**
 * A shop full of visitor counters: virtual boards that run the counter program, each at a door of its own. Every second
 * door has two barriers. The network and the time come from outside, so the same fleet runs against a real server over
 * TCP and, in virtual time, against one in the same process.
 */

import { readSettings, writeConfig } from "../../runtime/board/config-image.ts";
import type { DeviceLife, DeviceOptions } from "../../runtime/board/device-life.ts";
import { Flash, type FlashSnapshot } from "../../runtime/board/flash.ts";
import type { Network } from "../../runtime/board/network.ts";
import type { RandomSource } from "../../runtime/board/random.ts";
import type { Cancel, TimeSource } from "../../runtime/board/time-source.ts";
import { type LogSink, VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { NO_PIN } from "../../runtime/contract/host-abi.ts";
import { CounterSetting } from "../../runtime/contract/product-settings.ts";
import { createDevice, createFlashDevice, type DeviceProgram } from "../build/create-device.ts";
import type { BoardImages } from "../image/board-images.ts";
import { flashBoard } from "../image/flash-board.ts";
import { Door } from "./door.ts";

/** The Wi-Fi network of every shop. */
export const SHOP_WIFI = { ssid: "shop", passphrase: "virtual-shop" };
/** What the configuration names unless the program has its pins by itself: D5 and D6 of most boards. */
const CONFIGURED = { outer: 14, inner: 12 };
/** Addresses that the fleet has: two bytes of the MAC count the boards. */
export const DEVICES_MAX = 0xffff;
/** Boards are ready to count this long after power comes; doors open then. */
const READY_MS = 1000;
/** A board is powered within this time of the others, milliseconds. */
const POWER_SPREAD_MS = 500;

export interface BarrierPins {
  outer: number;
  /** Absent: all doors have one barrier. */
  inner?: number;
}

export interface FleetOptions {
  time: TimeSource;
  random: RandomSource;
  /** Images: boards start from flash, through the boot program. A program by itself: it just runs, as if in slot A. */
  program: DeviceProgram | BoardImages;
  /** The flash of a board, its configuration included: that of an earlier run, or the new one. Absent: a new one. */
  flashOf?: (mac: string, makeNew: () => Flash) => Flash;
  devices: number;
  /** Number of the first board, the end of its MAC address. Absent: 1. */
  first?: number;
  /** The program is another product: keys of settings mean something else there, so it is configured with none. */
  isOther?: boolean;
  /** Absent: a generic board of 1 MB. */
  board?: { id: number; regionBytes: number };
  /** Where the barriers are by the program's own constants: the configuration names no pins. Absent: it does. */
  pins?: BarrierPins;
  /** The network of one board. */
  network: (index: number) => Network;
  /**
   * What the boards themselves draw, as the number of a queue's epoch. Absent: from `random`, so that the whole run
   * replays; but boards that meet a server which has seen them before must not repeat themselves.
   */
  boardRandom?: RandomSource;
  server: { host: string; port: number };
  /** What a new board shows the server; absent: nothing. */
  secretOf?: (mac: string) => string;
  /** One count each so many seconds. */
  periodS: number;
  /** Mean time between two visitors at one door, milliseconds. */
  meanIntervalMs: number;
  log?: (mac: string, ...line: Parameters<LogSink>) => void;
  engine?: DeviceOptions;
}

export interface FleetMember {
  mac: string;
  device: DeviceLife;
  flash: Flash;
  door: Door;
}

/** Of the first board, where nobody has chosen one. */
const FIRST_NUMBER = 1;

export class CounterFleet {
  readonly members: FleetMember[];
  readonly #options: FleetOptions;
  readonly #powering: Cancel[] = [];
  readonly #opening: Cancel[] = [];
  /** Of a board that was never started. */
  readonly #newFlash: FlashSnapshot;
  readonly #pins: BarrierPins;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#pins = options.pins ?? CONFIGURED;
    const { board } = options;
    const flash = new Flash(board === undefined ? {} : { regionBytes: board.regionBytes });
    if ("boot" in options.program) flashBoard(flash, options.program);
    this.#newFlash = flash.snapshot();
    this.members = Array.from({ length: options.devices }, (_, index) => this.#member(index));
  }

  /** Truth: everybody who passed a door. */
  get visitors(): number {
    return this.members.reduce((sum, { door }) => sum + door.visitorsIn + door.visitorsOut, 0);
  }

  get doorsAreEmpty(): boolean {
    return this.members.every(({ door }) => door.isEmpty);
  }

  /** Of the board that counts least often: those that were kept have the period of the run that made them. */
  get longestPeriodS(): number {
    if (this.#options.isOther) return this.#options.periodS;
    const periods = this.members.flatMap(({ flash }) =>
      readSettings(flash).map((settings) => settings.get(CounterSetting.PeriodS)),
    );
    return Math.max(this.#options.periodS, ...periods.filter((periodS) => typeof periodS === "number"));
  }

  start(): void {
    const { time, random } = this.#options;
    for (const { device, door } of this.members) {
      const powerMs = random.integer(0, POWER_SPREAD_MS);
      this.#powering.push(time.at(powerMs, () => device.powerOn()));
      this.#opening.push(time.at(powerMs + READY_MS, () => door.open()));
    }
  }

  closeDoors(): void {
    for (const cancel of this.#opening.splice(0)) cancel();
    for (const { door } of this.members) door.close();
  }

  stop(): void {
    this.closeDoors();
    for (const cancel of this.#powering.splice(0)) cancel();
    for (const { device } of this.members) device.stop();
  }

  #member(index: number): FleetMember {
    const { time, random, program, network, boardRandom, meanIntervalMs, log, engine } = this.#options;
    const address = macAddress(index + (this.#options.first ?? FIRST_NUMBER));
    const mac = address.toString("hex");
    const { outer, inner } = this.#pins;
    const hasInner = inner !== undefined && index % 2 === 1;
    const makeNew = () => this.#flashNew(mac, hasInner);
    const flash = this.#options.flashOf?.(mac, makeNew) ?? makeNew();
    const board = new VirtualBoard({
      time,
      random: (boardRandom ?? random).fork(2 * index),
      network: network(index),
      mac: address,
      flash,
      boardId: this.#options.board?.id ?? 0,
      log: (level, text) => log?.(mac, level, text),
    });
    const door = new Door({
      time,
      random: random.fork(2 * index + 1),
      setPin: (barrier, level) => board.pins.setInput(barrier === "inner" && hasInner ? inner : outer, level),
      hasInner,
      meanIntervalMs,
    });
    const device =
      "boot" in program ? createFlashDevice(program.engine, board, engine) : createDevice(program, board, engine);
    return { mac, device, flash, door };
  }

  #flashNew(mac: string, hasInner: boolean): Flash {
    const { server, periodS, secretOf, isOther = false } = this.#options;
    const flash = Flash.from(this.#newFlash);
    const product = new Map<number, number>(
      isOther ? [] : [[CounterSetting.PeriodS, periodS], ...this.#pinSettings(hasInner)],
    );
    writeConfig(flash, {
      ...SHOP_WIFI,
      serverHost: server.host,
      serverPort: server.port,
      secret: secretOf?.(mac) ?? "",
      product,
    });
    return flash;
  }

  #pinSettings(hasInner: boolean): [CounterSetting, number][] {
    const { pins } = this.#options;
    // A program that was built for two barriers has to be told that its door has one.
    if (pins !== undefined) return pins.inner === undefined || hasInner ? [] : [[CounterSetting.PinB, NO_PIN]];
    const outer: [CounterSetting, number] = [CounterSetting.PinA, CONFIGURED.outer];
    return hasInner ? [outer, [CounterSetting.PinB, CONFIGURED.inner]] : [outer];
  }
}

/** The addresses of a fleet of this many. */
export function fleetMacs(devices: number, first = FIRST_NUMBER): string[] {
  return Array.from({ length: devices }, (_, index) => macAddress(index + first).toString("hex"));
}

/** Locally administered, so that no real board has it; the bytes 4c 4e 54 spell LNT. */
function macAddress(number: number): Buffer {
  const address = Buffer.from([0x02, 0x4c, 0x4e, 0x54, 0, 0]);
  address.writeUInt16BE(number, 4);
  return address;
}
