import { describe, expect, test } from "vitest";
import type { DeviceOptions } from "../../board/device-life.ts";
import { Flash } from "../../board/flash.ts";
import { MemoryNetwork } from "../../board/memory-network.ts";
import { SeededRandom } from "../../board/random.ts";
import { writeUnsignedImage } from "../../board/unsigned-image.ts";
import { VirtualBoard } from "../../board/virtual-board.ts";
import { VirtualTime } from "../../board/virtual-time.ts";
import {
  FLASH_BOOT_OFFSET,
  FLASH_QUEUE_OFFSET,
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_B_OFFSET,
  Slot,
} from "../../contract/flash-map.ts";
import { LogLevel, ResetReason } from "../../contract/host-abi.ts";
import { ImageArch } from "../../contract/image-header.ts";
import { NativeDevice } from "./native-device.ts";
import { NativeProgram } from "./native-program.ts";
import { registerSymbols } from "./program-symbols.ts";
import { Case, SAID_RAM_IS_KEPT, TEST_PROGRAM, TRAP_OFFSET } from "./test-program.ts";

/** The test program with one byte behind the code changed: a program of its own. */
const OTHER_PROGRAM = withWord(TEST_PROGRAM, 0x28, 0x0bad_0bad);

function withWord(image: Uint8Array, at: number, word: number): Uint8Array {
  const copy = image.slice();
  new DataView(copy.buffer).setUint32(at, word, true);
  return copy;
}

function setUp(first: Case, options: DeviceOptions = {}, images: [number, Uint8Array][] = defaultImages()) {
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  const flash = new Flash();
  for (const [offset, image] of images) writeUnsignedImage(flash, offset, ImageArch.Lx106, image);
  /** [virtual ms, digit said] */
  const said: [number, number][] = [];
  const logs: [LogLevel, string][] = [];
  const board = new VirtualBoard({
    time,
    random,
    flash,
    network: new MemoryNetwork({ time, random }).station(),
    mac: new Uint8Array(6),
    log: (level, text) => {
      if (level === LogLevel.Info && text.length === 1) said.push([time.nowMs(), text.charCodeAt(0) - 48]);
      else logs.push([level, text]);
    },
  });
  board.pins.setAdc(first);
  const device = NativeDevice.fromFlash(board, { bootMs: 100, ...options });
  return { time, flash, board, device, said, logs };
}

function defaultImages(): [number, Uint8Array][] {
  return [
    [FLASH_BOOT_OFFSET, TEST_PROGRAM],
    [FLASH_SLOT_A_OFFSET, TEST_PROGRAM],
  ];
}

describe("a device that starts out of its flash", () => {
  test("runs the boot image in place, and the program at its own place after the hand-over; RAM is kept", async () => {
    const { time, board, device, said } = setUp(Case.RunSlotA);
    device.powerOn();
    await time.run(115);
    // The second start finds what the first has left in RAM; init has set the number of polls to 0.
    expect(said).toEqual([
      [100, ResetReason.PowerOn],
      [101, SAID_RAM_IS_KEPT],
      [101, ResetReason.PowerOn],
      [101, 1],
      [111, 2],
    ]);
    expect(board.slot).toBe(Slot.A);
    expect(device.figures).toMatchObject({ starts: 1, crashes: 0, memoryBytes: 0x200, heapLimitBytes: 1024 });
    expect(device.figures.instructions).toBeGreaterThan(100);
    device.stop();
  });

  test("RAM is noise after a power-on only", async () => {
    const { time, device, said } = setUp(Case.RunSlotA);
    device.powerOn();
    await time.run(200);
    device.reset();
    await time.run(310);
    const kept = said.filter(([, digit]) => digit === SAID_RAM_IS_KEPT).length;
    // At the hand-over, at the start after the reset, and at its hand-over. (The 8th poll says 8 as well.)
    expect(kept - said.filter(([ms, digit]) => digit === 8 && ms > 101 && ms < 300).length).toBe(3);
    device.powerCut();
    device.powerOn();
    const before = said.length;
    await time.run(410);
    expect(said[before]).toEqual([410, ResetReason.PowerOn]);
  });

  test("devices of one image share a chip; their RAM does not meet, in whatever order they run", async () => {
    const members = [0, 1, 2].map(() => setUp(Case.RunSlotA));
    for (const { device } of members) device.powerOn();
    for (let ms = 100; ms <= 300; ms++) for (const { time } of members) await time.run(ms);
    const counts = members.map(({ said }) => said.map(([, digit]) => digit));
    expect(counts[0]?.slice(0, 7)).toEqual([0, 8, 0, 1, 2, 3, 4]);
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
  });

  test("a hand-over back and forth between places keeps each device's RAM", async () => {
    const { time, device, said } = setUp(Case.RunSlotA, {}, [
      [FLASH_BOOT_OFFSET, TEST_PROGRAM],
      [FLASH_SLOT_A_OFFSET, OTHER_PROGRAM],
    ]);
    device.powerOn();
    await time.run(101);
    // The other program marks RAM with another word, so it finds a mark that is not its own.
    expect(said.map(([, digit]) => digit)).toEqual([0, 0, 1]);
  });

  test("image_run returns when there is none to run", async () => {
    const { time, device, said, logs } = setUp(Case.RunSlotA, {}, [
      [FLASH_BOOT_OFFSET, TEST_PROGRAM],
      [FLASH_SLOT_A_OFFSET, withWord(TEST_PROGRAM, 0, 0)],
      [FLASH_SLOT_B_OFFSET, TEST_PROGRAM],
    ]);
    device.powerOn();
    await time.run(100);
    expect(said.map(([, digit]) => digit)).toEqual([0, 9, 1]);
    expect(logs).toEqual([
      [
        LogLevel.Warning,
        "the image at 0x0c000 does not run: This is not a native program: it begins with 0x00000000, not 0x0131584c.",
      ],
    ]);
  });

  test("a WebAssembly image is none for this engine", async () => {
    const { time, flash, device, logs } = setUp(Case.Count, {}, []);
    writeUnsignedImage(flash, FLASH_BOOT_OFFSET, ImageArch.Wasm32, TEST_PROGRAM);
    device.powerOn();
    await time.run(1000);
    expect(logs).toEqual([[LogLevel.Error, "the image at 0x00000 does not run: it is for Wasm32, not Lx106"]]);
    expect([device.isPowered, device.isRunning]).toEqual([true, false]);
  });
});

