/** What every product answers to a person who is not there: its log; and where there is an LED, which board it is. */
import { afterEach, expect, test } from "vitest";
import { NO_PIN } from "../../runtime/contract/host-abi.ts";
import { readBoard } from "../../tools/build/board.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { planPins } from "../../tools/build/pin-plan.ts";
import { ApiClient } from "../../tools/client/api-client.ts";
import { ProductShop, type ShopBoard } from "../../tools/sim/product-shop.ts";

const TIMEOUT_MS = 120_000;
const START_UNIX_MS = Date.UTC(2025, 4, 5, 6);
const SECOND_MS = 1000;
const INFO = 2;

let shop: ProductShop | undefined;

afterEach(async () => {
  await shop?.close();
  shop = undefined;
});

async function start(product: string, boardName: string) {
  const folder = `firmware/${product}`;
  const plan = planPins(folder, readBoard(boardName));
  shop = await ProductShop.open({ seed: 3, startUnixMs: START_UNIX_MS });
  const { time, network, server } = shop;
  const board: ShopBoard = shop.add({ program: await loadProgram(folder, "wasm", plan), settings: new Map() });
  board.device.powerOn();
  await time.runFor(10 * SECOND_MS);
  const api = new ApiClient(new URL(server.url));
  const command = async (method: string, argument: number, second?: number) => {
    const more = second === undefined ? {} : { second };
    const { id } = await api.orders.addCommand(board.mac, { method, argument, ...more });
    await server.idle();
    await time.runFor(SECOND_MS);
    return api.orders.command(board.mac, id);
  };
  return {
    time,
    network,
    api,
    command,
    board,
    led: plan.pins.get("led") ?? NO_PIN,
    buttonA: plan.pins.get("buttonA") ?? NO_PIN,
  };
}

test.each(["counter", "feedback", "beacon", "streamer"])(
  "%s sends its log",
  { timeout: TIMEOUT_MS },
  async (product) => {
    const { time, network, api, command, board } = await start(product, "generic");
    const texts: string[] = [];
    const view = api.log(board.mac, ({ text }) => texts.push(text));
    expect(await command("log-level", INFO)).toMatchObject({ state: "done", reason: null });
    network.cut("reset");
    await time.runFor(5 * SECOND_MS);
    network.restore();
    await time.runFor(90 * SECOND_MS);
    await expect
      .poll(() => texts, { timeout: 10_000 })
      .toContainEqual(expect.stringMatching(/^connected, readings waiting/));
    view.close();
  },
);

test("feedback: identify blinks the LED of the panel, set-output drives it; of one without an LED that is refused", {
  timeout: TIMEOUT_MS,
}, async () => {
  const { time, command, board, led, buttonA } = await start("feedback", "retail");
  const levels: number[] = [];
  board.board.pins.onOutput((pin, level) => {
    if (pin === led) levels.push(level);
  });
  expect(await command("identify", 3)).toMatchObject({ state: "done", value: 3 });
  await time.runFor(5 * SECOND_MS);
  // On for a quarter of a second, twice a second, and off at the end.
  expect(levels).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
  expect(await command("set-output", led, 1)).toMatchObject({ state: "done", value: 1 });
  expect(levels.at(-1)).toBe(1);
  expect(await command("read-pin", led)).toMatchObject({ state: "done", value: 1 });
  expect(await command("set-output", led, 0)).toMatchObject({ state: "done", value: 0 });
  expect(levels.at(-1)).toBe(0);
  // A button's pin is no output, nor is one that the chip lacks; and a pin has two levels.
  for (const [pin, level] of [
    [buttonA, 1],
    [99, 1],
    [led, 2],
  ] as const)
    expect(await command("set-output", pin, level)).toMatchObject({ state: "failed", reason: "refused" });
  await shop?.close();
  const { command: commandWithoutLed } = await start("feedback", "generic");
  expect(await commandWithoutLed("identify", 3)).toMatchObject({ state: "failed", reason: "refused" });
});
