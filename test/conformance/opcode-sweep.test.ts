/**
 * Every numeric instruction, compiled and run on the emulated chip, beside V8: over all pairs of the values at which
 * arithmetic goes wrong, over random values, with constants folded in from either side. Where the specification leaves
 * bits of a NaN open (section 4.3.3), its rule is the judge instead of V8.
 */
import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../runtime/board/random.ts";
import type { ValType } from "../../tools/aot/read/module.ts";
import { NUMERIC_OPCODES, type NumericOpcode } from "../native/numeric-opcodes.ts";
import { NO_IMPORTS, type Outcome, type Program, showOutcome } from "../native/program.ts";
import { isTrapOfV8, ProgramInV8 } from "../native/program-in-v8.ts";
import { compileForChip } from "../native/program-on-chip.ts";
import { isArithmeticNan, isCanonicalNan, isNan, showValue, valueOf } from "../native/wasm-values.ts";
import { EDGE_VALUES, randomBits, TIES } from "./edge-values.ts";
import { integerOf, opcodeModule, type Shape } from "./opcode-module.ts";

/** Of the plain shape, and of the others. */
const RANDOM_ROUNDS_PLAIN = 3000;
const RANDOM_ROUNDS = 30;
const SHOWN_FAILURES = 8;
const KEEPS_NAN_BITS = /\.(abs|neg|copysign|reinterpret_\w+)$/;

describe("every numeric instruction does on the chip what it does in V8", () => {
  test.each(NUMERIC_OPCODES)("$name", (opcode) => {
    const { wasm, shapes } = opcodeModule(opcode);
    const judge = new ProgramInV8(wasm, NO_IMPORTS);
    judge.init();
    const withRom = compileForChip(wasm, { checked: true });
    const withoutRom = compileForChip(wasm, { checked: false, useRom: false });
    const failures: string[] = [];
    for (const shape of shapes) {
      const isPlain = shape === shapes[0];
      const programs = isPlain ? { withRom, withoutRom } : { withRom };
      for (const [name, program] of Object.entries(programs)) {
        expect(program.init()).toEqual({ kind: "returned", values: [] });
        const lists = argumentLists(shape.params, isPlain ? RANDOM_ROUNDS_PLAIN : RANDOM_ROUNDS);
        failures.push(...sweep(opcode, shape, lists, judge, program).map((failure) => `${name}: ${failure}`));
      }
    }
    expect(failures.slice(0, SHOWN_FAILURES)).toEqual([]);
  });
});

function sweep(opcode: NumericOpcode, shape: Shape, lists: bigint[][], judge: Program, program: Program): string[] {
  const failures: string[] = [];
  for (const args of lists) {
    const integers = args.map((bits, index) => valueOf(integerOf(shape.params[index] as ValType), bits));
    const expected = judge.call(shape.name, integers);
    const got = program.call(shape.name, integers);
    const operands = shape.operands(args);
    if (isAsExpected(opcode, operands, expected, got)) continue;
    const shown = operands.map((bits, index) => showValue(valueOf(opcode.params[index] as ValType, bits)));
    failures.push(`${shape.name}: ${shown.join(", ")}: expected ${showOutcome(expected)}, got ${showOutcome(got)}`);
    if (failures.length === SHOWN_FAILURES) break;
  }
  return failures;
}

function argumentLists(params: Shape["params"], randomRounds: number): bigint[][] {
  const random = new SeededRandom(1);
  const [first, second] = params;
  if (first === undefined) return [[]];
  const ties = first === "i32" || first === "i64" ? TIES[first] : [];
  const lists =
    second === undefined
      ? [...EDGE_VALUES[first], ...ties].map((value) => [value])
      : EDGE_VALUES[first].flatMap((left) => EDGE_VALUES[second].map((right) => [left, right]));
  for (let round = 0; round < randomRounds; round++) lists.push(params.map((type) => randomBits(type, random)));
  return lists;
}

function isAsExpected(opcode: NumericOpcode, operands: bigint[], expected: Outcome, got: Outcome): boolean {
  const inputs = operands.map((bits, index) => valueOf(opcode.params[index] as ValType, bits));
  if (expected.kind === "trapped") {
    const trap = inputs.some(isNan) ? "invalid conversion to integer" : expected.trap;
    if (got.kind !== "trapped" || !isTrapOfV8(expected.trap, got.trap)) return false;
    return !expected.trap.includes("|") || got.trap === (inputs.some(isNan) ? trap : "integer overflow");
  }
  if (expected.kind !== "returned" || got.kind !== "returned") return false;
  const [right, value] = [expected.values[0], got.values[0]];
  if (right === undefined || value === undefined) return false;
  const float = valueOf(opcode.result, value.bits);
  if (!isNan(valueOf(opcode.result, right.bits)) || KEEPS_NAN_BITS.test(opcode.name)) return right.bits === value.bits;
  return inputs.some((input) => isNan(input) && !isCanonicalNan(input))
    ? isArithmeticNan(float)
    : isCanonicalNan(float);
}
