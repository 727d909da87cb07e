/** Each decision from facts that are written down by hand; no clock, no store. */
import { describe, expect, test } from "vitest";
import { decide, type GroupFacts, nextDueMs, type RolloutFacts } from "./decide.ts";
import { DEFAULT_PLAN, type RolloutPlan } from "./rollout-plan.ts";
import { DeviceState, RolloutState } from "./rollout-states.ts";

const MINUTE_MS = 60_000;
const NOW_MS = Date.parse("2026-01-12T12:00:00Z");
const { Pending, Offered, Trial, Confirmed, Failed, Lost, Skipped, Returning } = DeviceState;

const PLAN: RolloutPlan = {
  ...DEFAULT_PLAN,
  target: {},
  error: { percent: 10, lostAfterMin: 20, vitals: {}, rollBack: false },
  success: { percent: 90, soakMin: 60, absentAfterMin: 60 },
  atOnce: 5,
};

function group(counts: GroupFacts["counts"], bad = 0, pardoned = 0): GroupFacts {
  return { counts, bad, pardoned };
}

function facts(groups: GroupFacts[], more: Partial<RolloutFacts> = {}): RolloutFacts {
  return {
    state: RolloutState.Running,
    plan: PLAN,
    atMs: NOW_MS,
    openGroup: 0,
    groups,
    absent: 0,
    ready: 0,
    busy: 0,
    unanswered: 0,
    silent: 0,
    toReturn: 0,
    toReturnAway: 0,
    enoughMs: null,
    silentAtMs: null,
    unansweredAtMs: null,
    ...more,
  };
}

const withPlan = (change: Partial<RolloutPlan>) => ({ plan: { ...PLAN, ...change } });

describe("the next group opens", () => {
  const good = [group({ [Confirmed]: 9, [Pending]: 1 }), group({ [Pending]: 90 })];

  test("when enough are confirmed, for long enough", () => {
    const soaked = { enoughMs: NOW_MS - 60 * MINUTE_MS };
    expect(decide(facts(good, soaked))).toEqual({ do: "openGroup" });
    expect(decide(facts(good, { enoughMs: soaked.enoughMs + 1 }))).toBeNull();
    expect(nextDueMs(facts(good, { enoughMs: NOW_MS - 55 * MINUTE_MS }))).toBe(NOW_MS + 5 * MINUTE_MS);
  });

  test("without those that are away for long, but never without anybody", () => {
    const groups = [group({ [Confirmed]: 4, [Pending]: 6 }), group({ [Pending]: 90 })];
    const enoughMs = NOW_MS - 60 * MINUTE_MS;
    expect(decide(facts(groups, { enoughMs, absent: 6 }))).toEqual({ do: "openGroup" });
    expect(decide(facts(groups, { enoughMs, absent: 5 }))).toBeNull();
    expect(decide(facts([group({ [Pending]: 10 }), group({ [Pending]: 90 })], { absent: 10 }))).toBeNull();
  });

  test("at once where nobody of the one before is left to be asked", () => {
    expect(decide(facts([group({ [Skipped]: 10 }), group({ [Pending]: 90 })]))).toEqual({ do: "openGroup" });
  });
});

describe("it stops", () => {
  test("when more of a group are bad than its plan allows, not when as many are", () => {
    expect(decide(facts([group({ [Failed]: 1, [Lost]: 1, [Pending]: 18 }, 2)]))).toBeNull();
    expect(decide(facts([group({ [Failed]: 2, [Lost]: 1, [Pending]: 17 }, 3)]))).toEqual({
      do: "stop",
      reason: "3 of 20 devices in group 1, more than 10 %",
    });
  });

  test("for its first group also when later ones are good", () => {
    const groups = [group({ [Confirmed]: 10 }, 2), group({ [Confirmed]: 90 })];
    expect(decide(facts(groups, { openGroup: 1 }))).toMatchObject({ do: "stop" });
  });

  test("when more than a number of devices are bad in all", () => {
    const plan = withPlan({ error: { devices: 3, lostAfterMin: 20, vitals: {}, rollBack: false } });
    const groups = [group({ [Failed]: 2, [Pending]: 8 }, 2), group({ [Failed]: 2, [Pending]: 88 }, 2)];
    expect(decide(facts(groups, { ...plan, openGroup: 1 }))).toEqual({ do: "stop", reason: "4 devices, more than 3" });
    expect(decide(facts(groups, { ...plan, openGroup: 0 }))).toBeNull();
  });

  test("when nobody is left who could make the group a success", () => {
    const plan = withPlan({ error: { percent: 50, lostAfterMin: 20, vitals: {}, rollBack: false } });
    expect(decide(facts([group({ [Failed]: 2, [Confirmed]: 8 }, 2)], plan))).toEqual({
      do: "stop",
      reason: "8 of 10 devices in group 1 are confirmed, 9 are needed",
    });
    // Somebody has looked at them and gone on.
    const resumed = facts([group({ [Failed]: 2, [Confirmed]: 8 }, 0, 2)], {
      ...plan,
      enoughMs: NOW_MS - 60 * MINUTE_MS,
    });
    expect(decide(resumed)).toEqual({ do: "finish" });
  });

  test("after those that are silent are known to be lost", () => {
    expect(decide(facts([group({ [Trial]: 3, [Pending]: 7 })], { silent: 3 }))).toEqual({ do: "lose" });
  });
});

