import { expect, test } from "vitest";
import { THROTTLED_KEPT_MAX } from "../limits.ts";
import { LoginThrottle, networkOf } from "./login-throttle.ts";
import { RequestRate } from "./request-rate.ts";

const NOW_MS = 1_700_000_000_000;
const HOME = "192.0.2.1";

test("an account: five attempts, then waits of one, two, four seconds, a minute at most", () => {
  const throttle = new LoginThrottle();
  let nowMs = NOW_MS;
  for (let attempt = 0; attempt < 5; attempt++) expect(throttle.begin("jo", `192.0.2.${attempt}`, nowMs)).toBe(0);
  const waits: number[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    const waitMs = throttle.begin("jo", HOME, nowMs);
    waits.push(waitMs);
    // A moment before its time it does not go.
    expect(throttle.begin("jo", HOME, nowMs + waitMs - 1)).toBe(1);
    nowMs += waitMs;
    expect(throttle.begin("jo", `198.51.100.${attempt}`, nowMs)).toBe(0);
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(throttle.begin("anne", HOME, nowMs)).toBe(0);
});

test("an address: many accounts do not help", () => {
  const throttle = new LoginThrottle();
  for (let attempt = 0; attempt < 20; attempt++) expect(throttle.begin(`user ${attempt}`, HOME, NOW_MS)).toBe(0);
  expect(throttle.begin("somebody else", HOME, NOW_MS)).toBe(1000);
  expect(throttle.begin("somebody else", "192.0.2.2", NOW_MS)).toBe(0);
});

test("success forgets an account's failures, an hour all of them", () => {
  const throttle = new LoginThrottle();
  const fail = (times: number) => Array.from({ length: times }, () => throttle.begin("jo", HOME, NOW_MS));
  fail(5);
  expect(throttle.begin("jo", HOME, NOW_MS + 1000)).toBe(0);
  throttle.succeed("jo", HOME);
  expect(fail(6)).toEqual([0, 0, 0, 0, 0, 1000]);
  expect(throttle.begin("jo", HOME, NOW_MS + 3_600_000)).toBe(0);
});

test("remembers so many, and forgets who was quiet for longest", () => {
  const throttle = new LoginThrottle();
  for (let attempt = 0; attempt < 6; attempt++) throttle.begin("jo", HOME, NOW_MS);
  expect(throttle.begin("jo", "192.0.2.9", NOW_MS)).toBeGreaterThan(0);
  for (let other = 0; other < THROTTLED_KEPT_MAX; other++) throttle.begin(`user ${other}`, `10.0.${other}`, NOW_MS);
  expect(throttle.begin("jo", "192.0.2.9", NOW_MS)).toBe(0);
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
])("%s counts as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test("requests: so many at once, then so many a second", () => {
  const rate = new RequestRate();
  const RATE = { burst: 3, perS: 2 };
  const take = (afterMs: number, key = "a") => rate.take(key, RATE, NOW_MS + afterMs);
  expect([take(0), take(0), take(0), take(0)]).toEqual([0, 0, 0, 500]);
  expect(take(0, "b")).toBe(0);
  expect([take(499), take(500), take(500)]).toEqual([1, 0, 500]);
  // Never more than the burst, however long it was quiet.
  expect([take(9000), take(9000), take(9000), take(9000)]).toEqual([0, 0, 0, 500]);
});
