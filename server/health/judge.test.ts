import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_POLICY, type HealthPolicy, type PartialPolicy, resolvePolicy } from "./health-policy.ts";
import { type Finding, Health } from "./health-states.ts";
import { type HealthFacts, judge, LOOK_AGAIN_MAX_MS, restartsOfDay } from "./judge.ts";

const NOW_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const ALWAYS = { isOpen: true, sinceMs: null, untilMs: null };
const WELL: HealthFacts = {
  atMs: NOW_MS,
  heardMs: NOW_MS,
  isHeardAnew: true,
  listeningMs: 0,
  hours: ALWAYS,
  restarts: 0,
  freeBytes: 4000,
  rssiDbm: -60,
  queued: 0,
  clocklessMs: null,
};

const look = (facts: Partial<HealthFacts>, before: Finding[] = [], policy: HealthPolicy = DEFAULT_POLICY) =>
  judge({ ...WELL, ...facts }, policy, before);
const of = (facts: Partial<HealthFacts>, before: Finding[] = [], policy?: HealthPolicy) =>
  look(facts, before, policy).findings.map(({ reason, level }) => `${reason} ${Health[level]}`);
const silent = (minutes: number, facts: Partial<HealthFacts> = {}) => ({
  heardMs: NOW_MS - minutes * MINUTE_MS,
  isHeardAnew: false,
  ...facts,
});

test("a device that does well", () => {
  expect(look({})).toEqual({ state: Health.Normal, findings: [], dueMs: NOW_MS + 20 * MINUTE_MS });
});

test("what a device has not told is no fault", () => {
  expect(of({ freeBytes: null, rssiDbm: null, queued: null })).toEqual([]);
});

test("each reason at its limits", () => {
  expect(of({ restarts: 3.9 })).toEqual([]);
  expect(of({ restarts: 4 })).toEqual(["restarts Warning"]);
  expect(of({ restarts: 12 })).toEqual(["restarts Failed"]);
  expect(of({ freeBytes: 512 })).toEqual([]);
  expect(of({ freeBytes: 511 })).toEqual(["memory Warning"]);
  expect(of({ freeBytes: 63 })).toEqual(["memory Failed"]);
  expect(of({ rssiDbm: -81, queued: 2000 })).toEqual(["signal Warning", "queue Warning"]);
  expect(of({ rssiDbm: -91, queued: 3000 })).toEqual(["signal Failed", "queue Failed"]);
  expect(of({ clocklessMs: NOW_MS - 29 * MINUTE_MS })).toEqual([]);
  expect(of({ clocklessMs: NOW_MS - 3000 * MINUTE_MS })).toEqual(["clock Warning"]);
});

test("the worst reason is the state", () => {
  expect(look({ rssiDbm: -85, restarts: 40 }).state).toBe(Health.Failed);
});

describe("no hole between two limits", () => {
  const limit = fc.double({ min: 1, max: 1e6, noNaN: true });
  test("every value has one level, and a worse value never a better one", () => {
    fc.assert(
      fc.property(limit, limit, limit, limit, (a, b, one, other) => {
        const [warning, failed] = [Math.min(a, b), Math.max(a, b)];
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const rising = resolvePolicy([{ queue: { warning, failed }, memory: { warning: failed, failed: warning } }]);
        const state = (facts: Partial<HealthFacts>) => look({ freeBytes: null, ...facts }, [], rising).state;
        expect(state({ queued: less })).toBeLessThanOrEqual(state({ queued: more }));
        expect(state({ queued: less })).toBe(
          less >= failed ? Health.Failed : less >= warning ? Health.Warning : Health.Normal,
        );
        expect(state({ freeBytes: more })).toBeLessThanOrEqual(state({ freeBytes: less }));
      }),
    );
  });

  test("also between policies: a reason is taken whole from one of them", () => {
    const policies: PartialPolicy[] = [
      { silence: { warning: 5, failed: null } },
      { silence: { warning: 1, failed: 2 } },
    ];
    expect(resolvePolicy(policies).silence).toEqual({ warning: 5, failed: null });
    expect(resolvePolicy(policies).signal).toEqual(DEFAULT_POLICY.signal);
  });
});

