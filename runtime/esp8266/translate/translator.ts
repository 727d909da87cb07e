/**
 * Keeps translated regions: compiles them when the interpreter reports a hot block, finds them by address, runs them.
 *
 * Functions call each other through one table. A call to an address that has not been translated gets a function that
 * gives the address back, which the executor then takes over; so calls need no tests. Indirect calls look into a small
 * direct-mapped table in memory: address and index.
 */
import { BLOCK_WORDS, type BlockCache, BlockField } from "../core/block-cache.ts";
import type { Core } from "../core/core.ts";
import { SpecialRegister } from "../core/special-registers.ts";
import {
  CALL_TARGET_COUNT,
  CALL_TARGETS,
  STATE_COUNT_AT_END,
  STATE_CYCLES_LEFT,
  STATE_INSTRUCTIONS,
  STATE_TARGET,
} from "../memory/host-layout.ts";
import { Instance, Module, Table, WASM_PAGE_BYTES, type WasmTable } from "../webassembly-api.ts";
import { discoverRegion, type RegionBlock } from "./region.ts";
import { compileRegion, entryNumber, PARAMETERS } from "./region-compiler.ts";
import { Load, WasmCode, writeModule } from "./wasm-writer.ts";

interface Entry {
  readonly run: (entry: number, depth: number) => number;
  readonly number: number;
}

const TABLE_SIZE = 4096;
/** Calls inside of each other before the executor takes over; bounds the host's stack. */
const MAX_DEPTH = 400;
/** A run ends after so many cycles even without an event, so that V8 can replace its first, slow code by better. */
const SLICE_CYCLES = 20_000_000;
/** With less time until an event it is not worth entering. */
const LEAST_CYCLES = 300;

export class Translator {
  readonly #core: Core;
  readonly #blocks: BlockCache;
  readonly #table: WasmTable;
  readonly #words: Int32Array;
  readonly #pages: number;
  readonly #notTranslated: unknown;
  readonly #entries = new Map<number, Entry>();
  readonly #slots = new Map<number, number>();
  /** Regions compiled since power-on. */
  compiled = 0;
  /** Instructions that ran translated. */
  instructions = 0;

  constructor(core: Core, blocks: BlockCache) {
    this.#core = core;
    this.#blocks = blocks;
    this.#words = core.memory.words;
    this.#pages = core.memory.bytes.length / WASM_PAGE_BYTES;
    this.#table = new Table({ element: "anyfunc", initial: TABLE_SIZE, maximum: TABLE_SIZE });
    const stub = new WasmCode();
    stub.constant(0).load(Load.Word, STATE_TARGET);
    this.#notTranslated = this.#instantiate(stub, 0);
    this.#forget();
    blocks.onDrop = () => this.#forget();
  }

  #forget(): void {
    for (const slot of this.#slots.values()) this.#table.set(slot, this.#notTranslated);
    this.#slots.clear();
    this.#entries.clear();
    // An address that belongs into another place is never looked for in this one: that makes it empty.
    for (let index = 0; index < CALL_TARGET_COUNT; index++)
      this.#words[(CALL_TARGETS >> 2) + 2 * index] = (index ^ 1) << 2;
  }

  #instantiate(code: WasmCode, locals: number): (entry: number, depth: number) => number {
    const module = new Module(writeModule(code, PARAMETERS, locals, this.#pages));
    const { exports } = new Instance(module, { chip: { memory: this.#core.memory.wasm, table: this.#table } });
    return exports.run as (entry: number, depth: number) => number;
  }

  /** Translates what begins at the program counter, if anything does. */
  compile(): void {
    const start = this.#core.pc | 0;
    if (this.#entries.has(start)) return;
    if (this.#slots.size >= TABLE_SIZE / 2) this.#blocks.drop();
    const { generation } = this.#blocks;
    const region = discoverRegion(this.#blocks, start);
    if (!region || this.#blocks.generation !== generation) return;
    const { code, locals } = compileRegion(region, {
      memory: this.#core.memory,
      slotFor: (address) => this.#slotFor(address),
    });
    const pcs = region.entries.map((block) => (region.blocks[block] as RegionBlock).pc);
    const found = pcs.map((pc) => this.#blocks.find(pc));
    if (this.#blocks.generation !== generation) return;
    const run = this.#instantiate(code, locals);
    this.compiled++;
    pcs.forEach((pc, index) => {
      if (this.#entries.has(pc) && index > 0) return;
      this.#entries.set(pc, { run, number: entryNumber(index) });
      this.#blocks.blocks[(found[index] as number) * BLOCK_WORDS + BlockField.Translated] = 1;
    });
    const slot = this.#slotFor(start);
    this.#table.set(slot, run);
    const place = (CALL_TARGETS >> 2) + 2 * ((start >>> 2) & (CALL_TARGET_COUNT - 1));
    this.#words[place] = start;
    this.#words[place + 1] = slot;
  }

  #slotFor(address: number): number {
    const known = this.#slots.get(address);
    if (known !== undefined) return known;
    const slot = this.#slots.size;
    this.#slots.set(address, slot);
    this.#table.set(slot, this.#notTranslated);
    return slot;
  }

  /** Runs translated code from the program counter on; false when there is none, or it could not do anything. */
  run(cycleLimit: number): boolean {
    const core = this.#core;
    const left = cycleLimit - core.cycles;
    if (left < LEAST_CYCLES) return false;
    const entry = this.#entries.get(core.pc | 0);
    if (!entry) return false;
    const words = this.#words;
    const given = Math.min(left, SLICE_CYCLES);
    words[STATE_CYCLES_LEFT >> 2] = given;
    words[STATE_INSTRUCTIONS >> 2] = 0;
    words[STATE_COUNT_AT_END >> 2] = core.readSpecial(SpecialRegister.CCOUNT) + given;
    core.pc = entry.run(entry.number, MAX_DEPTH) >>> 0;
    const spent = given - (words[STATE_CYCLES_LEFT >> 2] as number);
    core.cycles += spent;
    const retired = words[STATE_INSTRUCTIONS >> 2] as number;
    core.instructions += retired;
    this.instructions += retired;
    return spent > 0;
  }
}
