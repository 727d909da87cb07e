/**
 * Compiles a region to a WebAssembly function `run(entry, depth) -> next pc`.
 *
 * Registers are locals inside; they are loaded at the start and stored at every way out and around calls. The state after
 * a return is always complete and exact, so whoever called may go on at the address that came back, whatever happened in
 * between: a call that returns to its caller just goes on, anything else is handed up to the executor. What cannot be done
 * here (peripherals, exceptions, special registers, lines missing in the flash cache) leaves before the instruction.
 *
 * Counters: a block takes its cycles when it begins and a way out in its middle gives the rest back. That the cycles last
 * is checked at loop headers and entries, for the longest way to the next check, so nothing runs past an event.
 *
 * Over 400 lines, since the parts of this one pass share nearly all of its state.
 */
import { TAKEN_CYCLES } from "../core/cycle-model.ts";
import { BRANCHES, ENDS_BLOCK, OP_FACTS, Op, READS_S, READS_T, WRITES_D } from "../core/operations.ts";
import { SpecialRegister } from "../core/special-registers.ts";
import { EmulatorError } from "../emulator-error.ts";
import { FLASH_WINDOW_ADDRESS, FLASH_WINDOW_BYTES } from "../memory/address-map.ts";
import { CACHE_LINE_SHIFT } from "../memory/flash-cache.ts";
import {
  CALL_TARGET_COUNT,
  CALL_TARGETS,
  STATE_COUNT_AT_END,
  STATE_CYCLES_LEFT,
  STATE_INSTRUCTIONS,
  STATE_REGISTERS,
  STATE_SAR,
  STATE_SPECIAL,
  STATE_TARGET,
} from "../memory/host-layout.ts";
import type { MemorySpace } from "../memory/memory-space.ts";
import { checkBudgets } from "./budgets.ts";
import { emitAccess, emitLineCheck } from "./emit-access.ts";
import { emitCondition, emitOperation, type KnownSar, type Locals, sarBehind } from "./emit-operation.ts";
import type { Region, RegionBlock, RegionOp } from "./region.ts";
import { type Item, type Loop, structure } from "./structure.ts";
import { type Label, Load, Store, Wasm, WasmCode } from "./wasm-writer.ts";

const ENTRY = 0;
const DEPTH = 1;
export const PARAMETERS = 2;
const CYCLES = 2;
const INSTRUCTIONS = 3;
const PC = 4;
const SCRATCH = 5;
const SCRATCH2 = 6;
const SAR = 7;
const FIRST_REGISTER = 8;

interface Scope {
  readonly loop: Loop | undefined;
  readonly loopLabel: Label;
  /** Label that leads to the item of a block. */
  readonly labels: ReadonlyMap<Item, Label>;
  readonly itemOf: ReadonlyMap<number, Item>;
}

/** What the compiler must know of the machine. */
export interface CompilerContext {
  readonly memory: MemorySpace;
  /** Index in the table of the function that a call to an address uses. */
  readonly slotFor: (address: number) => number;
}

export interface CompiledRegion {
  readonly code: WasmCode;
  readonly locals: number;
}

export function compileRegion(region: Region, context: CompilerContext): CompiledRegion {
  return new RegionCompiler(region, context).compile();
}

class RegionCompiler {
  readonly #code = new WasmCode();
  readonly #region: Region;
  readonly #context: CompilerContext;
  readonly #registers: readonly number[];
  readonly #written: readonly number[];
  readonly #locals: Locals;
  readonly #items: readonly Item[];
  readonly #budgets: ReadonlyMap<number, number>;
  /** Numbers of the blocks that are reached through the variable ENTRY; 0 there is the usual way. */
  readonly #entryIds = new Map<number, number>();
  readonly #scopes: Scope[] = [];
  #exit: Label = 0;

