/**
 * Operations that concern more than registers and RAM: accesses to peripherals and flash, special registers, exceptions.
 * The interpreter's loop comes here with Core exact; afterwards Core is exact behind the instruction, or in a handler.
 */
import { EmulatorError, hex } from "../emulator-error.ts";
import { NO_FAULT } from "../memory/memory-space.ts";
import { type BlockCache, OP_WORDS } from "./block-cache.ts";
import type { Core } from "./core.ts";
import { TAKEN_CYCLES } from "./cycle-model.ts";
import { DEBUGCAUSE_BREAK, DEBUGCAUSE_BREAK_N, ExceptionCause } from "./exception-causes.ts";
import { Op } from "./operations.ts";
import type { RegionProtection } from "./region-protection.ts";
import { SpecialRegister } from "./special-registers.ts";

/** How a block was left. */
export enum Flow {
  Next,
  Taken,
  /** To an address in `pc`, as after a taken branch. */
  Jump,
  /** Core has the exact state behind the last instruction. */
  Settled,
  /** Core has entered a handler. */
  Fault,
}

const ACCESS_BYTES: Readonly<Record<number, number>> = {
  ...{ [Op.L32r]: 4, [Op.L32i]: 4, [Op.L16ui]: 2, [Op.L16si]: 2, [Op.L8ui]: 1 },
  ...{ [Op.S32i]: 4, [Op.S16i]: 2, [Op.S8i]: 1 },
};

export class UncommonOperations {
  readonly #core: Core;
  readonly #blocks: BlockCache;
  readonly #protection: RegionProtection;
  readonly #onSimcall: ((core: Core) => void) | undefined;

  constructor(
    core: Core,
    blocks: BlockCache,
    protection: RegionProtection,
    onSimcall: ((core: Core) => void) | undefined,
  ) {
    this.#core = core;
    this.#blocks = blocks;
    this.#protection = protection;
    this.#onSimcall = onSimcall;
  }

  /** Moves Core, which is settled before the operation `at`, behind it. */
  #retire(at: number): Flow {
    const { addresses, cyclesBefore } = this.#blocks;
    const index = at / OP_WORDS;
    const core = this.#core;
    core.pc = (addresses[index + 1] as number) >>> 0;
    core.cycles += (cyclesBefore[index + 1] as number) - (cyclesBefore[index] as number);
    core.instructions++;
    return Flow.Settled;
  }

  #jump(at: number, pc: number): Flow {
    this.#retire(at);
    this.#core.cycles += TAKEN_CYCLES;
    this.#core.pc = pc >>> 0;
    return Flow.Settled;
  }

  #raise(cause: ExceptionCause, excvaddr = this.#core.special[SpecialRegister.EXCVADDR] as number): Flow {
    this.#core.raiseException(cause, excvaddr);
    return Flow.Fault;
  }

  /** A load or store that is not to RAM. Flow.Next: the block may go on. */
  access(op: number, d: number, address: number, value: number, at: number): Flow {
    const { memory } = this.#core;
    const core = this.#core;
    const sizeBytes = ACCESS_BYTES[op];
    if (sizeBytes === undefined) throw new EmulatorError("bug", `Operation ${op} has no access.`, { pc: core.pc });
    if (op === Op.S32i || op === Op.S16i || op === Op.S8i) {
      memory.store(address, sizeBytes, value);
      if (memory.fault !== NO_FAULT) return this.#raise(memory.fault, address);
    } else {
      const loaded = memory.load(address, sizeBytes);
      if (memory.fault !== NO_FAULT) return this.#raise(memory.fault, address);
      core.registers[d] = op === Op.L16si ? (loaded << 16) >> 16 : loaded;
    }
    if (!memory.attention && !core.attention) return Flow.Next;
    memory.attention = false;
    core.attention = true;
    core.cycles += memory.stallCycles;
    return this.#retire(at);
  }

  /** Operations that concern more than registers and memory; they end their block. */
  special(op: Op, d: number, s: number, t: number, immediate: number, at: number): Flow {
    const core = this.#core;
    switch (op) {
      case Op.Wsr:
        core.writeSpecial(immediate, t);
        return this.#retire(at);
      case Op.Xsr: {
        const old = core.readSpecial(immediate);
        core.writeSpecial(immediate, t);
        core.registers[d] = old;
        return this.#retire(at);
      }
      case Op.Rsil:
        core.registers[d] = core.setInterruptLevel(immediate);
        return this.#retire(at);
      case Op.Waiti:
        core.setInterruptLevel(immediate);
        core.waiting = true;
        return this.#retire(at);
      case Op.Rfe:
        return this.#jump(at, core.returnFromException());
      case Op.Rfde:
        return this.#jump(at, core.special[SpecialRegister.DEPC] as number);
      case Op.Rfi:
        return this.#jump(at, core.returnFromLevel(immediate));
      case Op.Tlb:
        core.registers[d] = this.#protection.run(immediate, s, t);
        return this.#retire(at);
      case Op.Syscall:
        return this.#raise(ExceptionCause.Syscall);
      case Op.Break:
      case Op.BreakN:
        return core.raiseDebug(op === Op.Break ? DEBUGCAUSE_BREAK : DEBUGCAUSE_BREAK_N) ? Flow.Fault : this.#retire(at);
      case Op.Simcall:
        if (!this.#onSimcall) throw new EmulatorError("not-emulated", "simcall without a handler.", { pc: core.pc });
        this.#onSimcall(core);
        return this.#retire(at);
      case Op.Illegal:
        return this.#raise(ExceptionCause.IllegalInstruction);
      default:
        throw new EmulatorError("not-emulated", `The instruction at ${hex(core.pc)} is not emulated.`, { pc: core.pc });
    }
  }
}
