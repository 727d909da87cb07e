/**
 * Decoded code, in blocks: straight runs of instructions, in dense arrays for the interpreter.
 *
 * A block ends behind a jump or branch, before an address that is served by TypeScript, at the end of a line of the flash
 * cache (so that one check of the line at its start is enough), or when it is long. Blocks start anywhere. When a byte
 * that a block was decoded from changes, all blocks go: chip code that does so is loading other code.
 */
import { EmulatorError } from "../emulator-error.ts";
import { FLASH_WINDOW_ADDRESS, FLASH_WINDOW_BYTES } from "../memory/address-map.ts";
import { CACHE_LINE_SHIFT } from "../memory/flash-cache.ts";
import type { MemorySpace, Region } from "../memory/memory-space.ts";
import type { Core } from "./core.ts";
import { INSTRUCTION_CYCLES, INTERLOCK_CYCLES } from "./cycle-model.ts";
import { decode } from "./decode.ts";
import { ENDS_BLOCK, LATE_RESULT, OP_FACTS, Op, READS_D, READS_S, READS_T } from "./operations.ts";
import { SpecialRegister } from "./special-registers.ts";

/** Words of an operation in `code`: first op | d << 8 | s << 16 | t << 24, then the immediate. */
export const OP_WORDS = 2;

/** Words of a block in `blocks`. */
export enum BlockField {
  /** Index of the first operation in `code`. */
  Start = 0,
  Instructions,
  /** Without what a taken branch costs. */
  Cycles,
  /** Line of the flash window, or -1 elsewhere. */
  Line,
  /** Block that a taken branch leads to, 0 while unknown. */
  Taken,
  /** Block behind this one, 0 while unknown. */
  Next,
  /** How often it was entered. */
  Heat,
  /** Not 0: translated code begins here. */
  Translated,
  Pc,
}
export const BLOCK_WORDS = 9;

const MAX_BLOCK_INSTRUCTIONS = 64;
const CODE_CAPACITY = 1 << 18;
const BLOCK_CAPACITY = 1 << 15;
const LOOKUP_MASK = 0xffff;
/** Blocks 0 and 1 are special: no block, and the one that holds a single instruction. */
const SINGLE_BLOCK = 1;
const FIRST_BLOCK = 2;
const SINGLE_CODE_WORDS = 2 * OP_WORDS;

export class BlockCache {
  readonly code = new Int32Array(CODE_CAPACITY);
  /** For each operation its address and the cycles of its block before it. */
  readonly addresses = new Int32Array(CODE_CAPACITY / OP_WORDS);
  readonly cyclesBefore = new Int32Array(CODE_CAPACITY / OP_WORDS);
  readonly blocks = new Int32Array(BLOCK_CAPACITY * BLOCK_WORDS);
  /** Changes whenever all blocks are dropped. */
  generation = 0;
  /** Told when all blocks are dropped. */
  onDrop: () => void = () => {};
  readonly #lookupPc = new Int32Array(LOOKUP_MASK + 1);
  readonly #lookupBlock = new Int32Array(LOOKUP_MASK + 1);
  readonly #byPc = new Map<number, number>();
  #codeEnd = SINGLE_CODE_WORDS;
  #blockEnd = FIRST_BLOCK;
  readonly #memory: MemorySpace;
  readonly #core: Core;
  readonly #isRoutine: (address: number) => boolean;

  constructor(core: Core, isRoutine: (address: number) => boolean) {
    this.#core = core;
    this.#memory = core.memory;
    this.#isRoutine = isRoutine;
    core.memory.onCodeChanged = () => this.drop();
    core.onLiteralBaseChanged = () => this.drop();
  }

