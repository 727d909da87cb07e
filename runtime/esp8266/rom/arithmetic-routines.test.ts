import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../board/random.ts";
import { ARITHMETIC_ROUTINES } from "./arithmetic-routines.ts";
import { FakeRoutineContext } from "./fake-routine-context.ts";

const ROUNDS = 10_000;

function run(name: string, ...args: number[]): [number, number] {
  const routine = ARITHMETIC_ROUTINES.find((candidate) => candidate.name === name);
  if (routine === undefined) throw new Error(`no routine ${name}`);
  return new FakeRoutineContext().run(routine, ...args);
}

/** One word of the result. */
const run32 = (name: string, ...args: number[]) => run(name, ...args)[0];

function run64(name: string, ...args: bigint[]): bigint {
  const [low, high] = run(name, ...args.flatMap(words));
  return (BigInt(high) << 32n) | BigInt(low);
}

function words(value: bigint): [number, number] {
  return [Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(64, value) >> 32n)];
}

function toDouble(bits: bigint): number {
  return new DataView(new BigUint64Array([bits]).buffer).getFloat64(0, true);
}

const word32 = (random: SeededRandom) => random.integer(0, 0xffffffff);

/** Words that are interesting more often than chance gives them: few bits, borders, exponents near each other. */
function drawWord(random: SeededRandom): number {
  const word = word32(random);
  switch (word32(random) % 6) {
    case 0:
      return word >>> (word32(random) % 32);
    case 1:
      return (~0 << (word32(random) % 32)) >>> 0;
    case 2:
      return ((word & 0x807fffff) | 0x3f000000 | ((word32(random) % 4) << 23)) >>> 0;
    case 3:
      return (word & 0x80ffffff) >>> 0;
    case 4:
      return (word | 0x7f000000) >>> 0;
    default:
      return word;
  }
}

describe("single precision", () => {
  // Independent of our tricks: WebAssembly's own f32 instructions on the same bits, i32.reinterpret around them.
  const oracle = new WebAssembly.Instance(
    new WebAssembly.Module(
      Uint8Array.from([
        ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        ...[1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f],
        ...[3, 4, 3, 0, 0, 0],
        ...[7, 19, 3, 3, 0x61, 0x64, 0x64, 0, 0, 3, 0x73, 0x75, 0x62, 0, 1, 3, 0x6d, 0x75, 0x6c, 0, 2],
        ...[10, 34, 3, ...body(0x92), ...body(0x93), ...body(0x94)],
      ]),
    ),
    {},
  );
  /** local.get 0, f32.reinterpret_i32, local.get 1, f32.reinterpret_i32, the operation, i32.reinterpret_f32 */
  function body(opcode: number): number[] {
    return [10, 0, 0x20, 0, 0xbe, 0x20, 1, 0xbe, opcode, 0xbc, 0x0b];
  }

  test.each([
    ["__addsf3", "add"],
    ["__subsf3", "sub"],
    ["__mulsf3", "mul"],
  ])("%s is exact, to the bit", (name, exported) => {
    const operation = oracle.exports[exported];
    if (typeof operation !== "function") throw new Error("the oracle lost a function");
    const random = new SeededRandom(1);
    const wrong: number[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const [left, right] = [drawWord(random), drawWord(random)];
      const expected = (operation(left, right) ?? 0) >>> 0;
      const actual = run32(name, left, right);
      const isNan = (expected & 0x7fffffff) > 0x7f800000;
      const isRight = isNan ? (actual & 0x7fc00000) === 0x7fc00000 : actual === expected;
      if (!isRight) wrong.push([left, right, actual, expected]);
    }
    expect(wrong).toEqual([]);
  });

  test.each([
    ["ties go to even", "__addsf3", 0x4b800000, 0x3f800000, 0x4b800000],
    ["ties go to even, upwards", "__addsf3", 0x4b800001, 0x3f800000, 0x4b800002],
    ["the smallest subnormal twice", "__addsf3", 1, 1, 2],
    ["a product that is subnormal", "__mulsf3", 0x00800000, 0x3f000000, 0x00400000],
    ["overflow", "__mulsf3", 0x7f7fffff, 0x40000000, 0x7f800000],
    ["x - x is +0", "__subsf3", 0x3f800000, 0x3f800000, 0],
    ["-0 + -0", "__addsf3", 0x80000000, 0x80000000, 0x80000000],
    ["infinity - infinity", "__subsf3", 0x7f800000, 0x7f800000, 0x7fc00000],
    ["0 * infinity", "__mulsf3", 0, 0x7f800000, 0x7fc00000],
    ["a NaN keeps its payload and becomes quiet", "__addsf3", 0x3f800000, 0xff812345, 0xffc12345],
    ["of two NaNs the first", "__mulsf3", 0x7fc00001, 0x7fc00002, 0x7fc00001],
  ])("%s", (_, name, left, right, expected) => {
    expect(run32(name, left, right)).toBe(expected);
  });
});

