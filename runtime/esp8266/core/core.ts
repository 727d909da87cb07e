/**
 * The state of the LX106 outside of its engines: program counter, special registers, exceptions, interrupts, the timer
 * CCOUNT/CCOMPARE0, and the queue of things that happen at a cycle.
 *
 * Engines run code until `nextEvent`, or until `attention` tells that something may have changed that comes before it;
 * then `serve` does what is due. An interrupt is taken before the first instruction that would start at its cycle or later,
 * in both engines alike. Source: Xtensa ISA Reference Manual, 4.4 (exceptions, interrupts, timer), 5.3 (registers).
 */
import type { CycleClock, InterruptLines } from "../bus.ts";
import { InterruptLine } from "../bus.ts";
import { EmulatorError } from "../emulator-error.ts";
import { STATE_REGISTERS, STATE_SAR, STATE_SPECIAL } from "../memory/host-layout.ts";
import type { MemorySpace } from "../memory/memory-space.ts";
import { EXCEPTION_CYCLES } from "./cycle-model.ts";
import { EventQueue } from "./event-queue.ts";
import {
  DEBUG_LEVEL,
  EXCM_LEVEL,
  ExceptionCause,
  NMI_LEVEL,
  PS_EXCM,
  PS_INTLEVEL_MASK,
  PS_MASK,
  PS_UM,
  VECTOR_DEBUG,
  VECTOR_DOUBLE,
  VECTOR_KERNEL,
  VECTOR_NMI,
  VECTOR_USER,
} from "./exception-causes.ts";
import { CONFIGID0_VALUE, CONFIGID1_VALUE, SpecialRegister as SR } from "./special-registers.ts";

/** What the core did last, for whoever stops on it. */
export interface TakenException {
  /** Or DEBUG_EXCEPTION. */
  readonly cause: ExceptionCause | typeof DEBUG_EXCEPTION;
  /** Of the instruction that raised it. */
  readonly pc: number;
  readonly excvaddr: number;
}

/** In the place of a cause: a `break` instruction went to the debug vector. */
export const DEBUG_EXCEPTION = -1;

const LINES_MASK = 0x7fff;
/** Lines 8 to 13 remember an edge until INTCLEAR; 0 to 5 are levels. Source: core-isa.h, XCHAL_INTTYPE_MASK_*. */
const EDGE_LINES = 0x3f00;
const SOFT_LINES = 1 << InterruptLine.Soft;
const NMI_BIT = 1 << InterruptLine.Nmi;
const VECBASE_AT_RESET = 0x40000000;
/** In the mask ROM. Source: core-isa.h, XCHAL_RESET_VECTOR1_VADDR. */
const RESET_VECTOR = 0x40000080;
/** At reset PS.INTLEVEL is 15 and PS.EXCM is set (manual, section 5.3, PS). */
const PS_AT_RESET = 0x1f;

export class Core implements CycleClock, InterruptLines {
  readonly memory: MemorySpace;
  /** a0 to a15. */
  readonly registers: Int32Array;
  /** By number; those with effects go through `readSpecial` and `writeSpecial`. */
  readonly special: Int32Array;
  pc = 0;
  cycles = 0;
  instructions = 0;
  /** The next cycle at which something happens by itself. */
  nextEvent = Number.POSITIVE_INFINITY;
  /** Something may be due earlier than `nextEvent` says. */
  attention = true;
  /** WAITI: nothing runs until an interrupt. */
  waiting = false;
  /** The last exception, until somebody clears it. */
  exception: TakenException | undefined;
  /** Told when LITBASE changes, since decoded code has it built in. */
  onLiteralBaseChanged: () => void = () => {};
  readonly #events = new EventQueue();
  #levels = 0;
  /** CCOUNT minus cycles. */
  #countOffset = 0;
  #compareCycle = Number.POSITIVE_INFINITY;
  readonly #sar: Int32Array;

  constructor(memory: MemorySpace) {
    this.memory = memory;
    this.registers = memory.words.subarray(STATE_REGISTERS >> 2, (STATE_REGISTERS >> 2) + 16);
    this.special = memory.words.subarray(STATE_SPECIAL >> 2, (STATE_SPECIAL >> 2) + 256);
    this.#sar = memory.words.subarray(STATE_SAR >> 2, (STATE_SAR >> 2) + 1);
    this.reset();
  }

