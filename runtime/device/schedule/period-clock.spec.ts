import { Clock } from "../hal/clock.ts";
import { resetStage, setClockMs, setUnixS } from "../testing/stage.ts";
import { PeriodClock } from "./period-clock.ts";

const PERIOD_S: u32 = 60;
/** A multiple of the period: 2023-11-14 22:13:00 UTC. */
const MINUTE_S: u32 = 1699999980;

let clock = new Clock();
let periods = new PeriodClock();

/** The uptime and the Unix time are now these; says whether a period has ended. */
function endedAt(uptimeS: u32, unixS: u32): bool {
  setClockMs(uptimeS * 1000);
  setUnixS(unixS);
  clock.update();
  return periods.ended(clock);
}

/** Uptimes, each second from `fromS` to `toS`, at which a period ends; the Unix time is `aheadS` more, 0 = unknown. */
function endings(fromS: u32, toS: u32, aheadS: u32): string {
  let text = "";
  for (let s = fromS; s <= toS; s++) {
    if (endedAt(s, aheadS == 0 ? 0 : s + aheadS)) text += s.toString() + " ";
  }
  return text;
}

beforeEach(() => {
  resetStage();
  clock = new Clock();
  clock.begin();
  periods = new PeriodClock();
  periods.begin(PERIOD_S);
});

describe("PeriodClock: Unix time unknown", () => {
  test("periods are counted from the start", () => {
    expect(endings(0, 185, 0)).toBe("60 120 180 ");
  });

  test("one asked for late ends once, and the next one is a whole one", () => {
    expect(endedAt(200, 0)).toBe(true);
    expect(endedAt(259, 0)).toBe(false);
    expect(endedAt(260, 0)).toBe(true);
  });
});

describe("PeriodClock: Unix time known", () => {
  test("from the first second on: periods end at its multiples", () => {
    expect(endings(0, 150, MINUTE_S + 20)).toBe("40 100 ");
  });

  test("asked several times in one second, a period ends once", () => {
    endedAt(0, MINUTE_S + 59);
    expect(endedAt(1, MINUTE_S + 60)).toBe(true);
    expect(endedAt(1, MINUTE_S + 60)).toBe(false);
  });

  test("a period of a day ends at midnight UTC", () => {
    periods.begin(86400);
    // 2023-11-14 23:59:59 UTC
    expect(endedAt(10, 1700006399)).toBe(false);
    expect(endedAt(11, 1700006400)).toBe(true);
  });
});

describe("PeriodClock: the Unix time becomes known in a period", () => {
  test("no multiple of it has passed since the period began: it ends at the next one", () => {
    expect(endings(0, 19, 0)).toBe("");
    expect(endings(20, 150, MINUTE_S + 10)).toBe("50 110 ");
  });

  test("a multiple has passed: it ends now, so that no period is longer than the others", () => {
    expect(endings(0, 49, 0)).toBe("");
    expect(endings(50, 200, MINUTE_S + 20)).toBe("50 100 160 ");
  });

  test("the period began at a multiple: it is a whole one", () => {
    expect(endings(0, 9, 0)).toBe("");
    expect(endings(10, 130, MINUTE_S)).toBe("60 120 ");
  });

  test("later than the first period", () => {
    expect(endings(0, 129, 0)).toBe("60 120 ");
    expect(endings(130, 300, MINUTE_S + 20)).toBe("160 220 280 ");
  });
});

describe("PeriodClock: the Unix time is set anew", () => {
  test("back by seconds, over the end of a period: it does not end twice", () => {
    endings(0, 9, MINUTE_S + 50);
    expect(endedAt(10, MINUTE_S + 60)).toBe(true);
    expect(endings(11, 80, MINUTE_S + 45)).toBe("75 ");
  });

  test("far back: followed without an end", () => {
    endings(0, 10, MINUTE_S);
    expect(endings(11, 80, MINUTE_S - 86400)).toBe("60 ");
  });

  test("far forward: one period ends, not many", () => {
    endings(0, 10, MINUTE_S);
    expect(endings(11, 80, MINUTE_S + 86400)).toBe("11 60 ");
  });

  test("forward within the period: it ends at the new time's multiple", () => {
    endings(0, 10, MINUTE_S);
    expect(endings(11, 80, MINUTE_S + 20)).toBe("40 ");
  });
});

describe("PeriodClock: delayMs", () => {
  test("sleeps up to the last second, then asks several times", () => {
    endedAt(0, 0);
    expect(periods.delayMs(clock)).toBe(59000);
    endedAt(58, 0);
    expect(periods.delayMs(clock)).toBe(1000);
    endedAt(59, 0);
    expect(periods.delayMs(clock)).toBe(200);
    endedAt(59, MINUTE_S + 15);
    expect(periods.delayMs(clock)).toBe(44000);
    endedAt(60, MINUTE_S + 59);
    expect(periods.delayMs(clock)).toBe(200);
  });

  test("who sleeps that long each time misses no end and wakes at most a second after it", () => {
    let atMs: u32 = 0;
    let ends = 0;
    for (let wakes = 0; wakes < 1000 && atMs < 3600000; wakes++) {
      setClockMs(atMs);
      setUnixS(MINUTE_S + 20 + atMs / 1000);
      clock.update();
      if (periods.ended(clock)) {
        ends++;
        expect((atMs / 1000 + 20) % 60).toBe(0);
      }
      atMs += periods.delayMs(clock);
    }
    expect(atMs).toBeGreaterThanOrEqual(3600000);
    expect(ends).toBe(60);
  });
});
