/**
 * Feedback: people answer a question with one of up to five buttons. Each vote is an event that names the question, and is
 * acknowledged by LED and buzzer; presses that are no votes are counted apart. Totals survive restarts. Outside of
 * opening hours nobody votes.
 *
 * A ladder is looked at each SAMPLE_MS, so a press of 60 ms is seen at least twice; one conversion takes about 0.1 ms of the
 * chip. More often would disturb its Wi-Fi, which shares the converter. While no button is down that is all there is to do:
 * session, clocks and signals have their turn when one is due, when something has woken the program, and each TURN_MS. Pins
 * wake the program, and are looked at that often only while a button is down.
 */
import { FeedbackSetting } from "../../runtime/contract/product-settings.ts";
import {
  STREAM_BUTTONS_STUCK,
  STREAM_CALIBRATED,
  STREAM_PRESSED_TOGETHER,
  STREAM_PRESSES_LOCKED,
  STREAM_VOTE,
  STREAM_VOTES_TOTAL,
  VOTE_QUESTION_SHIFT,
} from "../../runtime/contract/stream-ids.ts";
import {
  COMMAND_REFUSED,
  COMMAND_UNKNOWN,
  CommandHandler,
  elapsedMs,
  FlashQueue,
  heap_limit,
  heap_used,
  MethodName,
  OpeningHours,
  PeriodClock,
  PinCommands,
  RemoteLog,
  RTC_PRODUCT_OFFSET,
  RtcRecord,
  Session,
} from "../../runtime/device/index.ts";
import { Buttons } from "./buttons.ts";
import { BUTTONS_MAX, Press, Presses } from "./presses.ts";
import { SETTINGS, SETTINGS_COUNT } from "./settings.ts";
import { Pattern, Signals } from "./signals.ts";

export { heap_limit, heap_used };

const VERSION = "0.1.0";
const SAMPLE_MS: i32 = 20;
/** What comes in the very millisecond in which the ladder is looked at is not told from that: it waits this long at most. */
const TURN_MS: u32 = 200;
/** `calibrate` waits this long for the button. */
const CALIBRATION_MAX_MS: i32 = 60000;

const queue = new FlashQueue();
const session = new Session("feedback", VERSION, queue);
const totals = new RtcRecord(RTC_PRODUCT_OFFSET, BUTTONS_MAX);
const hours = new OpeningHours();
const buttons = new Buttons();
const presses = new Presses();
const signals = new Signals();
const minutes = new PeriodClock();
const fullHours = new PeriodClock();

let question: u32 = 0;
let isSilent = false;
let sampledMs: u32 = 0;
/** When all had their turn, and how long from then on only the ladder is looked at. */
let turnMs: u32 = 0;
let restMs: u32 = 0;
let lockedPresses = 0;
let stuck: u32 = 0;
let calibrationMs: u32 = 0;

/** `calibrate` and the number of a button: the next press of it is measured, told, and counts as that button from then on. */
class Commands implements CommandHandler {
  handle(method: MethodName, argument: i32): i32 {
    if (!method.is("calibrate")) return COMMAND_UNKNOWN;
    if (!buttons.isLadder || argument < 1 || argument > BUTTONS_MAX) return COMMAND_REFUSED;
    buttons.calibrates = argument;
    calibrationMs = session.clock.nowMs;
    signals.play(Pattern.Thrice, Pattern.None, calibrationMs);
    return 0;
  }
}