  /** As after power-on, but time goes on: peripherals have their own resets. */
  reset(): void {
    this.pc = RESET_VECTOR;
    this.registers.fill(0);
    this.special.fill(0);
    this.#sar[0] = 0;
    this.special[SR.PS] = PS_AT_RESET;
    this.special[SR.VECBASE] = VECBASE_AT_RESET;
    this.special[SR.CONFIGID0] = CONFIGID0_VALUE;
    this.special[SR.CONFIGID1] = CONFIGID1_VALUE;
    this.#levels = 0;
    this.#countOffset = -this.cycles;
    this.#compareCycle = this.cycles + 2 ** 32;
    this.waiting = false;
    this.exception = undefined;
    this.attention = true;
    this.onLiteralBaseChanged();
  }

  get sar(): number {
    return this.#sar[0] as number;
  }

  set sar(value: number) {
    this.#sar[0] = value & 63;
  }

  // Interrupts and time

  raise(line: number): void {
    const bit = 1 << line;
    if ((this.#levels & bit) === 0 || line < 6) this.#pend(bit);
    this.#levels |= bit;
  }

  lower(line: number): void {
    const bit = 1 << line;
    this.#levels &= ~bit;
    if (line < 6) this.special[SR.INTERRUPT] = (this.special[SR.INTERRUPT] as number) & ~bit;
  }

  #pend(bits: number): void {
    this.special[SR.INTERRUPT] = ((this.special[SR.INTERRUPT] as number) | bits) & LINES_MASK;
    this.attention = true;
  }

  at(cycle: number, run: () => void): () => void {
    const cancel = this.#events.add(cycle, run);
    this.nextEvent = Math.min(this.nextEvent, cycle);
    this.attention = true;
    return cancel;
  }

  /** Does what is due at this cycle: events, the timer, then at most one interrupt, which changes `pc`. */
  serve(): void {
    this.attention = false;
    this.#events.run(this.cycles);
    if (this.cycles >= this.#compareCycle) {
      this.#compareCycle += 2 ** 32;
      this.#pend(1 << InterruptLine.Ccompare);
    }
    this.nextEvent = Math.min(this.#events.next, this.#compareCycle);
    this.#takeInterrupt();
    // An event may have added another one that is due already, or raised a line after we looked.
    this.attention ||= this.nextEvent <= this.cycles;
  }

  #takeInterrupt(): void {
    const pending = this.special[SR.INTERRUPT] as number;
    if ((pending & NMI_BIT) !== 0) {
      this.special[SR.INTERRUPT] = pending & ~NMI_BIT;
      this.#enterLevel(NMI_LEVEL, VECTOR_NMI);
      return;
    }
    const ps = this.special[SR.PS] as number;
    if ((pending & (this.special[SR.INTENABLE] as number)) === 0) return;
    if ((ps & PS_EXCM) !== 0 || (ps & PS_INTLEVEL_MASK) >= EXCM_LEVEL) return;
    this.waiting = false;
    this.raiseException(ExceptionCause.Level1Interrupt, this.special[SR.EXCVADDR] as number);
    this.exception = undefined;
  }

  /** Whether time alone can end a WAITI. */
  get idleForever(): boolean {
    return this.waiting && this.#events.next === Number.POSITIVE_INFINITY && !this.#compareCanInterrupt;
  }

  get #compareCanInterrupt(): boolean {
    return ((this.special[SR.INTENABLE] as number) & (1 << InterruptLine.Ccompare)) !== 0;
  }

  // Exceptions

  /** Enters the handler of a general exception of the instruction at `pc`. */
  raiseException(cause: ExceptionCause, excvaddr: number): void {
    const { special, pc } = this;
    const ps = special[SR.PS] as number;
    const vecbase = special[SR.VECBASE] as number;
    if ((ps & PS_EXCM) !== 0) {
      special[SR.DEPC] = pc;
      this.pc = (vecbase + VECTOR_DOUBLE) >>> 0;
    } else {
      special[SR.EPC1] = pc;
      this.pc = (vecbase + ((ps & PS_UM) !== 0 ? VECTOR_USER : VECTOR_KERNEL)) >>> 0;
    }
    special[SR.EXCCAUSE] = cause;
    special[SR.EXCVADDR] = excvaddr;
    special[SR.PS] = ps | PS_EXCM;
    this.cycles += EXCEPTION_CYCLES;
    this.exception = { cause, pc: pc >>> 0, excvaddr: excvaddr >>> 0 };
  }

