/**
 * The visitor counter: who passes the door (barriers.ts), and how many phones are around it (phones.ts, listening.ts). Each
 * period it sends how many came in (and went out), zeros included, at each full hour what the hour brought and the totals,
 * which survive restarts. Outside of opening hours nobody is a visitor.
 */
import { RADIO_CHANNEL_MAX } from "../../runtime/contract/host-abi.ts";
import { CounterSetting } from "../../runtime/contract/product-settings.ts";
import {
  STREAM_FRAMES_MISSED,
  STREAM_HOUR_IN,
  STREAM_HOUR_OUT,
  STREAM_LISTENED,
  STREAM_PHONES_1_MIN,
  STREAM_PHONES_5_MIN,
  STREAM_PHONES_15_MIN,
  STREAM_PHONES_FORGOTTEN,
  STREAM_TOTAL_IN,
  STREAM_TOTAL_OUT,
  STREAM_VISIT_SECONDS,
  STREAM_VISITORS_CLOSED,
  STREAM_VISITORS_IN,
  STREAM_VISITORS_OUT,
  STREAM_VISITS_ENDED,
  VISITS_TOLD_MIN,
} from "../../runtime/contract/stream-ids.ts";
import {
  COMMAND_UNKNOWN,
  CommandHandler,
  FlashQueue,
  heap_limit,
  heap_used,
  MethodName,
  OpeningHours,
  PeriodClock,
  RemoteLog,
  RTC_PRODUCT_OFFSET,
  RtcRecord,
  Session,
} from "../../runtime/device/index.ts";
import { Barriers } from "./barriers.ts";
import { Listening } from "./listening.ts";
import { CLASSES, ENDED_BYTES, ENDED_SECONDS_OFFSET, Phones } from "./phones.ts";
import { SETTINGS, SETTINGS_COUNT } from "./settings.ts";

export { heap_limit, heap_used };

const VERSION = "0.1.0";

const DEFAULT_PERIOD_S = 60;
const LISTEN_MAX_S = 45;
const MINUTE_STEP_MS: u32 = 500;
const SALT_MAX_MIN = 1440;
const STRENGTH_MAX = 127;
/** Words of the records in RTC memory. */
const TOTAL_IN = 0;
const TOTAL_OUT = 1;
const TOTAL_WORDS = 2;
/** Number of the hour since 1970, 0 = the time was not known; beside it the totals when it began. */
const HOUR = 2;
const HOUR_WORDS = 3;

const queue = new FlashQueue();
const session = new Session("counter", VERSION, queue);
const totals = new RtcRecord(RTC_PRODUCT_OFFSET, TOTAL_WORDS);
/** A record of its own: totals of an older program stay. */
const hourStart = new RtcRecord(RTC_PRODUCT_OFFSET + 4 * (TOTAL_WORDS + 1), HOUR_WORDS);
const hours = new OpeningHours();
const barriers = new Barriers();
const phones = new Phones();
const listening = new Listening(phones);
const periods = new PeriodClock();

let countIn: i32 = 0;
let countOut: i32 = 0;
let countClosed: i32 = 0;
let totalsSent = false;
/** Minutes since 1970, or since the start as long as the time is unknown. */
let minute: u32 = 0;
let saltMaxS: u32 = 0;
let saltedS: u32 = 0;
/** When the time of listening was told last. */
let toldMs: u32 = 0;

export function start(): void {
  queue.begin();
  session.begin();
  session.takeSettings(SETTINGS, SETTINGS_COUNT);
  session.handleCommands(new Commands());
  session.sendLog(new RemoteLog());
  totals.load();
  if (!hourStart.load()) beginHour();
  const config = session.config;
  barriers.begin(config);
  hours.begin(config);
  periods.begin(config.setting(CounterSetting.PeriodS, 1, 86400, DEFAULT_PERIOD_S));
  listening.windowMs = 1000 * config.setting(CounterSetting.ListenS, 0, LISTEN_MAX_S, 0);
  listening.channel = config.setting(CounterSetting.ListenChannel, 0, RADIO_CHANNEL_MAX, 0);
  saltMaxS = 60 * config.setting(CounterSetting.SaltMin, 15, SALT_MAX_MIN, SALT_MAX_MIN);
  phones.nearStrength = config.setting(CounterSetting.NearStrength, 0, STRENGTH_MAX, 60);
  phones.middleStrength = config.setting(CounterSetting.MiddleStrength, 0, STRENGTH_MAX, 75);
  phones.forget();
  toldMs = session.clock.nowMs;
}

