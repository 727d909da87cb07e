import { expect, test } from "vitest";
import { FakeClock, recordInterrupt } from "./fake-core.ts";
import { Watchdog } from "./watchdog.ts";

const CTL = 0x00;
const OP = 0x04;
const OP_ND = 0x08;
const RST = 0x14;
const EN = 1;
/** 0.8192 ms. */
const UNIT = 65536;

function setUp() {
  const clock = new FakeClock();
  const interrupt = recordInterrupt(clock);
  const bites: number[] = [];
  const watchdog = new Watchdog({ clock, interrupt: interrupt.input, bite: () => bites.push(clock.cycles) });
  watchdog.write(OP, 12);
  watchdog.write(OP_ND, 11);
  return { clock, interrupt, bites, watchdog };
}

test("off, it never bites", () => {
  const { clock, interrupt, bites } = setUp();
  clock.advance(1e12);
  expect([interrupt.rises, bites]).toEqual([[], []]);
});

test("unfed: an interrupt after 2^OP units, a reset 2^OP_ND units later, once", () => {
  const { clock, interrupt, bites, watchdog } = setUp();
  watchdog.write(CTL, EN);
  clock.advance(1e12);
  expect(interrupt.rises).toEqual([4096 * UNIT]);
  expect(bites).toEqual([(4096 + 2048) * UNIT]);
});

test("0x73 feeds it in either stage, another value does not", () => {
  const { clock, bites, watchdog } = setUp();
  watchdog.write(CTL, EN);
  clock.advance(5000 * UNIT);
  watchdog.write(RST, 0x73);
  clock.advance(6000 * UNIT);
  expect(bites).toEqual([]);
  watchdog.write(RST, 0x72);
  clock.advance(144 * UNIT);
  expect(bites).toEqual([(5000 + 6144) * UNIT]);
});

test("a reset of the chip and a cleared enable bit stop it", () => {
  const { clock, bites, watchdog } = setUp();
  watchdog.write(CTL, EN);
  watchdog.reset();
  expect(watchdog.read(CTL)).toBe(0);
  watchdog.write(CTL, EN);
  watchdog.write(CTL, 0);
  clock.advance(1e12);
  expect(bites).toEqual([]);
});

test("what is not known of it is refused", () => {
  const { watchdog } = setUp();
  expect(() => watchdog.write(CTL, EN | 2)).toThrow("response modes other than 0");
  expect(() => watchdog.read(RST)).toThrow("0x60000914");
});
