/**
 * What boot decides from the slot states alone, before it looks into the slots: nothing here touches flash, the caller appends
 * what has changed.
 */
import { Slot } from "../../runtime/contract/flash-map.ts";
import { CRASH_RESETS_MAX, SlotState } from "../../runtime/contract/slot-record.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { SlotStates, trialFailure } from "../../runtime/device/index.ts";

function mayStart(states: SlotStates, slot: u32, isResumed: bool): bool {
  const state = states.state(slot);
  return state == SlotState.Confirmed || (state == SlotState.Trial && (isResumed || states.hasAttempts));
}

/** The slot to start; Slot.Boot when there is none. `isResumed`: a start goes on that has taken its attempt. */
export function chooseSlot(states: SlotStates, isResumed: bool): u32 {
  const first = states.preferred;
  if (mayStart(states, first, isResumed)) return first;
  const other: u32 = first == Slot.A ? Slot.B : Slot.A;
  return mayStart(states, other, isResumed) ? other : Slot.Boot;
}

/** The slot's image is not started any more; the other one goes first. Failure None keeps the one on record. */
export function giveUp(states: SlotStates, slot: u32, failure: UpdateFailure): void {
  states.setState(slot, SlotState.Failed);
  if (failure != UpdateFailure.None) states.setFailure(failure, states.image(slot));
  if (states.preferred == slot) states.preferred = slot == Slot.A ? Slot.B : Slot.A;
}

/**
 * Gives up what has had its chances: a trial whose attempts are used up, a confirmed program that crashes on and on.
 * `reason` ended the start before this one, which had come to `phase`. True when the states have changed.
 */
export function judge(states: SlotStates, reason: u32, phase: u32, crashes: u32): bool {
  for (let slot: u32 = Slot.A; slot <= <u32>Slot.B; slot++) {
    if (states.state(slot) != SlotState.Trial || states.hasAttempts) continue;
    giveUp(states, slot, trialFailure(reason, phase));
    return true;
  }
  const slot = chooseSlot(states, false);
  if (crashes < <u32>CRASH_RESETS_MAX || slot == Slot.Boot || states.state(slot) != SlotState.Confirmed) return false;
  giveUp(states, slot, UpdateFailure.CrashLoop);
  return true;
}