  /** A debug exception; where the debug level is masked the instruction does nothing, and the result is false. */
  raiseDebug(cause: number): boolean {
    const ps = this.special[SR.PS] as number;
    const level = Math.max((ps & PS_EXCM) !== 0 ? EXCM_LEVEL : 0, ps & PS_INTLEVEL_MASK);
    if (level >= DEBUG_LEVEL) return false;
    this.special[SR.DEBUGCAUSE] = cause;
    this.exception = {
      cause: DEBUG_EXCEPTION,
      pc: this.pc >>> 0,
      excvaddr: (this.special[SR.EXCVADDR] as number) >>> 0,
    };
    this.#enterLevel(DEBUG_LEVEL, VECTOR_DEBUG);
    return true;
  }

  #enterLevel(level: 2 | 3, vector: number): void {
    const ps = this.special[SR.PS] as number;
    this.waiting = false;
    this.special[SR.EPC1 + level - 1] = this.pc;
    this.special[SR.EPS2 + level - 2] = ps;
    this.special[SR.PS] = (ps & ~PS_INTLEVEL_MASK) | PS_EXCM | level;
    this.pc = ((this.special[SR.VECBASE] as number) + vector) >>> 0;
    this.cycles += EXCEPTION_CYCLES;
  }

  /** RFE, RFDE, RFI; where the core goes on. */
  returnFromException(): number {
    this.special[SR.PS] = (this.special[SR.PS] as number) & ~PS_EXCM;
    this.attention = true;
    return this.special[SR.EPC1] as number;
  }

  returnFromLevel(level: number): number {
    if (level < 2 || level > NMI_LEVEL)
      throw new EmulatorError("not-emulated", `rfi ${level}: this core has levels 2 and 3.`, { pc: this.pc });
    this.special[SR.PS] = this.special[SR.EPS2 + level - 2] as number;
    this.attention = true;
    return this.special[SR.EPC1 + level - 1] as number;
  }

  /** RSIL, WAITI: sets PS.INTLEVEL; the old PS. */
  setInterruptLevel(level: number): number {
    const ps = this.special[SR.PS] as number;
    this.special[SR.PS] = (ps & ~PS_INTLEVEL_MASK) | level;
    this.attention = true;
    return ps;
  }

  // Special registers

  readSpecial(register: number): number {
    if (register === SR.CCOUNT) return (this.cycles + this.#countOffset) | 0;
    if (register === SR.SAR) return this.sar;
    return this.special[register] as number;
  }

  writeSpecial(register: number, value: number): void {
    const { special } = this;
    switch (register) {
      case SR.SAR:
        this.sar = value;
        return;
      case SR.LITBASE:
        special[register] = value & 0xfffff001;
        this.onLiteralBaseChanged();
        break;
      case SR.PS:
        special[register] = value & PS_MASK;
        break;
      case SR.INTERRUPT:
        this.#pend(value & SOFT_LINES);
        break;
      case SR.INTCLEAR:
        special[SR.INTERRUPT] = (special[SR.INTERRUPT] as number) & ~(value & (SOFT_LINES | EDGE_LINES));
        break;
      case SR.INTENABLE:
        special[register] = value & LINES_MASK;
        break;
      case SR.CCOUNT:
        this.#countOffset = (value >>> 0) - this.cycles;
        this.#planCompare();
        break;
      case SR.CCOMPARE0:
        special[register] = value;
        special[SR.INTERRUPT] = (special[SR.INTERRUPT] as number) & ~(1 << InterruptLine.Ccompare);
        this.#planCompare();
        break;
      case SR.IBREAKENABLE:
      case SR.DBREAKC0:
      case SR.ICOUNTLEVEL:
        if (value !== 0)
          throw new EmulatorError("not-emulated", `${SR[register]}: breakpoints in hardware are not emulated.`, {
            pc: this.pc,
          });
        break;
      default:
        special[register] = value;
    }
    this.attention = true;
  }

  /** The next cycle at which CCOUNT becomes CCOMPARE0; when they are equal now, that is a whole round away. */
  #planCompare(): void {
    const distance = ((this.special[SR.CCOMPARE0] as number) - this.readSpecial(SR.CCOUNT)) >>> 0;
    this.#compareCycle = this.cycles + (distance === 0 ? 2 ** 32 : distance);
  }
}
