/**
 * What boot wants to know about the starts before this one, kept in RTC memory: how many ended in a crash or with the
 * watchdog, and how far the program on trial came. Power loss wipes it, which is an answer too.
 */
import { ResetReason } from "../../contract/host-abi.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { RTC_TRIAL_OFFSET } from "../hal/rtc-map.ts";
import { RtcRecord } from "../hal/rtc-record.ts";

/** How far a program came on its way to the server; the furthest counts. */
export enum TrialPhase {
  /** It was started, or nothing is known. */
  Started = 0,
  /** It was on the network. */
  Joined = 1,
  /** The server refused its credentials. */
  Refused = 2,
}

const CRASHES = 0;
const PHASE = 1;

export class TrialNote {
  private readonly record: RtcRecord = new RtcRecord(RTC_TRIAL_OFFSET, 2);

  load(): void {
    this.record.load();
  }

  /** Crash and watchdog resets since the server's last word. */
  get crashes(): u32 {
    return this.record.get(CRASHES);
  }

  set crashes(count: u32) {
    if (count == this.crashes) return;
    this.record.set(CRASHES, count);
    this.record.save();
  }

  get phase(): u32 {
    return this.record.get(PHASE);
  }

  /** A start on trial begins. */
  begin(): void {
    this.record.set(PHASE, TrialPhase.Started);
    this.record.save();
  }

  reached(phase: TrialPhase): void {
    if (<u32>phase <= this.phase) return;
    this.record.set(PHASE, phase);
    this.record.save();
  }
}

/** Why a program on trial did not confirm itself: `reason` ended its last attempt, which had come to `phase`. */
export function trialFailure(reason: u32, phase: u32): UpdateFailure {
  if (reason == ResetReason.Crash) return UpdateFailure.Crash;
  if (reason == ResetReason.Watchdog) return UpdateFailure.Hang;
  if (reason == ResetReason.PowerOn || reason == ResetReason.External) return UpdateFailure.PowerLoss;
  if (phase == TrialPhase.Refused) return UpdateFailure.WrongCredentials;
  return phase == TrialPhase.Joined ? UpdateFailure.NoServer : UpdateFailure.NoNetwork;
}
