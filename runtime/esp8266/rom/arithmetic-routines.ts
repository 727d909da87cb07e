/**
 * Arithmetic of the mask ROM: libgcc's soft float, 64-bit integers and division. Arguments and results as in gcc's call0
 * convention: a 64-bit value fills two words, low first.
 *
 * A division by zero is an illegal instruction, as in gcc's own routines for Xtensa (assumption: those of the ROM are older
 * and may return 0).
 */
import type { RoutineContext } from "../bus.ts";
import * as float from "./float-arithmetic.ts";
import * as cycles from "./rom-cycles.ts";
import { divideByZero, type RomRoutine } from "./rom-routine.ts";
import * as wide from "./wide-integers.ts";

/** A number of two words: its bits, low word first. */
type Words = wide.WordPair;

export const ARITHMETIC_ROUTINES: RomRoutine[] = [
  single("__addsf3", 0x4000c180, float.add, cycles.SINGLE_ADD_CYCLES),
  single("__subsf3", 0x4000c268, float.subtract, cycles.SINGLE_ADD_CYCLES),
  single("__mulsf3", 0x4000c3dc, float.multiply, cycles.SINGLE_MULTIPLY_CYCLES),
  double("__adddf3", 0x4000c538, float.add, cycles.DOUBLE_ADD_CYCLES),
  double("__subdf3", 0x4000c688, float.subtract, cycles.DOUBLE_ADD_CYCLES),
  double("__muldf3", 0x4000c8f0, float.multiply, cycles.DOUBLE_MULTIPLY_CYCLES),
  double("__divdf3", 0x4000cb94, float.divide, cycles.DOUBLE_DIVIDE_CYCLES),

  wordToWord("__fixunssfsi", 0x4000c4c4, float.singleToUint32),
  wordToWord("__floatsisf", 0x4000e2ac, float.int32ToSingle),
  wordToWord("__floatunsisf", 0x4000e2a4, float.uint32ToSingle),
  pairToWord("__fixdfsi", 0x4000ccb8, float.doubleToInt32),
  pairToWord("__fixunsdfsi", 0x4000cd00, float.doubleToUint32),
  pairToWord("__truncdfsf2", 0x4000cd5c, float.doubleToSingle),
  wordToPair("__floatsidf", 0x4000e2f0, float.int32ToDouble),
  wordToPair("__floatunsidf", 0x4000e2e8, float.uint32ToDouble),
  wordToPair("__extendsfdf2", 0x4000cdfc, float.singleToDouble),

  divide32("__divsi3", 0x4000dc88, (left, right) => (left | 0) / (right | 0)),
  divide32("__udivsi3", 0x4000e21c, (left, right) => left / right),
  divide32("__umodsi3", 0x4000e268, (left, right) => left % right),
  divide64("__divdi3", 0x4000ce60, wide.divideSigned),
  divide64("__udivdi3", 0x4000d310, (left, right) => wide.divideUnsigned(left, right).quotient),
  divide64("__umoddi3", 0x4000d770, (left, right) => wide.divideUnsigned(left, right).remainder),
  {
    name: "__muldi3",
    address: 0x40000650,
    resultWords: 2,
    run: (core) => {
      const result = pair(core, 0);
      wide.multiplyPairs(result, pair(core, 2), result);
      setPair(core, result);
      core.spend(cycles.MULTIPLY_64_CYCLES);
    },
  },
  {
    name: "__umulsidi3",
    address: 0x4000dcf0,
    resultWords: 2,
    run: (core) => {
      const result: Words = { low: 0, high: 0 };
      wide.multiplyWords(core.argument(0), core.argument(1), result);
      setPair(core, result);
      core.spend(cycles.MULTIPLY_32_TO_64_CYCLES);
    },
  },
];

function single(name: string, address: number, operation: float.BinaryOperation, costCycles: number): RomRoutine {
  return {
    name,
    address,
    resultWords: 1,
    run: (core) => {
      core.setResult(0, float.singleOperation(operation, core.argument(0), core.argument(1)));
      core.spend(costCycles);
    },
  };
}

function double(name: string, address: number, operation: float.BinaryOperation, costCycles: number): RomRoutine {
  return {
    name,
    address,
    resultWords: 2,
    run: (core) => {
      const result = pair(core, 0);
      float.doubleOperation(operation, result, pair(core, 2));
      setPair(core, result);
      core.spend(costCycles);
    },
  };
}

function wordToWord(name: string, address: number, convert: (word: number) => number): RomRoutine {
  return {
    name,
    address,
    resultWords: 1,
    run: (core) => {
      core.setResult(0, convert(core.argument(0)));
      core.spend(cycles.FLOAT_CONVERT_CYCLES);
    },
  };
}

function pairToWord(name: string, address: number, convert: (words: Words) => number): RomRoutine {
  return {
    name,
    address,
    resultWords: 1,
    run: (core) => {
      core.setResult(0, convert(pair(core, 0)));
      core.spend(cycles.FLOAT_CONVERT_CYCLES);
    },
  };
}

function wordToPair(name: string, address: number, convert: (word: number, result: Words) => void): RomRoutine {
  return {
    name,
    address,
    resultWords: 2,
    run: (core) => {
      const result: Words = { low: 0, high: 0 };
      convert(core.argument(0), result);
      setPair(core, result);
      core.spend(cycles.FLOAT_CONVERT_CYCLES);
    },
  };
}

function divide32(name: string, address: number, operation: (left: number, right: number) => number): RomRoutine {
  return {
    name,
    address,
    resultWords: 1,
    run: (core) => {
      const left = core.argument(0);
      const right = core.argument(1);
      if (right === 0) return divideByZero(core);
      core.setResult(0, Math.trunc(operation(left, right)) >>> 0);
      core.spend(cycles.DIVIDE_BASE_CYCLES + quotientBits(left, right) * cycles.DIVIDE_BIT_CYCLES);
    },
  };
}

function divide64(name: string, address: number, operation: (left: Words, right: Words) => Words): RomRoutine {
  return {
    name,
    address,
    resultWords: 2,
    run: (core) => {
      const left = pair(core, 0);
      const right = pair(core, 2);
      if (wide.isZero(right)) return divideByZero(core);
      setPair(core, operation(left, right));
      const bits = Math.max(0, bitsOf(left) - bitsOf(right) + 1);
      core.spend(cycles.DIVIDE_64_BASE_CYCLES + bits * cycles.DIVIDE_64_BIT_CYCLES);
    },
  };
}

/** About: what the estimate needs. */
function quotientBits(left: number, right: number): number {
  return Math.max(0, Math.clz32(right) - Math.clz32(left) + 1);
}

function bitsOf({ low, high }: Words): number {
  return high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high);
}

function pair(core: RoutineContext, index: number): Words {
  return { low: core.argument(index), high: core.argument(index + 1) };
}

function setPair(core: RoutineContext, { low, high }: Words): void {
  core.setResult(0, low);
  core.setResult(1, high);
}
