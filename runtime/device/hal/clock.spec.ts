import { resetStage, setClockMs, setUnixS } from "../testing/stage.ts";
import { Clock, elapsedMs } from "./clock.ts";

beforeEach(() => {
  resetStage();
});

describe("Clock: uptime", () => {
  test("counts whole seconds and loses no millisecond between them", () => {
    const clock = new Clock();
    clock.begin();
    for (let ms = 0; ms <= 10000; ms += 7) {
      setClockMs(ms);
      clock.update();
      expect(clock.uptimeS).toBe(ms / 1000);
    }
  });

  test("begins at 0 whatever the milliseconds say", () => {
    setClockMs(123456);
    const clock = new Clock();
    clock.begin();
    setClockMs(123456 + 1999);
    clock.update();
    expect(clock.uptimeS).toBe(1);
  });

  test("goes on when the milliseconds wrap at 2^32", () => {
    setClockMs(u32.MAX_VALUE - 499);
    const clock = new Clock();
    clock.begin();
    setClockMs(499);
    clock.update();
    expect(clock.uptimeS).toBe(0);
    setClockMs(500);
    clock.update();
    expect(clock.uptimeS).toBe(1);
  });
});

describe("Clock: Unix time", () => {
  test("is 0 until it is set", () => {
    const clock = new Clock();
    expect(clock.unixS).toBe(0);
    clock.set(1700000000);
    expect(clock.unixS).toBe(1700000000);
  });

  test("stays when it agrees or is one second ahead, and follows otherwise", () => {
    setUnixS(1700000000);
    const clock = new Clock();
    clock.set(1700000000);
    expect(clock.unixS).toBe(1700000000);
    clock.set(1699999999);
    expect(clock.unixS).toBe(1700000000);
    clock.set(1700000001);
    expect(clock.unixS).toBe(1700000001);
    clock.set(1699999999);
    expect(clock.unixS).toBe(1699999999);
  });

  test("after 2038: unsigned", () => {
    const clock = new Clock();
    clock.set(4000000000);
    expect(clock.unixS).toBe(4000000000);
  });
});

describe("elapsedMs", () => {
  test("across the wrap, and backwards", () => {
    expect(elapsedMs(1500, 1000)).toBe(500);
    expect(elapsedMs(5, u32.MAX_VALUE - 4)).toBe(10);
    expect(elapsedMs(1000, 1500)).toBe(-500);
  });
});
