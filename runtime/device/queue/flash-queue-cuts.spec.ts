/**
 * Power cuts at random places of random work, beside a model. Whatever was pushed and not acknowledged is there after each
 * restart, under its number, unless the ring was full; nothing else is.
 */
import { FLASH_QUEUE_OFFSET } from "../../contract/flash-map.ts";
import { acknowledge, Drained, drain } from "../testing/drained.ts";
import {
  bringBackFlash,
  isCut,
  keepFlash,
  resetStage,
  setFlashBytes,
  setFlashWords,
  setTearSeed,
} from "../testing/stage.ts";
import { FlashQueue } from "./flash-queue.ts";

const SECTOR_BYTES = 4096;
/** Acknowledgements that may be forgotten by a restart: those since the last mark, and those for which there was no room. */
const FORGOTTEN_MAX: u32 = 200;

/** Multiplicative congruential generator of Park and Miller ("minimal standard", CACM 31(10), 1988). */
let seed: u64 = 1;
function below(limit: u32): u32 {
  seed = (seed * 48271) % 2147483647;
  return <u32>(seed % limit);
}

/** What the queue must hold. Readings are known by a number that counts up, their value. */
class Model {
  /** Number of the last reading pushed, of the last acknowledged, and of the last that was dropped. */
  pushed: u32 = 0;
  acknowledged: u32 = 0;
  /** Sequence number = number - shift. */
  shift: u32 = 0;
  epoch: u32 = 0;
  command: u32 = 0;
  /** What was under way when power went. */
  isPushing: bool = false;
  isRenewing: bool = false;
  commandUnderWay: u32 = 0;
  wrong: i32 = 0;
  report: string = "";
}

let model = new Model();
let queue = new FlashQueue();
let uptimeS: u32 = 0;

function valueOf(number: u32): i32 {
  // Every ninth needs a long reading.
  return number % 9 == 0 ? <i32>number + 0x10000000 : <i32>number;
}

function numberOf(value: i32): u32 {
  return <u32>value & 0x0fffffff;
}

function fail(text: string): void {
  model.wrong++;
  if (model.report.length < 300) model.report += text + "; ";
}

function work(): void {
  const kind = below(100);
  if (kind < 75) {
    uptimeS += below(20) == 0 ? 5000 : below(100);
    model.isPushing = true;
    queue.push(0x5001, valueOf(model.pushed + 1), uptimeS);
    if (isCut()) return;
    model.isPushing = false;
    model.pushed++;
  } else if (kind < 93) {
    // Keeps up, mostly.
    const held = queue.count();
    if (held == 0) return;
    const number = queue.oldest() + below(min<u32>(held, 40)) + model.shift;
    acknowledge(queue, number - model.shift);
    // Sent by the device, so the server has it.
    model.acknowledged = max(model.acknowledged, number);
  } else if (kind < 96) {
    queue.learnTime(1700000000 + uptimeS, uptimeS, 2 + below(5));
  } else if (kind < 99) {
    model.commandUnderWay = model.command + 1;
    if (queue.takeCommand(model.command + 1) && !isCut()) model.command++;
    if (!isCut()) model.commandUnderWay = 0;
  } else if (below(4) == 0) {
    model.isRenewing = true;
    queue.renew(0);
    if (isCut()) return;
    model.isRenewing = false;
    model.epoch = queue.epoch();
    model.shift = findShift();
  }
}

/** What the numbers of a new epoch are lower by: before the oldest reading that is held then. */
function findShift(): u32 {
  if (queue.oldest() != 1) fail("a new epoch does not begin with 1");
  return queue.rewind() ? numberOf(queue.value()) - queue.sequence() : model.pushed;
}

/** Compares everything with the model, and takes over what a cut has left open. */
function check(isFull: bool): void {
  keepFlash();
  const twin = new FlashQueue();
  twin.begin();
  if (model.isRenewing && queue.epoch() != model.epoch) {
    model.epoch = queue.epoch();
    model.shift = findShift();
  }
  if (queue.epoch() != model.epoch) fail("epoch");
  if (model.isPushing && queue.oldest() + queue.count() + model.shift == model.pushed + 2) model.pushed++;
  if (queue.lastCommand() != model.command) {
    if (queue.lastCommand() == model.commandUnderWay) model.command++;
    else fail("command " + queue.lastCommand().toString() + " of " + model.command.toString());
  }
  model.isPushing = false;
  model.isRenewing = false;
  model.commandUnderWay = 0;

  if (queue.oldest() + queue.count() + model.shift != model.pushed + 1) {
    fail("next " + (queue.oldest() + queue.count() + model.shift).toString() + " of " + (model.pushed + 1).toString());
  }
  compare(drain(twin), isFull);
  bringBackFlash();
}

function compare(held: Drained, isFull: bool): void {
  const first = queue.oldest() + model.shift;
  if (first > model.acknowledged + 1 && !isFull)
    fail("lost from " + (model.acknowledged + 1).toString() + " to " + first.toString());
  if (first + FORGOTTEN_MAX < model.acknowledged) fail("forgot acknowledgements");
  for (let i = 0; i < held.count; i++) {
    const number = numberOf(held.values[i]);
    if (held.sequences[i] + model.shift != number || held.values[i] != valueOf(number))
      fail("reading " + number.toString());
    if (i > 0 && held.sequences[i] != held.sequences[i - 1] + 1) fail("hole");
  }
  if (<u32>held.count > queue.count()) fail("too many");
  // A twin's start may have taken the oldest sector, for its own.
  if (<u32>held.count < queue.count() && !isFull) fail("too few");
}

function restart(words: i32): void {
  setFlashWords(words);
  queue = new FlashQueue();
  queue.begin();
  uptimeS = 0;
}

/** One life with `cuts` power cuts, in a ring of so many sectors. */
function live(sectors: i32, cuts: i32, isFull: bool, from: u64): void {
  resetStage();
  setFlashBytes(FLASH_QUEUE_OFFSET + sectors * SECTOR_BYTES);
  seed = from;
  model = new Model();
  setTearSeed(<u32>from);
  while (below(2) == 0) restart(below(40));
  restart(-1);
  model.epoch = queue.epoch();
  for (let cut = 0; cut < cuts && model.wrong == 0; cut++) {
    setTearSeed(below(5) == 0 ? 0 : 1 + below(1000000));
    setFlashWords(below(3) == 0 ? below(40) : below(1200));
    for (let steps = 0; steps < 2000 && !isCut(); steps++) work();
    while (below(2) == 0) restart(below(60));
    restart(-1);
    check(isFull);
  }
}

function livesGoWrong(lives: i32, sectors: i32, cuts: i32, isFull: bool): void {
  for (let life = 1; life <= lives; life++) {
    live(sectors, cuts, isFull, 7919 * life);
    if (model.wrong > 0) {
      expect("life " + life.toString() + ": " + model.report).toBe("");
      return;
    }
  }
  expect(model.wrong).toBe(0);
}

describe("FlashQueue: power cuts", () => {
  test("a server that keeps up: nothing is lost, nothing is invented", () => {
    livesGoWrong(12, 14, 60, false);
  });

  test("a ring of three sectors", () => {
    livesGoWrong(12, 3, 60, true);
  });

  test("a ring of two sectors", () => {
    livesGoWrong(12, 2, 60, true);
  });
});
