/** The device's local time against Node's time zones, at every change of 36 years; opening hours against those and by hand. */
import { beforeAll, describe, expect, test } from "vitest";
import { TestProgram } from "./test-program.ts";

let program: TestProgram;

beforeAll(async () => {
  program = await TestProgram.compile("opening-hours");
});

/** Wall clock minus UTC, minutes. */
function offsetIn(zone: string): (unixS: number) => number {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "longOffset" });
  return (unixS) => {
    const name = format.formatToParts(unixS * 1000).find(({ type }) => type === "timeZoneName")?.value ?? "";
    const [, sign, hours, minutes] = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name) ?? [];
    return (sign === "-" ? -1 : 1) * (60 * Number(hours ?? 0) + Number(minutes ?? 0));
  };
}

const ZONES = [
  // The rules of today: Europe since 1996, America since 2007, Australia since 2008, New Zealand since 2007.
  { zone: "Europe/Berlin", offsetMin: 60, begin: 35002, end: 105003, fromYear: 2001 },
  { zone: "Europe/London", offsetMin: 0, begin: 35001, end: 105002, fromYear: 2001 },
  { zone: "America/New_York", offsetMin: -300, begin: 32002, end: 111002, fromYear: 2008 },
  { zone: "America/St_Johns", offsetMin: -210, begin: 32002, end: 111002, fromYear: 2012 },
  { zone: "Australia/Sydney", offsetMin: 600, begin: 101002, end: 41003, fromYear: 2009 },
  { zone: "Pacific/Auckland", offsetMin: 720, begin: 95002, end: 41003, fromYear: 2009 },
  { zone: "Asia/Kolkata", offsetMin: 330, begin: 0, end: 0, fromYear: 2001 },
];
/** Node's own rules end with 32 bits of signed seconds. */
const TO_YEAR = 2037;

test.each(ZONES)("$zone: every change, to the minute", ({ zone, offsetMin, begin, end, fromYear }) => {
  program.call("setZone", offsetMin, begin, end);
  const offset = offsetIn(zone);
  const device = (unixS: number) => ((program.call("localS", unixS) >>> 0) - unixS) / 60;
  let changes = 0;
  const toS = Date.UTC(TO_YEAR, 0) / 1000;
  for (let atS = Date.UTC(fromYear, 0) / 1000; atS < toS; atS += 86400) {
    const before = offset(atS);
    expect(device(atS)).toBe(before);
    if (offset(atS + 86400) === before) continue;
    changes++;
    for (let minute = 0; minute < 1440; minute += 30) {
      for (const nearS of [atS + 60 * minute - 1, atS + 60 * minute]) expect(device(nearS)).toBe(offset(nearS));
    }
  }
  expect(changes).toBe(begin === 0 ? 0 : 2 * (TO_YEAR - fromYear));
});

describe("opening hours", () => {
  /** Monday 2025-03-03 00:00 UTC. */
  const MONDAY_S = Date.UTC(2025, 2, 3) / 1000;
  const at = (day: number, hour: number, minute: number) => MONDAY_S + 86400 * day + 3600 * hour + 60 * minute;

  test("a week: closed days, odd minutes, a span beyond midnight", () => {
    program.call("setZone", 0, 0, 0);
    const days = [9002030, 0, 2400, 8151299, 20000200, 23592400, 0];
    days.forEach((hours, day) => {
      program.call("setDay", day, hours);
    });
    const isOpen = (day: number, hour: number, minute: number) => program.call("isOpen", at(day, hour, minute)) === 1;
    expect([isOpen(0, 8, 59), isOpen(0, 9, 0), isOpen(0, 20, 29), isOpen(0, 20, 30)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect([isOpen(1, 0, 0), isOpen(1, 12, 0), isOpen(1, 23, 59)]).toEqual([false, false, false]);
    expect([isOpen(2, 0, 0), isOpen(2, 12, 0), isOpen(2, 23, 59)]).toEqual([true, true, true]);
    expect([isOpen(3, 8, 14), isOpen(3, 8, 15)]).toEqual([false, true]);
    expect([isOpen(4, 19, 59), isOpen(4, 20, 0), isOpen(4, 23, 59)]).toEqual([false, true, true]);
    expect([isOpen(5, 0, 0), isOpen(5, 1, 59), isOpen(5, 2, 0), isOpen(5, 23, 58)]).toEqual([true, true, false, false]);
    expect([isOpen(5, 23, 59), isOpen(6, 0, 0)]).toEqual([true, false]);
  });

  test("go by the wall clock, and by the last answer while the time is unknown", () => {
    program.call("setZone", 60, 35002, 105003);
    for (let day = 0; day < 7; day++) program.call("setDay", day, 10001900);
    const berlin = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", hour: "2-digit", hourCycle: "h23" });
    const berlinHour = (unixS: number) => Number(berlin.format(unixS * 1000));
    let opens = 0;
    for (let hour = 0; hour < 24 * 366; hour++) {
      const unixS = MONDAY_S + 3600 * hour;
      const expected = berlinHour(unixS) >= 10 && berlinHour(unixS) < 19;
      expect(program.call("isOpen", unixS) === 1).toBe(expected);
      if (expected) opens++;
    }
    expect(opens).toBe(366 * 9);
    const before = program.call("isOpen", MONDAY_S + 12 * 3600);
    expect(program.call("isOpen", 0)).toBe(before);
  });
});
