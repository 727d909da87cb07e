/**
 * WebAssembly for the operations that work on registers only, and the conditions of branches. Semantics: Xtensa ISA
 * Reference Manual, chapter 6, as in the interpreter, which is the oracle.
 */
import { B4CONST, B4CONSTU } from "../core/decode.ts";
import { Op } from "../core/operations.ts";
import type { RegionOp } from "./region.ts";
import { Wasm, type WasmCode } from "./wasm-writer.ts";

/** Where the emitted code keeps things. */
export interface Locals {
  readonly sar: number;
  readonly scratch: number;
  /** Local of a register. */
  readonly register: (register: number) => number;
}

/** What is known about SAR at a place: set in this block from a register that has not changed since, or to a constant. */
export type KnownSar =
  | { readonly kind: "right" | "left"; readonly register: number }
  | { readonly kind: "constant"; readonly amount: number }
  | undefined;

const BINARY: Partial<Record<Op, Wasm>> = {
  ...{
    [Op.Add]: Wasm.I32Add,
    [Op.Sub]: Wasm.I32Sub,
    [Op.And]: Wasm.I32And,
    [Op.Or]: Wasm.I32Or,
    [Op.Xor]: Wasm.I32Xor,
  },
  [Op.Mull]: Wasm.I32Mul,
};
/** Shift of s, then the operation. */
const SHIFTED: Partial<Record<Op, readonly [number, Wasm]>> = {
  ...{ [Op.Addx2]: [1, Wasm.I32Add], [Op.Addx4]: [2, Wasm.I32Add], [Op.Addx8]: [3, Wasm.I32Add] },
  ...{ [Op.Subx2]: [1, Wasm.I32Sub], [Op.Subx4]: [2, Wasm.I32Sub], [Op.Subx8]: [3, Wasm.I32Sub] },
};
const MOVES: Partial<Record<Op, readonly Wasm[]>> = {
  ...{ [Op.Moveqz]: [Wasm.I32Eqz], [Op.Movnez]: [] },
};