export function start(): void {
  queue.begin();
  session.begin();
  session.takeSettings(SETTINGS, SETTINGS_COUNT);
  session.handleCommands(new Commands());
  session.sendLog(new RemoteLog());
  totals.load();
  const config = session.config;
  hours.begin(config);
  buttons.begin(config);
  if (buttons.isLadder) presses.agreeing = 2;
  presses.lockMs = config.setting(FeedbackSetting.LockMs, 0, 60000, 2000);
  presses.stuckMs = 1000 * config.setting(FeedbackSetting.StuckS, 1, 3600, 30);
  question = config.setting(FeedbackSetting.Question, 0, 65535, 0);
  isSilent = config.switch(FeedbackSetting.Silent, false);
  signals.isLedLow = config.switch(FeedbackSetting.LedLow, false);
  signals.begin();
  const pinCommands = new PinCommands(PIN_LED, i32(!signals.isLedLow));
  pinCommands.allowOutput(PIN_LED);
  session.handlePins(pinCommands);
  minutes.begin(60);
  fullHours.begin(3600);
  recordTotals();
}

/** Called when a button was pressed, the network has news, or the delay returned has passed. */
export function poll(): u32 {
  const clock = session.clock;
  clock.update();
  const now = clock.nowMs;
  // Never sooner: of two samples within one bounce the first could end a press and the second begin one.
  const isDue = elapsedMs(now, sampledMs) >= SAMPLE_MS;
  const wasBusy = presses.isBusy;
  if (isDue) look(now);
  const leftMs = <i32>restMs - elapsedMs(now, turnMs);
  if (isDue && leftMs > 0 && !wasBusy && !presses.isBusy) return min(leftMs, SAMPLE_MS);
  return turn(now, isDue);
}

/** Everything but the buttons; returns the milliseconds until there is something to do. */
function turn(now: u32, isDue: bool): u32 {
  const clock = session.clock;
  hours.update(clock.unixS);
  if (minutes.ended(clock)) endMinute();
  if (fullHours.ended(clock)) recordTotals();
  const delayMs = min(min(session.poll(), minutes.delayMs(clock)), <u32>signals.poll(now));
  const isLookedAt = buttons.isLadder && (hours.isOpen || buttons.calibrates != 0);
  turnMs = now;
  restMs = isLookedAt ? min(delayMs, TURN_MS) : 0;
  if (isDue && !presses.isBusy && !isLookedAt) return delayMs;
  return min<u32>(delayMs, SAMPLE_MS - elapsedMs(now, sampledMs));
}

function look(now: u32): void {
  sampledMs = now;
  const sampled = buttons.sample();
  if (buttons.measured != 0) {
    session.record(STREAM_CALIBRATED, buttons.measured);
    buttons.measured = 0;
    // The button is still down.
    presses.ignore(sampled, now);
    signals.play(Pattern.Thrice, Pattern.Short, now);
  }
  if (buttons.calibrates != 0 && elapsedMs(now, calibrationMs) >= CALIBRATION_MAX_MS) buttons.calibrates = 0;
  const press = presses.sample(sampled, now);
  if (press != Press.None) {
    hours.update(session.clock.unixS);
    if (hours.isOpen) take(press, now);
  }
  if (presses.stuck == stuck) return;
  stuck = presses.stuck;
  session.record(STREAM_BUTTONS_STUCK, stuck);
}

function take(press: Press, now: u32): void {
  const value = (question << VOTE_QUESTION_SHIFT) | presses.answers;
  if (press == Press.Locked) {
    lockedPresses++;
  } else if (press == Press.Together) {
    session.record(STREAM_PRESSED_TOGETHER, value);
    signals.play(Pattern.Twice, Pattern.None, now);
  } else {
    const button = ctz(presses.answers);
    session.record(STREAM_VOTE + button, value);
    totals.set(button, totals.get(button) + 1);
    totals.save();
    signals.play(Pattern.Long, isSilent ? Pattern.None : Pattern.Short, now);
  }
}

function endMinute(): void {
  if (lockedPresses != 0) session.record(STREAM_PRESSES_LOCKED, lockedPresses);
  lockedPresses = 0;
}

/** Of buttons that were never used, nothing. */
function recordTotals(): void {
  for (let button = 0; button < BUTTONS_MAX; button++) {
    if (totals.get(button) != 0) session.record(STREAM_VOTES_TOTAL + button, totals.get(button));
  }
}