describe("a crash", () => {
  test("tells the address; with symbols registered for these bytes, the name", async () => {
    const unknown = withWord(TEST_PROGRAM, 0x28, 1);
    const known = withWord(TEST_PROGRAM, 0x28, 2);
    registerSymbols(known, {
      functions: [{ name: "case_ill", offset: 0x15c, sizeBytes: 6 }],
      trapSites: [{ offset: TRAP_OFFSET, trap: "unreachable" }],
    });
    const texts: string[] = [];
    for (const image of [unknown, known]) {
      const { time, device, logs } = setUp(Case.IllegalInstruction, {}, [[FLASH_BOOT_OFFSET, image]]);
      device.powerOn();
      await time.run(150);
      texts.push(logs[0]?.[1] ?? "");
    }
    // 0x402c0000 is where the region appears; 0xc0 the header; 0x15f the place.
    expect(texts).toEqual([
      "the program trapped in poll: exception 0 (IllegalInstruction) at 0x402c021f",
      "the program trapped in poll: unreachable at 0x402c021f (case_ill + 0x3)",
    ]);
  });

  test("each place has its own addresses", () => {
    const addresses = [FLASH_BOOT_OFFSET, FLASH_SLOT_A_OFFSET, FLASH_SLOT_B_OFFSET].map(
      (offset) => NativeProgram.load(TEST_PROGRAM, {}, offset).address,
    );
    expect(addresses).toEqual([0x402c00c0, 0x402cc0c0, 0x402dc0c0]);
    expect(() => NativeProgram.load(TEST_PROGRAM, {}, FLASH_QUEUE_OFFSET)).toThrow("do not fit");
  });
});

describe("flash of the board", () => {
  test("an erase takes its time", async () => {
    const { time, flash, device } = setUp(Case.Erase);
    device.powerOn();
    await time.run(100 + 3 * 51 - 1);
    expect([device.figures.polls, flash.counts.erases]).toEqual([3, 3 + erasesOfSetUp()]);
  });

  test("a power cut in an erase ends the run; the chip is as usable as before", async () => {
    let cuts = 0;
    const context = setUp(Case.Erase, {
      onPowerCut: () => {
        cuts++;
        context.board.pins.setAdc(Case.Count);
        context.device.powerOn();
      },
    });
    const { time, flash, device, said } = context;
    flash.onOperation = () => ({ at: "inside", seed: 1 });
    device.powerOn();
    await time.run(215);
    expect(cuts).toBe(1);
    expect(said).toEqual([
      [100, ResetReason.PowerOn],
      [200, ResetReason.PowerOn],
      [200, 1],
      [210, 2],
    ]);
    expect(device.figures).toMatchObject({ starts: 2, resets: 0, crashes: 0 });
  });

  function erasesOfSetUp(): number {
    return setUp(Case.Count).flash.counts.erases;
  }
});
