/**
 * For tests: the instruction of WebAssembly that each routine stands for, as V8 does it. A module made by hand takes and
 * gives floating-point numbers as bits, as the routines do, and so never through a JavaScript number, which loses the
 * payload of a NaN.
 */

export type ValueType = "i32" | "i64" | "f32" | "f64";

export interface JudgedRoutine {
  name: string;
  params: ValueType[];
  result: ValueType;
  opcode: number[];
}

export type Bits = number | bigint;
export type RoutineFunction = (...operands: Bits[]) => Bits;

const TYPE_CODES = { i32: 0x7f, i64: 0x7e, f32: 0x7f, f64: 0x7e };
const FROM_BITS = { i32: [], i64: [], f32: [0xbe], f64: [0xbf] };
const TO_BITS = { i32: [], i64: [], f32: [0xbc], f64: [0xbd] };
const GET_LOCAL = 0x20;
const EXTEND_I32_U = 0xad;
const WRAP_I64 = 0xa7;
const END = 0x0b;

export const JUDGED_ROUTINES: readonly JudgedRoutine[] = [
  ...row(0x6d, "i32", "i32 i32", "i32_div_s i32_div_u i32_rem_s i32_rem_u"),
  ...row(0x69, "i32", "i32", "i32_popcnt"),
  ...row(0x79, "i32", "i64", "i64_clz i64_ctz i64_popcnt"),
  ...row(0x7e, "i64", "i64 i64", "i64_mul i64_div_s i64_div_u i64_rem_s i64_rem_u"),
  ...row(0x86, "i64", "i64 i32", "i64_shl i64_shr_s i64_shr_u i64_rotl i64_rotr"),
  ...row(0x8d, "f32", "f32", "f32_ceil f32_floor f32_trunc f32_nearest f32_sqrt"),
  ...row(0x92, "f32", "f32 f32", "f32_add f32_sub f32_mul f32_div f32_min f32_max"),
  ...row(0x9b, "f64", "f64", "f64_ceil f64_floor f64_trunc f64_nearest f64_sqrt"),
  ...row(0xa0, "f64", "f64 f64", "f64_add f64_sub f64_mul f64_div f64_min f64_max"),
  ...row(0xb2, "f32", "i32", "f32_from_i32_s f32_from_i32_u"),
  ...row(0xb4, "f32", "i64", "f32_from_i64_s f32_from_i64_u"),
  ...row(0xb6, "f32", "f64", "f32_from_f64"),
  ...row(0xb7, "f64", "i32", "f64_from_i32_s f64_from_i32_u"),
  ...row(0xb9, "f64", "i64", "f64_from_i64_s f64_from_i64_u"),
  ...row(0xbb, "f64", "f32", "f64_from_f32"),
  ...row(0xfc00, "i32", "f32", "i32_from_f32_s i32_from_f32_u"),
  ...row(0xfc02, "i32", "f64", "i32_from_f64_s i32_from_f64_u"),
  ...row(0xfc04, "i64", "f32", "i64_from_f32_s i64_from_f32_u"),
  ...row(0xfc06, "i64", "f64", "i64_from_f64_s i64_from_f64_u"),
];

/** Comparisons, which one routine for each type answers. */
export const JUDGED_COMPARISONS: readonly JudgedRoutine[] = [
  ...row(0x5b, "i32", "f32 f32", "f32_eq f32_ne f32_lt f32_gt f32_le f32_ge"),
  ...row(0x61, "i32", "f64 f64", "f64_eq f64_ne f64_lt f64_gt f64_le f64_ge"),
];

/** The instructions that trap, by the predicate that says so beforehand. Their results are of no interest. */
export const JUDGED_TRAPS: readonly JudgedRoutine[] = [
  ...row(0xa8, "i32", "f32", "i32_f32_s_trap i32_f32_u_trap"),
  ...row(0xaa, "i32", "f64", "i32_f64_s_trap i32_f64_u_trap"),
  ...row(0xae, "i64", "f32", "i64_f32_s_trap i64_f32_u_trap"),
  ...row(0xb0, "i64", "f64", "i64_f64_s_trap i64_f64_u_trap"),
];

export function judgeOf(routines: readonly JudgedRoutine[]): Record<string, RoutineFunction> {
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, routines.map(functionType)),
    ...section(
      3,
      routines.map((_, index) => leb(index)),
    ),
    ...section(
      7,
      routines.map(({ name }, index) => [...sized([...Buffer.from(name)]), 0, ...leb(index)]),
    ),
    ...section(
      10,
      routines.map((routine) => sized([0, ...instructions(routine), END])),
    ),
  ]);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports as Record<string, RoutineFunction>;
}

/** Routines of one kind, for instructions with consecutive opcodes (core specification 5.4). */
function row(firstOpcode: number, result: ValueType, params: string, names: string): JudgedRoutine[] {
  return names.split(" ").map((name, index) => {
    const opcode = firstOpcode + index;
    return {
      name,
      params: params.split(" ") as ValueType[],
      result,
      opcode: opcode > 0xff ? [opcode >> 8, opcode & 0xff] : [opcode],
    };
  });
}

function functionType({ params, result }: JudgedRoutine): number[] {
  return [0x60, ...sized(params.map((type) => TYPE_CODES[type])), 1, TYPE_CODES[result]];
}

/** Amounts of shifts and counts of bits are i64 for the instruction, one word for the routine. */
function instructions({ params, result, opcode }: JudgedRoutine): number[] {
  const isMixed = params[0] === "i64" && params[1] === "i32";
  const isCount = params.length === 1 && params[0] === "i64" && result === "i32";
  return [
    ...params.flatMap((type, index) => [GET_LOCAL, index, ...FROM_BITS[type]]),
    ...(isMixed ? [EXTEND_I32_U] : []),
    ...opcode,
    ...(isCount ? [WRAP_I64] : []),
    ...TO_BITS[result],
  ];
}

function section(id: number, items: number[][]): number[] {
  return [id, ...sized([...leb(items.length), ...items.flat()])];
}

function sized(bytes: number[]): number[] {
  return [...leb(bytes.length), ...bytes];
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >> 7)];
}
