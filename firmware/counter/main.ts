/**
 * The visitor counter: people pass one light barrier or PIR sensor, or two barriers that tell the direction. Each
 * period it sends how many came in (and went out), zeros included, and once an hour the totals, which survive restarts.
 *
 * With one barrier the interrupt counts the edges; with two, the order of the edges in the host's log decides.
 */

import { EDGE_RECORD_BYTES, LogLevel, NO_PIN, PIN_MAX, PinEdge, PinMode } from "../../runtime/contract/host-abi.ts";
import { EDGE_LOG_MAX } from "../../runtime/contract/limits.ts";
import { CounterSetting } from "../../runtime/contract/product-settings.ts";
import {
  STREAM_TOTAL_IN,
  STREAM_TOTAL_OUT,
  STREAM_VISITORS_IN,
  STREAM_VISITORS_OUT,
} from "../../runtime/contract/stream-ids.ts";
import {
  COMMAND_UNKNOWN,
  CommandHandler,
  edge_read,
  FlashQueue,
  heap_limit,
  heap_used,
  logValue,
  MethodName,
  pin_edges,
  pin_mode,
  pin_watch,
  RemoteLog,
  RTC_PRODUCT_OFFSET,
  RtcRecord,
  Session,
} from "../../runtime/device/index.ts";
import { Direction, Passage } from "./direction.ts";
import { PeriodClock } from "./period-clock.ts";
import { SETTINGS, SETTINGS_COUNT } from "./settings.ts";

export { heap_limit, heap_used };

const VERSION = "0.1.0";

const TOTALS_EVERY_S: u32 = 3600;
/** Constants that the build gives: what --pin, the board or product.json says. */
const DEFAULT_PIN_A: u32 = PIN_BARRIER_A;
const DEFAULT_PIN_B: u32 = PIN_BARRIER_B;
const DEFAULT_DEBOUNCE_MS: u32 = 20;
const DEFAULT_PERIOD_S: u32 = 60;
/** There is no second barrier. */
const SINGLE: u32 = NO_PIN;
/** Words of the record in RTC memory. */
const TOTAL_IN = 0;
const TOTAL_OUT = 1;

const queue = new FlashQueue();
const session = new Session("counter", VERSION, queue);
const totals = new RtcRecord(RTC_PRODUCT_OFFSET, 2);
const direction = new Direction();
const periods = new PeriodClock();
/** Edges taken from the host at a time. */
const EDGES_READ = 16;
const edges = new StaticArray<u8>(EDGES_READ * EDGE_RECORD_BYTES);

let pinA: u32 = DEFAULT_PIN_A;
let pinB: u32 = SINGLE;
let activeHigh = false;
let countIn: i32 = 0;
let countOut: i32 = 0;
let totalsAtS: u32 = 0;
let totalsSent = false;

export function start(): void {
  queue.begin();
  session.begin();
  session.takeSettings(SETTINGS, SETTINGS_COUNT);
  session.handleCommands(new Commands());
  session.sendLog(new RemoteLog());
  totals.load();
  const config = session.config;
  pinA = config.setting(CounterSetting.PinA, 0, PIN_MAX, DEFAULT_PIN_A);
  pinB = config.setting(CounterSetting.PinB, 0, PIN_MAX, DEFAULT_PIN_B);
  // A configuration can also say that there is no second barrier, on a board that was built for two.
  pinB = config.setting(CounterSetting.PinB, SINGLE, SINGLE, pinB);
  activeHigh = config.switch(CounterSetting.ActiveHigh, false);
  const debounceMs = config.setting(CounterSetting.DebounceMs, 0, 1000, DEFAULT_DEBOUNCE_MS);
  periods.begin(config.setting(CounterSetting.PeriodS, 1, 86400, DEFAULT_PERIOD_S));
  if (pinB == pinA) {
    logValue(LogLevel.Error, "both barriers on one pin: ", pinA);
    pinB = SINGLE;
  }
  if (pinB == SINGLE) {
    watch(pinA, activeHigh ? PinEdge.Rising : PinEdge.Falling, debounceMs);
  } else {
    watch(pinA, PinEdge.Both, debounceMs);
    watch(pinB, PinEdge.Both, debounceMs);
  }
}

function watch(pin: u32, watched: PinEdge, debounceMs: u32): void {
  const mode = activeHigh ? PinMode.Input : PinMode.InputPullup;
  if (pin_mode(pin, mode) < 0 || pin_watch(pin, watched, debounceMs) < 0) {
    logValue(LogLevel.Error, "cannot watch pin ", pin);
  }
}

/** Called whenever a beam was broken or cleared, the network has news, or the delay returned has passed. */
export function poll(): u32 {
  session.clock.update();
  if (pinB == SINGLE) countPulses();
  else countPassages();
  if (periods.ended(session.clock)) endPeriod();
  return min(session.poll(), periods.delayMs(session.clock));
}

function countPulses(): void {
  const pulses = pin_edges(pinA);
  if (pulses > 0) count(pulses, 0);
}

function countPassages(): void {
  for (let taken = 0; taken < EDGE_LOG_MAX; taken += EDGES_READ) {
    const bytes = edge_read(changetype<usize>(edges), EDGES_READ * EDGE_RECORD_BYTES);
    for (let at = 0; at + EDGE_RECORD_BYTES <= bytes; at += EDGE_RECORD_BYTES) countEdge(changetype<usize>(edges) + at);
    if (bytes < EDGES_READ * EDGE_RECORD_BYTES) return;
  }
}

function countEdge(record: usize): void {
  const pin = <u32>load<u8>(record, 4);
  const isBroken = (load<u8>(record, 5) != 0) == activeHigh;
  const lost = load<u16>(record, 6);
  if (lost != 0) logValue(LogLevel.Warning, "edges lost ", lost);
  const passage = direction.edge(pin == pinB, isBroken, load<u32>(record));
  if (passage == Passage.In) count(1, 0);
  else if (passage == Passage.Out) count(0, 1);
}

/** Totals go to RTC memory at once: a restart loses nobody from them. */
function count(visitorsIn: i32, visitorsOut: i32): void {
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
  session.record(STREAM_VISITORS_IN, countIn);
  if (pinB != SINGLE) session.record(STREAM_VISITORS_OUT, countOut);
  countIn = 0;
  countOut = 0;
  if (totalsSent && session.clock.uptimeS - totalsAtS < TOTALS_EVERY_S) return;
  totalsSent = true;
  totalsAtS = session.clock.uptimeS;
  session.record(STREAM_TOTAL_IN, totals.get(TOTAL_IN));
  if (pinB != SINGLE) session.record(STREAM_TOTAL_OUT, totals.get(TOTAL_OUT));
}
