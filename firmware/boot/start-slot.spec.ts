/** Boot on whole boards: what it starts, what it writes before, what it leaves behind. */
import {
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_B_OFFSET,
  FLASH_SLOT_STATES_OFFSET,
  Slot,
} from "../../runtime/contract/flash-map.ts";
import { ResetReason } from "../../runtime/contract/host-abi.ts";
import { IMAGE_SECURITY_COUNTER_OFFSET, IMAGE_SIGNATURE_OFFSET } from "../../runtime/contract/image-header.ts";
import {
  CRASH_RESETS_MAX,
  SLOT_RECORD_ATTEMPTS_OFFSET,
  SlotState,
  TRIAL_ATTEMPTS,
  TRIAL_DEADLINE_MS,
} from "../../runtime/contract/slot-record.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { SlotStates, TrialNote } from "../../runtime/device/index.ts";
import { putBoard, putImage, putImageId, signHeader } from "../../runtime/device/testing/images.ts";
import {
  deadlineMs,
  putFlash,
  ranOffset,
  resetStage,
  setFlashWords,
  setResetReason,
  setRunReturns,
  setStuck,
} from "../../runtime/device/testing/stage.ts";
import { TrialPhase } from "../../runtime/device/update/trial-note.ts";
import { SlotStarter } from "./start-slot.ts";

const PAYLOAD_BYTES: u32 = 700;
const image = memory.data(1024, 4);
const id = memory.data(8);

/** An image in a slot, its state, its security counter. Not yet in the log. */
function install(states: SlotStates, slot: Slot, state: SlotState, counter: u32): void {
  const bytes = putImage(image, PAYLOAD_BYTES, slot + 1);
  store<u32>(image, counter, IMAGE_SECURITY_COUNTER_OFFSET);
  signHeader(image, 0);
  putFlash(slot == Slot.A ? FLASH_SLOT_A_OFFSET : FLASH_SLOT_B_OFFSET, image, bytes);
  putImageId(image, id);
  states.setState(slot, state);
  states.setImage(slot, id);
}

/** A is confirmed, B is on trial and goes first. */
function installTrial(): void {
  const states = stored();
  install(states, Slot.A, SlotState.Confirmed, 1);
  install(states, Slot.B, SlotState.Trial, 2);
  states.preferred = Slot.B;
  states.append();
}

function damage(offset: u32): void {
  store<u8>(image, 0);
  putFlash(offset, image, 1);
}

function stored(): SlotStates {
  const states = new SlotStates();
  states.load();
  return states;
}

function boot(): void {
  new SlotStarter().run(false);
}

function resume(): void {
  new SlotStarter().run(true);
}

/** A start; the slot whose program runs afterwards. */
function startAfter(reason: ResetReason, isStartable: bool = true): u32 {
  setResetReason(reason);
  if (isStartable) expect(boot).toThrow();
  else expect(boot).not.toThrow();
  const offset = ranOffset();
  if (offset == FLASH_SLOT_A_OFFSET) return Slot.A;
  return offset == FLASH_SLOT_B_OFFSET ? Slot.B : Slot.Boot;
}

beforeEach(() => {
  resetStage();
  putBoard();
});