  constructor(region: Region, context: CompilerContext) {
    this.#region = region;
    this.#context = context;
    const used = new Set<number>();
    const written = new Set<number>();
    for (const { ops } of region.blocks) for (const op of ops) noteRegisters(op, used, written);
    this.#registers = [...used].sort((a, b) => a - b);
    this.#written = [...written].sort((a, b) => a - b);
    this.#locals = {
      sar: SAR,
      scratch: SCRATCH,
      register: (register) => FIRST_REGISTER + this.#registers.indexOf(register),
    };
    this.#items = structure(
      region.blocks.map(({ successors }) => successors),
      region.entries,
    );
    this.#budgets = checkBudgets(region, this.#items);
    region.entries.forEach((block, index) => {
      this.#entryIds.set(block, entryNumber(index));
    });
    this.#numberEntries(this.#items);
  }

  #numberEntries(items: readonly Item[]): void {
    for (const item of items) {
      if (typeof item === "number") continue;
      for (const block of item.otherEntries)
        if (!this.#entryIds.has(block)) this.#entryIds.set(block, entryNumber(this.#entryIds.size));
      this.#numberEntries(item.items);
    }
  }

  compile(): CompiledRegion {
    const code = this.#code;
    this.#loadState();
    this.#exit = code.block();
    this.#emitScope(this.#items, undefined, 0);
    code.end();
    this.#storeState();
    code.get(PC);
    return { code, locals: FIRST_REGISTER - PARAMETERS + this.#registers.length };
  }

  #loadState(): void {
    const code = this.#code;
    for (const register of this.#registers)
      code
        .constant(0)
        .load(Load.Word, STATE_REGISTERS + 4 * register)
        .set(this.#locals.register(register));
    code.constant(0).load(Load.Word, STATE_SAR).set(SAR);
    code.constant(0).load(Load.Word, STATE_CYCLES_LEFT).set(CYCLES);
    code.constant(0).load(Load.Word, STATE_INSTRUCTIONS).set(INSTRUCTIONS);
  }

  #storeState(): void {
    const code = this.#code;
    for (const register of this.#written)
      code
        .constant(0)
        .get(this.#locals.register(register))
        .store(Store.Word, STATE_REGISTERS + 4 * register);
    code.constant(0).get(SAR).store(Store.Word, STATE_SAR);
    code.constant(0).get(CYCLES).store(Store.Word, STATE_CYCLES_LEFT);
    code.constant(0).get(INSTRUCTIONS).store(Store.Word, STATE_INSTRUCTIONS);
  }

  // Control flow

  /** Emits items one behind the other; each has a block that ends before it, so that a branch can go forward to it. */
  #emitScope(items: readonly Item[], loop: Loop | undefined, loopLabel: Label): void {
    const code = this.#code;
    const labels = new Map<Item, Label>();
    for (const item of [...items].reverse()) labels.set(item, code.block());
    const itemOf = new Map<number, Item>();
    for (const item of items) {
      if (typeof item === "number") itemOf.set(item, item);
      else for (const block of item.blocks) itemOf.set(block, item);
    }
    const scope: Scope = { loop, loopLabel, labels, itemOf };
    this.#scopes.push(scope);
    this.#emitDispatch(scope, loop ? loop.otherEntries : this.#region.entries, loop ? loop.header : 0);
    for (const item of items) {
      code.end();
      if (typeof item === "number") this.#emitBlock(this.#region.blocks[item] as RegionBlock);
      else this.#emitLoop(item);
    }
    this.#scopes.pop();
  }

  #emitLoop(loop: Loop): void {
    const label = this.#code.loop();
    this.#emitScope(loop.items, loop, label);
    this.#code.end();
  }

  /** Where a scope begins: leads to the block that ENTRY asks for, or to the usual one. */
  #emitDispatch(scope: Scope, wanted: readonly number[], usual: number): void {
    const code = this.#code;
    const labelOf = (block: number): Label => scope.labels.get(scope.itemOf.get(block) as Item) as Label;
    const usualItem = scope.itemOf.get(usual) as Item;
    const others = wanted.filter((block) => block !== usual);
    if (others.length > 0) {
      const targets = new Array<Label>(entryNumber(this.#entryIds.size)).fill(labelOf(usual));
      for (const block of others) targets[this.#entryIds.get(block) as number] = labelOf(block);
      code.get(ENTRY);
      code.if();
      code.get(ENTRY).brTable(targets, labelOf(usual));
      code.end();
    }
    // The usual way has no number; where it leads into a loop behind its header, the loop must be told.
    if (typeof usualItem !== "number" && usualItem.header !== usual) code.constant(this.#alias(usual)).set(ENTRY);
    code.br(labelOf(usual));
  }

  #alias(block: number): number {
    const id = this.#entryIds.get(block);
    if (id !== undefined) return id;
    throw new EmulatorError("bug", `Block ${block} of a region has no number.`);
  }

  /** From the end of a block to an address: another block, or out. */
  #goTo(pc: number): void {
    const target = this.#region.byPc.get(pc);
    if (!target) {
      this.#leave(pc, 0, 0);
      return;
    }
    const { index } = target;
    for (let level = this.#scopes.length - 1; level >= 0; level--) {
      const scope = this.#scopes[level] as Scope;
      if (scope.loop?.header === index) {
        this.#code.br(scope.loopLabel);
        return;
      }
      const item = scope.itemOf.get(index);
      if (item === undefined) continue;
      if (typeof item !== "number" && item.header !== index) this.#code.constant(this.#alias(index)).set(ENTRY);
      this.#code.br(scope.labels.get(item) as Label);
      return;
    }
    throw new EmulatorError("bug", "A block of a region is in no scope.");
  }

  /** Out of the region, before the instruction at `pc`; the counters get back what has not been done. */
  #leave(pc: number, cyclesBack: number, instructionsBack: number): void {
    this.#code.bump(CYCLES, cyclesBack).bump(INSTRUCTIONS, -instructionsBack).constant(pc).set(PC).br(this.#exit);
  }

  // Blocks

  #emitBlock(block: RegionBlock): void {
    const code = this.#code;
    const last = block.ops[block.ops.length - 1] as RegionOp;
    const alwaysTaken = takesAlways(last.op) ? TAKEN_CYCLES : 0;
    if (this.#entryIds.has(block.index)) code.constant(0).set(ENTRY);
    const budget = this.#budgets.get(block.index);
    if (budget !== undefined) {
      code.get(CYCLES).constant(budget).op(Wasm.I32LtS);
      code.if();
      this.#leave(block.pc, 0, 0);
      code.end();
    }
    const lines = new Set<number>();
    this.#needLine(block.pc, lines, () => this.#leave(block.pc, 0, 0));
    code.bump(CYCLES, -(block.cycles + alwaysTaken)).bump(INSTRUCTIONS, block.ops.length);
    let cyclesLeft = block.cycles + alwaysTaken;
    let sar: KnownSar;
    block.ops.forEach((op, index) => {
      const back = cyclesLeft;
      const leave = (): void => this.#leave(op.pc, back, block.ops.length - index);
      this.#needLine(op.pc, lines, leave);
      this.#emitOp(op, sar, lines, back, leave);
      sar = sarBehind(op, ((OP_FACTS[op.op] as number) & WRITES_D) !== 0, sar);
      cyclesLeft -= op.cycles;
    });
    if (((OP_FACTS[last.op] as number) & ENDS_BLOCK) === 0) this.#goTo(last.next);
  }

  /** A line of the flash window must be in the cache; one check in a block is enough, for only leaving changes the cache. */
  #needLine(address: number, lines: Set<number>, leave: () => void): void {
    const offset = (address - FLASH_WINDOW_ADDRESS) >>> 0;
    if (offset >= FLASH_WINDOW_BYTES) return;
    const line = offset >>> CACHE_LINE_SHIFT;
    if (lines.has(line)) return;
    lines.add(line);
    emitLineCheck(this.#code, line, leave);
  }

  #emitOp(op: RegionOp, sar: KnownSar, lines: Set<number>, back: number, leave: () => void): void {
    const code = this.#code;
    if (emitOperation(code, this.#locals, op, sar)) return;
    if (emitAccess(code, this.#locals, op, this.#context.memory.extra[0], leave)) return;
    switch (op.op) {
      case Op.L32r:
        this.#emitLiteral(op, lines, leave);
        return;
      case Op.Rsr:
        this.#emitReadSpecial(op, back);
        return;
      case Op.J:
        this.#goTo(op.immediate);
        return;
      case Op.Jx:
        code.get(this.#locals.register(op.s)).set(PC).br(this.#exit);
        return;
      case Op.Ret:
        code.get(this.#locals.register(0)).set(PC).br(this.#exit);
        return;
      case Op.Call0:
        code.constant(op.next).set(this.#locals.register(0));
        this.#emitCall(op);
        return;
      case Op.Callx0:
        code.get(this.#locals.register(op.s)).set(PC);
        code.constant(op.next).set(this.#locals.register(0));
        this.#emitCall(op);
        return;
      default:
        if (((OP_FACTS[op.op] as number) & BRANCHES) === 0) {
          leave();
          return;
        }
        emitCondition(code, this.#locals, op);
        code.if();
        code.bump(CYCLES, -TAKEN_CYCLES);
        this.#goTo(op.immediate);
        code.end();
        this.#goTo(op.next);
    }
  }

  /** A literal in flash cannot change while this code is valid; one in RAM can. */
  #emitLiteral(op: RegionOp, lines: Set<number>, leave: () => void): void {
    const code = this.#code;
    const { memory } = this.#context;
    const region = memory.regionAt(op.immediate);
    if (!region || op.immediate - region.address > region.sizeBytes - 4) {
      leave();
      return;
    }
    const host = region.host + (op.immediate >>> 0) - region.address;
    const d = this.#locals.register(op.d);
    if (region.address === FLASH_WINDOW_ADDRESS) {
      this.#needLine(op.immediate, lines, leave);
      code.constant(memory.view.getInt32(host, true)).set(d);
    } else code.constant(0).load(Load.Word, host).set(d);
  }

  #emitReadSpecial(op: RegionOp, back: number): void {
    const code = this.#code;
    if (op.immediate === SpecialRegister.CCOUNT)
      code.constant(0).load(Load.Word, STATE_COUNT_AT_END).get(CYCLES).op(Wasm.I32Sub).constant(back).op(Wasm.I32Sub);
    else code.constant(0).load(Load.Word, STATE_SPECIAL + 4 * op.immediate);
    code.set(this.#locals.register(op.d));
  }

  /** Calls the function for an address: `immediate`, or for callx0 what PC holds. Goes on behind it or returns. */
  #emitCall(op: RegionOp): void {
    const code = this.#code;
    const isDirect = op.op === Op.Call0;
    if (isDirect) code.constant(op.immediate).set(PC);
    code.get(DEPTH).op(Wasm.I32Eqz).brIf(this.#exit);
    if (!isDirect) {
      code
        .get(PC)
        .constant(2)
        .op(Wasm.I32ShrU)
        .constant(CALL_TARGET_COUNT - 1)
        .op(Wasm.I32And);
      code
        .constant(3)
        .op(Wasm.I32Shl)
        .tee(SCRATCH)
        .load(Load.Word, CALL_TARGETS)
        .get(PC)
        .op(Wasm.I32Ne)
        .brIf(this.#exit);
    }
    this.#storeState();
    const isSelf = isDirect && op.immediate === this.#region.blocks[0]?.pc;
    if (isDirect && !isSelf) code.constant(0).constant(op.immediate).store(Store.Word, STATE_TARGET);
    code.constant(0).get(DEPTH).constant(1).op(Wasm.I32Sub);
    if (isSelf) code.callSelf();
    else {
      if (isDirect) code.constant(this.#context.slotFor(op.immediate));
      else code.get(SCRATCH).load(Load.Word, CALL_TARGETS + 4);
      code.callIndirect();
    }
    code.tee(PC).constant(op.next).op(Wasm.I32Ne);
    code.if();
    code.get(PC).op(Wasm.Return);
    code.end();
    this.#loadState();
    this.#goTo(op.next);
  }
}

/** What `run` is given for entry `index` of a region; 0 leads to the first one as well. */
export function entryNumber(index: number): number {
  return index + 1;
}

function takesAlways(op: Op): boolean {
  return op === Op.J || op === Op.Jx || op === Op.Ret || op === Op.Call0 || op === Op.Callx0;
}

function noteRegisters({ op, d, s, t }: RegionOp, used: Set<number>, written: Set<number>): void {
  const facts = OP_FACTS[op] as number;
  if ((facts & READS_S) !== 0) used.add(s);
  if ((facts & READS_T) !== 0) used.add(t);
  if ((facts & WRITES_D) !== 0) {
    used.add(d);
    written.add(d);
  }
  if (op === Op.Ret) used.add(0);
  if (op === Op.Call0 || op === Op.Callx0) {
    used.add(0);
    written.add(0);
  }
}