describe("a value on the edge does not flap", () => {
  test("signal", () => {
    let findings: Finding[] = [];
    const seen = [-79, -81, -79, -80, -78, -76, -79, -81].map((rssiDbm) => {
      ({ findings } = look({ rssiDbm }, findings));
      return findings.length;
    });
    expect(seen).toEqual([0, 1, 1, 1, 1, 0, 0, 1]);
  });

  test("from failed to warning, and no further", () => {
    const failed: Finding[] = [{ reason: "queue", level: Health.Failed, value: 3000 }];
    expect(of({ queued: 2750 }, failed)).toEqual(["queue Failed"]);
    expect(of({ queued: 2600 }, failed)).toEqual(["queue Warning"]);
    expect(of({ queued: 100 }, failed)).toEqual([]);
  });

  test("what stays as it is keeps its value, so that nothing is written", () => {
    const before: Finding[] = [{ reason: "signal", level: Health.Warning, value: -84 }];
    expect(look({ rssiDbm: -86 }, before).findings).toEqual(before);
  });
});

describe("silence", () => {
  const failed: Finding[] = [{ reason: "silence", level: Health.Failed, value: 60 }];
  test("rises with time", () => {
    expect([19.9, 20, 59.9, 60].map((minutes) => of(silent(minutes)))).toEqual([
      [],
      ["silence Warning"],
      ["silence Warning"],
      ["silence Failed"],
    ]);
  });

  test("ends when the device is heard, and not because the server begins to listen anew", () => {
    expect(of(silent(600, { listeningMs: NOW_MS }), failed)).toEqual(["silence Failed"]);
    expect(of({}, failed)).toEqual([]);
  });

  test("the server's own absence is nobody's silence", () => {
    expect(of(silent(1440, { listeningMs: NOW_MS - 5 * MINUTE_MS }))).toEqual([]);
    expect(of(silent(1440, { listeningMs: NOW_MS - 25 * MINUTE_MS }))).toEqual(["silence Warning"]);
    // Nobody has said yet that the server listens.
    expect(of(silent(1440, { listeningMs: Number.POSITIVE_INFINITY }))).toEqual([]);
  });

  test("a clock that was set back a year", () => {
    const heardMs = NOW_MS + 365 * 1440 * MINUTE_MS;
    expect(of({ heardMs, isHeardAnew: false, listeningMs: NOW_MS - MINUTE_MS })).toEqual([]);
    expect(of({ heardMs, isHeardAnew: false, listeningMs: NOW_MS - 90 * MINUTE_MS })).toEqual(["silence Failed"]);
  });

  test("closed at night: neither found nor ended; in the morning it counts from the opening", () => {
    const closed = { isOpen: false, sinceMs: NOW_MS - 600 * MINUTE_MS, untilMs: NOW_MS + 30 * MINUTE_MS };
    expect(of(silent(610, { hours: closed }))).toEqual([]);
    expect(of(silent(700, { hours: closed }), failed)).toEqual(["silence Failed"]);
    expect(look(silent(610, { hours: closed })).dueMs).toBe(closed.untilMs);
    const opened = (minutes: number) => ({ isOpen: true, sinceMs: NOW_MS - minutes * MINUTE_MS, untilMs: null });
    expect(of(silent(900, { hours: opened(19) }))).toEqual([]);
    expect(of(silent(900, { hours: opened(61) }))).toEqual(["silence Failed"]);
  });

  test("where nobody asks for it there is none", () => {
    const off = resolvePolicy([{ silence: { warning: null, failed: null } }]);
    expect(of(silent(6000), failed, off)).toEqual([]);
  });

  test("it is looked at again when the next level may come, and after an hour at the latest", () => {
    expect(look(silent(15)).dueMs).toBe(NOW_MS + 5 * MINUTE_MS);
    expect(look(silent(30)).dueMs).toBe(NOW_MS + 30 * MINUTE_MS);
    expect(look(silent(90)).dueMs).toBe(NOW_MS + LOOK_AGAIN_MAX_MS);
    const far = resolvePolicy([{ silence: { warning: 10_000, failed: null } }]);
    expect(look({}, [], far).dueMs).toBe(NOW_MS + LOOK_AGAIN_MAX_MS);
  });
});

test("starts of the day before fall evenly, without a step at midnight", () => {
  const midnightMs = 19_700 * 86_400_000;
  expect(restartsOfDay(midnightMs - 1, 8, 0)).toBe(8);
  expect(restartsOfDay(midnightMs, 0, 8)).toBe(8);
  expect(restartsOfDay(midnightMs + 43_200_000, 0, 8)).toBe(4);
});