/** Emits an operation; false when it is none of these. */
export function emitOperation(code: WasmCode, locals: Locals, operation: RegionOp, known: KnownSar): boolean {
  const { op, immediate } = operation;
  const d = (): number => locals.register(operation.d);
  const s = (): number => locals.register(operation.s);
  const t = (): number => locals.register(operation.t);
  const binary = BINARY[op];
  if (binary !== undefined) {
    code.get(s()).get(t()).op(binary).set(d());
    return true;
  }
  const shifted = SHIFTED[op];
  if (shifted) {
    code.get(s()).constant(shifted[0]).op(Wasm.I32Shl).get(t()).op(shifted[1]).set(d());
    return true;
  }
  switch (op) {
    case Op.Nop:
      return true;
    case Op.Neg:
      code.constant(0).get(t()).op(Wasm.I32Sub).set(d());
      return true;
    case Op.Abs:
      code.get(t()).constant(31).op(Wasm.I32ShrS).tee(locals.scratch).get(t()).op(Wasm.I32Xor);
      code.get(locals.scratch).op(Wasm.I32Sub).set(d());
      return true;
    case Op.Addi:
      code.get(s()).constant(immediate).op(Wasm.I32Add).set(d());
      return true;
    case Op.Movi:
      code.constant(immediate).set(d());
      return true;
    case Op.Mov:
      code.get(s()).set(d());
      return true;
    case Op.Moveqz:
    case Op.Movnez:
      code
        .get(s())
        .get(d())
        .get(t())
        .op(...(MOVES[op] as Wasm[]), Wasm.Select)
        .set(d());
      return true;
    case Op.Movltz:
    case Op.Movgez:
      code.get(s()).get(d()).get(t()).constant(0);
      code.op(op === Op.Movltz ? Wasm.I32LtS : Wasm.I32GeS, Wasm.Select).set(d());
      return true;
    case Op.Nsa:
      code
        .get(s())
        .get(s())
        .constant(31)
        .op(Wasm.I32ShrS, Wasm.I32Xor, Wasm.I32Clz)
        .constant(1)
        .op(Wasm.I32Sub)
        .set(d());
      return true;
    case Op.Nsau:
      code.get(s()).op(Wasm.I32Clz).set(d());
      return true;
    case Op.Mul16u:
      code.get(s()).constant(0xffff).op(Wasm.I32And).get(t()).constant(0xffff).op(Wasm.I32And, Wasm.I32Mul).set(d());
      return true;
    case Op.Mul16s:
      code.get(s()).op(Wasm.I32Extend16S).get(t()).op(Wasm.I32Extend16S, Wasm.I32Mul).set(d());
      return true;
    case Op.Slli:
      code.get(s()).constant(immediate).op(Wasm.I32Shl).set(d());
      return true;
    case Op.Srai:
      code.get(t()).constant(immediate).op(Wasm.I32ShrS).set(d());
      return true;
    case Op.Srli:
      code.get(t()).constant(immediate).op(Wasm.I32ShrU).set(d());
      return true;
    case Op.Extui:
      code
        .get(t())
        .constant(immediate & 31)
        .op(Wasm.I32ShrU)
        .constant(immediate >>> 8)
        .op(Wasm.I32And)
        .set(d());
      return true;
    case Op.Ssr:
      code.get(s()).constant(31).op(Wasm.I32And).set(locals.sar);
      return true;
    case Op.Ssl:
      code.constant(32).get(s()).constant(31).op(Wasm.I32And, Wasm.I32Sub).set(locals.sar);
      return true;
    case Op.Ssa8l:
      code.get(s()).constant(3).op(Wasm.I32Shl).constant(24).op(Wasm.I32And).set(locals.sar);
      return true;
    case Op.Ssa8b:
      code.constant(32).get(s()).constant(3).op(Wasm.I32Shl).constant(24).op(Wasm.I32And, Wasm.I32Sub).set(locals.sar);
      return true;
    case Op.Ssai:
      code.constant(immediate).set(locals.sar);
      return true;
    case Op.RsrSar:
      code.get(locals.sar).set(d());
      return true;
    case Op.WsrSar:
      code.get(t()).constant(63).op(Wasm.I32And).set(locals.sar);
      return true;
    case Op.XsrSar:
      code.get(locals.sar).get(t()).constant(63).op(Wasm.I32And).set(locals.sar).set(d());
      return true;
    case Op.Src:
    case Op.Srl:
    case Op.Sll:
    case Op.Sra:
      emitShift(code, locals, operation, known);
      return true;
    default:
      return false;
  }
}

/** Shifts by SAR, 0 to 63. */
function emitShift(code: WasmCode, locals: Locals, operation: RegionOp, known: KnownSar): void {
  const d = locals.register(operation.d);
  const s = locals.register(operation.s);
  const t = locals.register(operation.t);
  const { op } = operation;
  if (op === Op.Sll && known?.kind === "left") {
    code.get(s).get(locals.register(known.register)).op(Wasm.I32Shl).set(d);
  } else if ((op === Op.Srl || op === Op.Sra) && known?.kind === "right") {
    code
      .get(t)
      .get(locals.register(known.register))
      .op(op === Op.Srl ? Wasm.I32ShrU : Wasm.I32ShrS)
      .set(d);
  } else if (op === Op.Src && known?.kind === "constant" && known.amount > 0 && known.amount < 32) {
    code
      .get(s)
      .constant(32 - known.amount)
      .op(Wasm.I32Shl);
    code.get(t).constant(known.amount).op(Wasm.I32ShrU, Wasm.I32Or).set(d);
  } else if (op === Op.Sra) {
    // Beyond 31 there are only copies of the sign.
    code
      .get(t)
      .get(locals.sar)
      .constant(31)
      .get(locals.sar)
      .constant(32)
      .op(Wasm.I32LtU, Wasm.Select, Wasm.I32ShrS)
      .set(d);
  } else {
    if (op === Op.Srl) code.get(t).op(Wasm.I64ExtendI32U);
    else code.get(s).op(Wasm.I64ExtendI32U).longConstant(32).op(Wasm.I64Shl);
    if (op === Op.Src) code.get(t).op(Wasm.I64ExtendI32U, Wasm.I64Or);
    code.get(locals.sar).op(Wasm.I64ExtendI32U, Wasm.I64ShrU, Wasm.I32WrapI64).set(d);
  }
}

