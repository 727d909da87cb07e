/** For tests of arithmetic: operands at the edges, and seeded ones of the kinds that go wrong. All as bits. */
import type { SeededRandom } from "../../../runtime/board/random.ts";
import type { Bits, ValueType } from "./routine-judge.ts";

const words = new DataView(new ArrayBuffer(8));

const I32_EDGES = [
  ...[0, 1, 2, 3, 5, 7, 10, 16, 31, 32, 33, 63, 64, 65, 127, 128, 1000, 0x7fff, 0x8000, 0xffff, 0x10000, 0x10001],
  ...[0x555555, 0xffffff, 0x1000000, 0x1000001, 0x1000003, 0x3fffffff, 0x40000000, 0x7fffff80, 0x7fffffbf],
  ...[0x7fffffc0, 0x7ffffffe, 0x7fffffff],
].flatMap((value) => [value, ~value, -value | 0]);

/** Magnitudes: zero, limits of f32 and f64 both, ties of rounding, limits of integers. Their neighbours are added. */
const MAGNITUDES = [
  ...[0, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 10, 1 / 3, 0.1, Math.PI],
  ...[20, 21, 22, 23, 24, 25, 29, 30, 31, 32, 33, 51, 52, 53, 54, 62, 63, 64, 65].map((n) => 2 ** n),
  ...[2 ** 31 - 0.5, 2 ** 32 - 0.5, 2 ** 22 + 0.5, 2 ** 23 - 0.5, 2 ** 51 + 0.5, 2 ** 52 - 0.5],
  ...[2 ** -23, 2 ** -24, 2 ** -25, 2 ** -52, 2 ** -53, 2 ** -54],
  ...[2 ** -126, 2 ** -127, 2 ** -148, 2 ** -149, 2 ** -150, 2 ** -126 - 2 ** -150],
  ...[2 ** -63, 2 ** -75, 2 ** 127, 2 ** 128 - 2 ** 104, 2 ** 128 - 2 ** 103, 2 ** 128],
  ...[2 ** -1022, 2 ** -1023, 2 ** -1073, 2 ** -1074, 2 ** -511, 2 ** -537, 2 ** 512, 2 ** 1023, Number.MAX_VALUE],
];
const F32_NANS = [0x7fc00000, 0x7f800001, 0x7fffffff, 0x7fa00000];
const F64_NANS = [0x7ff8000000000000n, 0x7ff0000000000001n, 0x7fffffffffffffffn, 0x7ff4000000000000n];

export function edgesOf(type: ValueType): Bits[] {
  switch (type) {
    case "i32":
      return distinct(I32_EDGES.map((value) => value | 0));
    case "i64":
      return distinct(I64_EDGES.map((value) => BigInt.asIntN(64, value)));
    case "f32":
      return distinct(f32Edges());
    case "f64":
      return distinct(f64Edges());
  }
}

const I64_EDGES = [
  ...[0n, 1n, 2n, 3n, 10n, 31n, 32n, 33n, 63n, 64n, 1000n],
  ...[16n, 24n, 25n, 31n, 32n, 33n, 40n, 47n, 48n, 53n, 54n, 55n, 62n, 63n].flatMap((n) => [
    1n << n,
    (1n << n) - 1n,
    (1n << n) + 1n,
  ]),
  ...[0x0123456789abcdefn, 0x5555555555555555n, 0xffffffff00000000n, 0x8000000080000000n, 0x7fffffbfffffffffn],
  ...[0x8000008000000001n, 0xfffffe8000000001n, 0x8000008000000000n, 0x8000018000000001n],
  ...[0x7fffff4000000000n, 0x7fffff4000000001n, 0x7ffffffffffffe00n, 0x20000000000001ffn, 0x2000000000000200n],
].flatMap((value) => [value, -value]);

/** An operand for `type`; `other` is what it will be combined with. */
export function drawOperand(type: ValueType, random: SeededRandom, other: Bits | undefined): Bits {
  switch (type) {
    case "i32":
      return drawI32(random);
    case "i64":
      return drawI64(random);
    case "f32":
      return Number(BigInt.asIntN(32, drawFloat(random, 8n, 23n, other === undefined ? undefined : BigInt(other))));
    case "f64":
      return BigInt.asIntN(64, drawFloat(random, 11n, 52n, other === undefined ? undefined : BigInt(other)));
  }
}

function distinct(values: Bits[]): Bits[] {
  return [...new Set(values)];
}

function f32Edges(): number[] {
  const positive = MAGNITUDES.flatMap((value) => {
    words.setFloat32(0, value);
    const bits = words.getInt32(0);
    return [Math.max(bits - 1, 0), bits, Math.min(bits + 1, 0x7f800000)];
  });
  return [...positive, ...F32_NANS].flatMap((bits) => [bits, bits | 0x80000000]);
}

function f64Edges(): bigint[] {
  const positive = MAGNITUDES.flatMap((value) => {
    words.setFloat64(0, value);
    const bits = words.getBigInt64(0);
    return [bits > 0n ? bits - 1n : 0n, bits, bits + 1n];
  });
  return [...positive, 0x7ff0000000000000n, ...F64_NANS].flatMap((bits) => [
    bits,
    BigInt.asIntN(64, bits | (1n << 63n)),
  ]);
}

/** As many bits as come up, so that quotients and products of all sizes are met; sometimes few of them ones. */
function drawI32(random: SeededRandom): number {
  const word = random.integer(-0x80000000, 0x7fffffff);
  const masked = random.integer(0, 3) === 0 ? word & random.integer(-0x80000000, 0x7fffffff) : word;
  return random.integer(0, 1) === 0 ? masked >> random.integer(0, 31) : (masked >>> random.integer(0, 31)) | 0;
}

function drawI64(random: SeededRandom): bigint {
  const value = (BigInt(drawI32(random)) << 32n) | BigInt(drawI32(random) >>> 0);
  return BigInt.asIntN(64, value >> BigInt(random.integer(0, 63)));
}

/** Any bits; or an exponent that meets the other operand's, a significand of few bits, a number near a tie. */
function drawFloat(random: SeededRandom, exponentBits: bigint, fractionBits: bigint, other?: bigint): bigint {
  const anything = (BigInt(random.integer(-0x80000000, 0x7fffffff)) << 32n) | BigInt(random.integer(0, 0xffffffff));
  const sign = BigInt(random.integer(0, 1)) << (exponentBits + fractionBits);
  const limit = (1n << exponentBits) - 1n;
  const bias = limit >> 1n;
  let exponent = BigInt.asUintN(Number(exponentBits), anything >> fractionBits);
  let fraction = BigInt.asUintN(Number(fractionBits), anything);
  if (random.integer(0, 1) === 0) {
    const middle = other === undefined || random.integer(0, 2) === 0 ? bias : (other >> fractionBits) & limit;
    exponent = middle + BigInt(random.integer(0, 2) === 0 ? random.integer(-70, 70) : random.integer(-3, 3));
    if (exponent < 0n) exponent = 0n;
    if (exponent > limit) exponent = limit;
  }
  const shape = random.integer(0, 5);
  if (shape === 0) fraction &= BigInt(random.integer(-0x80000000, 0x7fffffff)) << BigInt(random.integer(0, 40));
  if (shape === 1) fraction = (fraction >> BigInt(random.integer(0, 52))) & ((1n << fractionBits) - 1n);
  if (shape === 2) fraction = ((1n << fractionBits) - 1n) & ~(fraction >> BigInt(random.integer(0, 52)));
  return sign | (exponent << fractionBits) | BigInt.asUintN(Number(fractionBits), fraction);
}
