/**
 * The beacon: sends frames with names that phones and other boards see, in opening hours, and tells which names it hears itself. The
 * names take turns, so each is sent once in an interval. What is sent goes out on the channel that the board is on, and
 * `channel` should say the same: that of the shop's access point.
 */
import { RADIO_CHANNEL_MAX } from "../../runtime/contract/host-abi.ts";
import { BeaconSetting } from "../../runtime/contract/product-settings.ts";
import { STREAM_BEACONS_REFUSED, STREAM_BEACONS_SENT } from "../../runtime/contract/stream-ids.ts";
import {
  elapsedMs,
  FlashQueue,
  heap_limit,
  heap_used,
  OpeningHours,
  PeriodClock,
  RemoteLog,
  Session,
} from "../../runtime/device/index.ts";
import { BeaconFrame } from "./frame.ts";
import { Hearing } from "./hearing.ts";
import { SETTINGS, SETTINGS_COUNT } from "./settings.ts";

export { heap_limit, heap_used };

const VERSION = "0.1.0";
const NAMES_MAX = 4;
/** 802.11 counts intervals in units of 1024 microseconds. */
const TIME_UNIT_US: u32 = 1024;

const queue = new FlashQueue();
const session = new Session("beacon", VERSION, queue);
const hours = new OpeningHours();
const minutes = new PeriodClock();
const frame = new BeaconFrame();
const hearing = new Hearing();

let names: i32 = 0;
let turn: i32 = 0;
let intervalMs: i32 = 0;
/** From the last name to the next. */
let stepMs: i32 = 0;
let sentMs: u32 = 0;
let sent = 0;
let refused = 0;

export function start(): void {
  queue.begin();
  session.begin();
  session.takeSettings(SETTINGS, SETTINGS_COUNT);
  session.sendLog(new RemoteLog());
  const config = session.config;
  hours.begin(config);
  minutes.begin(60);
  while (names < NAMES_MAX && hasName(names)) names++;
  intervalMs = config.setting(BeaconSetting.IntervalMs, 20, 10000, 100);
  stepMs = intervalMs / max(names, 1);
  frame.channel = config.setting(BeaconSetting.Channel, 1, RADIO_CHANNEL_MAX, 1);
  hearing.begin(config.setting(BeaconSetting.ScanEveryS, 0, 86400, 300));
  sentMs = session.clock.nowMs;
}

function hasName(index: u32): bool {
  session.config.textItem(BeaconSetting.Names, index);
  return session.config.textBytes > 0;
}

/** Called when the network has news, a scan has ended, or the delay returned has passed. */
export function poll(): u32 {
  const clock = session.clock;
  clock.update();
  hours.update(clock.unixS);
  hearing.poll(session);
  const sends = names > 0 && hours.isOpen;
  if (minutes.ended(clock)) endMinute(sends);
  const delayMs = min(session.poll(), minutes.delayMs(clock));
  return sends ? min<u32>(delayMs, sendNext(clock.nowMs)) : delayMs;
}

/** Returns the milliseconds until the next name's turn. */
function sendNext(nowMs: u32): i32 {
  const leftMs = stepMs - elapsedMs(nowMs, sentMs);
  if (leftMs > 0) return leftMs;
  // Late by more than a step: what was missed is not made up for.
  sentMs = leftMs > -stepMs ? sentMs + stepMs : nowMs;
  // The radio is at the scan.
  if (hearing.isScanning) return stepMs;
  const config = session.config;
  config.bytes(BeaconSetting.Vendor);
  frame.vendor = config.textPointer;
  frame.vendorBytes = config.textBytes;
  hasName(turn);
  const intervalTu = <u32>(intervalMs * 1000) / TIME_UNIT_US;
  if (frame.send(turn, config.textPointer, config.textBytes, intervalTu, nowMs) < 0) refused++;
  else sent++;
  turn = (turn + 1) % names;
  // What the division leaves over goes to the first name.
  stepMs = intervalMs / names + (turn == 0 ? intervalMs % names : 0);
  // This step may be shorter than the one before, and over already.
  return max(stepMs - elapsedMs(nowMs, sentMs), 0);
}

function endMinute(sends: bool): void {
  if (sends || sent != 0) session.record(STREAM_BEACONS_SENT, sent);
  if (refused != 0) session.record(STREAM_BEACONS_REFUSED, refused);
  sent = 0;
  refused = 0;
}
