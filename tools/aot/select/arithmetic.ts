/**
 * Plain values to instructions: the trees that one LX106 instruction covers (addx4, extui, src, mul16u, moveqz ...), and the
 * short sequences for what it has no instruction for. `d` is the register of the result.
 */
import { fitsAddi, fitsAddmi, fitsExtui, fitsMovi, fitsSrli } from "../machine/immediates.ts";
import type { MachineOp, Reg } from "../machine/machine-function.ts";
import type { Block, Value } from "../ssa/ir.ts";
import { lowMaskBits } from "../ssa/known-bits.ts";
import { constantOf, isComparison } from "../ssa/operations.ts";
import { comparison, invert, testOf } from "./conditions.ts";
import type { Selection } from "./selection.ts";

const HALF_MASK = 0xffff;

export function selectPlain(selection: Selection, value: Value): void {
  const d = selection.registerOf(value);
  const block = value.block;
  const [a, b] = value.args as [Value, Value];
  switch (value.op) {
    case "add":
      return selectAdd(selection, d, a, b, block);
    case "sub":
      return selectSub(selection, d, a, b, block);
    case "mul":
      return selectMul(selection, d, a, b, block);
    case "and":
      return selectAnd(selection, d, a, b, block);
    case "or":
      return selectOr(selection, d, a, b, block);
    case "xor":
      return binary(selection, "xor", d, a, b);
    case "shl":
    case "shr_u":
    case "shr_s":
      return selectShift(selection, value.op, d, a, b, block);
    case "rotr":
      return selectFunnel(selection, d, a, a, b);
    case "funnel":
      return selectFunnel(selection, d, a, b, value.args[2] as Value);
    case "clz":
      return void selection.emit("nsau", [d], [selection.read(a)]);
    case "select":
      return selectChoice(selection, d, value, block);
    case "add_lt_u":
    case "sub_lt_u":
      return selectCarry(selection, d, value);
    default:
      return selectBoolean(selection, d, value, block);
  }
}

function binary(selection: Selection, op: MachineOp, d: Reg, a: Value, b: Value): void {
  const x = selection.read(a);
  selection.emit(op, [d], [x, selection.read(b)]);
}

/** The value that is shifted left by 1 to 3, where nobody else wants the shifted one. */
function scaled(selection: Selection, value: Value, block: Block): { of: Value; shift: 1 | 2 | 3 } | undefined {
  const shift = value.op === "shl" ? constantOf(value.args[1]) : undefined;
  if (shift !== 1 && shift !== 2 && shift !== 3) return undefined;
  return selection.canFold(value, block) ? { of: value.args[0] as Value, shift } : undefined;
}

function selectAdd(selection: Selection, d: Reg, a: Value, b: Value, block: Block): void {
  const constant = constantOf(b);
  if (constant !== undefined && (fitsAddi(constant) || fitsAddmi(constant))) {
    return void selection.emit("addi", [d], [selection.read(a)], constant);
  }
  for (const [x, y] of [
    [a, b],
    [b, a],
  ] as const) {
    const part = scaled(selection, x, block);
    if (part === undefined) continue;
    const op = ({ 1: "addx2", 2: "addx4", 3: "addx8" } as const)[part.shift];
    return binary(selection, op, d, part.of, y);
  }
  binary(selection, "add", d, a, b);
}

function selectSub(selection: Selection, d: Reg, a: Value, b: Value, block: Block): void {
  if (constantOf(a) === 0) return void selection.emit("neg", [d], [selection.read(b)]);
  const part = scaled(selection, a, block);
  if (part === undefined) return binary(selection, "sub", d, a, b);
  binary(selection, ({ 1: "subx2", 2: "subx4", 3: "subx8" } as const)[part.shift], d, part.of, b);
}