/** What is known about SAR behind an operation. */
export function sarBehind({ op, s, d, immediate }: RegionOp, writesD: boolean, known: KnownSar): KnownSar {
  if (op === Op.Ssr) return { kind: "right", register: s };
  if (op === Op.Ssl) return { kind: "left", register: s };
  if (op === Op.Ssai) return { kind: "constant", amount: immediate };
  if (op === Op.Ssa8l || op === Op.Ssa8b || op === Op.WsrSar || op === Op.XsrSar) return undefined;
  return known && known.kind !== "constant" && writesD && d === known.register ? undefined : known;
}

const COMPARISONS: Partial<Record<Op, Wasm>> = {
  ...{ [Op.Beq]: Wasm.I32Eq, [Op.Bne]: Wasm.I32Ne, [Op.Blt]: Wasm.I32LtS, [Op.Bge]: Wasm.I32GeS },
  ...{ [Op.Bltu]: Wasm.I32LtU, [Op.Bgeu]: Wasm.I32GeU, [Op.Beqi]: Wasm.I32Eq, [Op.Bnei]: Wasm.I32Ne },
  ...{ [Op.Blti]: Wasm.I32LtS, [Op.Bgei]: Wasm.I32GeS, [Op.Bltui]: Wasm.I32LtU, [Op.Bgeui]: Wasm.I32GeU },
};

/** Puts on the stack whether a branch is taken. */
export function emitCondition(code: WasmCode, locals: Locals, operation: RegionOp): void {
  const { op } = operation;
  const s = locals.register(operation.s);
  const t = (): number => locals.register(operation.t);
  switch (op) {
    case Op.Beqz:
      code.get(s).op(Wasm.I32Eqz);
      return;
    case Op.Bnez:
      code.get(s);
      return;
    case Op.Bltz:
      code.get(s).constant(0).op(Wasm.I32LtS);
      return;
    case Op.Bgez:
      code.get(s).constant(0).op(Wasm.I32GeS);
      return;
    case Op.Beqi:
    case Op.Bnei:
    case Op.Blti:
    case Op.Bgei:
      code
        .get(s)
        .constant(B4CONST[operation.t] as number)
        .op(COMPARISONS[op] as Wasm);
      return;
    case Op.Bltui:
    case Op.Bgeui:
      code
        .get(s)
        .constant(B4CONSTU[operation.t] as number)
        .op(COMPARISONS[op] as Wasm);
      return;
    case Op.Bany:
    case Op.Bnone:
      code.get(s).get(t()).op(Wasm.I32And);
      if (op === Op.Bnone) code.op(Wasm.I32Eqz);
      return;
    case Op.Ball:
    case Op.Bnall:
      code.get(s).constant(-1).op(Wasm.I32Xor).get(t()).op(Wasm.I32And);
      if (op === Op.Ball) code.op(Wasm.I32Eqz);
      return;
    case Op.Bbs:
    case Op.Bbc:
      code.get(s).get(t()).op(Wasm.I32ShrU).constant(1).op(Wasm.I32And);
      if (op === Op.Bbc) code.op(Wasm.I32Eqz);
      return;
    case Op.Bbsi:
    case Op.Bbci:
      code
        .get(s)
        .constant(1 << operation.t)
        .op(Wasm.I32And);
      if (op === Op.Bbci) code.op(Wasm.I32Eqz);
      return;
    default:
      code
        .get(s)
        .get(t())
        .op(COMPARISONS[op] as Wasm);
  }
}
