/**
 * Interrupts and exceptions as the mask ROM serves them: the vectors, and the table of handlers that programs fill (names of
 * the SDK's ets_sys.h). The real ROM keeps the table and what it saves in RAM of its own; here both are kept aside.
 *
 * An exception that nobody handles is told on the serial line, and the chip stands still until its watchdog bites.
 */
import type { RoutineContext } from "../bus.ts";
import { ExceptionCause, PS_EXCM, PS_INTLEVEL_MASK, VECTOR_KERNEL, VECTOR_USER } from "../core/exception-causes.ts";
import { SpecialRegister } from "../core/special-registers.ts";
import { hex } from "../emulator-error.ts";
import * as cycles from "./rom-cycles.ts";
import { type RomRoutine, waitHere } from "./rom-routine.ts";

/** Special registers and the shift amount of the core. */
export interface CoreRegisters {
  readSpecial(register: SpecialRegister): number;
  writeSpecial(register: SpecialRegister, value: number): void;
}

export interface InterruptRoutines {
  /** To be served as they are, without spoiling registers. */
  vectors: RomRoutine[];
  routines: RomRoutine[];
  reset: () => void;
}

interface Handler {
  address: number;
  argument: number;
}

interface Saved {
  registers: number[];
  sar: number;
  ps: number;
  epc1: number;
}

const ROM_ADDRESS = 0x40000000;
/** Where handlers return to; inside the ROM, where no entry point is known. */
const HANDLER_RETURN_ADDRESS = 0x40000058;
const REGISTERS = 16;
const LINES = 15;
/** What the real dispatcher saves lies here, below the interrupted code's stack. */
const FRAME_BYTES = 256;
/** Saving and restoring all registers, in and out of memory. */
const DISPATCH_CYCLES = 80;

export function interruptRoutines(core: CoreRegisters, tell: (text: string) => void): InterruptRoutines {
  const handlers = new Map<number, Handler>();
  const saved: Saved[] = [];
  let isFatal = false;
  const pending = () => core.readSpecial(SpecialRegister.INTERRUPT) & core.readSpecial(SpecialRegister.INTENABLE);

  /** Calls the handler of the lowest line that is pending and has one; false when there is none. */
  const enterNext = (context: RoutineContext, stack: number): boolean => {
    for (let line = 0; line < LINES; line++) {
      const handler = handlers.get(line);
      if (((pending() >>> line) & 1) === 0 || handler === undefined) continue;
      context.set(0, HANDLER_RETURN_ADDRESS);
      context.set(1, stack - FRAME_BYTES);
      context.set(2, handler.argument);
      context.jump(handler.address);
      return true;
    }
    return false;
  };
  const leave = (context: RoutineContext): void => {
    const last = saved.pop() as Saved;
    last.registers.forEach((value, register) => {
      context.set(register, value);
    });
    core.writeSpecial(SpecialRegister.SAR, last.sar);
    core.writeSpecial(SpecialRegister.PS, last.ps & ~PS_EXCM);
    context.jump(last.epc1);
  };

  const serveVector = (context: RoutineContext): "waiting" | undefined => {
    const cause = core.readSpecial(SpecialRegister.EXCCAUSE);
    const epc1 = core.readSpecial(SpecialRegister.EPC1);
    if (cause !== ExceptionCause.Level1Interrupt) {
      if (!isFatal) tell(`Fatal exception (${cause}): epc1=${hex(epc1)}\r\n`);
      isFatal = true;
      return waitHere(context, cycles.POLL_CYCLES);
    }
    const ps = core.readSpecial(SpecialRegister.PS);
    const registers = Array.from({ length: REGISTERS }, (_, register) => context.get(register));
    saved.push({ registers, sar: core.readSpecial(SpecialRegister.SAR), ps, epc1 });
    context.spend(DISPATCH_CYCLES);
    // Handlers run with exceptions enabled and interrupts masked.
    core.writeSpecial(SpecialRegister.PS, (ps & ~(PS_EXCM | PS_INTLEVEL_MASK)) | PS_INTLEVEL_MASK);
    if (!enterNext(context, registers[1] as number)) leave(context);
    return undefined;
  };

  const vector = (offset: number): RomRoutine => ({
    name: "exception vector",
    address: ROM_ADDRESS + offset,
    resultWords: 0,
    run: serveVector,
  });
  const enable = (context: RoutineContext, change: (enabled: number, mask: number) => number): void => {
    const enabled = core.readSpecial(SpecialRegister.INTENABLE);
    core.writeSpecial(SpecialRegister.INTENABLE, change(enabled, context.argument(0)));
    context.spend(cycles.SHORT_ROUTINE_CYCLES);
  };

  return {
    reset: () => {
      handlers.clear();
      saved.length = 0;
      isFatal = false;
    },
    vectors: [
      vector(VECTOR_USER),
      vector(VECTOR_KERNEL),
      {
        name: "return from an interrupt",
        address: HANDLER_RETURN_ADDRESS,
        resultWords: 0,
        run: (context) => {
          const stack = (saved.at(-1) as Saved).registers[1] as number;
          if (!enterNext(context, stack)) leave(context);
        },
      },
    ],
    routines: [
      {
        name: "ets_isr_attach",
        address: 0x40000f88,
        resultWords: 1,
        run: (context) => {
          handlers.set(context.argument(0), { address: context.argument(1), argument: context.argument(2) });
          context.setResult(0, 0);
          context.spend(cycles.SHORT_ROUTINE_CYCLES);
        },
      },
      {
        name: "ets_isr_mask",
        address: 0x40000f98,
        resultWords: 0,
        run: (context) => enable(context, (enabled, mask) => enabled & ~mask),
      },
      {
        name: "ets_isr_unmask",
        address: 0x40000fa8,
        resultWords: 0,
        run: (context) => enable(context, (enabled, mask) => enabled | mask),
      },
    ],
  };
}
