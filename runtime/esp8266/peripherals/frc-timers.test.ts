import { expect, test } from "vitest";
import { FakeClock, recordInterrupt } from "./fake-core.ts";
import { FrcTimers } from "./frc-timers.ts";

const FRC1 = { LOAD: 0x00, COUNT: 0x04, CTRL: 0x08, INT: 0x0c };
const FRC2 = { LOAD: 0x20, COUNT: 0x24, CTRL: 0x28, INT: 0x2c, ALARM: 0x30 };
const HOLD = 1;
const DIV16 = 1 << 2;
const DIV256 = 2 << 2;
const RELOAD = 1 << 6;
const EN = 1 << 7;
const INT = 1 << 8;

function setUp() {
  const clock = new FakeClock();
  const frc1 = recordInterrupt(clock);
  const frc2 = recordInterrupt(clock);
  return { clock, frc1, frc2, timers: new FrcTimers({ clock, frc1: frc1.input, frc2: frc2.input }) };
}

test("FRC1 stands still until it is enabled, then counts down at the divided clock", () => {
  const { clock, timers } = setUp();
  timers.write(FRC1.LOAD, 1000);
  clock.advance(500);
  expect(timers.read(FRC1.COUNT)).toBe(1000);
  timers.write(FRC1.CTRL, EN | DIV16);
  clock.advance(159);
  expect(timers.read(FRC1.COUNT)).toBe(1000 - 9);
  clock.advance(1);
  expect(timers.read(FRC1.COUNT)).toBe(1000 - 10);
});

test("FRC1 has 23 bits and interrupts at zero, again and again with reload", () => {
  const { clock, frc1, timers } = setUp();
  timers.write(FRC1.LOAD, 0xff800000 + 100);
  expect(timers.read(FRC1.LOAD)).toBe(100);
  timers.write(FRC1.CTRL, EN | RELOAD | DIV256);
  clock.advance(3 * 100 * 256);
  expect(frc1.rises).toEqual([25_600, 51_200, 76_800]);
  expect(timers.read(FRC1.CTRL)).toBe(EN | RELOAD | DIV256);
});

test("FRC1 without reload runs on from its largest value", () => {
  const { clock, frc1, timers } = setUp();
  timers.write(FRC1.LOAD, 10);
  timers.write(FRC1.CTRL, EN);
  clock.advance(11);
  expect(timers.read(FRC1.COUNT)).toBe(0x7fffff);
  clock.advanceTo(10 + 0x800000);
  expect(frc1.rises).toEqual([10, 10 + 0x800000]);
});

test("a held interrupt stays until FRC1_INT is written; the timer runs on", () => {
  const { clock, frc1, timers } = setUp();
  timers.write(FRC1.LOAD, 50);
  timers.write(FRC1.CTRL, EN | RELOAD | HOLD);
  clock.advance(60);
  expect([frc1.isUp, timers.read(FRC1.CTRL) & INT, timers.read(FRC1.COUNT)]).toEqual([true, INT, 40]);
  timers.write(FRC1.INT, 1);
  expect([frc1.isUp, timers.read(FRC1.CTRL) & INT]).toEqual([false, 0]);
  clock.advance(60);
  expect(frc1.rises).toEqual([50, 100]);
});

test("a write of the control register keeps the part of a divided tick", () => {
  const { clock, timers } = setUp();
  timers.write(FRC2.CTRL, EN | DIV16);
  for (let round = 0; round < 16; round++) {
    clock.advance(15);
    timers.write(FRC2.CTRL, EN | DIV16);
  }
  expect(timers.read(FRC2.COUNT)).toBe(15);
});

test("FRC2 counts up over 2^32 and interrupts at the alarm", () => {
  const { clock, frc2, timers } = setUp();
  timers.write(FRC2.LOAD, 0xfffffff0);
  timers.write(FRC2.ALARM, 4);
  timers.write(FRC2.CTRL, EN);
  clock.advance(15);
  expect(timers.read(FRC2.COUNT)).toBe(0xffffffff);
  clock.advance(10);
  expect(timers.read(FRC2.COUNT)).toBe(9);
  expect(frc2.rises).toEqual([20]);
  timers.write(FRC2.ALARM, 100);
  clock.advance(200);
  expect(frc2.rises).toEqual([20, 20 + 96]);
});

test("disabling stops the count and the event", () => {
  const { clock, frc1, timers } = setUp();
  timers.write(FRC1.LOAD, 100);
  timers.write(FRC1.CTRL, EN);
  clock.advance(40);
  timers.write(FRC1.CTRL, 0);
  clock.advance(1000);
  expect([timers.read(FRC1.COUNT), frc1.rises]).toEqual([60, []]);
});

test("a register between the timers is refused", () => {
  const { timers } = setUp();
  expect(() => timers.read(0x10)).toThrow("0x60000610");
  expect(() => timers.write(FRC1.COUNT, 0)).toThrow("0x60000604");
});
