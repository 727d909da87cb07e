/**
 * A product for the power-cut runs: each second it commits a reading with a random value, and says so in the log before
 * and after. `DEFECT` and `VERSION` are edited by the harness to make the programs of an update.
 */
import { LogLevel } from "../../../runtime/contract/host-abi.ts";
import { clock_ms, random_fill } from "../../../runtime/device/imports/host.ts";
import { FlashQueue, heap_limit, heap_used, logValue, Session } from "../../../runtime/device/index.ts";

export { heap_limit, heap_used };

enum Defect {
  None = 0,
  /** Traps at its first poll. */
  Crash = 1,
  /** Runs in a circle at its first poll. */
  Hang = 2,
}

const VERSION = "1.0.0";
const DEFECT: i32 = Defect.None;

const EVERY_S: u32 = 1;
const STREAM: u32 = 0x5101;
/** Every so many readings one does not fit a short record. */
const LONG_EVERY: u32 = 4;
const SHORT_MASK: u32 = 0x1ffffff;

const queue = new FlashQueue();
const session = new Session("probe", VERSION, queue);
const drawn = memory.data(4, 4);
let takenAtS: u32 = 0;
let taken: u32 = 0;

export function start(): void {
  queue.begin();
  session.begin();
}

export function poll(): u32 {
  session.clock.update();
  const uptimeS = session.clock.uptimeS;
  if (DEFECT == Defect.Crash) unreachable();
  if (DEFECT == Defect.Hang) hang();
  if (uptimeS - takenAtS >= EVERY_S) {
    takenAtS = uptimeS;
    take();
  }
  return min<u32>(session.poll(), EVERY_S * 1000);
}

function take(): void {
  random_fill(drawn, 4);
  const value = <i32>(taken % LONG_EVERY == LONG_EVERY - 1 ? load<u32>(drawn) : load<u32>(drawn) & SHORT_MASK);
  taken++;
  logValue(LogLevel.Debug, "take ", value);
  session.record(STREAM, value);
  logValue(LogLevel.Debug, "have ", value);
}

function hang(): void {
  while (clock_ms() != -1) {}
}
