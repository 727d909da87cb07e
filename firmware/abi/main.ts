/**
 * The conformance of a host: calls every function of the host ABI with good and bad arguments, and says in a log line of each
 * check what came of it (report.ts). The last line is `abi done <checks> <failed>`. It learns what the board has around it over
 * serial (environment.ts); what needs something that is not there is left out, and whoever reads the lines sees that a function
 * was not shown.
 *
 * It runs from slot A, or alone. It is safe on any board: of flash it writes the first two sectors of the reading queue
 * only (readings of a product that ran there before are lost), it drives GPIO2 and the wires of the environment only, and what
 * it leaves in RTC memory ends with power. It ends its own run six times: by a restart, deep sleep, itself as another image, a
 * deadline, the watchdog and a crash.
 */
import { clock_ms, heap_limit, heap_used, TrialNote } from "../../runtime/device/index.ts";
import { Checks } from "./checks.ts";
import { ClockChecks } from "./clock-checks.ts";
import { CryptoChecks } from "./crypto-checks.ts";
import { Environment } from "./environment.ts";
import { NetworkChecks } from "./network-checks.ts";
import { OutputChecks } from "./output-checks.ts";
import { PinChecks } from "./pin-checks.ts";
import { PointerChecks } from "./pointer-checks.ts";
import { PowerChecks, Stage } from "./power-checks.ts";
import { RadioChecks } from "./radio-checks.ts";
import { Report } from "./report.ts";
import { SelfChecks } from "./self-checks.ts";
import { StorageChecks } from "./storage-checks.ts";
import { TcpChecks } from "./tcp-checks.ts";
import { WireChecks } from "./wire-checks.ts";

export { heap_limit, heap_used };

/** A harness that does not answer so long is not there. */
const ANSWER_MAX_MS: u32 = 2000;
const LISTEN_EVERY_MS: u32 = 20;
/** Longer than what ends a run takes, shorter than a poll may wait. */
const END_MAX_MS: u32 = 5000;
const IDLE_MS: u32 = 60_000;

const report = new Report();
const environment = new Environment();
const power = new PowerChecks(report, environment);
const note = new TrialNote();
const groups = new StaticArray<Checks>(11);
let group = 0;
let dueMs: u32 = 0;
let askedAtMs: u32 = 0;
let isDone = false;

export function start(): void {
  groups[0] = new ClockChecks(report, environment);
  groups[1] = new StorageChecks(report, environment);
  groups[2] = new PinChecks(report, environment);
  groups[3] = new OutputChecks(report, environment);
  groups[4] = new WireChecks(report, environment);
  groups[5] = new CryptoChecks(report, environment);
  groups[6] = new PointerChecks(report, environment);
  groups[7] = new NetworkChecks(report, environment);
  groups[8] = new TcpChecks(report, environment);
  groups[9] = new RadioChecks(report, environment);
  groups[10] = new SelfChecks(report, environment);
  note.load();
  power.load();
  dueMs = clock_ms();
  askedAtMs = dueMs;
  if (power.stage == Stage.First) report.say("abi env?");
  else power.judge();
}

export function poll(): u32 {
  // Whatever has woken the program: nothing of it is early.
  const leftMs = <i32>(dueMs - clock_ms());
  if (leftMs > 0) return leftMs;
  const waitMs = max(advance(), report.takePauseMs());
  dueMs = clock_ms() + waitMs;
  return waitMs;
}

function advance(): u32 {
  if (isDone) return IDLE_MS;
  if (power.stage == Stage.First) return listen();
  if (power.stage == Stage.Groups && group < groups.length) return runGroup();
  // What was said goes out before the run ends.
  return power.end() ? END_MAX_MS : done();
}

function listen(): u32 {
  environment.listen();
  if (environment.isKnown || <u32>clock_ms() - askedAtMs > ANSWER_MAX_MS) power.save(Stage.Groups);
  return LISTEN_EVERY_MS;
}

function runGroup(): u32 {
  const checks = groups[group];
  checks.waitMs = 0;
  if (checks.advance()) group++;
  return checks.waitMs;
}

function done(): u32 {
  isDone = true;
  report.done();
  power.save(Stage.Done);
  // The crashes were meant: boot must not count them.
  note.crashes = 0;
  return IDLE_MS;
}
