/** The counter, built for a board, counts at that board's pins; what its configuration says still wins. */
import { expect, test, vi } from "vitest";
import { writeConfig } from "../../runtime/board/config-image.ts";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { NO_PIN } from "../../runtime/contract/host-abi.ts";
import { CounterSetting } from "../../runtime/contract/product-settings.ts";
import { readBoard } from "../../tools/build/board.ts";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import { createDevice, type DeviceProgram } from "../../tools/build/create-device.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { type PinWishes, planPins } from "../../tools/build/pin-plan.ts";

const COUNTER = "firmware/counter";

function build(engine: Engine, board: string, wishes?: PinWishes): Promise<DeviceProgram> {
  return loadProgram(COUNTER, engine, { pins: planPins(COUNTER, readBoard(board), wishes).pins });
}

/** The pins that the program watches once it runs, and those of them where it takes an edge that comes. */
async function watchedPins(program: DeviceProgram, settings: [CounterSetting, number][] = []) {
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  const network = new MemoryNetwork({ time, random }).station();
  const board = new VirtualBoard({ time, random, network, mac: new Uint8Array(6) });
  const product = new Map<number, number>(settings);
  writeConfig(board.flash, { ssid: "", passphrase: "", serverHost: "s", serverPort: 1, secret: "", product });
  const watch = vi.spyOn(board.pins, "watch");
  const device = createDevice(program, board);
  device.powerOn();
  await time.runFor(1000);
  const watched = [...new Set(watch.mock.calls.map(([pin]) => pin))];
  const takeCount = vi.spyOn(board.pins, "takeCount");
  const takeEdges = vi.spyOn(board.pins, "takeEdges");
  const woken: number[] = [];
  for (const pin of [2, 4, 5, 12, 13, 14]) {
    board.pins.setInput(pin, 1);
    await time.runFor(100);
    takeCount.mockClear();
    takeEdges.mockClear();
    board.pins.setInput(pin, 0);
    await time.runFor(100);
    const counts = takeCount.mock.results.map(({ value }) => value);
    const records = takeEdges.mock.results.map(({ value }) => value);
    if ([...counts, ...records].some((taken) => taken > 0)) woken.push(pin);
  }
  device.stop();
  return { watched, woken };
}

test.each(ENGINES)("%s: board, --pin and configuration", { timeout: 120_000 }, async (engine) => {
  const both = new Map([
    ["barrierA", "D2"],
    ["barrierB", "D1"],
  ]);
  const single = await build(engine, "wemos-d1-mini");
  expect(await watchedPins(single)).toEqual({ watched: [14], woken: [14] });
  expect(await watchedPins(single, [[CounterSetting.PinA, 13]])).toEqual({ watched: [13], woken: [13] });
  expect(await watchedPins(single, [[CounterSetting.PinB, 5]])).toEqual({ watched: [14, 5], woken: [5, 14] });

  const chosen = await build(engine, "wemos-d1-mini", new Map([["barrierA", "D6"]]));
  expect(await watchedPins(chosen)).toEqual({ watched: [12], woken: [12] });

  const double = await build(engine, "nodemcu-v2", both);
  expect(await watchedPins(double)).toEqual({ watched: [4, 5], woken: [4, 5] });
  // What no pin has is as if it were not there; NO_PIN says that there is one barrier.
  expect(await watchedPins(double, [[CounterSetting.PinB, 99]])).toEqual({ watched: [4, 5], woken: [4, 5] });
  expect(await watchedPins(double, [[CounterSetting.PinB, NO_PIN]])).toEqual({ watched: [4], woken: [4] });

  expect(await watchedPins(await build(engine, "retail"))).toEqual({ watched: [14, 12], woken: [12, 14] });
});
