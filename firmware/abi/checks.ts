/** The checks of one group of functions, in steps: a program cannot wait, so a step that has to asks to be called again. */
import { clock_ms } from "../../runtime/device/index.ts";
import { Environment } from "./environment.ts";
import { Report } from "./report.ts";

/** What follows a step. */
export enum Next {
  /** The same step again. */
  Again = 0,
  Step = 1,
  /** The group is done. */
  Done = 2,
}

export abstract class Checks {
  /** Wait this long before the next step, milliseconds; 0 = no longer than the serial line needs. */
  waitMs: u32 = 0;
  private step: i32 = 0;
  private stepBeganMs: u32 = 0;

  constructor(
    protected readonly report: Report,
    protected readonly environment: Environment,
  ) {}

  /** True when the group is done. */
  advance(): bool {
    if (this.step == 0 && this.stepBeganMs == 0) this.stepBeganMs = clock_ms();
    const next = this.run(this.step);
    if (next == Next.Again) return false;
    this.step++;
    this.stepBeganMs = clock_ms();
    return next == Next.Done;
  }

  protected abstract run(step: i32): Next;

  protected wait(ms: u32): void {
    this.waitMs = ms;
  }

  /** Since this step was first run, milliseconds. */
  protected get stepMs(): u32 {
    return clock_ms() - this.stepBeganMs;
  }

  /** Looks again in a while: for what may take so long. */
  protected lookAgain(isThere: bool, longestMs: u32): bool {
    if (isThere || this.stepMs > longestMs) return false;
    this.wait(LOOK_EVERY_MS);
    return true;
  }
}

const LOOK_EVERY_MS = 20;
