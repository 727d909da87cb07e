/**
 * The power group: what ends a program. Each stage ends this run in its way and is judged in the next; what has been counted
 * so far goes along in RTC memory.
 */
import { ResetReason } from "../../runtime/contract/host-abi.ts";
import {
  clock_ms,
  clock_set,
  clock_unix,
  deadline_set,
  image_run,
  RTC_PRODUCT_OFFSET,
  RtcRecord,
  reset_reason,
  restart,
  rtc_read,
  rtc_write,
  sleep_deep,
  slot,
  slotOffset,
} from "../../runtime/device/index.ts";
import { Environment } from "./environment.ts";
import { isSame, other, putText, scratch } from "./memory-map.ts";
import { Report } from "./report.ts";
import { isAlone } from "./self-checks.ts";
import { RTC_TEST_OFFSET } from "./storage-checks.ts";

/** What this run has to judge, or what ended it. */
export enum Stage {
  /** Nothing has been done yet. */
  First = 0,
  /** The groups run, in one run from a start to `Restarted`. */
  Groups = 1,
  Restarted = 2,
  Slept = 3,
  HandedOver = 4,
  DeadlineOver = 5,
  Bitten = 6,
  Crashed = 7,
  Done = 8,
}

const STAGE = 0;
const CHECKS = 1;
const FAILED = 2;
/** The environment is asked for once: these of its facts go along. */
const WAKES = 3;
const WORDS = 4;

const SLEEP_MS = 1500;
const DEADLINE_MS = 700;
/** A start of the program is this early in its clock, whatever boot had to verify. */
const START_MAX_MS = 30_000;
/** Any time that is not lost by a reset. */
const HAND_OVER_UNIX_S = 1000;
const KEPT = "kept over restarts";

export class PowerChecks {
  private readonly record: RtcRecord = new RtcRecord(RTC_PRODUCT_OFFSET, WORDS);
  stage: Stage = Stage.First;
  private waits: bool = false;

  constructor(
    private readonly report: Report,
    private readonly environment: Environment,
  ) {}

  /** What the last run has left, unless somebody has started the board anew. */
  load(): void {
    const reason = reset_reason();
    if (!this.record.load() || reason == ResetReason.PowerOn || reason == ResetReason.External) return;
    this.stage = <Stage>this.record.get(STAGE);
    if (this.stage == Stage.Done) this.stage = Stage.First;
    this.report.checks = this.record.get(CHECKS);
    this.report.failed = this.record.get(FAILED);
    this.environment.wakes = this.record.get(WAKES) != 0;
  }

  save(stage: Stage): void {
    this.stage = stage;
    this.record.set(STAGE, stage);
    this.record.set(CHECKS, this.report.checks);
    this.record.set(FAILED, this.report.failed);
    this.record.set(WAKES, this.environment.wakes ? 1 : 0);
    this.record.save();
  }

  /** Judges what ended the run before. */
  judge(): void {
    const report = this.report;
    const reason = reset_reason();
    switch (this.stage) {
      case Stage.Restarted:
        report.of("restart");
        report.equal("resets", reason, ResetReason.Software);
        report.of("reset_reason");
        report.equal("software", reason, ResetReason.Software);
        report.of("clock_unix");
        report.equal("lost", clock_unix(), 0);
        this.checkFresh();
        break;
      case Stage.Slept:
        report.of("sleep_deep");
        report.equal("wakes", reason, ResetReason.DeepSleep);
        this.checkFresh();
        break;
      case Stage.HandedOver:
        report.of("image_run");
        // The same start goes on: neither its reason nor its clock begin anew.
        report.equal("same-start", reason, this.environment.wakes ? ResetReason.DeepSleep : ResetReason.Software);
        report.within("clock-goes-on", clock_unix(), HAND_OVER_UNIX_S, HAND_OVER_UNIX_S + 60);
        break;
      case Stage.DeadlineOver:
        report.of("deadline_set");
        report.equal("resets", reason, ResetReason.Deadline);
        this.checkFresh();
        break;
      case Stage.Bitten:
        report.of("reset_reason");
        report.equal("watchdog", reason, ResetReason.Watchdog);
        this.checkFresh();
        break;
      case Stage.Crashed:
        report.of("reset_reason");
        report.equal("crash", reason, ResetReason.Crash);
        this.checkFresh();
        break;
      default:
        // A group of checks has ended the run.
        report.of("reset_reason");
        report.equal("unexpected", reason, ResetReason.PowerOn);
    }
  }

  /** The clock has begun anew, and RTC memory is what it was. */
  private checkFresh(): void {
    const report = this.report;
    report.of("clock_ms");
    report.within("begins-anew", clock_ms(), 0, START_MAX_MS);
    report.of("rtc_read");
    const sizeBytes = putText(other, KEPT);
    rtc_read(RTC_TEST_OFFSET, scratch, sizeBytes);
    report.holds("kept", isSame(scratch, other, sizeBytes));
    rtc_write(RTC_TEST_OFFSET, other, sizeBytes);
  }

  /** Ends this run as the next stage says; returns where that takes a while, or failed. False: there are no more stages. */
  end(): bool {
    const report = this.report;
    if (this.waits) {
      this.waits = false;
      this.failToEnd("deadline_set");
    }
    switch (this.next()) {
      case Stage.Restarted:
        rtc_write(RTC_TEST_OFFSET, other, putText(other, KEPT));
        clock_set(1_700_000_000);
        this.save(Stage.Restarted);
        restart(7);
        this.failToEnd("restart");
        return true;
      case Stage.Slept:
        this.save(Stage.Slept);
        sleep_deep(SLEEP_MS);
        this.failToEnd("sleep_deep");
        return true;
      case Stage.HandedOver:
        clock_set(HAND_OVER_UNIX_S);
        this.save(Stage.HandedOver);
        report.of("image_run");
        report.equal("returned", image_run(slotOffset(slot())), 0);
        return true;
      case Stage.DeadlineOver:
        this.save(Stage.DeadlineOver);
        deadline_set(DEADLINE_MS);
        this.waits = true;
        return true;
      case Stage.Bitten:
        this.save(Stage.Bitten);
        // On the chip until the watchdog bites; an engine without one counts the calls.
        for (;;) clock_ms();
      case Stage.Crashed:
        this.save(Stage.Crashed);
        unreachable();
      default:
        return false;
    }
  }

  private failToEnd(fn: string): void {
    this.report.of(fn);
    this.report.equal("returned", 1, 0);
  }

  private next(): Stage {
    let stage: i32 = this.stage + 1;
    if (stage == Stage.Slept && !this.environment.wakes) stage++;
    if (stage == Stage.HandedOver && isAlone()) stage++;
    return <Stage>stage;
  }
}
