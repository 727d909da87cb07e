/**
 * 64-bit integer arithmetic of the mask ROM on pairs of words, low word first. Multiplication in 16-bit pieces, whose
 * products and sums a double holds exactly; division by BigInt unless both operands fit a word.
 */
export interface WordPair {
  low: number;
  high: number;
}

/** 32 x 32 to 64 bits, unsigned. */
export function multiplyWords(left: number, right: number, result: WordPair): void {
  const leftLow = left & 0xffff;
  const leftHigh = left >>> 16;
  const rightLow = right & 0xffff;
  const rightHigh = right >>> 16;
  const lowProduct = leftLow * rightLow;
  const middle = leftHigh * rightLow + (lowProduct >>> 16);
  const cross = leftLow * rightHigh + (middle & 0xffff);
  result.low = (((cross & 0xffff) << 16) | (lowProduct & 0xffff)) >>> 0;
  result.high = (leftHigh * rightHigh + (middle >>> 16) + (cross >>> 16)) >>> 0;
}

/** 64 x 64 to the low 64 bits, signed and unsigned alike. */
export function multiplyPairs(left: WordPair, right: WordPair, result: WordPair): void {
  const crossHigh = Math.imul(left.low, right.high) + Math.imul(left.high, right.low);
  multiplyWords(left.low, right.low, result);
  result.high = (result.high + crossHigh) >>> 0;
}

/** `right` must not be 0. The quotient and the remainder, unsigned. */
export function divideUnsigned(left: WordPair, right: WordPair): { quotient: WordPair; remainder: WordPair } {
  if (left.high === 0 && right.high === 0) {
    const quotient = Math.floor(left.low / right.low);
    return { quotient: { low: quotient, high: 0 }, remainder: { low: left.low % right.low, high: 0 } };
  }
  const dividend = toBigInt(left);
  const divisor = toBigInt(right);
  return { quotient: fromBigInt(dividend / divisor), remainder: fromBigInt(dividend % divisor) };
}

/** `right` must not be 0. Towards zero; the smallest number divided by -1 is itself. */
export function divideSigned(left: WordPair, right: WordPair): WordPair {
  const isNegative = (left.high ^ right.high) < 0;
  const { quotient } = divideUnsigned(magnitude(left), magnitude(right));
  return isNegative ? negate(quotient) : quotient;
}

export function isZero({ low, high }: WordPair): boolean {
  return low === 0 && high === 0;
}

function magnitude(pair: WordPair): WordPair {
  return (pair.high | 0) < 0 ? negate(pair) : pair;
}

function negate({ low, high }: WordPair): WordPair {
  return { low: -low >>> 0, high: (~high + (low === 0 ? 1 : 0)) >>> 0 };
}

function toBigInt({ low, high }: WordPair): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

function fromBigInt(value: bigint): WordPair {
  return { low: Number(value & 0xffffffffn), high: Number(value >> 32n) };
}
