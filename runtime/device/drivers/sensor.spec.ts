import { SensorQuantity, SensorStatus } from "../../contract/sensor-reading.ts";
import { OVER, Reading, Sensor } from "./sensor.ts";

/** Three steps: now, after 100 ms, after 200 ms more. */
class Steps extends Sensor {
  steps: i32 = 0;

  constructor(everyMs: u32) {
    super(1, everyMs);
    this.readings[0] = new Reading(SensorQuantity.Level);
  }

  protected step(isFirst: bool, nowMs: u32): u32 {
    this.steps = isFirst ? 1 : this.steps + 1;
    if (this.steps < 3) return this.steps * 100;
    this.readings[0].set(7, 0, 9);
    return OVER;
  }
}

describe("a sensor", () => {
  test("takes its steps when they are due, and begins again a period after it began", () => {
    const sensor = new Steps(1000);
    sensor.begin(500);
    expect(sensor.delayMs(400)).toBe(100);
    expect(sensor.poll(499)).toBe(false);
    expect(sensor.steps).toBe(0);
    expect(sensor.poll(500)).toBe(false);
    expect(sensor.delayMs(500)).toBe(100);
    expect(sensor.poll(599)).toBe(false);
    expect(sensor.poll(605)).toBe(false);
    expect(sensor.delayMs(605)).toBe(200);
    expect(sensor.poll(805)).toBe(true);
    expect(sensor.delayMs(805)).toBe(695);
    expect(sensor.poll(1499)).toBe(false);
    expect(sensor.poll(1500)).toBe(false);
    expect(sensor.steps).toBe(1);
  });

  test("does not fall behind where each poll is a little late", () => {
    const sensor = new Steps(1000);
    sensor.begin(0);
    for (let round = 0; round < 5; round++) {
      expect(sensor.poll(round * 1000 + 9)).toBe(false);
      sensor.poll(round * 1000 + 120);
      expect(sensor.poll(round * 1000 + 330)).toBe(true);
      expect(sensor.delayMs(round * 1000 + 330)).toBe(670);
    }
  });

  test("periods that nobody polled in are left out", () => {
    const sensor = new Steps(1000);
    sensor.begin(0);
    sensor.poll(0);
    sensor.poll(100);
    expect(sensor.poll(5300)).toBe(true);
    expect(sensor.delayMs(5300)).toBe(1000);
  });

  test("goes on across the wrap of the clock", () => {
    const sensor = new Steps(1000);
    sensor.begin(u32.MAX_VALUE - 49);
    expect(sensor.poll(u32.MAX_VALUE - 50)).toBe(false);
    expect(sensor.poll(u32.MAX_VALUE - 49)).toBe(false);
    expect(sensor.delayMs(u32.MAX_VALUE)).toBe(51);
    expect(sensor.poll(49)).toBe(false);
    expect(sensor.poll(50)).toBe(false);
    expect(sensor.poll(250)).toBe(true);
    expect(sensor.delayMs(250)).toBe(700);
  });
});

describe("a reading", () => {
  test("has nothing at first, takes what is in bounds, and keeps it when something else comes", () => {
    const reading = new Reading(SensorQuantity.PressurePa);
    expect(reading.status).toBe(SensorStatus.NotReady);
    reading.set(5, -10, 5);
    expect(reading.status).toBe(SensorStatus.Good);
    reading.set(6, -10, 5);
    expect(reading.status).toBe(SensorStatus.OutOfRange);
    expect(reading.value).toBe(5);
    reading.set(-10, -10, 5);
    expect(reading.status).toBe(SensorStatus.Good);
    reading.set(-11, -10, 5);
    expect(reading.status).toBe(SensorStatus.OutOfRange);
  });
});
