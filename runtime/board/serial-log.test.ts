import { expect, test } from "vitest";
import { LogLevel, ResetReason } from "../contract/host-abi.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { SeededRandom } from "./random.ts";
import { VirtualBoard } from "./virtual-board.ts";
import { VirtualTime } from "./virtual-time.ts";

function setUp(printsOnSerial: boolean) {
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  const logs: string[] = [];
  const board = new VirtualBoard({
    time,
    random,
    network: new MemoryNetwork({ time, random }).station(),
    mac: new Uint8Array(6),
    log: (_, text) => logs.push(text),
    printsOnSerial,
  });
  let text = "";
  board.serial.onBytes = (bytes) => {
    text += Buffer.from(bytes).toString();
  };
  return { time, board, logs, text: () => text };
}

test("starts, log lines with the time since then, and crashes", async () => {
  const { time, board, logs, text } = setUp(true);
  await time.run(5000);
  board.start(ResetReason.PowerOn);
  await time.runFor(12_345);
  board.log(LogLevel.Info, "counting on pin 14");
  board.log(LogLevel.Warning, "two\nlines");
  board.serialLog?.crash("unreachable");
  board.serialLog?.crash("", { cause: 28, epc1: 0x402cc1e3, excvaddr: 0, imageOffset: 0xc000 });
  await time.runFor(1000);
  expect(text().split("\r\n")).toEqual([
    "reset: PowerOn",
    "12.345 info counting on pin 14",
    "12.345 warning two lines",
    "crash: unreachable",
    "crash: cause 28 at 0x402cc1e3 address 0x00000000 image 0xc000",
    "",
  ]);
  expect(logs).toEqual(["counting on pin 14", "two\nlines"]);
});

test("nothing unless the board is asked to", async () => {
  const { time, board, logs, text } = setUp(false);
  board.start(ResetReason.PowerOn);
  board.log(LogLevel.Info, "counting");
  await time.run(1000);
  expect([text(), logs]).toEqual(["", ["counting"]]);
});
