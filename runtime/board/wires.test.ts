import { expect, test } from "vitest";
import { HostError } from "../contract/error-codes.ts";
import { OneWireTriplet, PinEdge, PinMode } from "../contract/host-abi.ts";
import { ONEWIRE_TRANSFER_MAX_BYTES, PULSE_READ_MAX_US } from "../contract/limits.ts";
import { Clock } from "./clock.ts";
import { Pins } from "./pins.ts";
import { Ds18b20 } from "./sensors/ds18b20.ts";
import { VirtualTime } from "./virtual-time.ts";
import type { WireDevice } from "./wire.ts";
import { Wires } from "./wires.ts";

const PIN = 13;
const NOTHING = new Uint8Array(0);
const READ_ROM = Uint8Array.of(0x33);
const SEARCH_ROM = Uint8Array.of(0xf0);

function setUp() {
  const time = new VirtualTime();
  const clock = new Clock(time);
  const pins = new Pins({ time, clockMs: () => clock.ms(), wake: () => {} });
  return { time, clock, pins, wires: new Wires(pins, clock) };
}

/** Pulls the line low between these times, counted from when the host lets go. */
function pulses(...lows: [fromUs: number, toUs: number][]): WireDevice {
  let letGoUs = Number.POSITIVE_INFINITY;
  return {
    hostDrives: (level, atUs) => {
      letGoUs = level === 1 ? atUs : Number.POSITIVE_INFINITY;
    },
    pulls: (atUs) => lows.some(([from, to]) => atUs - letGoUs >= from && atUs - letGoUs < to),
    nextChangeUs: (afterUs) =>
      lows.flat().find((us) => letGoUs + us > afterUs && Number.isFinite(letGoUs)) === undefined
        ? Number.POSITIVE_INFINITY
        : letGoUs + (lows.flat().find((us) => letGoUs + us > afterUs) as number),
  };
}

function widths(bytes: Uint8Array, count: number): number[] {
  return [...new Uint16Array(bytes.slice(0, count).buffer)];
}

test("a transfer resets, writes and reads; what it takes shows on the clock, and time catches up", async () => {
  const { time, clock, wires } = setUp();
  const device = new Ds18b20(0x0123_4567_89ab);
  const detach = wires.attach(PIN, device);
  await time.runFor(5);
  const rom = new Uint8Array(8);
  expect(wires.oneWireTransfer(PIN, READ_ROM, rom)).toBe(8);
  expect([...rom]).toEqual([...device.rom]);
  expect([...rom.subarray(0, 7)]).toEqual([0x28, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01]);
  // 980 us of reset and 72 slots of 70 us.
  expect(clock.aheadMs).toBeCloseTo(6.02);
  expect(clock.ms()).toBe(11);
  await time.runFor(6);
  expect(clock.ms()).toBe(11);
  await time.runFor(2);
  expect([clock.ms(), clock.aheadMs]).toEqual([13, 0]);
  expect(device.badSlots).toBe(0);
  detach();
  expect(wires.oneWireTransfer(PIN, READ_ROM, rom)).toBe(HostError.NoDevice);
});

test("with nothing to do it tells whether somebody is there, and whether the line is held", () => {
  const { pins, wires } = setUp();
  expect(wires.oneWireTransfer(PIN, NOTHING, NOTHING)).toBe(HostError.NoDevice);
  wires.attach(PIN, new Ds18b20(1));
  expect(wires.oneWireTransfer(PIN, NOTHING, NOTHING)).toBe(0);
  pins.setInput(PIN, 0);
  expect(wires.oneWireTransfer(PIN, NOTHING, NOTHING)).toBe(HostError.Broken);
  expect(wires.oneWireTriplet(PIN, 0)).toBe(HostError.Broken);
  pins.setInput(PIN, undefined);
  // One that never lets go after the reset pulse.
  wires.attach(PIN, pulses([20, 5000]));
  expect(wires.oneWireTransfer(PIN, NOTHING, NOTHING)).toBe(HostError.Broken);
});