  /** The block at an address; 0 when no instruction can be fetched from there, or a routine is there. */
  find(pc: number): number {
    const slot = pc & LOOKUP_MASK;
    if (this.#lookupPc[slot] === pc && this.#lookupBlock[slot] !== 0) return this.#lookupBlock[slot] as number;
    const known = this.#byPc.get(pc);
    const block = known ?? this.#decodeBlock(pc);
    this.#lookupPc[slot] = pc;
    this.#lookupBlock[slot] = block;
    return block;
  }

  /** A block of one instruction, which stays valid until the next call. */
  single(pc: number): number {
    const region = this.#regionOf(pc);
    if (!region) return 0;
    this.#fill(SINGLE_BLOCK, 0, pc, region, 1);
    return SINGLE_BLOCK;
  }

  drop(): void {
    this.generation++;
    if (this.#blockEnd === FIRST_BLOCK) return;
    this.#lookupBlock.fill(0);
    this.#byPc.clear();
    this.#codeEnd = SINGLE_CODE_WORDS;
    this.#blockEnd = FIRST_BLOCK;
    for (const region of this.#memory.regions)
      if (region.codeMap !== 0) this.#memory.bytes.fill(0, region.codeMap, region.codeMap + region.sizeBytes);
    this.onDrop();
  }

  #regionOf(pc: number): Region | undefined {
    const region = this.#memory.regionAt(pc);
    return region?.executable && !this.#isRoutine(pc) ? region : undefined;
  }

  #decodeBlock(pc: number): number {
    const region = this.#regionOf(pc);
    if (!region) return 0;
    const worstWords = (MAX_BLOCK_INSTRUCTIONS + 1) * OP_WORDS;
    if (this.#codeEnd + worstWords > CODE_CAPACITY || this.#blockEnd >= BLOCK_CAPACITY) this.drop();
    const block = this.#blockEnd++;
    this.#codeEnd = this.#fill(block, this.#codeEnd, pc, region, MAX_BLOCK_INSTRUCTIONS);
    this.#byPc.set(pc, block);
    return block;
  }

  /** Decodes up to `limit` instructions into `block`; where the next block's operations begin. */
  #fill(block: number, start: number, first: number, region: Region, limit: number): number {
    const { code, addresses, cyclesBefore, blocks } = this;
    const isFlash = first >>> 0 >= FLASH_WINDOW_ADDRESS && first >>> 0 < FLASH_WINDOW_ADDRESS + FLASH_WINDOW_BYTES;
    const line = isFlash ? ((first >>> 0) - FLASH_WINDOW_ADDRESS) >>> CACHE_LINE_SHIFT : -1;
    let at = start;
    let pc = first;
    let cycles = 0;
    let count = 0;
    let ended = false;
    while (!ended && count < limit) {
      const decoded = this.#decodeAt(pc, region);
      code[at] = decoded.op | (decoded.d << 8) | (decoded.s << 16) | (decoded.t << 24);
      code[at + 1] = decoded.immediate;
      addresses[at / OP_WORDS] = pc;
      cyclesBefore[at / OP_WORDS] = cycles;
      ended = ((OP_FACTS[decoded.op] as number) & ENDS_BLOCK) !== 0;
      cycles += INSTRUCTION_CYCLES;
      const { op, d } = decoded;
      pc = (pc + decoded.sizeBytes) | 0;
      if (((OP_FACTS[op] as number) & LATE_RESULT) !== 0 && this.#isReadAt(pc, region, d)) cycles += INTERLOCK_CYCLES;
      at += OP_WORDS;
      count++;
      if (this.#isRoutine(pc) || this.#memory.regionAt(pc) !== region) ended = true;
      if (isFlash && ((pc >>> 0) - FLASH_WINDOW_ADDRESS) >>> CACHE_LINE_SHIFT !== line) ended = true;
    }
    code[at] = Op.End;
    code[at + 1] = 0;
    addresses[at / OP_WORDS] = pc;
    cyclesBefore[at / OP_WORDS] = cycles;
    const fields = block * BLOCK_WORDS;
    blocks.fill(0, fields, fields + BLOCK_WORDS);
    blocks[fields + BlockField.Start] = start;
    blocks[fields + BlockField.Instructions] = count;
    blocks[fields + BlockField.Cycles] = cycles;
    blocks[fields + BlockField.Line] = line;
    blocks[fields + BlockField.Pc] = first;
    return at + OP_WORDS;
  }

  /** Whether the instruction at `pc`, if there is one, reads a register. */
  #isReadAt(pc: number, region: Region, register: number): boolean {
    if (this.#isRoutine(pc) || this.#memory.regionAt(pc) !== region) return false;
    const next = this.#decodeAt(pc, region);
    const facts = OP_FACTS[next.op] as number;
    if (next.op === Op.Ret) return register === 0;
    return (
      ((facts & READS_S) !== 0 && next.s === register) ||
      ((facts & READS_T) !== 0 && next.t === register) ||
      ((facts & READS_D) !== 0 && next.d === register)
    );
  }

  /** The instruction at an address of `region`; its bytes are marked as code. One that runs out of the region is illegal. */
  #decodeAt(pc: number, region: Region): ReturnType<typeof decode> {
    const { bytes } = this.#memory;
    const offset = (pc >>> 0) - region.address;
    const host = region.host + offset;
    const available = region.sizeBytes - offset;
    if (available <= 0) throw new EmulatorError("bug", "Decoding outside of a region.", { pc });
    const word =
      (bytes[host] as number) |
      (available > 1 ? (bytes[host + 1] as number) << 8 : 0) |
      (available > 2 ? (bytes[host + 2] as number) << 16 : 0);
    const decoded = decode(word, pc, this.#core.special[SpecialRegister.LITBASE] as number);
    if (decoded.sizeBytes > available) decoded.op = Op.Illegal;
    if (region.codeMap !== 0) {
      const end = Math.min(offset + decoded.sizeBytes, region.sizeBytes);
      for (let index = offset; index < end; index++) bytes[region.codeMap + index] = 1;
    }
    return decoded;
  }
}
