/**
 * Every numeric instruction, compiled and run on the emulated chip, beside V8: over all pairs of the values at which
 * arithmetic goes wrong, over random values, with constants folded in from either side. Where the specification leaves
 * bits of a NaN open (section 4.3.3), its rule is the judge instead of V8.
 */
import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../runtime/board/random.ts";
import type { ValType } from "../../tools/aot/read/module.ts";
import { NUMERIC_OPCODES, type NumericOpcode } from "../native/numeric-opcodes.ts";
import { NO_IMPORTS, type Outcome, showOutcome } from "../native/program.ts";
import { isTrapOfV8, ProgramInV8 } from "../native/program-in-v8.ts";
import { compileForChip } from "../native/program-on-chip.ts";
import { isArithmeticNan, isCanonicalNan, isNan, showValue, valueOf } from "../native/wasm-values.ts";
import { EDGE_VALUES, randomBits } from "./edge-values.ts";
import { integerOf, opcodeModule, type Shape } from "./opcode-module.ts";

const RANDOM_ROUNDS = 300;
const SHOWN_FAILURES = 8;
const KEEPS_NAN_BITS = /\.(abs|neg|copysign|reinterpret_\w+)$/;

describe("every numeric instruction does on the chip what it does in V8", () => {
  test.each(NUMERIC_OPCODES)("$name", (opcode) => {
    const { wasm, shapes } = opcodeModule(opcode);
    const judge = new ProgramInV8(wasm, NO_IMPORTS);
    const program = compileForChip(wasm, { checked: true });
    judge.init();
    expect(program.init()).toEqual({ kind: "returned", values: [] });
    const failures: string[] = [];
    for (const shape of shapes) {
      for (const args of argumentLists(shape.params)) {
        const integers = args.map((bits, index) => valueOf(integerOf(shape.params[index] as ValType), bits));
        const expected = judge.call(shape.name, integers);
        const got = program.call(shape.name, integers);
        const operands = shape.operands(args);
        if (isAsExpected(opcode, operands, expected, got)) continue;
        const shown = operands.map((bits, index) => showValue(valueOf(opcode.params[index] as ValType, bits)));
        failures.push(`${shape.name}: ${shown.join(", ")}: expected ${showOutcome(expected)}, got ${showOutcome(got)}`);
        if (failures.length === SHOWN_FAILURES) break;
      }
    }
    expect(failures).toEqual([]);
  });
});

function argumentLists(params: Shape["params"]): bigint[][] {
  const random = new SeededRandom(1);
  const [first, second] = params;
  if (first === undefined) return [[]];
  const lists =
    second === undefined
      ? EDGE_VALUES[first].map((value) => [value])
      : EDGE_VALUES[first].flatMap((left) => EDGE_VALUES[second].map((right) => [left, right]));
  for (let round = 0; round < RANDOM_ROUNDS; round++) lists.push(params.map((type) => randomBits(type, random)));
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