/** Called whenever a beam was broken or cleared, a phone or the network has news, or the delay returned has passed. */
export function poll(): u32 {
  const clock = session.clock;
  clock.update();
  hours.update(clock.unixS);
  if (barriers.take()) count(barriers.wentIn, barriers.wentOut);
  if (periods.ended(clock)) endPeriod();
  if (listening.windowMs == 0) return min(session.poll(), periods.delayMs(clock));
  const now = (clock.unixS == 0 ? clock.uptimeS : clock.unixS) / 60;
  const passed = now - minute;
  minute = now;
  // Any other step is a clock that was set: no minute has ended.
  if (passed == 1) endMinute();
  // Looking at the clock twice a second is all that it takes to see the end of a minute.
  const delayMs = min<u32>(session.poll(), MINUTE_STEP_MS);
  return min(delayMs, <u32>listening.poll(session));
}

/** Totals go to RTC memory at once: a restart loses nobody from them. */
function count(visitorsIn: i32, visitorsOut: i32): void {
  if (!hours.isOpen) {
    countClosed += visitorsIn + visitorsOut;
    return;
  }
  countIn += visitorsIn;
  countOut += visitorsOut;
  totals.set(TOTAL_IN, totals.get(TOTAL_IN) + visitorsIn);
  totals.set(TOTAL_OUT, totals.get(TOTAL_OUT) + visitorsOut);
  totals.save();
}

class Commands implements CommandHandler {
  /** `stream-now` ends the period; the next one is the rest of it. */
  handle(method: MethodName, argument: i32): i32 {
    if (!method.is("stream-now")) return COMMAND_UNKNOWN;
    endPeriod();
    return 0;
  }
}

function endPeriod(): void {
  recordBoth(STREAM_VISITORS_IN, countIn, countOut);
  recordSome(STREAM_VISITORS_CLOSED, countClosed);
  countIn = 0;
  countOut = 0;
  countClosed = 0;
  const unixS = session.clock.unixS;
  const hour = unixS == 0 ? 0 : hours.local.of(unixS) / 3600;
  const before = hourStart.get(HOUR);
  if (hour != 0 && hour != before) {
    if (before != 0) {
      const hourIn = totals.get(TOTAL_IN) - hourStart.get(TOTAL_IN);
      recordBoth(STREAM_HOUR_IN, hourIn, totals.get(TOTAL_OUT) - hourStart.get(TOTAL_OUT));
      totalsSent = false;
      beginHour();
    }
    hourStart.set(HOUR, hour);
    hourStart.save();
  }
  if (totalsSent) return;
  totalsSent = true;
  recordBoth(STREAM_TOTAL_IN, totals.get(TOTAL_IN), totals.get(TOTAL_OUT));
}

function beginHour(): void {
  hourStart.set(TOTAL_IN, totals.get(TOTAL_IN));
  hourStart.set(TOTAL_OUT, totals.get(TOTAL_OUT));
}

/** The stream of those who went out follows that of those who came in. */
function recordBoth(stream: u32, wentIn: u32, wentOut: u32): void {
  session.record(stream, wentIn);
  if (barriers.tellDirection) session.record(stream + 1, wentOut);
}

function recordSome(stream: u32, value: i32): void {
  if (value != 0) session.record(stream, value);
}

/** Outside of opening hours nobody is listened to; who was seen before is told until the last one has gone. */
function endMinute(): void {
  const clock = session.clock;
  const nowS = clock.uptimeS;
  phones.sweep(nowS);
  listening.isDue = hours.isOpen;
  // At night nobody is cut in two by it.
  if (nowS - saltedS >= saltMaxS || (!hours.isOpen && phones.count == 0)) {
    saltedS = nowS;
    phones.forget();
  }
  if (hours.isOpen || phones.count > 0) {
    session.record(STREAM_PHONES_1_MIN, phones.heardWithin(60, nowS));
    if (minute % 5 == 0) session.record(STREAM_PHONES_5_MIN, phones.heardWithin(300, nowS));
    if (minute % 15 == 0) session.record(STREAM_PHONES_15_MIN, phones.count);
  }
  if (minute % 15 == 0) tellListening(clock.nowMs);
}

function tellListening(nowMs: u32): void {
  session.record(STREAM_LISTENED, listening.listenedMs / max<u32>((nowMs - toldMs) / 1000, 1));
  toldMs = nowMs;
  listening.listenedMs = 0;
  recordSome(STREAM_PHONES_FORGOTTEN, phones.forgotten);
  phones.forgotten = 0;
  recordSome(STREAM_FRAMES_MISSED, listening.missed);
  listening.missed = 0;
  for (let kind = 0; kind < CLASSES; kind++) {
    const ended = phones.ended + kind * ENDED_BYTES;
    const visits = load<u32>(ended);
    if (visits < <u32>VISITS_TOLD_MIN) continue;
    session.record(STREAM_VISITS_ENDED + kind, visits);
    session.record(STREAM_VISIT_SECONDS + kind, load<u32>(ended, ENDED_SECONDS_OFFSET));
    store<u64>(ended, 0);
  }
}
