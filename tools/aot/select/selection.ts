/**
 * What is known while a function is selected: registers of values, the instructions of the block at hand, and what may be
 * folded into what. Blocks are selected from their ends to their beginnings, so that a value which all its users have
 * taken into themselves is never computed.
 */

import { makeConstant, makeInst } from "../machine/instruction-facts.ts";
import { FIRST_VIRTUAL, type MachineInst, type MachineOp, type Reg } from "../machine/machine-function.ts";
import { countUses } from "../ssa/edit.ts";
import type { Block, Func, Value } from "../ssa/ir.ts";
import type { Loops } from "../ssa/loops.ts";
import { isPureOp } from "../ssa/operations.ts";

/** A constant that several instructions of a block can share. */
interface SharedConstant {
  inst: MachineInst;
  register: Reg;
  /** Instructions of the block that were there when it was last asked for. */
  position: number;
}

/** Constants are shared over this many instructions at most: longer, and a register is worth more than two bytes. */
const SHARE_MAX_INSTRUCTIONS = 40;

export class Selection {
  readonly #registers: Int32Array;
  readonly #uses: Int32Array;
  readonly #loops: Loops;
  #nextRegister = FIRST_VIRTUAL;
  /** Values that some selected instruction reads from a register. */
  readonly #needed = new Set<Value>();
  #constants = new Map<string, SharedConstant>();
  readonly #moved = new Set<MachineInst>();
  /** Groups of instructions of the block, the last group first. */
  #groups: MachineInst[][] = [];
  #group: MachineInst[] = [];
  #count = 0;
  source: number | undefined;

  constructor(func: Func, loops: Loops) {
    this.#registers = new Int32Array(func.valueCount);
    this.#uses = countUses(func);
    this.#loops = loops;
  }

  get registerCount(): number {
    return this.#nextRegister;
  }

  newRegister(): Reg {
    return this.#nextRegister++;
  }

  isNeeded(value: Value): boolean {
    return this.#needed.has(value);
  }

  /** The register of a value, whether or not it is read. */
  registerOf(value: Value): Reg {
    const known = this.#registers[value.id] as number;
    if (known !== 0) return known;
    const register = this.newRegister();
    this.#registers[value.id] = register;
    return register;
  }

  /** A register that holds the value where the next instruction of the group stands. */
  read(value: Value): Reg {
    if (value.op === "const") return this.constant(value.imm, value.symbol);
    this.#needed.add(value);
    return this.registerOf(value);
  }

  /** A register with a constant, shared with later instructions of the block where that is near. */
  constant(imm: number, symbol?: string): Reg {
    const key = `${imm} ${symbol ?? ""}`;
    const shared = this.#constants.get(key);
    const isNear = shared !== undefined && this.#count - shared.position <= SHARE_MAX_INSTRUCTIONS;
    if (shared !== undefined && isNear) {
      if (this.#group.includes(shared.inst)) return shared.register;
      this.#moved.add(shared.inst);
    }
    const register = shared !== undefined && isNear ? shared.register : this.newRegister();
    const inst = this.emitConstant(register, imm, symbol);
    this.#constants.set(key, { inst, register, position: this.#count });
    return register;
  }

  /** What stands before a call does not share with what stands behind it: a register that survives calls is dear. */
  forgetConstants(): void {
    this.#constants = new Map();
  }

  /** Whether the only user of `value` may compute it in its place. */
  canFold(value: Value, user: Block): boolean {
    if (!isPureOp(value.op) || value.op === "const") return false;
    return this.#uses[value.id] === 1 && this.canRepeat(value, user);
  }

  /** Whether computing the value at its user instead does not put it into a deeper loop. */
  canRepeat(value: Value, user: Block): boolean {
    return value.block === user || this.#loops.depth(user) <= this.#loops.depth(value.block);
  }

  emit(op: MachineOp, defs: Reg[], uses: Reg[], imm = 0): MachineInst {
    return this.append(makeInst(op, defs, uses, imm));
  }

  append(inst: MachineInst): MachineInst {
    if (this.source !== undefined) inst.source = this.source;
    this.#group.push(inst);
    this.#count++;
    return inst;
  }

  emitConstant(register: Reg, imm: number, symbol?: string): MachineInst {
    return this.append(makeConstant(register, imm, symbol));
  }

  /** Copies a value, or makes it where it is a constant. */
  emitMove(register: Reg, value: Value): void {
    if (value.op === "const") this.emitConstant(register, value.imm, value.symbol);
    else this.emit("copy", [register], [this.read(value)]);
  }

  /** The instructions emitted next stand before all that were emitted so far. */
  beginGroup(): void {
    if (this.#group.length > 0) this.#groups.push(this.#group);
    this.#group = [];
  }

  beginBlock(): void {
    this.#groups = [];
    this.#group = [];
    this.#count = 0;
    this.forgetConstants();
  }

  /** The instructions of the block in the order in which they run. */
  finishBlock(): MachineInst[] {
    this.beginGroup();
    return this.#groups
      .reverse()
      .flat()
      .filter((inst) => !this.#moved.has(inst));
  }
}
