/**
 * The soft-float routines of the mask ROM, on bit patterns. Single precision: an operation in double precision rounded
 * once more to single is exact for + - * / (Figueroa 1995: 53 >= 2 * 24 + 2). Double precision is JavaScript's own. Both
 * are IEEE 754, round to nearest even, with subnormals.
 *
 * NaN does not go through JavaScript numbers, whose payload and sign an engine may change: an operand that is a NaN comes
 * back with its quiet bit set, the first one first; an invalid operation gives 0x7fc00000 or 0x7ff80000 00000000. That is
 * within what WebAssembly allows ("NaN propagation", core specification 4.3.3). Assumption: the routines of the real ROM
 * may differ in the sign and payload of a NaN.
 *
 * Out of range, as gcc's libgcc for Xtensa answers (its ieee754-sf.S and ieee754-df.S): a conversion to a signed integer
 * saturates and takes NaN to the largest one; a conversion to an unsigned integer takes NaN and what is too large to
 * 0xffffffff, what is at or below -2^32 to 0x80000000, and other negative numbers to their two's complement.
 */
const SINGLE_QUIET = 0x00400000;
const SINGLE_NAN = 0x7fc00000;
const SINGLE_INFINITY = 0x7f800000;
const DOUBLE_QUIET_HIGH = 0x00080000;
const DOUBLE_NAN_HIGH = 0x7ff80000;
const DOUBLE_INFINITY_HIGH = 0x7ff00000;
/** Bits of a double's fraction that a single does not have. */
const FRACTION_BITS_DROPPED = 29;
const INT32_MAX = 0x7fffffff;
const UINT32_MAX = 0xffffffff;
const UINT32_COUNT = 0x1_0000_0000;

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);
const double = new Float64Array(1);
/** Low word first: every machine that Node runs on, and the chip, are little-endian. */
const doubleBits = new Uint32Array(double.buffer);

export type BinaryOperation = (left: number, right: number) => number;
export const add: BinaryOperation = (left, right) => left + right;
export const subtract: BinaryOperation = (left, right) => left - right;
export const multiply: BinaryOperation = (left, right) => left * right;
export const divide: BinaryOperation = (left, right) => left / right;

/** A double as its two words. */
export interface DoubleWords {
  low: number;
  high: number;
}

export function singleOperation(operation: BinaryOperation, left: number, right: number): number {
  if (isSingleNan(left)) return (left | SINGLE_QUIET) >>> 0;
  if (isSingleNan(right)) return (right | SINGLE_QUIET) >>> 0;
  return singleToBits(operation(singleFromBits(left), singleFromBits(right)));
}

/** The result goes into `left`. */
export function doubleOperation(operation: BinaryOperation, left: DoubleWords, right: DoubleWords): void {
  if (isDoubleNan(left)) {
    left.high = (left.high | DOUBLE_QUIET_HIGH) >>> 0;
  } else if (isDoubleNan(right)) {
    left.low = right.low;
    left.high = (right.high | DOUBLE_QUIET_HIGH) >>> 0;
  } else {
    doubleToBits(operation(doubleFromBits(left), doubleFromBits(right)), left);
  }
}

export function singleToDouble(bits: number, result: DoubleWords): void {
  if (isSingleNan(bits)) {
    const fraction = (bits | SINGLE_QUIET) & 0x007fffff;
    result.low = (fraction << FRACTION_BITS_DROPPED) >>> 0;
    result.high = ((bits & 0x80000000) | DOUBLE_INFINITY_HIGH | (fraction >>> 3)) >>> 0;
  } else {
    doubleToBits(singleFromBits(bits), result);
  }
}

export function doubleToSingle(words: DoubleWords): number {
  if (!isDoubleNan(words)) return singleToBits(doubleFromBits(words));
  const fraction = ((words.high & 0x000fffff) << 3) | (words.low >>> FRACTION_BITS_DROPPED);
  return ((words.high & 0x80000000) | SINGLE_INFINITY | SINGLE_QUIET | fraction) >>> 0;
}

export function doubleToInt32(words: DoubleWords): number {
  if (isDoubleNan(words)) return INT32_MAX;
  const value = Math.trunc(doubleFromBits(words));
  return Math.max(-UINT32_COUNT / 2, Math.min(INT32_MAX, value)) >>> 0;
}

export function doubleToUint32(words: DoubleWords): number {
  return isDoubleNan(words) ? UINT32_MAX : toUint32(doubleFromBits(words));
}

export function singleToUint32(bits: number): number {
  return isSingleNan(bits) ? UINT32_MAX : toUint32(singleFromBits(bits));
}

export function int32ToSingle(value: number): number {
  return singleToBits(value | 0);
}

export function uint32ToSingle(value: number): number {
  return singleToBits(value >>> 0);
}

export function int32ToDouble(value: number, result: DoubleWords): void {
  doubleToBits(value | 0, result);
}

export function uint32ToDouble(value: number, result: DoubleWords): void {
  doubleToBits(value >>> 0, result);
}

function toUint32(value: number): number {
  if (value >= UINT32_COUNT) return UINT32_MAX;
  if (value <= -UINT32_COUNT) return 0x80000000;
  return Math.trunc(value) >>> 0;
}

function isSingleNan(bits: number): boolean {
  return (bits & 0x7fffffff) > SINGLE_INFINITY;
}

function isDoubleNan({ low, high }: DoubleWords): boolean {
  const magnitude = high & 0x7fffffff;
  return magnitude > DOUBLE_INFINITY_HIGH || (magnitude === DOUBLE_INFINITY_HIGH && low !== 0);
}

function singleFromBits(bits: number): number {
  singleBits[0] = bits;
  return single[0] as number;
}

function singleToBits(value: number): number {
  if (Number.isNaN(value)) return SINGLE_NAN;
  single[0] = value;
  return singleBits[0] as number;
}

function doubleFromBits({ low, high }: DoubleWords): number {
  doubleBits[0] = low;
  doubleBits[1] = high;
  return double[0] as number;
}

function doubleToBits(value: number, result: DoubleWords): void {
  if (Number.isNaN(value)) {
    result.low = 0;
    result.high = DOUBLE_NAN_HIGH;
    return;
  }
  double[0] = value;
  result.low = doubleBits[0] as number;
  result.high = doubleBits[1] as number;
}