describe("a board that was never started", () => {
  test("both images verify: A is started, both are confirmed, the floor is that of A", () => {
    const states = new SlotStates();
    install(states, Slot.A, SlotState.Empty, 5);
    install(states, Slot.B, SlotState.Empty, 9);
    expect(startAfter(ResetReason.PowerOn)).toBe(Slot.A);
    const now = stored();
    expect(now.state(Slot.A)).toBe(SlotState.Confirmed);
    expect(now.state(Slot.B)).toBe(SlotState.Confirmed);
    expect(now.preferred).toBe(Slot.A);
    expect(now.floor).toBe(5);
    expect(deadlineMs()).toBe(0);
    expect(startAfter(ResetReason.PowerOn)).toBe(Slot.A);
  });

  test("only B verifies: B", () => {
    const states = new SlotStates();
    install(states, Slot.A, SlotState.Empty, 5);
    install(states, Slot.B, SlotState.Empty, 9);
    damage(FLASH_SLOT_A_OFFSET + 300);
    expect(startAfter(ResetReason.PowerOn)).toBe(Slot.B);
    expect(stored().state(Slot.A)).toBe(SlotState.Empty);
    expect(stored().floor).toBe(9);
  });

  test("none: the recovery program, and nothing is recorded", () => {
    expect(startAfter(ResetReason.PowerOn, false)).toBe(Slot.Boot);
    expect(stored().isFresh).toBe(true);
  });

  test("power goes while that is recorded: the same at the next start", () => {
    const states = new SlotStates();
    install(states, Slot.A, SlotState.Empty, 5);
    for (let words = 0; words < 18; words++) {
      setFlashWords(words);
      startAfter(ResetReason.PowerOn);
      setFlashWords(-1);
      expect(startAfter(ResetReason.PowerOn)).toBe(Slot.A);
    }
  });
});

describe("a board whose newest slot states were lost", () => {
  test("what they call Loading or Empty and verifies is tried", () => {
    const kinds: SlotState[] = [SlotState.Loading, SlotState.Empty];
    for (let i = 0; i < kinds.length; i++) {
      resetStage();
      putBoard();
      const states = stored();
      // In truth B was confirmed since, and A is half overwritten.
      install(states, Slot.A, SlotState.Confirmed, 1);
      install(states, Slot.B, kinds[i], 2);
      states.floor = 1;
      states.append();
      damage(FLASH_SLOT_A_OFFSET + 300);
      expect(startAfter(ResetReason.PowerOn)).toBe(Slot.B);
      expect(deadlineMs()).toBe(TRIAL_DEADLINE_MS);
      const now = stored();
      expect(now.state(Slot.A)).toBe(SlotState.Failed);
      expect(now.state(Slot.B)).toBe(SlotState.Trial);
      expect(now.floor).toBe(1);
      for (let attempt = 1; attempt < TRIAL_ATTEMPTS; attempt++) {
        expect(startAfter(ResetReason.Deadline)).toBe(Slot.B);
      }
      // It never reached the server: the recovery program does.
      startAfter(ResetReason.Deadline, false);
      expect(stored().state(Slot.B)).toBe(SlotState.Failed);
    }
  });

  test("both verify: each has all its attempts, one after the other", () => {
    const states = stored();
    install(states, Slot.A, SlotState.Empty, 2);
    install(states, Slot.B, SlotState.Loading, 2);
    states.append();
    for (let attempt = 0; attempt < TRIAL_ATTEMPTS; attempt++) {
      expect(startAfter(ResetReason.Deadline)).toBe(Slot.B);
      expect(stored().state(Slot.A)).toBe(SlotState.Empty);
    }
    for (let attempt = 0; attempt < TRIAL_ATTEMPTS; attempt++) expect(startAfter(ResetReason.Deadline)).toBe(Slot.A);
    expect(startAfter(ResetReason.Deadline, false)).toBe(Slot.Boot);
  });

  test("not an older one than the security counter allows", () => {
    const states = stored();
    install(states, Slot.A, SlotState.Confirmed, 3);
    install(states, Slot.B, SlotState.Empty, 2);
    states.floor = 3;
    states.append();
    damage(FLASH_SLOT_A_OFFSET + 300);
    expect(startAfter(ResetReason.PowerOn, false)).toBe(Slot.Boot);
  });

  test("not one that was given up for what it did", () => {
    const states = stored();
    install(states, Slot.B, SlotState.Failed, 2);
    states.setFailure(UpdateFailure.CrashLoop, states.image(Slot.B));
    states.append();
    expect(startAfter(ResetReason.PowerOn, false)).toBe(Slot.Boot);
    expect(stored().state(Slot.B)).toBe(SlotState.Failed);
  });

  test("one that read as damaged once, and does not now", () => {
    const states = stored();
    install(states, Slot.A, SlotState.Failed, 2);
    states.setFailure(UpdateFailure.Damaged, states.image(Slot.A));
    states.append();
    expect(startAfter(ResetReason.PowerOn)).toBe(Slot.A);
    expect(stored().state(Slot.A)).toBe(SlotState.Trial);
  });

  test("the host cannot run what verifies: the recovery program, at once", () => {
    const states = stored();
    install(states, Slot.A, SlotState.Empty, 2);
    install(states, Slot.B, SlotState.Loading, 2);
    states.append();
    setRunReturns(true);
    startAfter(ResetReason.PowerOn, false);
    expect(stored().state(Slot.A)).toBe(SlotState.Failed);
    expect(stored().state(Slot.B)).toBe(SlotState.Failed);
  });
});

