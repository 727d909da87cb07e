/**
 * The numeric instructions of WebAssembly with their types: MVP, sign extension, and conversions that do not trap.
 * Source: WebAssembly Core Specification 2.0, section 5.4.7.
 */
import type { ValType } from "../../tools/aot/read/module.ts";

export interface NumericOpcode {
  name: string;
  code: number[];
  params: ValType[];
  result: ValType;
}

/** A row of instructions with neighbouring codes and one type: first code, parameters, result, names. */
type Row = [first: number, params: ValType[], result: ValType, names: string];

const INTEGER_COMPARISONS = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const FLOAT_COMPARISONS = "eq ne lt gt le ge";
const INTEGER_UNARY = "clz ctz popcnt";
const INTEGER_BINARY = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const FLOAT_UNARY = "abs neg ceil floor trunc nearest sqrt";
const FLOAT_BINARY = "add sub mul div min max copysign";

const ROWS: Row[] = [
  [0x45, ["i32"], "i32", "i32.eqz"],
  [0x46, ["i32", "i32"], "i32", prefixed("i32", INTEGER_COMPARISONS)],
  [0x50, ["i64"], "i32", "i64.eqz"],
  [0x51, ["i64", "i64"], "i32", prefixed("i64", INTEGER_COMPARISONS)],
  [0x5b, ["f32", "f32"], "i32", prefixed("f32", FLOAT_COMPARISONS)],
  [0x61, ["f64", "f64"], "i32", prefixed("f64", FLOAT_COMPARISONS)],
  [0x67, ["i32"], "i32", prefixed("i32", INTEGER_UNARY)],
  [0x6a, ["i32", "i32"], "i32", prefixed("i32", INTEGER_BINARY)],
  [0x79, ["i64"], "i64", prefixed("i64", INTEGER_UNARY)],
  [0x7c, ["i64", "i64"], "i64", prefixed("i64", INTEGER_BINARY)],
  [0x8b, ["f32"], "f32", prefixed("f32", FLOAT_UNARY)],
  [0x92, ["f32", "f32"], "f32", prefixed("f32", FLOAT_BINARY)],
  [0x99, ["f64"], "f64", prefixed("f64", FLOAT_UNARY)],
  [0xa0, ["f64", "f64"], "f64", prefixed("f64", FLOAT_BINARY)],
  [0xa7, ["i64"], "i32", "i32.wrap_i64"],
  [0xa8, ["f32"], "i32", "i32.trunc_f32_s i32.trunc_f32_u"],
  [0xaa, ["f64"], "i32", "i32.trunc_f64_s i32.trunc_f64_u"],
  [0xac, ["i32"], "i64", "i64.extend_i32_s i64.extend_i32_u"],
  [0xae, ["f32"], "i64", "i64.trunc_f32_s i64.trunc_f32_u"],
  [0xb0, ["f64"], "i64", "i64.trunc_f64_s i64.trunc_f64_u"],
  [0xb2, ["i32"], "f32", "f32.convert_i32_s f32.convert_i32_u"],
  [0xb4, ["i64"], "f32", "f32.convert_i64_s f32.convert_i64_u"],
  [0xb6, ["f64"], "f32", "f32.demote_f64"],
  [0xb7, ["i32"], "f64", "f64.convert_i32_s f64.convert_i32_u"],
  [0xb9, ["i64"], "f64", "f64.convert_i64_s f64.convert_i64_u"],
  [0xbb, ["f32"], "f64", "f64.promote_f32"],
  [0xbc, ["f32"], "i32", "i32.reinterpret_f32"],
  [0xbd, ["f64"], "i64", "i64.reinterpret_f64"],
  [0xbe, ["i32"], "f32", "f32.reinterpret_i32"],
  [0xbf, ["i64"], "f64", "f64.reinterpret_i64"],
  [0xc0, ["i32"], "i32", "i32.extend8_s i32.extend16_s"],
  [0xc2, ["i64"], "i64", "i64.extend8_s i64.extend16_s i64.extend32_s"],
];

/** Behind the prefix byte 0xfc. */
const SATURATING_PREFIX = 0xfc;
const SATURATING_ROWS: Row[] = [
  [0, ["f32"], "i32", "i32.trunc_sat_f32_s i32.trunc_sat_f32_u"],
  [2, ["f64"], "i32", "i32.trunc_sat_f64_s i32.trunc_sat_f64_u"],
  [4, ["f32"], "i64", "i64.trunc_sat_f32_s i64.trunc_sat_f32_u"],
  [6, ["f64"], "i64", "i64.trunc_sat_f64_s i64.trunc_sat_f64_u"],
];

export const NUMERIC_OPCODES: NumericOpcode[] = [
  ...ROWS.flatMap((row) => opcodesOf(row, [])),
  ...SATURATING_ROWS.flatMap((row) => opcodesOf(row, [SATURATING_PREFIX])),
];

function prefixed(type: ValType, names: string): string {
  return names.replaceAll(/\S+/g, `${type}.$&`);
}

function opcodesOf([first, params, result, names]: Row, prefix: number[]): NumericOpcode[] {
  return names.split(" ").map((name, index) => ({ name, code: [...prefix, first + index], params, result }));
}
