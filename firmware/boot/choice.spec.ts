/** What boot decides from the slot states alone: a table of cases. */
import { Slot } from "../../runtime/contract/flash-map.ts";
import { ResetReason } from "../../runtime/contract/host-abi.ts";
import { CRASH_RESETS_MAX, SlotState, TRIAL_ATTEMPTS } from "../../runtime/contract/slot-record.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { SlotStates } from "../../runtime/device/index.ts";
import { hexOf, putHex } from "../../runtime/device/testing/hex.ts";
import { resetStage } from "../../runtime/device/testing/stage.ts";
import { TrialPhase } from "../../runtime/device/update/trial-note.ts";
import { chooseSlot, judge } from "./choice.ts";

const ids = memory.data(16);

function statesOf(a: SlotState, b: SlotState, preferred: Slot, attempts: i32): SlotStates {
  resetStage();
  const states = new SlotStates();
  states.load();
  putHex(ids, "a1a2a3a4a5a6a7a8" + "b1b2b3b4b5b6b7b8");
  states.setState(Slot.A, a);
  states.setState(Slot.B, b);
  states.setImage(Slot.A, ids);
  states.setImage(Slot.B, ids + 8);
  states.preferred = preferred;
  for (let i = 0; i < attempts; i++) states.takeAttempt();
  return states;
}

function choose(a: SlotState, b: SlotState, preferred: Slot, attempts: i32 = 0): u32 {
  return chooseSlot(statesOf(a, b, preferred, attempts), false);
}

describe("chooseSlot", () => {
  test("the preferred one, when it is confirmed or on trial with attempts left", () => {
    expect(choose(SlotState.Confirmed, SlotState.Confirmed, Slot.A)).toBe(Slot.A);
    expect(choose(SlotState.Confirmed, SlotState.Confirmed, Slot.B)).toBe(Slot.B);
    for (let used = 0; used < TRIAL_ATTEMPTS; used++) {
      expect(choose(SlotState.Confirmed, SlotState.Trial, Slot.B, used)).toBe(Slot.B);
      expect(choose(SlotState.Trial, SlotState.Confirmed, Slot.A, used)).toBe(Slot.A);
    }
  });

  test("else the other one", () => {
    const useless = [SlotState.Empty, SlotState.Loading, SlotState.Failed];
    for (let i = 0; i < useless.length; i++) {
      expect(choose(useless[i], SlotState.Confirmed, Slot.A)).toBe(Slot.B);
      expect(choose(SlotState.Confirmed, useless[i], Slot.B)).toBe(Slot.A);
      expect(choose(useless[i], SlotState.Trial, Slot.A)).toBe(Slot.B);
    }
    expect(choose(SlotState.Confirmed, SlotState.Trial, Slot.B, TRIAL_ATTEMPTS)).toBe(Slot.A);
  });

  test("else none", () => {
    const useless = [SlotState.Empty, SlotState.Loading, SlotState.Failed];
    for (let i = 0; i < useless.length; i++) {
      for (let j = 0; j < useless.length; j++) {
        expect(choose(useless[i], useless[j], Slot.A)).toBe(Slot.Boot);
        expect(choose(useless[i], useless[j], Slot.B)).toBe(Slot.Boot);
      }
      expect(choose(useless[i], SlotState.Trial, Slot.B, TRIAL_ATTEMPTS)).toBe(Slot.Boot);
    }
  });

  test("a state that no version has is not startable", () => {
    expect(choose(<SlotState>77, <SlotState>255, Slot.A)).toBe(Slot.Boot);
  });
});

/** A trial in slot B whose attempts are used up, and why it is given up then. */
function trialEnds(reason: ResetReason, phase: TrialPhase): UpdateFailure {
  const states = statesOf(SlotState.Confirmed, SlotState.Trial, Slot.B, TRIAL_ATTEMPTS);
  expect(judge(states, reason, phase, 0)).toBe(true);
  expect(states.state(Slot.B)).toBe(SlotState.Failed);
  expect(states.preferred).toBe(Slot.A);
  expect(hexOf(states.failedImage, 8)).toBe("b1b2b3b4b5b6b7b8");
  expect(chooseSlot(states, false)).toBe(Slot.A);
  return states.failure;
}

describe("judge", () => {
  test("a trial that is used up: how its last start ended, or how far it came, is the reason", () => {
    expect(trialEnds(ResetReason.Crash, TrialPhase.Joined)).toBe(UpdateFailure.Crash);
    expect(trialEnds(ResetReason.Watchdog, TrialPhase.Started)).toBe(UpdateFailure.Hang);
    expect(trialEnds(ResetReason.PowerOn, TrialPhase.Started)).toBe(UpdateFailure.PowerLoss);
    expect(trialEnds(ResetReason.External, TrialPhase.Joined)).toBe(UpdateFailure.PowerLoss);
    expect(trialEnds(ResetReason.Deadline, TrialPhase.Started)).toBe(UpdateFailure.NoNetwork);
    expect(trialEnds(ResetReason.Deadline, TrialPhase.Joined)).toBe(UpdateFailure.NoServer);
    expect(trialEnds(ResetReason.Deadline, TrialPhase.Refused)).toBe(UpdateFailure.WrongCredentials);
    expect(trialEnds(ResetReason.Software, TrialPhase.Joined)).toBe(UpdateFailure.NoServer);
    expect(trialEnds(ResetReason.DeepSleep, TrialPhase.Started)).toBe(UpdateFailure.NoNetwork);
  });

  test("attempts left: the trial goes on, whatever ended the last start", () => {
    for (let used = 0; used < TRIAL_ATTEMPTS; used++) {
      const states = statesOf(SlotState.Confirmed, SlotState.Trial, Slot.B, used);
      expect(judge(states, ResetReason.Crash, TrialPhase.Started, used)).toBe(false);
      expect(chooseSlot(states, false)).toBe(Slot.B);
    }
  });

  test("a confirmed program that crashes: one time less than the limit is forgiven", () => {
    const states = statesOf(SlotState.Confirmed, SlotState.Confirmed, Slot.B, 0);
    expect(judge(states, ResetReason.Crash, TrialPhase.Started, CRASH_RESETS_MAX - 1)).toBe(false);
    expect(judge(states, ResetReason.Crash, TrialPhase.Started, CRASH_RESETS_MAX)).toBe(true);
    expect(states.failure).toBe(UpdateFailure.CrashLoop);
    expect(hexOf(states.failedImage, 8)).toBe("b1b2b3b4b5b6b7b8");
    expect(chooseSlot(states, false)).toBe(Slot.A);
  });

  test("the only program crashes: the recovery program", () => {
    const states = statesOf(SlotState.Confirmed, SlotState.Failed, Slot.A, 0);
    expect(judge(states, ResetReason.Watchdog, TrialPhase.Started, CRASH_RESETS_MAX)).toBe(true);
    expect(chooseSlot(states, false)).toBe(Slot.Boot);
    // And there it stays, however often it crashes itself.
    expect(judge(states, ResetReason.Crash, TrialPhase.Started, CRASH_RESETS_MAX)).toBe(false);
  });
});