describe("a program on trial", () => {
  test("an attempt that flash does not keep in place is kept in a new snapshot", () => {
    installTrial();
    // Its three bits cannot be cleared any more.
    setStuck(FLASH_SLOT_STATES_OFFSET + SLOT_RECORD_ATTEMPTS_OFFSET, 7);
    for (let attempt = 0; attempt < TRIAL_ATTEMPTS; attempt++) expect(startAfter(ResetReason.Crash)).toBe(Slot.B);
    expect(startAfter(ResetReason.Crash)).toBe(Slot.A);
  });

  test("each start takes an attempt and sets the deadline; after the last one the old program starts", () => {
    installTrial();
    for (let attempt = 0; attempt < TRIAL_ATTEMPTS; attempt++) {
      expect(startAfter(attempt == 0 ? ResetReason.Software : ResetReason.Deadline)).toBe(Slot.B);
      expect(deadlineMs()).toBe(TRIAL_DEADLINE_MS);
    }
    expect(startAfter(ResetReason.Deadline)).toBe(Slot.A);
    const now = stored();
    expect(now.state(Slot.B)).toBe(SlotState.Failed);
    expect(now.failure).toBe(UpdateFailure.NoNetwork);
    expect(now.preferred).toBe(Slot.A);
    expect(startAfter(ResetReason.PowerOn)).toBe(Slot.A);
  });

  test("it crashes each time: its crashes are not held against the old program", () => {
    installTrial();
    startAfter(ResetReason.Software);
    for (let crash = 1; crash < TRIAL_ATTEMPTS; crash++) expect(startAfter(ResetReason.Crash)).toBe(Slot.B);
    expect(startAfter(ResetReason.Crash)).toBe(Slot.A);
    expect(stored().failure).toBe(UpdateFailure.Crash);
    for (let crash = 1; crash < CRASH_RESETS_MAX; crash++) expect(startAfter(ResetReason.Crash)).toBe(Slot.A);
    expect(startAfter(ResetReason.Crash, false)).toBe(Slot.Boot);
    expect(stored().failure).toBe(UpdateFailure.CrashLoop);
  });

  test("the attempt is in flash before the program runs: power cuts cost attempts, never more starts", () => {
    installTrial();
    for (let attempt = 0; attempt < TRIAL_ATTEMPTS; attempt++) expect(startAfter(ResetReason.PowerOn)).toBe(Slot.B);
    expect(startAfter(ResetReason.PowerOn)).toBe(Slot.A);
    expect(stored().failure).toBe(UpdateFailure.PowerLoss);
  });
});

