/**
 * `calibrate` on a board whose ladder has other resistors than the program expects: what is told, and what each press counts as
 * before and after it, across a restart, and under a newer configuration.
 */
import { afterEach, describe, expect, test } from "vitest";
import { FeedbackSetting } from "../../runtime/contract/product-settings.ts";
import {
  ANSWER_UNCLEAR,
  STREAM_CALIBRATED,
  STREAM_PRESSED_TOGETHER,
  STREAM_VOTE,
  VOTE_QUESTION_SHIFT,
} from "../../runtime/contract/stream-ids.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { ApiClient } from "../../tools/client/api-client.ts";
import { ProductShop, type ShopBoard } from "../../tools/sim/product-shop.ts";

const START_UNIX_MS = Date.UTC(2025, 4, 5, 6);
const QUESTION = 7;
const IDLE = 1023;
/** Analogue input while each button is down: two of the five are none of the values that the program has by itself. */
const LADDER = [0, 93, 250, 420, 512];
const ODD = [3, 4];
const SETTLE_MS = 5000;

const open: ProductShop[] = [];

afterEach(async () => {
  for (const shop of open.splice(0)) await shop.close();
});

class Panel {
  readonly shop: ProductShop;
  readonly board: ShopBoard;

  private constructor(shop: ProductShop, board: ShopBoard) {
    this.shop = shop;
    this.board = board;
  }

  static async open(engine: "wasm" | "lx106", pins = new Map<string, number>()): Promise<Panel> {
    const shop = await ProductShop.open({ seed: 4, startUnixMs: START_UNIX_MS });
    open.push(shop);
    const program = await loadProgram("firmware/feedback", engine, { pins });
    const board = shop.add({ program, settings: new Map([[FeedbackSetting.Question, QUESTION]]) });
    board.board.pins.setAdc(IDLE);
    board.device.powerOn();
    await shop.time.runFor(SETTLE_MS);
    return new Panel(shop, board);
  }

  async order(argument: number): Promise<string> {
    const { orders } = new ApiClient(new URL(this.shop.server.url));
    const { id } = await orders.addCommand(this.board.mac, { method: "calibrate", argument });
    await this.shop.time.runFor(SETTLE_MS);
    return (await orders.command(this.board.mac, id)).state;
  }

  /** The converter sees these values, each for so long; then nothing is pressed until a lock is over. */
  async see(...values: [value: number, forMs: number][]): Promise<void> {
    for (const [value, forMs] of values) {
      this.board.board.pins.setAdc(value);
      await this.shop.time.runFor(forMs);
    }
    this.board.board.pins.setAdc(IDLE);
    await this.shop.time.runFor(SETTLE_MS);
  }

  press(button: number): Promise<void> {
    return this.see([LADDER[button - 1] ?? IDLE, 200]);
  }

  votes(): Promise<number[]> {
    return Promise.all(LADDER.map(async (_, i) => (await this.shop.values(this.board, STREAM_VOTE + i)).length));
  }

  values(stream: number): Promise<number[]> {
    return this.shop.values(this.board, stream);
  }
}

describe.each(["wasm", "lx106"] as const)("on %s", (engine) => {
  test("a button that is measured counts from then on, after a restart too", { timeout: 120_000 }, async () => {
    const panel = await Panel.open(engine);
    for (const button of [1, 2, 3, 4, 5]) await panel.press(button);
    expect(await panel.votes()).toEqual([1, 1, 0, 0, 1]);
    const unclear = (QUESTION << VOTE_QUESTION_SHIFT) | ANSWER_UNCLEAR;
    expect(await panel.values(STREAM_PRESSED_TOGETHER)).toEqual([unclear, unclear]);

    for (const button of ODD) {
      expect(await panel.order(button)).toBe("done");
      await panel.press(button);
    }
    expect(await panel.values(STREAM_CALIBRATED)).toEqual(
      ODD.map((button) => (button << 10) | (LADDER[button - 1] ?? 0)),
    );
    // The press that is measured is no vote.
    expect(await panel.votes()).toEqual([1, 1, 0, 0, 1]);
    for (const button of [1, 2, 3, 4, 5]) await panel.press(button);
    expect(await panel.votes()).toEqual([2, 2, 1, 1, 2]);

    panel.board.device.reset();
    await panel.shop.time.runFor(SETTLE_MS);
    for (const button of ODD) await panel.press(button);
    expect(await panel.votes()).toEqual([2, 2, 2, 2, 2]);
    // Who leans on a button while the board starts has not voted.
    panel.board.board.pins.setAdc(LADDER[0] ?? 0);
    panel.board.device.reset();
    await panel.shop.time.runFor(SETTLE_MS);
    await panel.see();
    expect(await panel.votes()).toEqual([2, 2, 2, 2, 2]);
    expect(await panel.values(STREAM_PRESSED_TOGETHER)).toHaveLength(2);
    expect(panel.board.device.figures).toMatchObject({ crashes: 0, allocationsAfterStart: 0 });
  });
});

test("a newer configuration takes the place of what was measured", async () => {
  const panel = await Panel.open("wasm");
  await panel.order(3);
  await panel.press(3);
  await panel.press(3);
  expect(await panel.votes()).toEqual([0, 0, 1, 0, 0]);
  const { orders } = new ApiClient(new URL(panel.shop.server.url));
  await orders.changeConfig(panel.board.mac, { ladder: [0, 93, 184, 250, 512] });
  await panel.shop.time.runFor(30_000);
  expect((await orders.config(panel.board.mac)).state).toBe("applied");
  await panel.see([250, 200]);
  expect(await panel.votes()).toEqual([0, 0, 1, 1, 0]);
});

test("only what has come to rest is measured", async () => {
  const panel = await Panel.open("wasm");
  await panel.order(4);
  // A finger that slides onto the button: no two looks see the same.
  await panel.see([900, 20], [800, 20], [700, 20], [600, 20], [LADDER[3] ?? 0, 200]);
  expect(await panel.values(STREAM_CALIBRATED)).toEqual([(4 << 10) | 420]);
});

test("a minute without a press, and all is as it was", async () => {
  const panel = await Panel.open("wasm");
  await panel.order(1);
  await panel.shop.time.runFor(60_000);
  await panel.press(2);
  expect(await panel.values(STREAM_CALIBRATED)).toEqual([]);
  expect(await panel.votes()).toEqual([0, 1, 0, 0, 0]);
});

test("there are five buttons, and those at pins have nothing to measure", async () => {
  const panel = await Panel.open("wasm");
  expect([await panel.order(0), await panel.order(6), await panel.order(-1)]).toEqual(["failed", "failed", "failed"]);
  await panel.press(1);
  expect(await panel.votes()).toEqual([1, 0, 0, 0, 0]);
  const pins = await Panel.open("wasm", new Map([["buttonA", 14]]));
  expect(await pins.order(1)).toBe("failed");
});