describe("double precision", () => {
  test.each([
    ["1 + 2^-53 ties to even", "__adddf3", 0x3ff0000000000000n, 0x3ca0000000000000n, 0x3ff0000000000000n],
    ["subnormals add", "__adddf3", 1n, 1n, 2n],
    ["1 / 3", "__divdf3", 0x3ff0000000000000n, 0x4008000000000000n, 0x3fd5555555555555n],
    ["the least normal number, halved", "__muldf3", 0x0010000000000000n, 0x3fe0000000000000n, 0x0008000000000000n],
    ["1 / 0", "__divdf3", 0x3ff0000000000000n, 0n, 0x7ff0000000000000n],
    ["-1 / 0", "__divdf3", 0xbff0000000000000n, 0n, 0xfff0000000000000n],
    ["0 / 0", "__divdf3", 0n, 0n, 0x7ff8000000000000n],
    ["0.1 + 0.2", "__adddf3", 0x3fb999999999999an, 0x3fc999999999999an, 0x3fd3333333333334n],
    ["1 - 0.9", "__subdf3", 0x3ff0000000000000n, 0x3feccccccccccccdn, 0x3fb9999999999998n],
    ["a NaN becomes quiet", "__subdf3", 0x7ff0000000000001n, 0n, 0x7ff8000000000001n],
    ["a NaN in second place", "__muldf3", 0n, 0xfff00000deadbeefn, 0xfff80000deadbeefn],
  ])("%s", (_, name, left, right, expected) => {
    expect(run64(name, left, right)).toBe(expected);
  });
});

describe("conversions", () => {
  const double = (value: number) => new BigUint64Array(new Float64Array([value]).buffer)[0] as bigint;
  const single = (value: number) => new Uint32Array(new Float32Array([value]).buffer)[0] as number;

  test.each([
    [0.9, 0],
    [-0.9, 0],
    [2147483647.9, 0x7fffffff],
    [2147483648, 0x7fffffff],
    [-2147483648.9, 0x80000000],
    [-1e300, 0x80000000],
    [-5.5, 0xfffffffb],
    [Number.POSITIVE_INFINITY, 0x7fffffff],
    [Number.NaN, 0x7fffffff],
  ])("__fixdfsi(%d)", (value, expected) => {
    expect(run32("__fixdfsi", ...words(double(value)))).toBe(expected);
  });

  test.each([
    [4294967295.9, 0xffffffff],
    [4294967296, 0xffffffff],
    [3e9, 3e9],
    [-1.5, 0xffffffff],
    [-4294967296, 0x80000000],
    [Number.NaN, 0xffffffff],
    [Number.NEGATIVE_INFINITY, 0x80000000],
  ])("__fixunsdfsi(%d) and __fixunssfsi", (value, expected) => {
    expect(run32("__fixunsdfsi", ...words(double(value)))).toBe(expected);
    if (Math.fround(value) === value || Number.isNaN(value)) {
      expect(run32("__fixunssfsi", single(value))).toBe(expected);
    }
  });

  test.each([
    ["__floatsisf", 0xffffffff, 0xbf800000],
    ["__floatsisf", 16777217, 0x4b800000],
    ["__floatsisf", 16777219, 0x4b800002],
    ["__floatsisf", 0x80000000, 0xcf000000],
    ["__floatunsisf", 0xffffffff, 0x4f800000],
    ["__floatunsisf", 0xffffff7f, 0x4f7fffff],
  ])("%s(%i)", (name, value, expected) => {
    expect(run32(name, value)).toBe(expected);
  });

  test("integers to doubles are exact", () => {
    expect(toDouble(run64("__floatsidf", BigInt(0x80000000)))).toBe(-2147483648);
    expect(toDouble(run64("__floatunsidf", BigInt(0xffffffff)))).toBe(4294967295);
  });

  test.each([
    ["one third", 0x3eaaaaab, 0x3fd5555560000000n],
    ["the smallest subnormal", 0x00000001, 0x36a0000000000000n],
    ["-infinity", 0xff800000, 0xfff0000000000000n],
    ["a signalling NaN", 0x7f800001, 0x7ff8000020000000n],
    ["-0", 0x80000000, 0x8000000000000000n],
  ])("__extendsfdf2 and __truncdfsf2: %s", (_, bits, wide) => {
    expect(run64("__extendsfdf2", BigInt(bits))).toBe(wide);
    expect(run32("__truncdfsf2", ...words(wide))).toBe(bits === 0x7f800001 ? 0x7fc00001 : bits);
  });

  test.each([
    ["a tie goes to even", 0x3ff0000010000000n, 0x3f800000],
    ["above a tie", 0x3ff0000010000001n, 0x3f800001],
    ["too large", 0x47f0000000000000n, 0x7f800000],
    ["too small", 0x3680000000000000n, 0],
    ["a NaN whose payload a single cannot hold", 0x7ff0000000000001n, 0x7fc00000],
  ])("__truncdfsf2: %s", (_, bits, expected) => {
    expect(run32("__truncdfsf2", ...words(bits))).toBe(expected);
  });
});