test("a triplet tells of both bits where devices differ, and goes the way that it is told", () => {
  const { wires } = setUp();
  const [one, other] = [new Ds18b20(0b01), new Ds18b20(0b11)];
  wires.attach(PIN, one);
  wires.attach(PIN, other);
  const { Bit, Complement, Taken } = OneWireTriplet;
  const follow = (direction: 0 | 1) => {
    expect(wires.oneWireTransfer(PIN, SEARCH_ROM, NOTHING)).toBe(0);
    const bits = Array.from({ length: 64 }, () => wires.oneWireTriplet(PIN, direction));
    const rom: number[] = bits.map((bit) => ((bit & Taken) === 0 ? 0 : 1));
    const bytes = Array.from({ length: 8 }, (_, at) =>
      rom.slice(8 * at, 8 * at + 8).reduceRight((sum, bit) => 2 * sum + bit, 0),
    );
    return { bits, bytes };
  };
  const low = follow(0);
  // The family is the same, 0x28 from its lowest bit; then the first serial bit, and then the one that differs.
  expect(low.bits.slice(0, 8)).toEqual([0, 0, 0, 1, 0, 1, 0, 0].map((bit) => (bit === 1 ? Bit | Taken : Complement)));
  expect(low.bits.slice(8, 10)).toEqual([Bit | Taken, 0]);
  expect(low.bytes).toEqual([...one.rom]);
  const high = follow(1);
  expect(high.bits[9]).toBe(Taken);
  expect(high.bytes).toEqual([...other.rom]);
  // Nobody goes on after the last bit.
  expect(wires.oneWireTriplet(PIN, 0)).toBe(Bit | Complement | Taken);
});

test("pulses: the levels in turn, high first, until the record is full, the line is quiet, or the time is over", () => {
  const { clock, wires } = setUp();
  const into = new Uint8Array(20);
  expect(wires.pulseRead(PIN, 1000, 200, into)).toBe(0);
  expect(clock.us()).toBe(1200);
  const detach = wires.attach(PIN, pulses([30, 110], [190, 240], [266, 316]));
  expect(widths(into, wires.pulseRead(PIN, 1000, 200, into))).toEqual([30, 80, 80, 50, 26, 50]);
  expect(widths(into, wires.pulseRead(PIN, 1000, 200, into.subarray(0, 9)))).toEqual([30, 80, 80, 50]);
  // A level that lasts for longer than the quiet time ends the record, and is not in it.
  expect(widths(into, wires.pulseRead(PIN, 1000, 79, into))).toEqual([30]);
  detach();
  wires.attach(PIN, pulses([9500, 9901]));
  const startUs = clock.us();
  expect(widths(into, wires.pulseRead(PIN, 100, 20_000, into))).toEqual([9500]);
  expect(clock.us() - startUs).toBe(PULSE_READ_MAX_US);
});

test("a line that is low at once has a high of no length; without a start pulse nobody is asked", () => {
  const { pins, wires } = setUp();
  const into = new Uint8Array(8);
  wires.attach(PIN, pulses([30, 110]));
  expect(wires.pulseRead(PIN, 0, 500, into)).toBe(0);
  pins.setInput(PIN, 0);
  expect(widths(into, wires.pulseRead(PIN, 1000, 500, into))).toEqual([0]);
});

test("the pin becomes an input with pull-up, and what was watched there no longer is", () => {
  const { pins, wires } = setUp();
  pins.setMode(PIN, PinMode.Output);
  pins.watch(PIN, PinEdge.Both, 0);
  pins.pulse(PIN, 100);
  expect(wires.oneWireTransfer(PIN, NOTHING, NOTHING)).toBe(HostError.NoDevice);
  expect([pins.read(PIN), pins.duty(PIN)]).toEqual([1, undefined]);
  pins.setInput(PIN, 0);
  expect(pins.takeCount(PIN)).toBe(0);
});

test("pins, lengths and times have their bounds", () => {
  const { wires } = setUp();
  const most = new Uint8Array(ONEWIRE_TRANSFER_MAX_BYTES);
  const into = new Uint8Array(8);
  const { BadArgument, Unsupported } = HostError;
  for (const [pin, error] of [
    [6, BadArgument],
    [17, BadArgument],
    [-1, BadArgument],
    [16, Unsupported],
  ] as const) {
    expect(wires.oneWireTransfer(pin, NOTHING, into)).toBe(error);
    expect(wires.oneWireTriplet(pin, 0)).toBe(error);
    expect(wires.pulseRead(pin, 1000, 200, into)).toBe(error);
  }
  expect(wires.oneWireTransfer(PIN, most, into)).toBe(BadArgument);
  expect(wires.oneWireTriplet(PIN, 2)).toBe(BadArgument);
  for (const [lowUs, quietUs, bytes] of [
    [-1, 200, 8],
    [PULSE_READ_MAX_US + 1, 200, 8],
    [1000, 0, 8],
    [1000, -1, 8],
    [1000, 200, 1],
  ]) {
    expect(wires.pulseRead(PIN, lowUs as number, quietUs as number, new Uint8Array(bytes as number))).toBe(BadArgument);
  }
  expect(() => wires.attach(16, new Ds18b20(1))).toThrow("pins 0 to 5 and 12 to 15");
});
