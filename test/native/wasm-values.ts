/**
 * Values of WebAssembly as their type and their bits: JavaScript's numbers lose the payload of a NaN, and which bits a NaN
 * has is part of what the specification says (WebAssembly Core Specification 2.0, section 4.3.3).
 */
import type { ValType } from "../../tools/aot/read/module.ts";

export interface WasmValue {
  type: ValType;
  /** Unsigned. */
  bits: bigint;
}

const scratch = new DataView(new ArrayBuffer(8));
const CANONICAL_NAN = { f32: 0x7fc00000n, f64: 0x7ff8000000000000n };
const SIGN = { f32: 0x80000000n, f64: 0x8000000000000000n };

export function bitWidth(type: ValType): number {
  return type === "i32" || type === "f32" ? 32 : 64;
}

export function valueOf(type: ValType, bits: bigint): WasmValue {
  return { type, bits: BigInt.asUintN(bitWidth(type), bits) };
}

/** As words of 32 bits, low first. */
export function wordsOfValues(values: readonly WasmValue[]): number[] {
  return values.flatMap(({ type, bits }) => {
    const low = Number(bits & 0xffffffffn);
    return bitWidth(type) === 32 ? [low] : [low, Number(bits >> 32n)];
  });
}

/** The reverse; `nextWord` gives one word after the other. */
export function valuesFromWords(types: readonly ValType[], nextWord: () => number): WasmValue[] {
  return types.map((type) => {
    const low = BigInt(nextWord() >>> 0);
    return { type, bits: bitWidth(type) === 32 ? low : low | (BigInt(nextWord() >>> 0) << 32n) };
  });
}

/** What the JavaScript API of WebAssembly takes and gives for it. */
export function toJs({ type, bits }: WasmValue): number | bigint {
  if (type === "i64") return BigInt.asIntN(64, bits);
  if (type === "i32") return Number(bits) | 0;
  scratch.setBigUint64(0, bits);
  return type === "f64" ? scratch.getFloat64(0) : scratch.getFloat32(4);
}

export function fromJs(type: ValType, value: unknown): WasmValue {
  if (type === "i64") return valueOf(type, value as bigint);
  if (type === "i32") return valueOf(type, BigInt((value as number) | 0));
  if (type === "f64") scratch.setFloat64(0, value as number);
  else scratch.setBigUint64(0, 0n), scratch.setFloat32(4, value as number);
  return { type, bits: scratch.getBigUint64(0) };
}

export function isNan({ type, bits }: WasmValue): boolean {
  return (type === "f32" || type === "f64") && (bits & ~SIGN[type]) > infinity(type);
}

function infinity(type: "f32" | "f64"): bigint {
  return type === "f32" ? 0x7f800000n : 0x7ff0000000000000n;
}

/** A NaN with the highest bit of its fraction and no other; its sign is free. */
export function isCanonicalNan({ type, bits }: WasmValue): boolean {
  return (type === "f32" || type === "f64") && (bits & ~SIGN[type]) === CANONICAL_NAN[type];
}

/** A NaN with at least the highest bit of its fraction, as arithmetic gives it. */
export function isArithmeticNan(value: WasmValue): boolean {
  const { type, bits } = value;
  return isNan(value) && (bits & CANONICAL_NAN[type as "f32"]) === CANONICAL_NAN[type as "f32"];
}

/** `f32 1.5 (0x3fc00000)`, `i32 -1`. */
export function showValue(value: WasmValue): string {
  const { type, bits } = value;
  if (type === "i32" || type === "i64") return `${type} ${toJs(value)}`;
  const number = toJs(value);
  return `${type} ${Object.is(number, -0) ? "-0" : number} (0x${bits.toString(16).padStart(bitWidth(type) / 4, "0")})`;
}

export function showValues(values: readonly WasmValue[]): string {
  return values.length === 0 ? "nothing" : values.map(showValue).join(", ");
}
