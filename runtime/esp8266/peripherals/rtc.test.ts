import { expect, test } from "vitest";
import { FakeClock } from "./fake-core.ts";
import type { Level } from "./gpio.ts";
import { Rtc, RtcResetReason } from "./rtc.ts";
import { RtcMemory } from "./rtc-memory.ts";

const RTC_CTRL = 0x00;
const RTC_STATE1 = 0x14;
const RTC_SLP_CNT_VAL = 0x1c;
const RTC_SCRATCH2 = 0x38;
const RTC_GPIO_OUT = 0x68;
const RTC_GPIO_ENABLE = 0x74;
const RTC_GPIO_IN_DATA = 0x8c;

function setUp() {
  const clock = new FakeClock();
  const driven: (Level | undefined)[] = [];
  let resets = 0;
  const rtc = new Rtc({
    clock,
    gpio16: { level: () => 1, drive: (level) => void driven.push(level) },
    reset: () => void resets++,
  });
  return { clock, driven, rtc, resets: () => resets };
}

test("the slow counter takes 5.75 microseconds a tick", () => {
  const { clock, rtc } = setUp();
  clock.advance(80_000_000);
  expect(rtc.read(RTC_SLP_CNT_VAL)).toBe(Math.floor(1_000_000 / 5.75));
});

test("scratch registers keep, the state tells the reset reason, bit 31 of the control register resets", () => {
  const { rtc, resets } = setUp();
  rtc.write(RTC_SCRATCH2, 0xdeadbeef);
  expect(rtc.read(RTC_SCRATCH2)).toBe(0xdeadbeef);
  expect(rtc.read(RTC_STATE1)).toBe(RtcResetReason.PowerOn);
  rtc.resetReason = RtcResetReason.Watchdog;
  expect(rtc.read(RTC_STATE1)).toBe(4);
  rtc.write(RTC_CTRL, 0x80000000);
  expect(resets()).toBe(1);
});

test("GPIO16 is driven while its output is enabled", () => {
  const { rtc, driven } = setUp();
  rtc.write(RTC_GPIO_OUT, 1);
  rtc.write(RTC_GPIO_ENABLE, 1);
  rtc.write(RTC_GPIO_OUT, 0);
  rtc.write(RTC_GPIO_ENABLE, 0);
  expect(driven).toEqual([undefined, 1, 0, undefined]);
  expect(rtc.read(RTC_GPIO_IN_DATA)).toBe(1);
});

test("an unknown register is refused", () => {
  const { rtc } = setUp();
  expect(() => rtc.write(0x08, 1 << 20)).toThrow("0x60000708");
  expect(() => rtc.read(0x20)).toThrow("0x60000720");
});

test("RTC memory: the user's 512 bytes are the port's, the rest is kept", () => {
  const user = new Uint8Array(512);
  const memory = new RtcMemory({
    rtcRead: (offset, into) => {
      into.set(user.subarray(offset, offset + into.length));
      return 0;
    },
    rtcWrite: (offset, bytes) => {
      user.set(bytes, offset);
      return 0;
    },
  });
  memory.write(0x200, 0x04030201);
  memory.write(0x3fc, 0xfffefdfc);
  expect([...user.subarray(0, 4), ...user.subarray(508)]).toEqual([1, 2, 3, 4, 0xfc, 0xfd, 0xfe, 0xff]);
  user[1] = 9;
  expect(memory.read(0x200)).toBe(0x04030901);
  memory.write(0x1fc, 0x80000001);
  expect([memory.read(0x1fc), memory.read(0x0)]).toEqual([0x80000001, 0]);
  const broken = new RtcMemory({ rtcRead: () => -2, rtcWrite: () => -2 });
  expect(() => broken.read(0x200)).toThrow("0x60001200");
});
