/**
 * A module for one numeric instruction in the shapes in which compilers treat it differently: plain, with a constant on
 * either side, with one value twice, and, where the result is a condition, in front of what consumes conditions.
 *
 * Values go in and out as integers of the same width, so that JavaScript does not touch the bits of a NaN.
 */
import type { ValType } from "../../tools/aot/read/module.ts";
import type { NumericOpcode } from "../native/numeric-opcodes.ts";
import { bitWidth } from "../native/wasm-values.ts";
import { constant, type FunctionSource, localGet, localSet, writeModule } from "../native/wasm-writer.ts";

export interface Shape {
  name: string;
  params: ValType[];
  /** The operands of the instruction, from the arguments of the function. */
  operands(args: readonly bigint[]): bigint[];
  result: ValType;
}

const TO_INTEGER: Record<ValType, number[]> = { i32: [], i64: [], f32: [0xbc], f64: [0xbd] };
const FROM_INTEGER: Record<ValType, number[]> = { i32: [], i64: [], f32: [0xbe], f64: [0xbf] };
const I32 = 0x7f;
const BLOCK = 0x02;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;
const BR_IF = 0x0d;
const DROP = 0x1a;
const SELECT = 0x1b;
const I32_EQZ = 0x45;

const ONE: Record<ValType, bigint> = { i32: 1n, i64: 1n, f32: 0x3f800000n, f64: 0x3ff0000000000000n };
const INTEGER_CONSTANTS = [
  ...[0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 9n, 10n, 12n, 16n, 25n, 31n, 32n, 33n, 60n, 63n, 64n, 100n, 125n, 127n, 128n],
  ...[255n, 256n, 641n, 1000n, 2047n, 2048n, 4096n, 32767n, 32768n, 65535n, 65536n, 1000000n, 0x12345678n],
  ...[-1n, -2n, -3n, -5n, -7n, -10n, -16n, -127n, -128n, -129n, -1000n, -2048n, -2049n, -65536n],
];
const CONSTANTS: Record<ValType, bigint[]> = {
  i32: [...INTEGER_CONSTANTS, 0x7fffffffn, 0x80000000n, 0x80000001n, 0xaaaaaaabn],
  i64: [
    ...[...INTEGER_CONSTANTS, 0x7fffffffn, 0x80000000n, 0xffffffffn, 1n << 32n, 1n << 33n, 1n << 40n, 3n << 32n],
    ...[1n << 63n, (1n << 63n) - 1n, (1n << 63n) + 1n, 0x12345678_9abcdef0n, 10_000_000_000n, 1_000_000_007n],
  ],
  f32: [0n, 0x80000000n, ONE.f32, 0xbf800000n, 0x40000000n, 0x3f000000n, 0x40400000n, 0x7f800000n, 0x7fc00000n, 1n],
  f64: [0n, 0x8000n, 0x3ff0n, 0xbff0n, 0x4000n, 0x3fe0n, 0x4008n, 0x7ff0n, 0x7ff8n, 0x4059n].map((top) => top << 48n),
};

export function integerOf(type: ValType): ValType {
  return bitWidth(type) === 32 ? "i32" : "i64";
}

export function opcodeModule(opcode: NumericOpcode): { wasm: Uint8Array; shapes: Shape[] } {
  const functions: FunctionSource[] = [];
  const shapes: Shape[] = [];
  const isCondition = opcode.result === "i32" && /\.(eqz?|ne|[lg][te](_[su])?)$/.test(opcode.name);

  function add(
    name: string,
    params: ValType[],
    operands: Shape["operands"],
    code: number[],
    wrap = (c: number[]) => c,
  ) {
    const integers = params.map(integerOf);
    const result = integerOf(opcode.result);
    const whole = wrap([...code, ...opcode.code, ...TO_INTEGER[opcode.result]]);
    functions.push({ name, params: integers, results: [result], locals: ["i32"], code: whole });
    shapes.push({ name, params, operands, result });
  }
  const argument = (type: ValType, index: number) => [...localGet(index), ...FROM_INTEGER[type]];
  const plainCode = opcode.params.flatMap(argument);
  const plain = (name: string, wrap?: (code: number[]) => number[]) =>
    add(name, opcode.params, (args) => [...args], plainCode, wrap);

  plain("plain");
  const [left, right] = opcode.params;
  if (left !== undefined && right !== undefined) {
    add("same operand twice", [left], ([x = 0n]) => [x, x], [...argument(left, 0), ...argument(left, 0)]);
    for (const value of new Set(CONSTANTS[left].map((bits) => BigInt.asUintN(bitWidth(left), bits)))) {
      const text = `0x${value.toString(16)}`;
      add(`${text} on the left`, [right], ([x = 0n]) => [value, x], [...constant(left, value), ...argument(right, 0)]);
      add(`${text} on the right`, [left], ([x = 0n]) => [x, value], [...argument(left, 0), ...constant(right, value)]);
    }
  }
  if (isCondition) {
    const local = opcode.params.length;
    const [yes, no] = [constant("i32", 1n), constant("i32", 0n)];
    plain("in front of if", (code) => [...code, IF, I32, ...yes, ELSE, ...no, END]);
    plain("negated, in front of if", (code) => [...code, I32_EQZ, IF, I32, ...no, ELSE, ...yes, END]);
    plain("in front of br_if", (code) => [BLOCK, I32, ...yes, ...code, BR_IF, 0, DROP, ...no, END]);
    plain("in front of select", (code) => [...yes, ...no, ...code, SELECT]);
    plain("kept in a local", (code) => [...code, ...localSet(local), ...localGet(local), I32_EQZ, I32_EQZ]);
  }
  return { wasm: writeModule({ functions }), shapes };
}
