/**
 * Addresses that are not the program's, for every parameter that is one. A program's own mistakes fault on the chip; what it
 * hands to the host is for the host to check, or the host faults. The memory of a program is from DATA_START to RAM_END.
 */
import { HostError } from "../../runtime/contract/error-codes.ts";
import { Checks, Next } from "./checks.ts";
import { DATA_START, RAM_END, RAM_START, scratch } from "./memory-map.ts";
import { callWith, fixedBytes, functionOf, PointerParameter } from "./pointer-parameters.ts";

/** A length that every function takes: a word, and as many as a record of any has. */
const USUAL_BYTES = 64;
/** Of the chip: the registers, the flash as the program sees it, the stack and the SDK's memory behind the program's. */
const REGISTERS: usize = 0x60000000;
const FLASH_MAP: usize = 0x40200000;
const STACK: usize = 0x3fffb000;

export class PointerChecks extends Checks {
  /** A step for each parameter. */
  protected run(step: i32): Next {
    const parameter = <PointerParameter>step;
    const fixed = fixedBytes(parameter);
    const sizeBytes = fixed == 0 ? USUAL_BYTES : fixed;
    this.report.of(functionOf(parameter));
    this.refuse("bad-null", parameter, 0, sizeBytes);
    this.refuse("bad-host-table", parameter, RAM_START + 64, sizeBytes);
    this.refuse("bad-from-table", parameter, DATA_START - 4, sizeBytes);
    this.refuse("bad-over-ram", parameter, RAM_END - sizeBytes + 4, sizeBytes);
    this.refuse("bad-behind-ram", parameter, RAM_END, sizeBytes);
    this.refuse("bad-wraps", parameter, <usize>-4, sizeBytes);
    this.refuse("bad-registers", parameter, REGISTERS, sizeBytes);
    this.refuse("bad-flash-map", parameter, FLASH_MAP, sizeBytes);
    this.refuse("bad-stack", parameter, STACK, sizeBytes);
    if (fixed == 0) this.refuseLengths(parameter);
    return step + 1 == PointerParameter.Count ? Next.Done : Next.Step;
  }

  private refuse(check: string, parameter: PointerParameter, pointer: usize, sizeBytes: i32): void {
    this.report.equal(check, callWith(parameter, pointer, sizeBytes), HostError.OutOfRange);
  }

  private refuseLengths(parameter: PointerParameter): void {
    const report = this.report;
    report.equal("bad-negative", callWith(parameter, scratch, -1), HostError.BadArgument);
    report.equal("bad-lowest", callWith(parameter, scratch, i32.MIN_VALUE), HostError.BadArgument);
    this.refuse("bad-endless", parameter, scratch, i32.MAX_VALUE);
    this.refuse("bad-empty-end", parameter, RAM_END + 4, 0);
    this.refuse("bad-empty-host", parameter, RAM_START + 4, 0);
  }
}
