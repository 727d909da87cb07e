import { putHex } from "../testing/hex.ts";
import { Bme280Compensation } from "./bme280-compensation.ts";

const buffer = memory.data(32);

/**
 * The calibration of the example in the BMP280 datasheet, 3.12, and dig_H1 to dig_H6 75, 362, 0, 315, 50, 30; `t2` is two bytes.
 * The values that the example does not have are what others publish as outputs of the datasheet's integer formulas for them.
 */
function calibrated(t2: string): Bme280Compensation {
  const compensation = new Bme280Compensation();
  putHex(buffer, "706b" + t2 + "18fc7d8e43d6d00b270b8c00f9ff8c3cf8c67017004b");
  compensation.takeFirst(buffer);
  putHex(buffer, "6a0100132b031e");
  compensation.takeSecond(buffer);
  return compensation;
}

const T2 = "4367";

describe("the BME280's compensation", () => {
  test("the BMP280 datasheet's example: 25.08 degrees, and 100653 Pa", () => {
    const compensation = calibrated(T2);
    expect(compensation.milliC(519888)).toBe(25080);
    expect(compensation.tFine).toBe(128422);
    expect(compensation.pascal(415148)).toBe(100653);
    // 100653.25 Pa, where floating point has 100653.27.
    expect(compensation.pascalQ8(415148)).toBe(25767233);
    expect(compensation.percentQ10(32768)).toBe(71319);
    expect(compensation.milliPercent(32768)).toBe(69647);
  });

  test("below zero", () => {
    const compensation = calibrated(T2);
    expect(compensation.milliC(409600)).toBe(-9610);
    expect(compensation.tFine).toBe(-49208);
    expect(compensation.pascalQ8(415148)).toBe(24415055);
    expect(compensation.percentQ10(32768)).toBe(68674);
  });

  test("raw values at their ends", () => {
    const compensation = calibrated(T2);
    expect(compensation.milliC(0xfffff)).toBe(187550);
    expect(compensation.tFine).toBe(960246);
    expect(compensation.pascalQ8(0)).toBe(55536661);
    expect(compensation.percentQ10(0xffff)).toBe(102400);
  });

  test("another calibration", () => {
    const compensation = calibrated("3075");
    expect(compensation.milliC(519888)).toBe(28470);
    expect(compensation.tFine).toBe(145791);
    expect(compensation.pascalQ8(415148)).toBe(25901067);
    expect(compensation.percentQ10(32768)).toBe(71558);
  });

  test("no calibration at all divides by nothing", () => {
    const compensation = new Bme280Compensation();
    compensation.milliC(519888);
    expect(compensation.pascal(415148)).toBe(0);
  });
});
