/**
 * Two panels in a shop, one with a pin for each button and one with a ladder, for some days; what the server has against what
 * people did. Both restart in the middle, and the network is cut.
 */
import { FeedbackSetting } from "../../runtime/contract/product-settings.ts";
import {
  STREAM_BUTTONS_STUCK,
  STREAM_PRESSED_TOGETHER,
  STREAM_PRESSES_LOCKED,
  STREAM_VOTE,
  STREAM_VOTES_TOTAL,
  VOTE_QUESTION_SHIFT,
} from "../../runtime/contract/stream-ids.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { ButtonPanel, ladderValue } from "../../tools/sim/button-panel.ts";
import { ProductShop, type ShopBoard } from "../../tools/sim/product-shop.ts";

const START_UNIX_MS = Date.UTC(2025, 4, 5, 6);
const HOUR_MS = 3_600_000;
const QUESTION = 4711;
const PINS = [14, 12, 13, 4, 5];
const BUTTONS = PINS.map((_, button) => button);
const FUNCTIONS = ["buttonA", "buttonB", "buttonC", "buttonD", "buttonE"];
/** Of a ladder: pairs that look like no single button. Of pins: any. */
const UNCLEAR_PAIRS = [0b01100, 0b10100, 0b11000];
const PAIRS = [0b00011, 0b10001, 0b01010];

export interface FeedbackResult {
  board: string;
  found: Record<string, unknown>;
  expected: Record<string, unknown>;
}

export interface FeedbackOptions {
  engine: Engine;
  hours: number;
  /** Which panels there are. */
  panels?: readonly ("pins" | "ladder")[];
  meanIntervalMs?: number;
}

export async function runFeedbackShop(options: FeedbackOptions): Promise<FeedbackResult[]> {
  const { engine, hours, panels = ["pins", "ladder"], meanIntervalMs = 20_000 } = options;
  const shop = await ProductShop.open({ seed: 9, startUnixMs: START_UNIX_MS });
  try {
    const places = await Promise.all(panels.map((kind, index) => place(shop, kind, index, engine, meanIntervalMs)));
    for (const { board } of places) board.device.powerOn();
    await shop.time.run(10_000);
    for (const { panel } of places) panel.open();
    await shop.time.run((hours * HOUR_MS) / 3);
    shop.network.cut("reset");
    await shop.time.runFor(HOUR_MS / 2);
    shop.network.restore();
    await shop.time.run((hours * HOUR_MS) / 2);
    for (const { panel } of places) panel.close();
    await shop.time.runFor(120_000);
    for (const { board } of places) board.device.reset();
    await shop.time.runFor(10_000);
    for (const { panel } of places) panel.open();
    await shop.time.run(hours * HOUR_MS - 180_000);
    for (const { panel } of places) panel.close();
    await shop.time.run(hours * HOUR_MS + 120_000);
    return await Promise.all(places.map(async (one) => ({ board: one.kind, ...(await compare(shop, one)) })));
  } finally {
    await shop.close();
  }
}

interface Place {
  kind: "pins" | "ladder";
  board: ShopBoard;
  panel: ButtonPanel;
}

async function place(
  shop: ProductShop,
  kind: "pins" | "ladder",
  index: number,
  engine: Engine,
  meanIntervalMs: number,
): Promise<Place> {
  const pins = kind === "pins" ? new Map(FUNCTIONS.map((name, button) => [name, PINS[button] ?? 0])) : new Map();
  const board = shop.add({
    program: await loadProgram("firmware/feedback", engine, { pins }),
    settings: new Map([[FeedbackSetting.Question, QUESTION]]),
  });
  const noise = shop.random.fork(300 + index);
  const panel = new ButtonPanel({
    time: shop.time,
    random: shop.random.fork(200 + index),
    pairs: kind === "pins" ? PAIRS : UNCLEAR_PAIRS,
    meanIntervalMs,
    setDown: (mask) => {
      if (kind === "ladder") board.board.pins.setAdc(ladderValue(mask) + noise.integer(-3, 3));
      else PINS.forEach((pin, button) => void board.board.pins.setInput(pin, (mask >> button) & 1 ? 0 : 1));
    },
  });
  return { kind, board, panel };
}

async function compare(shop: ProductShop, { board, panel }: Place) {
  const votes = await Promise.all(BUTTONS.map((button) => shop.values(board, STREAM_VOTE + button)));
  const totals = await Promise.all(BUTTONS.map((button) => shop.values(board, STREAM_VOTES_TOTAL + button)));
  const together = await shop.values(board, STREAM_PRESSED_TOGETHER);
  const locked = await shop.values(board, STREAM_PRESSES_LOCKED);
  const stuck = await shop.values(board, STREAM_BUTTONS_STUCK);
  const { starts, crashes, allocationsAfterStart } = board.device.figures;
  return {
    found: {
      votes: votes.map(({ length }) => length),
      values: votes.map((values) => [...new Set(values)]),
      // Told at each full hour, the last of which has passed when the run ends.
      totals: totals.map((values) => values.at(-1)),
      together: together.length,
      questions: [...new Set(together.map((value) => value >> VOTE_QUESTION_SHIFT))],
      locked: locked.reduce((sum, value) => sum + value, 0),
      stuck: stuck.filter((mask) => mask !== 0).length,
      released: stuck.filter((mask) => mask === 0).length,
      starts,
      crashes,
      allocationsAfterStart,
    },
    expected: {
      votes: panel.votes,
      values: BUTTONS.map((button) => [(QUESTION << VOTE_QUESTION_SHIFT) | (1 << button)]),
      totals: panel.votes,
      together: panel.together,
      questions: [QUESTION],
      locked: panel.repeated,
      stuck: panel.stuck,
      released: panel.stuck,
      starts: 2,
      crashes: 0,
      allocationsAfterStart: 0,
    },
  };
}