describe("offers", () => {
  const open = [group({ [Pending]: 10 })];

  test("go to as many as may be at it, and to those that are there", () => {
    expect(decide(facts(open, { ready: 8 }))).toEqual({ do: "offer", count: 5 });
    expect(decide(facts(open, { ready: 8, busy: 4 }))).toEqual({ do: "offer", count: 1 });
    expect(decide(facts(open, { ready: 2 }))).toEqual({ do: "offer", count: 2 });
    expect(decide(facts(open, { ready: 8, busy: 5 }))).toBeNull();
  });

  test("go out within the windows, and are taken back when one closes", () => {
    const night = withPlan({ windows: [{ days: [1], fromMin: 22 * 60, toMin: 5 * 60 }] });
    expect(decide(facts(open, { ready: 8, ...night }))).toBeNull();
    expect(nextDueMs(facts(open, { ...night }))).toBe(NOW_MS + 10 * MINUTE_MS);
    expect(decide(facts([group({ [Offered]: 1 })], night))).toEqual({ do: "takeBack" });
    const late = { atMs: NOW_MS + 10 * 60 * MINUTE_MS, ready: 1, ...night };
    expect(decide(facts(open, late))).toEqual({ do: "offer", count: 1 });
  });

  test("that nobody answers are repeated", () => {
    expect(decide(facts([group({ [Offered]: 1 })], { unanswered: 1 }))).toEqual({ do: "repeatOffers" });
  });
});

describe("the end", () => {
  test("comes when all groups are good; devices that are away are waited for", () => {
    const enoughMs = NOW_MS - 60 * MINUTE_MS;
    expect(decide(facts([group({ [Confirmed]: 10 })], { enoughMs }))).toEqual({ do: "finish" });
    expect(decide(facts([group({ [Confirmed]: 9, [Pending]: 1 })], { enoughMs, absent: 1 }))).toBeNull();
  });

  test("comes when time is over, after those that are at it", () => {
    const over = withPlan({ expiresMs: NOW_MS });
    expect(decide(facts([group({ [Pending]: 1, [Trial]: 1 })], over))).toEqual({ do: "expire" });
    expect(decide(facts([group({ [Trial]: 1 })], over))).toBeNull();
    expect(decide(facts([group({ [Confirmed]: 1 })], over))).toEqual({ do: "finish" });
  });

  test("comes at once where no device fits", () => {
    expect(decide(facts([], { openGroup: -1 }))).toEqual({ do: "finish" });
  });
});

describe("the way back", () => {
  const back = { state: RolloutState.RollingBack };

  test("is for as many as may be at it, and for all that are away", () => {
    const groups = [group({ [Confirmed]: 20 })];
    expect(decide(facts(groups, { ...back, toReturn: 20, busy: 2 }))).toEqual({ do: "return", count: 3 });
    expect(decide(facts(groups, { ...back, toReturn: 20, busy: 5 }))).toBeNull();
    expect(decide(facts(groups, { ...back, toReturn: 4, toReturnAway: 4, busy: 5 }))).toEqual({
      do: "return",
      count: 0,
    });
  });

  test("ends with the last device", () => {
    expect(decide(facts([group({ [Returning]: 1 })], back))).toBeNull();
    expect(decide(facts([group({ [Failed]: 1 })], back))).toEqual({ do: "endReturn" });
  });
});

test("a schedule is kept; what is paused or has ended does nothing", () => {
  const groups = [group({ [Pending]: 10 })];
  const later = { state: RolloutState.Scheduled, ...withPlan({ startMs: NOW_MS + MINUTE_MS }) };
  expect(decide(facts(groups, later))).toBeNull();
  expect(nextDueMs(facts(groups, later))).toBe(NOW_MS + MINUTE_MS);
  expect(decide(facts(groups, { ...later, atMs: NOW_MS + MINUTE_MS }))).toEqual({ do: "start" });
  for (const state of [RolloutState.Draft, RolloutState.Waiting, RolloutState.Paused, RolloutState.Finished]) {
    expect(decide(facts(groups, { state, ready: 5 })), RolloutState[state]).toBeNull();
    expect(nextDueMs(facts(groups, { state })), RolloutState[state]).toBeNull();
  }
});
