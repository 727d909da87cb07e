/**
 * The arithmetic routines against V8's own arithmetic, bit by bit: all edges with all edges, some three million operand
 * sets, then seeded ones. LINTEL_ROUTINE_DRAWS sets how many of those each routine gets, for a longer run by hand.
 */
import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import {
  type Bits,
  JUDGED_COMPARISONS,
  JUDGED_ROUTINES,
  JUDGED_TRAPS,
  type JudgedRoutine,
  judgeOf,
  type RoutineFunction,
} from "./routine-judge.ts";
import { routineModules } from "./routine-modules.ts";
import { drawOperand, edgesOf } from "./sample-operands.ts";

const SEED = 8266;
const DRAWS = Number(process.env.LINTEL_ROUTINE_DRAWS ?? 4_000);
const SHOWN = 5;
const INT32_MIN = -0x80000000;
const INT64_MIN = -0x8000000000000000n;

const pure = new WebAssembly.Instance(new WebAssembly.Module(routineModules().pure), {}).exports as Record<
  string,
  RoutineFunction
>;

function routine(name: string): RoutineFunction {
  const found = pure[name];
  if (found === undefined) throw new Error(`no routine ${name}`);
  return found;
}

function* operandsOf({ name, params }: JudgedRoutine): Generator<Bits[]> {
  const [first, second] = params.map(edgesOf);
  for (const a of first ?? []) {
    if (second === undefined) yield [a];
    else for (const b of second) yield [a, b];
  }
  const random = new SeededRandom(SEED).fork(Buffer.from(name).reduce((sum, byte) => sum * 31 + byte, 0));
  for (let draw = 0; draw < DRAWS; draw++) {
    const operands: Bits[] = [];
    for (const type of params) operands.push(drawOperand(type, random, operands[0]));
    yield operands;
  }
}

/** What WebAssembly traps on is stopped before the routine. */
function traps(name: string, [a, b]: Bits[]): boolean {
  if (!/_(div|rem)_[su]$/.test(name)) return false;
  return Number(b) === 0 || (name.endsWith("div_s") && Number(b) === -1 && (a === INT32_MIN || a === INT64_MIN));
}

function isNan(bits: Bits): boolean {
  return typeof bits === "bigint"
    ? (bits & 0x7fffffffffffffffn) > 0x7ff0000000000000n
    : (bits & 0x7fffffff) > 0x7f800000;
}

/** Of either sign (core specification 4.3.3). */
function isCanonicalNan(bits: Bits): boolean {
  return typeof bits === "bigint"
    ? (bits & 0x7fffffffffffffffn) === 0x7ff8000000000000n
    : (bits & 0x7fffffff) === 0x7fc00000;
}

function hex(bits: Bits): string {
  return typeof bits === "bigint" ? BigInt.asUintN(64, bits).toString(16) : (bits >>> 0).toString(16);
}

describe("as V8 does it", () => {
  const judge = judgeOf(JUDGED_ROUTINES);

  test.each(JUDGED_ROUTINES)("$name", (judged) => {
    const { name, result } = judged;
    const ours = routine(name);
    const theirs = judge[name] as RoutineFunction;
    const wrong: string[] = [];
    for (const operands of operandsOf(judged)) {
      if (traps(name, operands)) continue;
      const found = ours(...operands);
      const expected = theirs(...operands);
      const isRight =
        (result === "f32" || result === "f64") && isNan(expected) ? isCanonicalNan(found) : found === expected;
      if (!isRight && wrong.length < SHOWN) {
        wrong.push(`${operands.map(hex).join(", ")}: ${hex(found)}, not ${hex(expected)}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("whether a conversion traps", () => {
  const judge = judgeOf(JUDGED_TRAPS);

  test.each(JUDGED_TRAPS)("$name", (judged) => {
    const wrong: string[] = [];
    const met = new Set<Bits>();
    for (const [x] of operandsOf(judged) as Generator<[Bits]>) {
      const verdict = routine(judged.name)(x);
      met.add(verdict);
      const expected = doesTrap(judge[judged.name] as RoutineFunction, x) ? (isNan(x) ? 1 : 2) : 0;
      if (verdict !== expected && wrong.length < SHOWN) wrong.push(`${hex(x)}: ${verdict}, not ${expected}`);
    }
    expect(wrong).toEqual([]);
    expect([...met].sort()).toEqual([0, 1, 2]);
  });

  function doesTrap(convert: RoutineFunction, x: Bits): boolean {
    try {
      convert(x);
      return false;
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) return true;
      throw error;
    }
  }
});

test("i32_mul_wide_u", () => {
  const wrong: string[] = [];
  const params: JudgedRoutine["params"] = ["i32", "i32"];
  for (const [a, b] of operandsOf({ name: "i32_mul_wide_u", params, result: "i64", opcode: [] }) as Generator<
    [number, number]
  >) {
    const expected = BigInt.asIntN(64, BigInt(a >>> 0) * BigInt(b >>> 0));
    if (routine("i32_mul_wide_u")(a, b) !== expected && wrong.length < SHOWN) wrong.push(`${hex(a)}, ${hex(b)}`);
  }
  expect(wrong).toEqual([]);
});

describe.each(["f32", "f64"] as const)("%s_compare", (type) => {
  const judge = judgeOf(JUDGED_COMPARISONS);

  test("is -1, 0, 1, or 2 for unordered", () => {
    const less = judge[`${type}_lt`] as RoutineFunction;
    const equal = judge[`${type}_eq`] as RoutineFunction;
    const compare = routine(`${type}_compare`);
    const wrong: string[] = [];
    for (const [a, b] of operandsOf({
      name: `${type}_compare`,
      params: [type, type],
      result: "i32",
      opcode: [],
    }) as Generator<[Bits, Bits]>) {
      const expected = isNan(a) || isNan(b) ? 2 : equal(a, b) ? 0 : less(a, b) ? -1 : 1;
      if (compare(a, b) !== expected && wrong.length < SHOWN) wrong.push(`${hex(a)}, ${hex(b)}`);
    }
    expect(wrong).toEqual([]);
  });
});