describe("integers", () => {
  /** 64-bit numbers of all lengths. */
  function drawLong(random: SeededRandom): bigint {
    const value = (BigInt(drawWord(random)) << 32n) | BigInt(drawWord(random));
    return value >> BigInt(word32(random) % 64);
  }

  test("division and multiplication agree with BigInt", () => {
    const random = new SeededRandom(2);
    const signed = (value: bigint) => BigInt.asIntN(64, value);
    const unsigned = (value: bigint) => BigInt.asUintN(64, value);
    const wrong: (bigint | string)[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const left = word32(random) % 2 === 0 ? drawLong(random) : unsigned(-drawLong(random));
      const right = (word32(random) % 2 === 0 ? drawLong(random) : unsigned(-drawLong(random))) || 1n;
      const [a, b] = [left & 0xffffffffn, right & 0xffffffffn || 1n];
      const [low, high] = run("__umulsidi3", Number(a), Number(b));
      const results: [string, bigint, bigint][] = [
        ["__muldi3", run64("__muldi3", left, right), unsigned(left * right)],
        ["__udivdi3", run64("__udivdi3", left, right), left / right],
        ["__umoddi3", run64("__umoddi3", left, right), left % right],
        ["__divdi3", run64("__divdi3", left, right), unsigned(signed(left) / signed(right))],
        ["__umulsidi3", (BigInt(high) << 32n) | BigInt(low), a * b],
        ["__udivsi3", BigInt(run32("__udivsi3", Number(a), Number(b))), a / b],
        ["__umodsi3", BigInt(run32("__umodsi3", Number(a), Number(b))), a % b],
        [
          "__divsi3",
          BigInt(run32("__divsi3", Number(a), Number(b))),
          BigInt.asUintN(32, BigInt.asIntN(32, a) / BigInt.asIntN(32, b)),
        ],
      ];
      for (const [name, actual, expected] of results) {
        if (actual !== expected) wrong.push([name, left, right, actual, expected]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("the smallest number divided by -1 is itself", () => {
    expect(run32("__divsi3", 0x80000000, 0xffffffff)).toBe(0x80000000);
    expect(run64("__divdi3", 1n << 63n, (1n << 64n) - 1n)).toBe(1n << 63n);
  });

  test.each(["__divsi3", "__udivsi3", "__umodsi3", "__divdi3", "__udivdi3", "__umoddi3"])("%s by zero", (name) => {
    const routine = ARITHMETIC_ROUTINES.find((candidate) => candidate.name === name);
    if (routine === undefined) throw new Error("no routine");
    const core = new FakeRoutineContext();
    core.run(routine, 1, 0, 0, 0);
    expect(core.raisedCause).toBe(0);
  });

  test("division costs more for more bits of quotient", () => {
    const routine = ARITHMETIC_ROUTINES.find(({ name }) => name === "__udivsi3");
    if (routine === undefined) throw new Error("no routine");
    const cost = (left: number, right: number) => {
      const core = new FakeRoutineContext();
      core.run(routine, left, right);
      return core.spent;
    };
    expect(cost(1, 1000)).toBe(18);
    expect(cost(0xffffffff, 1) - cost(0xff, 1)).toBe(24 * 6);
  });
});
