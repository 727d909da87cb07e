import { describe, expect, test } from "vitest";
import { Pins } from "../../board/pins.ts";
import { Power } from "../../board/power.ts";
import { SeededRandom } from "../../board/random.ts";
import { VirtualTime } from "../../board/virtual-time.ts";
import { ResetReason } from "../../contract/host-abi.ts";
import { RtcResetReason } from "../peripherals/rtc.ts";
import { BARE_PROGRAM, BARE_PROGRAM_ADDRESS, HANG_ADDRESS, MAIN_ADDRESS } from "./bare-program.ts";
import { BoardPins } from "./board-pins.ts";
import { Esp8266 } from "./esp8266.ts";

function setUp(engine: "interpreter" | "translated" = "translated") {
  const time = new VirtualTime();
  const pins = new Pins({ time, clockMs: () => time.nowMs(), wake: () => {} });
  const power = new Power(new SeededRandom(1));
  const sent: string[] = [];
  const resets: RtcResetReason[] = [];
  const flash = new Uint8Array(0x100000).fill(0xff);
  const esp = new Esp8266({
    flash,
    pins: new BoardPins(pins),
    rtcMemory: power,
    mac: new Uint8Array(6),
    transmitted: (uart, byte) => sent.push(`${uart}${String.fromCharCode(byte)}`),
    onReset: (reason) => resets.push(reason),
    chip: { engine },
  });
  esp.chip.write(BARE_PROGRAM_ADDRESS, BARE_PROGRAM);
  return { esp, chip: esp.chip, pins, power, sent, resets, flash };
}

describe.each(["interpreter", "translated"] as const)("%s", (engine) => {
  test("a program uses serial output, a pin, a timer's interrupts and a delay", () => {
    const { chip, sent, pins } = setUp(engine);
    const result = chip.call(MAIN_ADDRESS);
    expect(result.kind === "returned" && result.words(1)).toEqual([3]);
    expect(sent).toEqual(["0H", "0i"]);
    expect(pins.level(2)).toBe(1);
    // Three periods of 800 cycles and a delay of 16,000.
    expect(chip.cycles).toBeGreaterThan(3 * 800 + 16_000);
    expect(chip.cycles).toBeLessThan(3 * 800 + 16_000 + 500);
  });

  test("an unfed watchdog resets the chip", () => {
    const { esp, chip, resets } = setUp(engine);
    chip.pc = HANG_ADDRESS;
    expect(chip.run({ maxCycles: 1_000_000 }).kind).toBe("stopped");
    expect(resets).toEqual([RtcResetReason.Watchdog]);
    expect(chip.cycles).toBeGreaterThanOrEqual(3 * 65536);
    expect(chip.cycles).toBeLessThan(3 * 65536 + 100);
    expect(esp.parts.rtc.resetReason).toBe(RtcResetReason.Watchdog);
    // Off after the reset.
    chip.pc = HANG_ADDRESS + 3 * 7;
    expect(chip.run({ maxCycles: 1_000_000 }).kind).toBe("limit");
  });
});

test("the ROM's flash routines change the flash chip, and what the window shows of it", () => {
  const { chip, flash } = setUp();
  chip.writeWord(0x3ffe8000, 0x12345678);
  expect(chip.readWord(0x40210000)).toBe(0xffffffff);
  chip.call(0x40004a4c, [0x10000, 0x3ffe8000, 4]);
  expect([chip.readWord(0x40210000), flash[0x10000]]).toEqual([0x12345678, 0x78]);
  chip.call(0x40004a00, [0x10]);
  expect(chip.readWord(0x40210000)).toBe(0xffffffff);
  chip.call(0x400047f0);
  expect(chip.readWord(0x40210000)).toBe(0);
  chip.call(0x40004678, [0, 0, 1]);
  expect(chip.readWord(0x40210000)).toBe(0xffffffff);
});

test("a division by zero in ROM is an illegal instruction", () => {
  const { chip } = setUp();
  expect(chip.call(0x4000e21c, [1, 0])).toEqual({ kind: "exception", cause: 0, epc1: 0x4000e21c, excvaddr: 0 });
  const result = chip.call(0x4000e21c, [100, 7]);
  expect(result.kind === "returned" && result.words(1)).toEqual([14]);
});

test("a program that the loader has started tells the ROM that nothing comes after it, and resets the chip", () => {
  const { chip, resets } = setUp();
  chip.call(0x40000fbc, [0]);
  expect(() => chip.call(0x40000fbc, [0x40100000])).toThrow("ets_set_user_start");
  expect(resets).toEqual([]);
  chip.pc = 0x4000264c;
  expect(chip.run({ maxCycles: 1000 }).kind).toBe("stopped");
  expect(resets).toEqual([RtcResetReason.Software]);
});

test("RTC memory is the board's", () => {
  const { chip, power } = setUp();
  power.start(ResetReason.External);
  power.rtcWrite(4, Uint8Array.of(1, 2, 3, 4));
  expect(chip.memory.load(0x60001204, 4)).toBe(0x04030201);
  chip.memory.store(0x60001208, 4, 0x0a0b0c0d);
  const bytes = new Uint8Array(4);
  power.rtcRead(8, bytes);
  expect([...bytes]).toEqual([0x0d, 0x0c, 0x0b, 0x0a]);
});

test("an input of the board shows in GPIO_IN", () => {
  const { chip, pins } = setUp();
  const GPIO_IN = 0x60000318;
  const before = chip.memory.load(GPIO_IN, 4);
  pins.setInput(4, 1);
  expect(before ^ chip.memory.load(GPIO_IN, 4)).toBe(1 << 4);
  // GPIO2 has its pull-up at reset, GPIO4 has none.
  expect((before >>> 2) & 1).toBe(1);
});

test("what is not emulated is said with its address", () => {
  const { chip } = setUp();
  expect(() => chip.memory.load(0x60000100, 4)).toThrow("0x60000100");
});
