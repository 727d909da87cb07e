/**
 * Drives the engines: does what is due between instructions, runs routines of TypeScript, turns failed fetches into
 * exceptions, and stops at limits exactly.
 *
 * Engines run whole blocks and stop short of the next event; from there instructions are run one at a time. So both
 * engines take an interrupt at the same instruction, whatever their blocks are.
 */
import type { NamedRoutine } from "../bus.ts";
import { EmulatorError, hex } from "../emulator-error.ts";
import {
  CALL_RETURN_ADDRESS,
  FIRST_PERMITTED_ADDRESS,
  LAST_PERMITTED_ADDRESS,
  ROM_ADDRESS,
  ROM_BYTES,
} from "../memory/address-map.ts";
import type { Profile } from "../profile.ts";
import type { TraceRecord } from "../trace.ts";
import type { Core } from "./core.ts";
import { INSTRUCTION_CYCLES, TAKEN_CYCLES } from "./cycle-model.ts";
import { ExceptionCause } from "./exception-causes.ts";
import { type Interpreter, Pause } from "./interpreter.ts";
import { RoutineFrame } from "./routine-frame.ts";

export type Stop = "limit" | "waiting" | "stopped" | "exception" | "returned";

/** What the executor needs of translated code; see translate/translator.ts. */
export interface TranslatedEngine {
  /** Runs translated code at the program counter, short of a cycle; false when nothing was done. */
  run(cycleLimit: number): boolean;
  /** The block at the program counter has become hot. */
  compile(): void;
}

/** Routines of TypeScript that call chip code that calls routines, and so on. */
const MAX_NESTING = 64;

export class Executor {
  onTrace: ((record: TraceRecord) => void) | undefined;
  profile: Profile | undefined;
  readonly #core: Core;
  readonly #interpreter: Interpreter;
  readonly #translator: TranslatedEngine | undefined;
  readonly #routines: ReadonlyMap<number, NamedRoutine>;
  readonly #call: (address: number, args: readonly number[]) => number;
  #nesting = 0;
  #stopRequested = false;

  constructor(
    core: Core,
    interpreter: Interpreter,
    translator: TranslatedEngine | undefined,
    routines: ReadonlyMap<number, NamedRoutine>,
    call: (address: number, args: readonly number[]) => number,
  ) {
    this.#core = core;
    this.#interpreter = interpreter;
    this.#translator = translator;
    this.#routines = routines;
    this.#call = call;
  }

  /** Ends the run under way before its next instruction; without one it does nothing. */
  stop(): void {
    this.#stopRequested = this.#nesting > 0;
  }

  /** Runs until `instructionLimit` or `cycleLimit` (both absolute) or until something else stops it. */
  run(instructionLimit: number, cycleLimit: number, stopOnException: boolean): Stop {
    if (this.#nesting >= MAX_NESTING)
      throw new EmulatorError("setup", "Routines and chip code call each other without end.");
    this.#nesting++;
    this.#core.exception = undefined;
    this.#core.attention = true;
    try {
      return this.#loop(instructionLimit, cycleLimit, stopOnException);
    } catch (error) {
      if (error instanceof EmulatorError && error.pc === undefined) error.pc = this.#core.pc;
      throw error;
    } finally {
      this.#nesting--;
    }
  }

  #loop(instructionLimit: number, cycleLimit: number, stopOnException: boolean): Stop {
    const core = this.#core;
    let near = false;
    // Turns without an instruction count too: a chip that sleeps for ever or whose handlers fail must come to an end.
    let idle = 0;
    this.#interpreter.watcher =
      this.profile && ((pc, instructions, cycles) => this.profile?.count(pc, instructions, cycles));
    for (;;) {
      if (this.#stopRequested) {
        this.#stopRequested = false;
        return "stopped";
      }
      if (core.cycles >= cycleLimit || core.instructions + idle >= instructionLimit) return "limit";
      if (core.attention || core.cycles >= core.nextEvent) {
        core.serve();
        near = false;
        continue;
      }
      if (core.waiting) {
        if (core.idleForever) return "waiting";
        core.cycles = Math.min(core.nextEvent, cycleLimit);
        idle++;
        continue;
      }
      const limit = Math.min(core.nextEvent, cycleLimit, core.cycles + instructionLimit - core.instructions - idle);
      const pause: Pause = this.onTrace
        ? this.#traced(this.onTrace)
        : near
          ? this.#interpreter.step()
          : this.#runBlocks(limit);
      near = pause === Pause.Limit && !core.attention;
      if (pause === Pause.Elsewhere && this.#leaveCode()) return "returned";
      if (core.exception) idle++;
      if (stopOnException && core.exception) return "exception";
      core.exception = undefined;
    }
  }

  #runBlocks(cycleLimit: number): Pause {
    const translator = this.profile ? undefined : this.#translator;
    if (!translator) return this.#interpreter.run(cycleLimit, true);
    if (translator.run(cycleLimit)) return Pause.Translated;
    const pause = this.#interpreter.run(cycleLimit, true);
    if (pause === Pause.Translated) translator.compile();
    return pause;
  }

  /** No block at the program counter: the end of a call, a routine, or an exception. True: the call has returned. */
  #leaveCode(): boolean {
    const core = this.#core;
    const pc = core.pc >>> 0;
    if (pc === CALL_RETURN_ADDRESS) return true;
    const routine = this.#routines.get(pc);
    if (routine) {
      this.#runRoutine(routine);
      return false;
    }
    if (pc >= ROM_ADDRESS && pc < ROM_ADDRESS + ROM_BYTES)
      throw new EmulatorError(
        "not-emulated",
        `The core reached ${hex(pc)} in the mask ROM, where no routine is emulated.`,
        {
          pc,
          address: pc,
        },
      );
    const permitted = pc >= FIRST_PERMITTED_ADDRESS && pc <= LAST_PERMITTED_ADDRESS;
    core.raiseException(
      permitted ? ExceptionCause.InstructionFetchError : ExceptionCause.InstructionFetchProhibited,
      core.pc,
    );
    return false;
  }

  #runRoutine(routine: NamedRoutine): void {
    const core = this.#core;
    const { cycles, pc } = core;
    const frame = new RoutineFrame(core, this.#call);
    routine.run(frame);
    core.instructions++;
    core.cycles += INSTRUCTION_CYCLES + TAKEN_CYCLES;
    if (frame.raised) core.raiseException(frame.raised.cause, frame.raised.address);
    else core.pc = (frame.target ?? (core.registers[0] as number)) >>> 0;
    core.attention = true;
    this.profile?.count(pc, 1, core.cycles - cycles);
  }

  #traced(listener: (record: TraceRecord) => void): Pause {
    const core = this.#core;
    const { pc, instructions } = core;
    const before = core.registers.slice();
    const pause = this.#interpreter.step();
    if (core.instructions === instructions) return pause;
    const changed: [number, number][] = [];
    core.registers.forEach((value, register) => {
      if (value !== before[register]) changed.push([register, value >>> 0]);
    });
    listener({ pc, changed });
    return pause;
  }
}
