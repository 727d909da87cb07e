/** Simulated sensors on a wire, against values of their datasheets. */
import { expect, test } from "vitest";
import { Clock } from "../clock.ts";
import { Pins } from "../pins.ts";
import { VirtualTime } from "../virtual-time.ts";
import { Wires } from "../wires.ts";
import { oneWireCrc } from "./crc8.ts";
import { Dht22 } from "./dht22.ts";
import { Ds18b20 } from "./ds18b20.ts";

const PIN = 4;
const SKIP = 0xcc;
const CONVERT_T = 0x44;
const READ_SCRATCHPAD = 0xbe;
const WRITE_SCRATCHPAD = 0x4e;
const COPY_SCRATCHPAD = 0x48;

/** DS18B20 datasheet, table 1; 85 is also what it shows after power-on. */
const TEMPERATURES: [celsius: number, raw: number][] = [
  [125, 0x07d0],
  [85, 0x0550],
  [25.0625, 0x0191],
  [10.125, 0x00a2],
  [0.5, 0x0008],
  [0, 0x0000],
  [-0.5, 0xfff8],
  [-10.125, 0xff5e],
  [-25.0625, 0xfe6f],
  [-55, 0xfc90],
];

function setUp() {
  const time = new VirtualTime();
  const clock = new Clock(time);
  const wires = new Wires(new Pins({ time, clockMs: () => clock.ms(), wake: () => {} }), clock);
  const run = (bytes: number[], readBytes = 0) => {
    const into = new Uint8Array(readBytes);
    expect(wires.oneWireTransfer(PIN, Uint8Array.from(bytes), into)).toBe(readBytes);
    return [...into];
  };
  return { time, wires, run };
}

test("the CRC of Maxim's application note 27: its example of a ROM code", () => {
  expect(oneWireCrc([0x02, 0x1c, 0xb8, 0x01, 0x00, 0x00, 0x00])).toBe(0xa2);
  expect(oneWireCrc([0x02, 0x1c, 0xb8, 0x01, 0x00, 0x00, 0x00, 0xa2])).toBe(0);
});

test("a scratchpad after power-on is the one that devices show", () => {
  const { wires, run } = setUp();
  wires.attach(PIN, new Ds18b20(7));
  expect(run([SKIP, READ_SCRATCHPAD], 9)).toEqual([0x50, 0x05, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10, 0x1c]);
});

test.each(TEMPERATURES)("DS18B20 table 1: %f degrees", async (celsius, raw) => {
  const { time, wires, run } = setUp();
  const device = new Ds18b20(7);
  wires.attach(PIN, device);
  device.temperatureC = celsius;
  run([SKIP, CONVERT_T]);
  await time.runFor(760);
  expect(run([SKIP, READ_SCRATCHPAD], 9).slice(0, 2)).toEqual([raw & 0xff, raw >> 8]);
});

test.each([
  [0x1f, 93.75, 0x0190],
  [0x3f, 187.5, 0x0194],
  [0x5f, 375, 0x0194],
  [0x7f, 750, 0x0195],
])("configuration %i: a conversion takes %f ms, and reads as zeros until then", async (configuration, ms, raw) => {
  const { time, wires, run } = setUp();
  const device = new Ds18b20(7);
  wires.attach(PIN, device);
  run([SKIP, WRITE_SCRATCHPAD, 1, 2, configuration]);
  device.temperatureC = 25.3125;
  expect(run([SKIP, CONVERT_T], 1)).toEqual([0]);
  await time.runFor(Math.floor(ms) - 10);
  expect(run([SKIP, READ_SCRATCHPAD], 5)).toEqual([0x50, 0x05, 1, 2, configuration]);
  await time.runFor(20);
  expect(run([SKIP, READ_SCRATCHPAD], 2)).toEqual([raw & 0xff, raw >> 8]);
});

test("power that goes away loses the settings that were not copied, and the conversion", async () => {
  const { time, wires, run } = setUp();
  const device = new Ds18b20(7);
  wires.attach(PIN, device);
  run([SKIP, WRITE_SCRATCHPAD, 1, 2, 0x1f]);
  run([SKIP, COPY_SCRATCHPAD]);
  run([SKIP, WRITE_SCRATCHPAD, 3, 4, 0x3f]);
  run([SKIP, CONVERT_T]);
  device.powerOn();
  await time.runFor(800);
  expect(run([SKIP, READ_SCRATCHPAD], 5)).toEqual([0x50, 0x05, 1, 2, 0x1f]);
});

test("a low that is no slot is counted, and the device is deaf until the next reset", () => {
  const { wires } = setUp();
  const device = new Ds18b20(7);
  wires.attach(PIN, device);
  const drive = (lowUs: number, fromUs: number) => {
    device.hostDrives(0, fromUs);
    device.hostDrives(1, fromUs + lowUs);
  };
  drive(500, 0);
  drive(6, 1000);
  expect(device.badSlots).toBe(0);
  drive(30, 1100);
  expect(device.badSlots).toBe(1);
  drive(30, 1200);
  expect(device.badSlots).toBe(1);
  drive(500, 2000);
  drive(130, 3000);
  expect(device.badSlots).toBe(2);
});

test("DHT22: the datasheet's examples, 65.2 % and 35.1 degrees, and -10.1 degrees", () => {
  const device = new Dht22();
  Object.assign(device, { humidityPercent: 65.2, temperatureC: 35.1 });
  expect(device.bytes()).toEqual([0b0000_0010, 0b1000_1100, 0b0000_0001, 0b0101_1111, 0b1110_1110]);
  device.temperatureC = -10.1;
  expect(device.bytes().slice(2, 4)).toEqual([0b1000_0000, 0b0110_0101]);
});

test("DHT22: 83 levels after a start pulse, none after a short one, and none within two seconds", async () => {
  const { time, wires } = setUp();
  const device = new Dht22();
  wires.attach(PIN, device);
  const into = new Uint8Array(400);
  const read = (lowUs: number) => {
    const bytes = wires.pulseRead(PIN, lowUs, 250, into);
    return [...new Uint16Array(into.slice(0, bytes).buffer)];
  };
  expect(read(500)).toEqual([]);
  Object.assign(device, { humidityPercent: 65.2, temperatureC: 35.1 });
  const widths = read(1100);
  expect(widths.slice(0, 3)).toEqual([30, 80, 80]);
  const highs = widths.slice(3, 83).filter((_, index) => index % 2 === 1);
  expect(highs.map((us) => (us === 70 ? 1 : us === 26 ? 0 : us)).join("")).toBe(
    "0000001010001100000000010101111111101110",
  );
  // The low at the end, and then the line is high for good.
  expect(widths).toHaveLength(84);
  expect(read(1100)).toEqual([]);
  await time.runFor(2010);
  expect(read(1100)).toHaveLength(84);
});
