/** The serial and self groups. What the environment was told by has come over `serial_read`. */
import { HostError } from "../../runtime/contract/error-codes.ts";
import { FLASH_QUEUE_OFFSET, FLASH_SLOT_A_OFFSET, Slot } from "../../runtime/contract/flash-map.ts";
import { HOST_ABI_VERSION, LogLevel } from "../../runtime/contract/host-abi.ts";
import { LOG_MAX_BYTES } from "../../runtime/contract/limits.ts";
import {
  abi_version,
  board_id,
  chip_mac,
  flash_size,
  image_run,
  log,
  serial_read,
  serial_write,
  slot,
} from "../../runtime/device/index.ts";
import { Checks, Next } from "./checks.ts";
import { NONE } from "./environment.ts";
import { fillScratch, isRestUntouched, other, putText, SCRATCH_BYTES, scratch } from "./memory-map.ts";

const MAC_BYTES = 6;
const BOARD_ID_MAX = 0xffff;
const FILL: u8 = 0x3c;
const NEWLINE: u8 = 10;
const SERIAL_MAX_MS: u32 = 1000;

/** The host runs this program without images in flash. */
export function isAlone(): bool {
  return image_run(FLASH_QUEUE_OFFSET) == HostError.Unsupported;
}

export class SelfChecks extends Checks {
  protected run(step: i32): Next {
    if (step == 0) return this.checkSelf();
    if (step == 1) return this.checkLog();
    if (step == 2) return this.checkSerial();
    if (step == 3) return this.fillSerial();
    return this.checkRoomAgain();
  }

  private checkSelf(): Next {
    const report = this.report;
    report.of("chip_mac");
    fillScratch(FILL);
    report.equal("reads", chip_mac(scratch), 0);
    report.holds("stays-in-range", isRestUntouched(MAC_BYTES, FILL));
    // IEEE 802 8.2: the lowest bit of the first byte is set in addresses of groups only.
    report.equal("individual", load<u8>(scratch) & 1, 0);
    report.of("board_id");
    report.within("in-bounds", board_id(), 0, BOARD_ID_MAX);
    if (this.environment.board != NONE) report.equal("known", board_id(), this.environment.board);
    report.of("abi_version");
    report.within("at-least", abi_version(), HOST_ABI_VERSION, i32.MAX_VALUE);
    report.of("slot");
    report.within("in-bounds", slot(), Slot.A, Slot.Boot);
    report.of("image_run");
    // A program that came over no flash has no images beside it.
    const refusal = isAlone() ? HostError.Unsupported : HostError.BadArgument;
    report.equal("bad-no-image", image_run(FLASH_QUEUE_OFFSET), refusal);
    report.equal("bad-inside", image_run(FLASH_SLOT_A_OFFSET + 4), refusal);
    report.equal("bad-behind", image_run(flash_size()), refusal);
    report.equal("bad-below-zero", image_run(-1), refusal);
    return Next.Step;
  }

  private checkLog(): Next {
    const report = this.report;
    report.of("log");
    memory.fill(scratch, 0x23, LOG_MAX_BYTES + 1);
    report.equal("longest", log(LogLevel.Debug, scratch, LOG_MAX_BYTES), 0);
    report.equal("nothing", log(LogLevel.Debug, 0, 0), 0);
    report.equal("bad-level", log(4, scratch, 1), HostError.BadArgument);
    report.equal("bad-neg-level", log(-1, scratch, 1), HostError.BadArgument);
    report.equal("bad-long", log(LogLevel.Info, scratch, LOG_MAX_BYTES + 1), HostError.BadArgument);
    this.wait(LOG_MAX_BYTES / 4);
    return Next.Step;
  }

  private checkSerial(): Next {
    const report = this.report;
    report.of("serial_read");
    if (this.environment.isKnown) report.holds("environment", this.environment.bytesRead > 0);
    report.equal("no-room", serial_read(0, 0), 0);
    report.equal("none-waiting", serial_read(scratch, 16), 0);
    report.of("serial_write");
    report.equal("nothing", serial_write(0, 0), 0);
    this.wait(4 * report.takePauseMs());
    return Next.Step;
  }

  private fillSerial(): Next {
    const report = this.report;
    const sizeBytes = putText(other, "# serial\n");
    report.of("serial_write");
    report.equal("line", serial_write(other, sizeBytes), sizeBytes);
    // Empty lines: log lines that follow stay lines of their own.
    memory.fill(scratch, NEWLINE, SCRATCH_BYTES);
    const taken = serial_write(scratch, SCRATCH_BYTES);
    report.within("more-than-fits", taken, 1, SCRATCH_BYTES - 1);
    report.equal("full", serial_write(scratch, SCRATCH_BYTES), 0);
    return Next.Step;
  }

  private checkRoomAgain(): Next {
    const taken = serial_write(scratch, 1);
    if (this.lookAgain(taken != 0, SERIAL_MAX_MS)) return Next.Again;
    this.report.of("serial_write");
    this.report.equal("room-again", taken, 1);
    return Next.Done;
  }
}
