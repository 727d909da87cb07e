import { expect, test } from "vitest";
import { InterruptLine } from "../bus.ts";
import { ApbClock } from "./apb-clock.ts";
import { Dport, EdgeInterrupt } from "./dport.ts";
import { FakeClock, FakeLines, recordInterrupt } from "./fake-core.ts";
import { SharedLine } from "./interrupt-input.ts";

const EDGE_INT_ENABLE = 0x04;
const CACHE_FLASH_CTRL = 0x0c;
const CPU_CLOCK = 0x14;

function setUp() {
  const clock = new FakeClock();
  const apb = new ApbClock(clock);
  const cache: boolean[] = [];
  const dport = new Dport({
    mac: new Uint8Array([0x5c, 0xcf, 0x7f, 0x01, 0x02, 0x03]),
    setCacheEnabled: (isEnabled) => cache.push(isEnabled),
    setCyclesPerTick: (cycles) => apb.setCyclesPerTick(cycles),
  });
  return { clock, apb, cache, dport };
}

test("a timer's interrupt passes only while its bit is set", () => {
  const { clock, dport } = setUp();
  const line = recordInterrupt(clock);
  const input = dport.gate(EdgeInterrupt.Frc1, line.input);
  input(true);
  expect(line.isUp).toBe(false);
  dport.write(EDGE_INT_ENABLE, 1 << 1);
  expect(line.isUp).toBe(true);
  dport.write(EDGE_INT_ENABLE, 1 << 2);
  expect(line.isUp).toBe(false);
  dport.write(EDGE_INT_ENABLE, 1 << 1);
  input(false);
  expect(line.isUp).toBe(false);
});

test("at 160 MHz two cycles make a tick of the peripherals, also for what was planned before", () => {
  const { clock, apb, dport } = setUp();
  const rang: [string, number][] = [];
  apb.at(1000, () => rang.push(["first", clock.cycles]));
  const cancel = apb.at(1100, () => rang.push(["cancelled", clock.cycles]));
  clock.advance(400);
  dport.write(CPU_CLOCK, 1);
  clock.advance(200);
  expect(apb.cycles).toBe(500);
  cancel();
  clock.advance(2000);
  expect(rang).toEqual([["first", 400 + 600 * 2]]);
  dport.write(CPU_CLOCK, 0);
  const tick = apb.cycles;
  clock.advance(10);
  expect(apb.cycles).toBe(tick + 10);
});

test("the cache is on until bit 8 is cleared", () => {
  const { cache, dport } = setUp();
  expect(dport.read(CACHE_FLASH_CTRL)).toBe(0x100);
  dport.write(CACHE_FLASH_CTRL, 0);
  dport.setCacheEnabled(true);
  expect([cache, dport.read(CACHE_FLASH_CTRL)]).toEqual([[false, true], 0x100]);
});

test("the MAC address is where esptool looks for it", () => {
  const { dport } = setUp();
  const [mac0, mac1, mac3] = [0x50, 0x54, 0x5c].map((offset) => dport.read(offset)) as [number, number, number];
  const read = [mac3 >> 16, mac3 >> 8, mac3, mac1 >> 8, mac1, mac0 >>> 24].map((byte) => byte & 0xff);
  expect(read).toEqual([0x5c, 0xcf, 0x7f, 1, 2, 3]);
});

test("a shared line is up while one of its inputs is", () => {
  const lines = new FakeLines();
  const line = new SharedLine(lines, InterruptLine.Uart);
  const [first, second] = [line.input(), line.input()];
  first(true);
  second(true);
  first(false);
  expect([...lines.up]).toEqual([InterruptLine.Uart]);
  second(false);
  expect(lines.up.size).toBe(0);
});

test("an unknown register is refused", () => {
  const { dport } = setUp();
  expect(() => dport.read(0x00)).toThrow("0x3ff00000");
  expect(() => dport.write(0x50, 0)).toThrow("0x3ff00050");
});
