import { expect, test } from "vitest";
import { BMP280_ID, Bme280, EXAMPLE_CALIBRATION, pascalOf, percentOf, temperatureOf } from "./bme280.ts";

const MEASURE = [0xf2, 1, 0xf4, 0x25];

function setUp(options = {}) {
  let nowMs = 0;
  const device = new Bme280({ nowMs: () => nowMs, ...options });
  return {
    device,
    wait: (ms: number) => {
      nowMs += ms;
    },
    write: (...bytes: number[]) => device.write(Uint8Array.from(bytes)),
    read: (register: number, sizeBytes: number) => {
      device.write(Uint8Array.of(register));
      return [...device.read(sizeBytes)];
    },
  };
}

function rawOf(bytes: number[]) {
  const [p0 = 0, p1 = 0, p2 = 0, t0 = 0, t1 = 0, t2 = 0, h0 = 0, h1 = 0] = bytes;
  return { p: (p0 << 12) | (p1 << 4) | (p2 >> 4), t: (t0 << 12) | (t1 << 4) | (t2 >> 4), h: (h0 << 8) | h1 };
}

test("the example of the BMP280 datasheet, 3.12: 25.08 degrees, 100653.27 Pa", () => {
  const { celsius, tFine } = temperatureOf(519888, EXAMPLE_CALIBRATION);
  expect([celsius.toFixed(2), Math.trunc(tFine)]).toEqual(["25.08", 128422]);
  expect(pascalOf(415148, tFine, EXAMPLE_CALIBRATION).toFixed(2)).toBe("100653.27");
});

test("the calibration of the example stands where the datasheet has it", () => {
  const { read } = setUp();
  const bytes = read(0x88, 26).map((byte) => byte.toString(16).padStart(2, "0"));
  expect(bytes.join(" ")).toBe("70 6b 43 67 18 fc 7d 8e 43 d6 d0 0b 27 0b 8c 00 f9 ff 8c 3c f8 c6 70 17 00 4b");
  // dig_H4 is 315 = 0x13b, dig_H5 50 = 0x032: their low nibbles share a byte.
  expect(read(0xe1, 7)).toEqual([0x6a, 0x01, 0x00, 0x13, 0x2b, 0x03, 0x1e]);
  expect([read(0xd0, 1), setUp({ id: BMP280_ID }).read(0xd0, 1)]).toEqual([[0x60], [0x58]]);
});

test("nothing is measured until it is asked for; a measurement takes its time, then the chip sleeps", () => {
  const { device, wait, write, read } = setUp();
  const skipped = [0x80, 0, 0, 0x80, 0, 0, 0x80, 0];
  expect(read(0xf7, 8)).toEqual(skipped);
  Object.assign(device, { temperatureC: -12.5, pressurePa: 96_000, humidityPercent: 33 });
  write(...MEASURE);
  wait(9);
  expect([read(0xf3, 1), read(0xf7, 8)]).toEqual([[0x08], skipped]);
  wait(1);
  expect([read(0xf3, 1), read(0xf4, 1)]).toEqual([[0], [0x24]]);
  const { t, p, h } = rawOf(read(0xf7, 8));
  const { celsius, tFine } = temperatureOf(t, EXAMPLE_CALIBRATION);
  expect(celsius).toBeCloseTo(-12.5, 2);
  expect(pascalOf(p, tFine, EXAMPLE_CALIBRATION)).toBeCloseTo(96_000, 0);
  expect(percentOf(h, tFine, EXAMPLE_CALIBRATION)).toBeCloseTo(33, 1);
  device.isStuck = true;
  write(...MEASURE);
  wait(1000);
  expect(read(0xf3, 1)).toEqual([0x08]);
});

test("humidity needs its own setting, before that of the measurement; a BMP280 has none; a reset forgets", () => {
  const { wait, write, read } = setUp();
  write(0xf4, 0x25);
  wait(10);
  expect(read(0xfd, 2)).toEqual([0x80, 0]);
  write(...MEASURE);
  wait(10);
  expect(read(0xfd, 2)).not.toEqual([0x80, 0]);
  write(0xe0, 0xb6);
  expect(read(0xf7, 8)).toEqual([0x80, 0, 0, 0x80, 0, 0, 0x80, 0]);
  const bmp280 = setUp({ id: BMP280_ID });
  bmp280.write(...MEASURE);
  bmp280.wait(10);
  expect(bmp280.read(0xf7, 8).slice(6)).toEqual([0, 0]);
});
