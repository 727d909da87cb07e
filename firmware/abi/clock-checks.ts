/** The clock and chance groups. The clock runs on through a restart: power-checks.ts looks again. */
import { clock_ms, clock_set, clock_unix, deadline_set, random_fill } from "../../runtime/device/index.ts";
import { Checks, Next } from "./checks.ts";
import { fillScratch, isRestUntouched, isSame, other, SCRATCH_BYTES, scratch } from "./memory-map.ts";

/** 2023-11-14, and a time above 2^31. */
const PAST_UNIX_S = 1_700_000_000;
const FUTURE_UNIX_S: u32 = 4_102_444_800;
const MEASURED_MS: u32 = 1500;
/** Polls come late on a busy host, never early. */
const LATE_MS: u32 = 500;

const RANDOM_BYTES = 64;
const FILL: u8 = 0x3c;

export class ClockChecks extends Checks {
  private beganMs: u32 = 0;

  protected run(step: i32): Next {
    if (step == 0) return this.begin();
    return this.end();
  }

  private begin(): Next {
    const report = this.report;
    report.of("clock_unix");
    report.equal("unknown", clock_unix(), 0);
    report.of("clock_set");
    clock_set(<i32>FUTURE_UNIX_S);
    report.within("unsigned", clock_unix() - <i32>FUTURE_UNIX_S, 0, 1);
    clock_set(PAST_UNIX_S);
    report.within("set", clock_unix(), PAST_UNIX_S, PAST_UNIX_S + 1);
    this.beganMs = clock_ms();
    deadline_set(MEASURED_MS / 2);
    deadline_set(0);
    this.wait(MEASURED_MS);
    return Next.Step;
  }

  private end(): Next {
    const report = this.report;
    report.of("clock_ms");
    report.within("advances", clock_ms() - this.beganMs, MEASURED_MS, MEASURED_MS + LATE_MS);
    report.of("clock_unix");
    report.within("advances", clock_unix(), PAST_UNIX_S + 1, PAST_UNIX_S + 2);
    clock_set(0);
    report.equal("forgotten", clock_unix(), 0);
    report.of("deadline_set");
    // Or there would have been a reset.
    report.holds("ends", <u32>clock_ms() - this.beganMs > MEASURED_MS / 2);
    this.checkRandom();
    return Next.Done;
  }

  private checkRandom(): void {
    const report = this.report;
    report.of("random_fill");
    fillScratch(FILL);
    report.equal("fills", random_fill(scratch, RANDOM_BYTES), 0);
    report.holds("stays-in-range", isRestUntouched(RANDOM_BYTES, FILL));
    memory.copy(other, scratch, RANDOM_BYTES);
    report.equal("again", random_fill(scratch, RANDOM_BYTES), 0);
    // By chance once in 2^512.
    report.holds("differs", !isSame(scratch, other, RANDOM_BYTES));
    report.equal("unaligned", random_fill(scratch + 1, 3), 0);
    report.equal("all", random_fill(scratch, SCRATCH_BYTES), 0);
    report.equal("nothing", random_fill(scratch, 0), 0);
    report.equal("empty-null", random_fill(0, 0), 0);
  }
}
