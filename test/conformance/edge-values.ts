/** Values at which arithmetic goes wrong, and random ones of every magnitude, as bits. */
import type { RandomSource } from "../../runtime/board/random.ts";
import type { ValType } from "../../tools/aot/read/module.ts";
import { bitWidth } from "../native/wasm-values.ts";

const SMALL = [0n, 1n, 2n, 3n, 5n, 7n, 10n, 31n, 32n, 33n, 63n, 64n, 100n, 127n, 128n, 255n, 256n, 1000n];
const I32_EDGES = [...SMALL, 2047n, 2048n, 32767n, 32768n, 65535n, 65536n, 0x12345678n, 0x55555555n, 0x7fffffffn];
const I64_EDGES = [
  ...[...SMALL, 65535n, 65536n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x1_0000_0000n, 0x1_0000_0001n],
  ...[0x12345678_9abcdef0n, 0x55555555_55555555n, 0x7fffffff_00000000n, 0x7fffffff_ffffffffn],
];

/** Without sign: zero, subnormals, one and its neighbours, halves (rounding), limits of integers, largest, infinity. */
const F32_NUMBERS = [
  ...[0, 0.5, 1, 1.5, 2, 2.5, 3, 10, 0.1, 100.25, 16777215, 16777216, 8388607.5, 8388608.5, 4194303.5],
  ...[32767, 65536, 2147483520, 2147483648, 4294967040, 4294967296, 9.223371487098962e18, 9.223372036854775808e18],
  ...[1.8446742974197924e19, 1.8446744073709552e19, 1e30, 1e-30, 0.99999994, 0.49999997, 0.50000006],
];
const F32_BITS = [0x1n, 0x2n, 0x7fffffn, 0x800000n, 0x800001n, 0x1000000n, 0x7f7fffffn, 0x7f800000n];
const F32_NANS = [0x7fc00000n, 0x7fc00001n, 0x7fa00000n, 0x7f800001n, 0x7fffffffn];
const F64_NUMBERS = [
  ...[...F32_NUMBERS, 4503599627370495.5, 4503599627370496, 9007199254740991, 9007199254740992, 2251799813685247.5],
  ...[2147483647, 2147483647.5, 2147483648.5, 4294967295, 4294967295.5, 9.223372036854774784e18],
  ...[1.844674407370955e19, 1e300, 1e-300, 0.49999999999999994, 0.9999999999999999, 3.4028235677973366e38],
  ...[3.4028234663852886e38, 1.1754943508222875e-38, 1.401298464324817e-45, 7.006492321624085e-46],
];
const F64_BITS = [0x1n, 0xf_ffff_ffff_ffffn, 0x10_0000_0000_0000n, 0x7fef_ffff_ffff_ffffn, 0x7ff0_0000_0000_0000n];
const F64_NANS = [0x7ff8n << 48n, (0x7ff8n << 48n) | 1n, 0x7ff4n << 48n, (0x7ff0n << 48n) | 1n, 0x7fff_ffff_ffff_ffffn];

const view = new DataView(new ArrayBuffer(8));

function f32Bits(value: number): bigint {
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
}

function f64Bits(value: number): bigint {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** Both signs of every value. */
function signs(type: "f32" | "f64", bits: bigint[]): bigint[] {
  const sign = 1n << BigInt(bitWidth(type) - 1);
  return [...new Set(bits)].flatMap((value) => [value, value | sign]);
}

function complements(width: number, values: bigint[]): bigint[] {
  return [...new Set(values.flatMap((value) => [value, BigInt.asUintN(width, -value), BigInt.asUintN(width, ~value)]))];
}

const FRACTION_BITS = { f32: 23, f64: 52 };

/** Integers half way between two neighbouring floats, and their neighbours. */
function ties(width: number, type: "f32" | "f64"): bigint[] {
  const distance = FRACTION_BITS[type] + 1;
  return Array.from({ length: width - distance }, (_, index) => {
    const half = 1n << BigInt(index);
    const [even, odd] = [half << BigInt(distance), (half << BigInt(distance)) + 2n * half];
    return [even, odd].flatMap((value) => [value + half - 1n, value + half, value + half + 1n]);
  }).flat();
}

/** For conversions to floats, which round them. */
export const TIES: Record<"i32" | "i64", bigint[]> = {
  i32: complements(32, ties(32, "f32")),
  i64: complements(64, [...ties(64, "f32"), ...ties(64, "f64")]),
};

export const EDGE_VALUES: Record<ValType, bigint[]> = {
  i32: complements(32, I32_EDGES),
  i64: complements(64, I64_EDGES),
  f32: signs("f32", [...F32_NUMBERS.map(f32Bits), ...F32_BITS, ...F32_NANS]),
  f64: signs("f64", [...F64_NUMBERS.map(f64Bits), ...F64_BITS, ...F64_NANS]),
};

/** A value of any magnitude; floats often near one another, so that sums cancel and products stay in range. */
export function randomBits(type: ValType, random: RandomSource): bigint {
  const bytes = new Uint8Array(8);
  random.fill(bytes);
  const all = new DataView(bytes.buffer).getBigUint64(0);
  const width = bitWidth(type);
  const bits = BigInt.asUintN(width, all);
  const power = () => 1n << BigInt(random.integer(0, width - 1));
  switch (random.integer(0, 4)) {
    case 0:
      return bits;
    case 1:
      if (type === "f32") return (bits & 0x807fffffn) | (BigInt(random.integer(115, 140)) << 23n);
      if (type === "f64") return (bits & 0x800fffffffffffffn) | (BigInt(random.integer(1000, 1046)) << 52n);
      return bits >> BigInt(random.integer(0, width - 1));
    case 2:
      if (type === "f32") return f32Bits(random.integer(-100000, 100000) / 2 ** random.integer(0, 8));
      if (type === "f64") return f64Bits(random.integer(-1000000000, 1000000000) / 2 ** random.integer(0, 20));
      return BigInt.asUintN(width, BigInt.asIntN(width, bits) >> BigInt(random.integer(0, width - 1)));
    case 3: {
      // Few bits, or a run of ones: what rounds half way and what carries far.
      const [a, b, c] = [power(), power(), power()];
      const sparse = random.integer(0, 1) === 0 ? a | b | c : a > b ? a - b : b - a;
      if (type === "f32") return (sparse & 0x807fffffn) | (BigInt(random.integer(115, 140)) << 23n);
      if (type === "f64") return (sparse & 0x800fffffffffffffn) | (BigInt(random.integer(1000, 1046)) << 52n);
      return sparse;
    }
    default: {
      const edges = EDGE_VALUES[type];
      return edges[random.integer(0, edges.length - 1)] as bigint;
    }
  }
}
