/**
 * A counter at a door with two barriers in a street full of phones, for some days; the shop has opening hours. What the server
 * has is compared with what the simulation knows: every period, every window of time, every full hour.
 */
import type { Duplex } from "node:stream";
import type { SettingInput } from "../../runtime/board/config-image.ts";
import { ShopSetting } from "../../runtime/contract/config-record.ts";
import { CounterSetting } from "../../runtime/contract/product-settings.ts";
import {
  STREAM_HOUR_IN,
  STREAM_HOUR_OUT,
  STREAM_LISTENED,
  STREAM_PHONES_1_MIN,
  STREAM_PHONES_5_MIN,
  STREAM_PHONES_15_MIN,
  STREAM_TOTAL_IN,
  STREAM_TOTAL_OUT,
  STREAM_VISIT_SECONDS,
  STREAM_VISITORS_CLOSED,
  STREAM_VISITORS_IN,
  STREAM_VISITORS_OUT,
  STREAM_VISITS_ENDED,
  VISITS_TOLD_MIN,
} from "../../runtime/contract/stream-ids.ts";
import type { DeviceProgram } from "../../tools/build/create-device.ts";
import { Door } from "../../tools/sim/door.ts";
import { ProductShop, type ShopBoard, type ShopBoardOptions } from "../../tools/sim/product-shop.ts";
import { HeardPhones, Street } from "../../tools/sim/street.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
/**
 * 2025-03-29T03:00:00Z, four in the morning of a Saturday in Berlin; in the night after it clocks go forward. The board begins
 * then, and its salt is a day old when nobody is there: a phone that is forgotten early would count twice.
 */
export const START_UNIX_MS = Date.UTC(2025, 2, 29, 3);
const PINS = { outer: 14, inner: 12 };
/** From 9 to 18 o'clock, and on Saturdays until 2 o'clock in the night; closed on Sundays. */
const WEEK = [9001800, 9001800, 9001800, 9001800, 9001800, 10000200, 0];
const NEAR = 60;
const MIDDLE = 75;
export const LISTEN_S = 20;

export const SETTINGS = new Map<number, SettingInput>([
  [CounterSetting.PinA, PINS.outer],
  [CounterSetting.PinB, PINS.inner],
  [CounterSetting.PeriodS, 60],
  [CounterSetting.ListenS, LISTEN_S],
  [CounterSetting.NearStrength, NEAR],
  [CounterSetting.MiddleStrength, MIDDLE],
  [ShopSetting.Hours, WEEK],
  [ShopSetting.UtcOffsetMin, 60],
  [ShopSetting.Daylight, [35002, 105003]],
]);

/** Value of each stream by the minute of the run at which it is due. */
type Series = Map<number, number>;

export interface CounterRun {
  shop: ProductShop;
  board: ShopBoard;
  street: Street;
  heard: HeardPhones;
  /** Streams as they must be. */
  truth: Map<number, Series>;
}

export interface CounterRunOptions {
  program: DeviceProgram;
  days: number;
  seed?: number;
  meanIntervalMs?: number;
  onConnection?: (stream: Duplex) => void;
  board?: Omit<ShopBoardOptions, "program" | "settings">;
  /** After the board was made, before it has power. */
  prepare?: (board: ShopBoard) => void;
}

export async function runCounterShop(options: CounterRunOptions): Promise<CounterRun> {
  const { program, days, seed = 5, meanIntervalMs = 20_000, onConnection } = options;
  const shop = await ProductShop.open({
    seed,
    startUnixMs: START_UNIX_MS,
    ...(onConnection === undefined ? {} : { onConnection }),
  });
  const board = shop.add({ ...options.board, program, settings: SETTINGS });
  const { time, random, air } = shop;
  const door = new Door({
    time,
    random: random.fork(100),
    setPin: (barrier, level) => board.board.pins.setInput(PINS[barrier], level),
    hasInner: true,
    meanIntervalMs: 4 * meanIntervalMs,
    // Who is in the door at the end of a minute may be counted in the one or the other.
    mayEnter: () => time.unixMs() % MINUTE_MS > 1000 && time.unixMs() % MINUTE_MS < MINUTE_MS - 3000,
  });
  const street = new Street({ time, random: random.fork(101), air, meanIntervalMs });
  const heard = new HeardPhones(board.board);
  options.prepare?.(board);
  board.device.powerOn();
  await time.run(5000);
  door.open();
  street.open();
  const truth = new CounterTruth(door, heard);
  for (let minute = 1; minute <= days * DAY_MINUTES; minute++) {
    await time.run(minute * MINUTE_MS);
    truth.minute(minute);
  }
  // What the last minute has brought must arrive, and no more.
  await time.runFor(50_000);
  return { shop, board, street, heard, truth: truth.series };
}

