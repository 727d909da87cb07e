/** A crash on the emulated chip, as its host prints it on the serial line, and the name that a monitor finds for it. */
import { describe, expect, test } from "vitest";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { FLASH_SLOT_B_OFFSET } from "../../runtime/contract/flash-map.ts";
import { NativeDevice } from "../../runtime/esp8266/device/native-device.ts";
import { NativeProgram } from "../../runtime/esp8266/device/native-program.ts";
import { buildNative } from "../../tools/build/build-native.ts";
import { CrashNames } from "../../tools/monitor/crash-names.ts";
import { LineReader, type MonitorLine } from "../../tools/monitor/serial-line.ts";

const PROGRAM = "test/programs/crash";

/** What a board says on its serial line that has so much on its analogue input. */
async function linesWith(adc: number, flashOffset?: number): Promise<MonitorLine[]> {
  const { module } = await buildNative(PROGRAM);
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  const network = new MemoryNetwork({ time, random }).station();
  const board = new VirtualBoard({ time, random, network, mac: new Uint8Array(6), printsOnSerial: true });
  const lines: MonitorLine[] = [];
  const reader = new LineReader((line) => lines.push(line));
  board.serial.onBytes = (bytes) => reader.push(bytes);
  board.pins.setAdc(adc);
  // Without names: a real board has none.
  const device = new NativeDevice(NativeProgram.load(module.image, {}, flashOffset), board);
  device.powerOn();
  await time.run(500);
  device.stop();
  return lines;
}

async function nameOf(adc: number, flashOffset?: number): Promise<string> {
  const line = (await linesWith(adc, flashOffset)).find(({ kind }) => kind === "exception");
  if (line?.kind !== "exception") throw new Error("the board has not told of a crash");
  return new CrashNames(PROGRAM).describe(line);
}

describe("a crash is told by name", () => {
  test("a trap", async () => {
    expect(await nameOf(1)).toMatch(/^integer divide by zero at 0x402cc[0-9a-f]{3} \(\S+\/divide \+ 0x[0-9a-f]+\), if/);
  });

  test("in slot B as well", async () => {
    expect(await nameOf(1, FLASH_SLOT_B_OFFSET)).toMatch(
      /^integer divide by zero at 0x402dc[0-9a-f]{3} \(\S+\/divide /,
    );
  });

  test("an access, with its address", async () => {
    expect(await nameOf(2)).toMatch(/^exception \d+ \(Load\w+\), address 0x00001000 at 0x402cc\w+ \(\S+\/peek \+ /);
  });
});

test("sources that do not compile: no names, and why", async () => {
  const line = { kind: "exception", cause: 0, epc1: 0x402cc100, excvaddr: 0, imageOffset: 0xc000, text: "" } as const;
  expect(await new CrashNames("test/programs/none").describe(line)).toMatch(
    /^no names: test\/programs\/none cannot be/,
  );
});