describe("a start that goes on after provisioning", () => {
  test("a trial keeps its attempts, the last one too, and its deadline begins anew", () => {
    installTrial();
    for (let attempt = 0; attempt < TRIAL_ATTEMPTS; attempt++) {
      expect(startAfter(ResetReason.Deadline)).toBe(Slot.B);
      for (let i = 0; i < 5; i++) {
        setResetReason(ResetReason.Software);
        expect(resume).toThrow();
        expect(ranOffset()).toBe(FLASH_SLOT_B_OFFSET);
        expect(deadlineMs()).toBe(TRIAL_DEADLINE_MS);
        expect(stored().state(Slot.B)).toBe(SlotState.Trial);
      }
    }
    expect(startAfter(ResetReason.Deadline)).toBe(Slot.A);
    expect(stored().failure).toBe(UpdateFailure.NoNetwork);
  });

  test("how far the trial came is not forgotten", () => {
    installTrial();
    for (let attempt = 0; attempt < TRIAL_ATTEMPTS; attempt++) startAfter(ResetReason.Deadline);
    const note = new TrialNote();
    note.load();
    note.reached(TrialPhase.Joined);
    setResetReason(ResetReason.Software);
    expect(resume).toThrow();
    ranOffset();
    expect(startAfter(ResetReason.Deadline)).toBe(Slot.A);
    expect(stored().failure).toBe(UpdateFailure.NoServer);
  });

  test("an image that is damaged by now is not started", () => {
    installTrial();
    startAfter(ResetReason.Software);
    damage(FLASH_SLOT_B_OFFSET + 400);
    expect(resume).toThrow();
    expect(ranOffset()).toBe(FLASH_SLOT_A_OFFSET);
    expect(stored().failure).toBe(UpdateFailure.Damaged);
  });
});

describe("images are verified before they run", () => {
  test("a damaged one: the other starts, and it is on record", () => {
    const states = stored();
    install(states, Slot.A, SlotState.Confirmed, 1);
    install(states, Slot.B, SlotState.Confirmed, 1);
    states.append();
    damage(FLASH_SLOT_A_OFFSET + 400);
    expect(startAfter(ResetReason.PowerOn)).toBe(Slot.B);
    expect(stored().state(Slot.A)).toBe(SlotState.Failed);
    expect(stored().failure).toBe(UpdateFailure.Damaged);
    expect(stored().preferred).toBe(Slot.B);
  });

  test("both damaged: the recovery program, the first damage stays on record", () => {
    const states = stored();
    install(states, Slot.A, SlotState.Confirmed, 1);
    install(states, Slot.B, SlotState.Confirmed, 1);
    states.append();
    damage(FLASH_SLOT_A_OFFSET + 400);
    damage(FLASH_SLOT_B_OFFSET + 20);
    expect(startAfter(ResetReason.PowerOn, false)).toBe(Slot.Boot);
    expect(load<u64>(stored().failedImage)).toBe(load<u64>(states.image(Slot.A)));
    expect(startAfter(ResetReason.PowerOn, false)).toBe(Slot.Boot);
  });

  test("a wake from deep sleep: everything but the signature", () => {
    const states = stored();
    install(states, Slot.A, SlotState.Confirmed, 1);
    states.append();
    damage(FLASH_SLOT_A_OFFSET + IMAGE_SIGNATURE_OFFSET);
    expect(startAfter(ResetReason.DeepSleep)).toBe(Slot.A);
    damage(FLASH_SLOT_A_OFFSET + 400);
    expect(startAfter(ResetReason.DeepSleep, false)).toBe(Slot.Boot);
  });

  test("a confirmed one below the floor", () => {
    const states = stored();
    install(states, Slot.A, SlotState.Confirmed, 3);
    install(states, Slot.B, SlotState.Confirmed, 7);
    states.floor = 4;
    states.append();
    expect(startAfter(ResetReason.PowerOn)).toBe(Slot.B);
  });

  test("one that the host cannot run", () => {
    const states = stored();
    install(states, Slot.A, SlotState.Trial, 1);
    states.append();
    setRunReturns(true);
    expect(startAfter(ResetReason.PowerOn, false)).toBe(Slot.A);
    expect(stored().state(Slot.A)).toBe(SlotState.Failed);
    expect(stored().failure).toBe(UpdateFailure.NotRunnable);
    expect(deadlineMs()).toBe(0);
  });
});
