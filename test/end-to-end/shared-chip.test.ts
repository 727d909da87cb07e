/** Devices of one program share an emulated chip: what one does to it must not reach another. */
import { expect, test } from "vitest";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { createDevice } from "../../tools/build/create-device.ts";
import { loadProgram } from "../../tools/build/load-program.ts";

test("a write beyond the stack is a crash of the device that made it, and gone for the next", async () => {
  const program = await loadProgram("test/programs/wild-write", "lx106");
  const outcomes: string[][] = [];
  for (const adc of [0, 1, 0]) {
    const time = new VirtualTime();
    const random = new SeededRandom(1);
    const logs: string[] = [];
    const board = new VirtualBoard({
      time,
      random,
      network: new MemoryNetwork({ time, random }).station(),
      mac: new Uint8Array(6),
      log: (_, text) => logs.push(text),
    });
    board.pins.setAdc(adc);
    const device = createDevice(program, board);
    device.powerOn();
    await time.run(300);
    device.stop();
    outcomes.push(logs);
  }
  expect(outcomes).toEqual([
    ["found 0"],
    ["the program trapped in poll: a write to 0x3fffd000, above the stack, where the SDK has its data"],
    ["found 0"],
  ]);
});
