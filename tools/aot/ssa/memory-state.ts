/**
 * What is known to be in memory at some place of a function: values that were loaded or stored, until something that may
 * overlap is written. At a join, that is what the dominator knew, less what the blocks between can have written.
 */
import type { Dominators } from "./dominators.ts";
import type { Block, Op, Value } from "./ir.ts";
import { isSamePlace, mayOverlap, type Place, placeOf } from "./memory-access.ts";
import { hasEffect, isLoad, isStore } from "./operations.ts";

interface Fact {
  place: Place;
  /** The load or store that it is known from. */
  op: Op;
  value: Value;
}

/** Limits that keep the work linear; beyond them less is known. */
const FACTS_MAX = 48;
const BLOCKS_BETWEEN_MAX = 64;
const STORES_MAX = 64;

export class MemoryState {
  #facts: Fact[];

  constructor(facts: Fact[] = []) {
    this.#facts = facts;
  }

  copy(): MemoryState {
    return new MemoryState(this.#facts.slice());
  }

  /** The word that a load reads, if it is known: a value, and the bits of it that are kept. */
  known(load: Value): { value: Value; mask: number } | undefined {
    const place = placeOf(load);
    const fact = this.#facts.find((candidate) => isSamePlace(candidate.place, place));
    if (fact === undefined) return undefined;
    if (fact.op === load.op || fact.op === "store32") return { value: fact.value, mask: -1 };
    if (load.op === "load8_u" && fact.op === "store8") return { value: fact.value, mask: 0xff };
    if (load.op === "load16_u" && (fact.op === "store16" || fact.op === "load16_s")) {
      return { value: fact.value, mask: 0xffff };
    }
    return undefined;
  }

  /** Whether memory holds already what a store writes. */
  holds(store: Value): boolean {
    const place = placeOf(store);
    const fact = this.#facts.find((candidate) => isSamePlace(candidate.place, place));
    return fact !== undefined && fact.value === store.args[1];
  }

  loaded(load: Value): void {
    const place = placeOf(load);
    this.#facts = this.#facts.filter((fact) => !isSamePlace(fact.place, place));
    this.#add({ place, op: load.op, value: load });
  }

  stored(store: Value): void {
    const place = placeOf(store);
    this.#forget(place);
    this.#add({ place, op: store.op, value: store.args[1] as Value });
  }

  /** A call writes what it likes, but for constants. */
  called(): void {
    this.#facts = this.#facts.filter((fact) => fact.place.region === "constant");
  }

  /** Forgets what this value can write. */
  passed(value: Value): void {
    if (isStore(value.op)) this.#forget(placeOf(value));
    else if (value.op !== "trap_if" && hasEffect(value)) this.called();
  }

  #forget(place: Place): void {
    if (this.#facts.some((fact) => mayOverlap(fact.place, place))) {
      this.#facts = this.#facts.filter((fact) => !mayOverlap(fact.place, place));
    }
  }

  #add(fact: Fact): void {
    if (this.#facts.length >= FACTS_MAX) this.#facts.shift();
    this.#facts.push(fact);
  }
}

/**
 * What is known where a block begins. A value is the same thing on all ways from the dominator, for these cannot lead
 * through a definition that dominates the dominator.
 */
export function stateAtJoin(
  block: Block,
  dominators: Dominators,
  atEnd: (block: Block) => MemoryState,
  writersOf: (block: Block) => readonly Value[],
): MemoryState {
  const parent = dominators.parent(block);
  if (parent === undefined) return new MemoryState();
  const state = atEnd(parent).copy();
  if (block.predecessors.length === 1) return state;
  const seen = new Set<Block>([parent]);
  const stack = block.predecessors.filter((predecessor) => dominators.isReachable(predecessor));
  let stores = 0;
  while (stack.length > 0) {
    const between = stack.pop() as Block;
    if (seen.has(between)) continue;
    seen.add(between);
    const writers = writersOf(between);
    stores += writers.length;
    if (seen.size > BLOCKS_BETWEEN_MAX || stores > STORES_MAX) return new MemoryState();
    for (const writer of writers) state.passed(writer);
    for (const predecessor of between.predecessors) if (!seen.has(predecessor)) stack.push(predecessor);
  }
  return state;
}

/** The values of a block that can write something. */
export function writersIn(block: Block): Value[] {
  return block.values.filter((value) => value.op !== "trap_if" && !isLoad(value.op) && hasEffect(value));
}
