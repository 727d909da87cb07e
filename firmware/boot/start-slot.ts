/** Boot's way into a slot: every decision is in flash before it is acted on. */
import { Slot } from "../../runtime/contract/flash-map.ts";
import { LogLevel, ResetReason } from "../../runtime/contract/host-abi.ts";
import { IMAGE_ID_BYTES } from "../../runtime/contract/image-header.ts";
import { SlotState, TRIAL_DEADLINE_MS } from "../../runtime/contract/slot-record.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import {
  deadline_set,
  Factory,
  ImageCheck,
  image_run,
  logValue,
  reset_reason,
  SlotStates,
  sameBytes,
  slotOffset,
  TrialNote,
} from "../../runtime/device/index.ts";
import { chooseSlot, giveUp, judge } from "./choice.ts";

export class SlotStarter {
  private readonly states: SlotStates = new SlotStates();
  private readonly check: ImageCheck = new ImageCheck();
  private readonly note: TrialNote = new TrialNote();
  /** A program was given up in this start. */
  private hasGivenUp: bool = false;

  get factory(): Factory {
    return this.check.factory;
  }

  /**
   * Starts a slot and does not return; returns when none can be started. `isResumed`: the program that runs was asked to let
   * boot speak (Improv), which is not held against it: a trial goes on with the attempt that it had.
   */
  run(isResumed: bool): void {
    const states = this.states;
    const note = this.note;
    const reason = <u32>reset_reason();
    states.load();
    note.load();
    if (reason == ResetReason.Crash || reason == ResetReason.Watchdog) note.crashes += 1;
    if (!isResumed && judge(states, reason, note.phase, note.crashes)) this.record();
    // Each turn that does not end in the program takes a slot away, or adopts one; there are two to adopt.
    for (let adoptions = 0; ; ) {
      const slot = chooseSlot(states, isResumed);
      if (slot == Slot.Boot) {
        if (adoptions++ > Slot.B) break;
        this.adopt();
        continue;
      }
      const failure = this.check.checkImage(slotOffset(slot), states.floor, reason != ResetReason.DeepSleep);
      if (failure == UpdateFailure.None) this.start(slot, isResumed);
      // What was damaged in flash may come again; what the host cannot run stays as it is.
      this.drop(slot, failure == UpdateFailure.None ? UpdateFailure.NotRunnable : UpdateFailure.Damaged);
    }
    this.explain(Slot.A, "no program: slot A, failure ");
    this.explain(Slot.B, "no program: slot B, failure ");
  }

  /** What has changed goes to flash; the crashes so far were another program's. */
  private record(): void {
    this.states.append();
    this.note.crashes = 0;
    this.hasGivenUp = true;
    logValue(LogLevel.Error, "program given up, failure ", this.states.failure);
  }

  /**
   * No slot is known to be good. A board that was flashed over serial and never started has good ones. Otherwise the newest of
   * its states were lost: what verifies and was not given up is tried, one at a time, since both would share the attempts.
   */
  private adopt(): void {
    const states = this.states;
    const check = this.check;
    const isFresh = states.isFresh;
    const floor = states.floor;
    for (let slot: i32 = Slot.B; slot >= Slot.A; slot--) {
      if (states.state(slot) == SlotState.Failed && !this.wasDamaged(slot)) continue;
      if (check.checkImage(slotOffset(slot), floor, true) != UpdateFailure.None) continue;
      states.setState(slot, isFresh ? SlotState.Confirmed : SlotState.Trial);
      states.preferred = slot;
      if (isFresh) states.floor = check.counter;
      states.setImage(slot, check.id);
      states.renewWords();
      if (!isFresh) break;
    }
    if (chooseSlot(states, false) != Slot.Boot) states.append();
  }

  /** Flash read as damaged, which may have passed. */
  private wasDamaged(slot: u32): bool {
    const states = this.states;
    return states.failure == UpdateFailure.Damaged && sameBytes(states.failedImage, states.image(slot), IMAGE_ID_BYTES);
  }

  private start(slot: u32, isResumed: bool): void {
    if (this.states.state(slot) == SlotState.Trial) {
      if (!isResumed) {
        if (!this.states.takeAttempt()) return;
        this.note.begin();
      }
      deadline_set(TRIAL_DEADLINE_MS);
    }
    image_run(slotOffset(slot));
    deadline_set(0);
  }

  /** The image does not verify, or the host cannot run it. Why the first program was given up says more. */
  private drop(slot: u32, failure: UpdateFailure): void {
    giveUp(this.states, slot, this.hasGivenUp ? UpdateFailure.None : failure);
    this.record();
  }

  /** To whoever watches the serial port. */
  private explain(slot: u32, text: string): void {
    const failure = this.check.checkImage(slotOffset(slot), this.states.floor, true);
    logValue(LogLevel.Error, text, failure != UpdateFailure.None ? failure : this.states.failure);
  }
}