/** Wall clock of Berlin, by Node's time zones: minutes since 1970. */
const berlin = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Europe/Berlin",
  dateStyle: "short",
  timeStyle: "medium",
});

function wallMinutes(minute: number): number {
  return Date.parse(`${berlin.format(START_UNIX_MS + minute * MINUTE_MS).replace(" ", "T")}Z`) / MINUTE_MS;
}

/** Read from the calendar, day by day; the program counts otherwise. */
export function isOpenAt(minute: number): boolean {
  const wall = new Date(wallMinutes(minute) * MINUTE_MS);
  const ofDay = 60 * wall.getUTCHours() + wall.getUTCMinutes();
  if (wall.getUTCDay() === 0) return ofDay < 120;
  if (wall.getUTCDay() === 6) return ofDay >= 600;
  return ofDay >= 540 && ofDay < 1080;
}

class CounterTruth {
  readonly series = new Map<number, Series>();
  readonly #door: Door;
  readonly #heard: HeardPhones;
  #wentIn = 0;
  #wentOut = 0;
  #totalIn = 0;
  #totalOut = 0;
  #hourIn = 0;
  #hourOut = 0;
  #ended = [0, 1, 2].map(() => ({ visits: 0, seconds: 0 }));

  constructor(door: Door, heard: HeardPhones) {
    this.#door = door;
    this.#heard = heard;
  }

  /** A minute has ended. Opening hours begin and end with a minute. */
  minute(minute: number): void {
    const wasOpen = isOpenAt(minute - 1);
    const wentIn = this.#door.visitorsIn - this.#wentIn;
    const wentOut = this.#door.visitorsOut - this.#wentOut;
    this.#wentIn += wentIn;
    this.#wentOut += wentOut;
    const [visitorsIn, visitorsOut] = wasOpen ? [wentIn, wentOut] : [0, 0];
    this.#totalIn += visitorsIn;
    this.#totalOut += visitorsOut;
    this.#hourIn += visitorsIn;
    this.#hourOut += visitorsOut;
    this.#put(STREAM_VISITORS_IN, minute, visitorsIn);
    this.#put(STREAM_VISITORS_OUT, minute, visitorsOut);
    if (!wasOpen && wentIn + wentOut > 0) this.#put(STREAM_VISITORS_CLOSED, minute, wentIn + wentOut);
    const isFullHour = wallMinutes(minute) % 60 === 0;
    if (isFullHour) {
      this.#put(STREAM_HOUR_IN, minute, this.#hourIn);
      this.#put(STREAM_HOUR_OUT, minute, this.#hourOut);
    }
    if (isFullHour) {
      this.#hourIn = 0;
      this.#hourOut = 0;
    }
    if (isFullHour || minute === 1) {
      this.#put(STREAM_TOTAL_IN, minute, this.#totalIn);
      this.#put(STREAM_TOTAL_OUT, minute, this.#totalOut);
    }
    this.#phones(minute);
  }

  #phones(minute: number): void {
    const heard = this.#heard;
    const since = (minutes: number) => heard.heardSince((minute - minutes) * MINUTE_MS);
    for (const { strength, firstS, lastS } of heard.takeGone((minute - 15) * MINUTE_MS)) {
      const ended = this.#ended[strength <= NEAR ? 0 : strength <= MIDDLE ? 1 : 2];
      if (ended === undefined) continue;
      ended.visits++;
      ended.seconds += lastS - firstS;
    }
    if (isOpenAt(minute) || since(15) > 0) {
      this.#put(STREAM_PHONES_1_MIN, minute, since(1));
      if (minute % 5 === 0) this.#put(STREAM_PHONES_5_MIN, minute, since(5));
      if (minute % 15 === 0) this.#put(STREAM_PHONES_15_MIN, minute, since(15));
    }
    if (minute % 15 !== 0) return;
    this.#put(STREAM_LISTENED, minute, -1);
    this.#ended.forEach((ended, kind) => {
      if (ended.visits < VISITS_TOLD_MIN) return;
      this.#put(STREAM_VISITS_ENDED + kind, minute, ended.visits);
      this.#put(STREAM_VISIT_SECONDS + kind, minute, ended.seconds);
      ended.visits = 0;
      ended.seconds = 0;
    });
  }

  #put(stream: number, minute: number, value: number): void {
    const series = this.series.get(stream) ?? new Map<number, number>();
    this.series.set(stream, series.set(minute, value));
  }
}

/** What the server has of a stream, by the minute of the run. */
export async function storedSeries({ shop, board }: CounterRun, stream: number): Promise<Series> {
  const readings = await shop.readings(board, stream);
  return new Map(readings.map(({ time, value }) => [(Date.parse(time) - START_UNIX_MS) / MINUTE_MS, value]));
}
