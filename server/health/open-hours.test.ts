import { expect, test } from "vitest";
import { HoursClock, stateAt } from "./open-hours.ts";

const at = (text: string) => Date.parse(text);
/** Monday to Friday in Rome, and Saturday until after midnight. */
const SHOP = {
  zone: "Europe/Rome",
  windows: [
    { days: [1, 2, 3, 4, 5], fromMin: 9 * 60, toMin: 18 * 60 },
    { days: [6], fromMin: 20 * 60, toMin: 2 * 60 },
  ],
};

// Expected: the wall clock of Rome, UTC+1 in winter and UTC+2 in summer; 2024-03-31 is the day of the change.
test.each([
  ["2024-03-06T08:00:00Z", true, "2024-03-06T08:00:00Z", "2024-03-06T17:00:00Z"],
  ["2024-03-06T07:59:59Z", false, "2024-03-05T17:00:00Z", "2024-03-06T08:00:00Z"],
  ["2024-03-06T12:34:56Z", true, "2024-03-06T08:00:00Z", "2024-03-06T17:00:00Z"],
  ["2024-03-31T00:30:00Z", true, "2024-03-30T19:00:00Z", "2024-03-31T01:00:00Z"],
  ["2024-03-31T12:00:00Z", false, "2024-03-31T01:00:00Z", "2024-04-01T07:00:00Z"],
])("%s", (time, isOpen, since, until) => {
  expect(stateAt(SHOP, at(time))).toEqual({ isOpen, sinceMs: at(since), untilMs: at(until) });
});

test("open all week: since ever, and without an end", () => {
  const always = { zone: "UTC", windows: [{ days: [0, 1, 2, 3, 4, 5, 6], fromMin: 0, toMin: 1440 }] };
  expect(stateAt(always, at("2024-03-06T12:00:00Z"))).toEqual({ isOpen: true, sinceMs: null, untilMs: null });
  expect(new HoursClock().at(null, 0)).toEqual({ isOpen: true, sinceMs: null, untilMs: null });
});

test("what is kept is right at every minute of two weeks, also when time goes back", () => {
  const clock = new HoursClock();
  const fromMs = at("2024-03-20T00:00:00Z");
  for (let minute = 0; minute < 14 * 1440; minute += 97) {
    const state = clock.at(SHOP, fromMs + minute * 60_000);
    const { isOpen, untilMs } = stateAt(SHOP, fromMs + minute * 60_000);
    expect(state).toMatchObject({ isOpen, untilMs });
  }
  expect(clock.at(SHOP, fromMs)).toMatchObject(stateAt(SHOP, fromMs));
});