/** The value whose low half alone counts. */
function lowHalf(selection: Selection, value: Value, block: Block): Value | undefined {
  if (value.op === "load16_u") return value;
  if (value.op === "shr_u" && (constantOf(value.args[1]) ?? 0) >= 16) return value;
  if (value.op !== "and") return undefined;
  const mask = constantOf(value.args[1]);
  if (mask === undefined || mask < 0 || mask > HALF_MASK) return undefined;
  return mask === HALF_MASK && selection.canFold(value, block) ? (value.args[0] as Value) : value;
}

function selectMul(selection: Selection, d: Reg, a: Value, b: Value, block: Block): void {
  const x = lowHalf(selection, a, block);
  const y = lowHalf(selection, b, block);
  if (x !== undefined && y !== undefined) return binary(selection, "mul16u", d, x, y);
  binary(selection, "mull", d, a, b);
}

function selectAnd(selection: Selection, d: Reg, a: Value, b: Value, block: Block): void {
  const bits = lowMaskBits(constantOf(b) ?? 0);
  if (!fitsExtui(bits)) return binary(selection, "and", d, a, b);
  const shift = a.op === "shr_u" || a.op === "shr_s" ? constantOf(a.args[1]) : undefined;
  if (shift !== undefined && shift + bits <= 32 && selection.canFold(a, block)) {
    return extract(selection, d, a.args[0] as Value, shift, bits);
  }
  extract(selection, d, a, 0, bits);
}

function extract(selection: Selection, d: Reg, value: Value, shift: number, bits: number): void {
  selection.emit("extui", [d], [selection.read(value)], shift).imm2 = bits;
}

/** (high << n) | (low >>> (32 - n)) is one funnel shift. */
function selectOr(selection: Selection, d: Reg, a: Value, b: Value, block: Block): void {
  for (const [x, y] of [
    [a, b],
    [b, a],
  ] as const) {
    if (x.op !== "shl" || y.op !== "shr_u") continue;
    const left = constantOf(x.args[1]);
    const right = constantOf(y.args[1]);
    if (left === undefined || right === undefined || left + right !== 32) continue;
    if (!selection.canFold(x, block) || !selection.canFold(y, block)) continue;
    const high = selection.read(x.args[0] as Value);
    return void selection.emit("funnel_imm", [d], [high, selection.read(y.args[0] as Value)], right);
  }
  binary(selection, "or", d, a, b);
}

function selectShift(
  selection: Selection,
  op: "shl" | "shr_u" | "shr_s",
  d: Reg,
  a: Value,
  b: Value,
  block: Block,
): void {
  const constant = constantOf(b);
  if (constant === undefined) return binary(selection, op, d, a, stripShiftMask(selection, b, block));
  const by = constant & 31;
  if (by === 0) return void selection.emit("copy", [d], [selection.read(a)]);
  if (op === "shl") return void selection.emit("slli", [d], [selection.read(a)], by);
  if (op === "shr_s") return void selection.emit("srai", [d], [selection.read(a)], by);
  const left = a.op === "shl" ? constantOf(a.args[1]) : undefined;
  if (left !== undefined && left <= by && fitsExtui(32 - by) && selection.canFold(a, block)) {
    return extract(selection, d, a.args[0] as Value, by - left, 32 - by);
  }
  if (fitsSrli(by)) return void selection.emit("srli", [d], [selection.read(a)], by);
  extract(selection, d, a, by, 32 - by);
}

/** The chip takes shift amounts modulo 32 by itself. */
function stripShiftMask(selection: Selection, amount: Value, block: Block): Value {
  if (amount.op !== "and" || constantOf(amount.args[1]) !== 31) return amount;
  return selection.canFold(amount, block) ? (amount.args[0] as Value) : amount;
}

function selectFunnel(selection: Selection, d: Reg, high: Value, low: Value, amount: Value): void {
  const uses = [selection.read(high)];
  uses.push(high === low ? (uses[0] as Reg) : selection.read(low));
  const constant = constantOf(amount);
  if (constant !== undefined) return void selection.emit("funnel_imm", [d], uses, constant & 31);
  selection.emit("funnel", [d], [...uses, selection.read(amount)]);
}

/** x + (a <u b): one is added unless a branch steps over it. */
function selectCarry(selection: Selection, d: Reg, value: Value): void {
  const [x, a, b] = value.args as [Value, Value, Value];
  const step = value.op === "add_lt_u" ? 1 : -1;
  const uses = [selection.read(a), selection.read(b)];
  selection.emit("copy", [d], [selection.read(x)]);
  const guarded = selection.emit("guarded", [d], [...uses, d]);
  guarded.condition = "bgeu";
  guarded.inner = { op: "addi", defs: [d], uses: [d], imm: step };
}

function selectChoice(selection: Selection, d: Reg, value: Value, block: Block): void {
  const [condition, then, otherwise] = value.args as [Value, Value, Value];
  if (isAbsolute(condition, then, otherwise)) {
    return void selection.emit("abs", [d], [selection.read(otherwise)]);
  }
  const test = testOf(selection, condition, block);
  const move = MOVES[test.condition];
  if (move !== undefined && !isShortConstant(then)) {
    const inverse = MOVES[invert(test).condition] as MachineOp;
    // Which of the two the result starts from is free: the one that is a constant, if one is.
    const startsFromThen = then.op === "const" && otherwise.op !== "const";
    const [first, second] = startsFromThen ? [then, otherwise] : [otherwise, then];
    const moved = selection.read(second);
    selection.emitMove(d, first);
    return void selection.emit(startsFromThen ? inverse : move, [d], [moved, test.uses[0] as Reg, d]);
  }
  const thenIsInner = isShortConstant(then) || !isShortConstant(otherwise);
  const [first, second] = thenIsInner ? [otherwise, then] : [then, otherwise];
  const moved = isShortConstant(second) ? undefined : selection.read(second);
  selection.emitMove(d, first);
  const skip = thenIsInner ? invert(test) : test;
  const guarded = selection.emit("guarded", [d], [...skip.uses, ...(moved === undefined ? [] : [moved]), d], skip.imm);
  guarded.condition = skip.condition;
  guarded.inner =
    moved === undefined
      ? { op: "const", defs: [d], uses: [], imm: second.imm }
      : { op: "copy", defs: [d], uses: [moved], imm: 0 };
}

const MOVES: Partial<Record<string, MachineOp>> = {
  beqz: "moveqz",
  bnez: "movnez",
  bltz: "movltz",
  bgez: "movgez",
};

function isShortConstant(value: Value): boolean {
  const constant = constantOf(value);
  return constant !== undefined && fitsMovi(constant);
}

/** x < 0 ? -x : x */
function isAbsolute(condition: Value, then: Value, otherwise: Value): boolean {
  if (condition.op !== "lt_s" || condition.args[0] !== otherwise || constantOf(condition.args[1]) !== 0) return false;
  return then.op === "sub" && constantOf(then.args[0]) === 0 && then.args[1] === otherwise;
}

/** A comparison as 0 or 1. */
function selectBoolean(selection: Selection, d: Reg, value: Value, block: Block): void {
  if (!isComparison(value.op)) throw new Error(`The selector does not know the operation ${value.op}.`);
  const [a, b] = value.args as [Value, Value];
  const isZero = constantOf(b) === 0;
  if (isZero && value.op === "lt_s") return extract(selection, d, a, 31, 1);
  if (isZero && value.op === "eq") {
    // No leading zero bits but 32: bit 5 of the count says it.
    const count = selection.newRegister();
    selection.emit("nsau", [count], [selection.read(a)]);
    return void selection.emit("srli", [d], [count], 5);
  }
  if (isZero && value.op === "ne") {
    const source = selection.read(a);
    selection.emit("const", [d], [], 1);
    return void selection.emit("moveqz", [d], [source, source, d]);
  }
  const test = comparison(selection, value, block);
  selection.emit("const", [d], [], 1);
  const guarded = selection.emit("guarded", [d], [...test.uses, d], test.imm);
  guarded.condition = test.condition;
  guarded.inner = { op: "const", defs: [d], uses: [], imm: 0 };
}
