/**
 * Graph colouring with iterated register coalescing (L. George and A. Appel, TOPLAS 18(3), 1996), changed where the
 * machine's own registers come in: they are no nodes; each node has a mask of those it cannot be, and is easy to colour
 * when it has fewer neighbours than registers left to it. Colours are chosen by what they cost: a copy that stays, a
 * callee-saved register that has to be kept for the caller, a place that a neighbour would like.
 *
 * The file is long because the steps share one set of work lists: each can put nodes and copies on the lists of the others.
 */
import { CALLEE_SAVED_MASK, countBits, RETURN_ADDRESS } from "../machine/instruction-facts.ts";
import { FIRST_VIRTUAL } from "../machine/machine-function.ts";
import type { InterferenceGraph, Move } from "./interference.ts";

export interface ColourOptions {
  /** Physical registers that may be used. */
  allowed: number;
  /** Of these, the ones whose first use costs a save and a restore. */
  costly: number;
}

export interface Colouring {
  /** Physical register of each virtual one; -1 for those that are to be spilled. */
  colour: Int8Array;
  spilled: number[];
}

enum MoveState {
  Waiting,
  Ready,
  Done,
}

enum NodeState {
  Simplify,
  Freeze,
  Spill,
  Stacked,
  Merged,
  /** Joined with a physical register. */
  Fixed,
}

/** What the first use of a callee-saved register weighs: a save and a restore. */
const SAVE_COST = 2;
const HABIT_COST = 1 / 1024;
const WISH_WEIGHT = 0.5;

export function colourGraph(graph: InterferenceGraph, options: ColourOptions): Colouring {
  return new Colourer(graph, options).run();
}

class Colourer {
  readonly #graph: InterferenceGraph;
  readonly #allowed: number;
  readonly #costly: number;
  readonly #alias: Int32Array;
  readonly #degree: Int32Array;
  readonly #state: Uint8Array;
  readonly #colour: Int8Array;
  readonly #forbidden: Uint16Array;
  readonly #cost: Float64Array;
  readonly #neighbours: number[][];
  readonly #moves: Move[];
  readonly #moveState: Uint8Array;
  readonly #movesOf: number[][];
  readonly #stack: number[] = [];
  readonly #simplify: number[] = [];
  readonly #freeze: number[] = [];
  readonly #spill = new Set<number>();
  /** Numbers of moves to try, the most frequent last. */
  readonly #ready: number[] = [];
  readonly #mark: Int32Array;
  #markNow = 0;
  #used = 0;

  constructor(graph: InterferenceGraph, options: ColourOptions) {
    const { count } = graph;
    this.#graph = graph;
    this.#allowed = options.allowed;
    this.#costly = options.costly;
    this.#alias = Int32Array.from({ length: count }, (_, node) => node);
    this.#degree = Int32Array.from(graph.neighbours, (list) => list.length);
    this.#state = new Uint8Array(count);
    this.#colour = new Int8Array(count).fill(-1);
    this.#forbidden = graph.forbidden.slice();
    this.#cost = graph.spillCost.slice();
    this.#neighbours = graph.neighbours.map((list) => list.slice());
    this.#moves = graph.moves;
    this.#moveState = new Uint8Array(graph.moves.length).fill(MoveState.Ready);
    this.#movesOf = Array.from({ length: count }, () => []);
    this.#mark = new Int32Array(count).fill(-1);
  }

  run(): Colouring {
    for (const [index, { a, b }] of this.#moves.entries()) {
      if (a >= FIRST_VIRTUAL) (this.#movesOf[a] as number[]).push(index);
      if (b >= FIRST_VIRTUAL) (this.#movesOf[b] as number[]).push(index);
      this.#ready.push(index);
    }
    const gain = this.#estimateGains();
    this.#ready.sort((x, y) => (gain[x] as number) - (gain[y] as number) || x - y);
    for (let node = FIRST_VIRTUAL; node < this.#graph.count; node++) this.#enlist(node);
    for (;;) {
      if (this.#simplify.length > 0) this.#simplifyOne(this.#simplify.pop() as number);
      else if (this.#ready.length > 0) this.#coalesceOne(this.#ready.pop() as number);
      else if (this.#freeze.length > 0) this.#freezeOne(this.#freeze.pop() as number);
      else if (this.#spill.size > 0) this.#pushSpillCandidate();
      else break;
    }
    const spilled: number[] = [];
    while (this.#stack.length > 0) this.#select(this.#stack.pop() as number, spilled);
    return this.#finish(spilled);
  }

  /** What a copy is worth to vanish, less half of what others lose when it takes the register that they want. */
  #estimateGains(): Float64Array {
    const wishes = new Float64Array(this.#graph.count * FIRST_VIRTUAL);
    const allWishes = new Float64Array(this.#graph.count);
    const physicalMoves: { index: number; node: number; register: number }[] = [];
    for (const [index, { a, b, frequency }] of this.#moves.entries()) {
      if (a >= FIRST_VIRTUAL && b >= FIRST_VIRTUAL) continue;
      const node = Math.max(a, b);
      const register = Math.min(a, b);
      wishes[node * FIRST_VIRTUAL + register] = (wishes[node * FIRST_VIRTUAL + register] as number) + frequency;
      allWishes[node] = (allWishes[node] as number) + frequency;
      physicalMoves.push({ index, node, register });
    }
    // Of equals, what comes in a register stays there.
    const gain = Float64Array.from(
      this.#moves,
      ({ b, frequency }) => frequency * (b < FIRST_VIRTUAL ? 1 + HABIT_COST : 1),
    );
    for (const { index, node, register } of physicalMoves) {
      let loss = (allWishes[node] as number) - (wishes[node * FIRST_VIRTUAL + register] as number);
      for (const other of this.#neighbours[node] as number[])
        loss += wishes[other * FIRST_VIRTUAL + register] as number;
      gain[index] = (gain[index] as number) - loss / 2;
    }
    return gain;
  }

  #finish(spilledNodes: number[]): Colouring {
    const isSpilled = new Uint8Array(this.#graph.count);
    for (const node of spilledNodes) isSpilled[node] = 1;
    const spilled: number[] = [];
    for (let node = FIRST_VIRTUAL; node < this.#graph.count; node++) {
      const root = this.#find(node);
      this.#colour[node] = isSpilled[root] === 1 ? -1 : (this.#colour[root] as number);
      if (isSpilled[root] === 1) spilled.push(node);
    }
    return { colour: this.#colour, spilled };
  }

  #find(node: number): number {
    let root = node;
    while (this.#alias[root] !== root) root = this.#alias[root] as number;
    return root;
  }

  #room(node: number): number {
    return countBits(this.#allowed & ~(this.#forbidden[node] as number));
  }

  #isEasy(node: number): boolean {
    return (this.#degree[node] as number) < this.#room(node);
  }

  #hasMoves(node: number): boolean {
    return (this.#movesOf[node] as number[]).some((move) => this.#moveState[move] !== MoveState.Done);
  }

  /** Puts a node on the list that its degree and its copies ask for. */
  #enlist(node: number): void {
    if (!this.#isEasy(node)) {
      this.#state[node] = NodeState.Spill;
      this.#spill.add(node);
    } else if (this.#hasMoves(node)) {
      this.#state[node] = NodeState.Freeze;
      this.#freeze.push(node);
    } else {
      this.#state[node] = NodeState.Simplify;
      this.#simplify.push(node);
    }
  }

  #isGone(node: number): boolean {
    return (this.#state[node] as number) >= NodeState.Stacked;
  }

  #simplifyOne(node: number): void {
    if (this.#state[node] !== NodeState.Simplify) return;
    this.#push(node);
  }

  #push(node: number): void {
    this.#state[node] = NodeState.Stacked;
    this.#stack.push(node);
    for (const other of this.#neighbours[node] as number[]) if (!this.#isGone(other)) this.#lowerDegree(other);
  }

  #lowerDegree(node: number): void {
    const wasEasy = this.#isEasy(node);
    this.#degree[node] = (this.#degree[node] as number) - 1;
    if (wasEasy || !this.#isEasy(node)) return;
    this.#wakeMoves(node);
    for (const other of this.#neighbours[node] as number[]) if (!this.#isGone(other)) this.#wakeMoves(other);
    this.#spill.delete(node);
    this.#enlist(node);
  }

  #wakeMoves(node: number): void {
    for (const move of this.#movesOf[node] as number[]) {
      if (this.#moveState[move] !== MoveState.Waiting) continue;
      this.#moveState[move] = MoveState.Ready;
      this.#ready.push(move);
    }
  }

  #coalesceOne(index: number): void {
    if (this.#moveState[index] !== MoveState.Ready) return;
    const move = this.#moves[index] as Move;
    let a = move.a < FIRST_VIRTUAL ? move.a : this.#find(move.a);
    let b = move.b < FIRST_VIRTUAL ? move.b : this.#find(move.b);
    if (a >= FIRST_VIRTUAL && this.#state[a] === NodeState.Fixed) a = this.#colour[a] as number;
    if (b >= FIRST_VIRTUAL && this.#state[b] === NodeState.Fixed) b = this.#colour[b] as number;
    if (b < FIRST_VIRTUAL) [a, b] = [b, a];
    if (a === b || b < FIRST_VIRTUAL) return this.#dropMove(index, a, b);
    if (a < FIRST_VIRTUAL) {
      if ((this.#allowed & (1 << a) & ~(this.#forbidden[b] as number)) === 0) return this.#dropMove(index, a, b);
      if (this.#canBeFixed(b, a)) {
        this.#moveState[index] = MoveState.Done;
        return this.#fix(b, a);
      }
    } else {
      if (this.#graph.pairs.has(a, b)) return this.#dropMove(index, a, b);
      if (this.#canMerge(a, b)) {
        this.#moveState[index] = MoveState.Done;
        return this.#merge(a, b);
      }
    }
    this.#moveState[index] = MoveState.Waiting;
  }

  #dropMove(index: number, a: number, b: number): void {
    this.#moveState[index] = MoveState.Done;
    for (const node of [a, b]) this.#reconsider(node);
  }

  /** A node that has no copies left to wait for can be simplified. */
  #reconsider(node: number): void {
    if (node < FIRST_VIRTUAL || this.#state[node] !== NodeState.Freeze) return;
    if (this.#hasMoves(node)) return;
    this.#state[node] = NodeState.Simplify;
    this.#simplify.push(node);
  }

  /** George's test: each neighbour is easy, or could not be that register anyway. */
  #canBeFixed(node: number, register: number): boolean {
    return (this.#neighbours[node] as number[]).every(
      (other) => this.#isGone(other) || this.#isEasy(other) || ((this.#forbidden[other] as number) >> register) & 1,
    );
  }

  /** Briggs' test: fewer hard neighbours than registers. */
  #canMerge(a: number, b: number): boolean {
    const room = countBits(this.#allowed & ~((this.#forbidden[a] as number) | (this.#forbidden[b] as number)));
    if (room === 0) return false;
    this.#markNow++;
    for (const other of this.#neighbours[a] as number[]) this.#mark[other] = this.#markNow;
    let hard = 0;
    for (const other of this.#neighbours[b] as number[]) {
      if (this.#isGone(other)) continue;
      const isShared = this.#mark[other] === this.#markNow;
      if (isShared) this.#mark[other] = -1;
      if ((this.#degree[other] as number) - (isShared ? 1 : 0) >= this.#room(other)) hard++;
    }
    for (const other of this.#neighbours[a] as number[]) {
      if (this.#mark[other] === this.#markNow && !this.#isGone(other) && !this.#isEasy(other)) hard++;
    }
    return hard < room;
  }

  #fix(node: number, register: number): void {
    this.#spill.delete(node);
    this.#state[node] = NodeState.Fixed;
    this.#colour[node] = register;
    for (const other of this.#neighbours[node] as number[]) {
      if (this.#isGone(other)) continue;
      if (((this.#forbidden[other] as number) >> register) & 1) {
        this.#lowerDegree(other);
        continue;
      }
      // One register less and one neighbour less: as easy or hard as before.
      this.#forbidden[other] = (this.#forbidden[other] as number) | (1 << register);
      this.#degree[other] = (this.#degree[other] as number) - 1;
    }
    // Copies between this node and others are now copies of the register.
    for (const move of this.#movesOf[node] as number[]) {
      if (this.#moveState[move] === MoveState.Waiting) {
        this.#moveState[move] = MoveState.Ready;
        this.#ready.push(move);
      }
    }
  }

  #merge(a: number, b: number): void {
    this.#spill.delete(b);
    this.#state[b] = NodeState.Merged;
    this.#alias[b] = a;
    this.#forbidden[a] = (this.#forbidden[a] as number) | (this.#forbidden[b] as number);
    this.#cost[a] = (this.#cost[a] as number) + (this.#cost[b] as number);
    this.#wakeMoves(b);
    (this.#movesOf[a] as number[]).push(...(this.#movesOf[b] as number[]));
    for (const other of this.#neighbours[b] as number[]) {
      if (this.#graph.pairs.has(a, other)) {
        if (!this.#isGone(other)) this.#lowerDegree(other);
        continue;
      }
      this.#graph.pairs.add(a, other);
      (this.#neighbours[a] as number[]).push(other);
      (this.#neighbours[other] as number[]).push(a);
      if (!this.#isGone(other)) this.#degree[a] = (this.#degree[a] as number) + 1;
    }
    if (this.#state[a] === NodeState.Freeze && !this.#isEasy(a)) {
      this.#state[a] = NodeState.Spill;
      this.#spill.add(a);
    } else {
      if (this.#state[a] === NodeState.Spill && this.#isEasy(a)) {
        this.#spill.delete(a);
        this.#enlist(a);
      }
      this.#reconsider(a);
    }
  }

  #freezeOne(node: number): void {
    if (this.#state[node] !== NodeState.Freeze) return;
    this.#state[node] = NodeState.Simplify;
    this.#simplify.push(node);
    this.#giveUpMoves(node);
  }

  #giveUpMoves(node: number): void {
    for (const index of this.#movesOf[node] as number[]) {
      if (this.#moveState[index] === MoveState.Done) continue;
      this.#moveState[index] = MoveState.Done;
      const { a, b } = this.#moves[index] as Move;
      for (const end of [a, b]) if (end >= FIRST_VIRTUAL) this.#reconsider(this.#find(end));
    }
  }

  /** The node that is cheapest in memory for the neighbours it relieves. */
  #pushSpillCandidate(): void {
    let best = -1;
    let bestScore = Number.POSITIVE_INFINITY;
    for (const node of this.#spill) {
      const score = (this.#cost[node] as number) / (1 + (this.#degree[node] as number));
      if (best === -1 || score < bestScore) {
        best = node;
        bestScore = score;
      }
    }
    this.#spill.delete(best);
    this.#giveUpMoves(best);
    this.#push(best);
  }

  #select(node: number, spilled: number[]): void {
    let free = this.#freeFor(node);
    if (free === 0) free = this.#makeRoom(node, spilled);
    if (free === 0) {
      spilled.push(node);
      return;
    }
    this.#assign(node, free);
  }

  #assign(node: number, free: number): void {
    const value = new Float64Array(FIRST_VIRTUAL);
    this.#addWishes(node, value, 1);
    for (const other of this.#neighbours[node] as number[]) {
      if (this.#state[other] === NodeState.Stacked && this.#colour[other] === -1) {
        this.#addWishes(other, value, -WISH_WEIGHT);
      }
    }
    let best = -1;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (let register = 0; register < FIRST_VIRTUAL; register++) {
      if (((free >> register) & 1) === 0) continue;
      const bit = 1 << register;
      let total = value[register] as number;
      if ((bit & this.#costly & ~this.#used) !== 0) total -= SAVE_COST;
      const isLast = register === RETURN_ADDRESS || (bit & CALLEE_SAVED_MASK) !== 0;
      total -= HABIT_COST * (register + (isLast ? FIRST_VIRTUAL : 0));
      if (total > bestValue) {
        best = register;
        bestValue = total;
      }
    }
    this.#colour[node] = best;
    this.#used |= 1 << best;
  }

  /** For each register, how often a copy would vanish if `node` had it. */
  #addWishes(node: number, value: Float64Array, weight: number): void {
    for (const index of this.#movesOf[node] as number[]) {
      const { a, b, frequency } = this.#moves[index] as Move;
      const rootA = a < FIRST_VIRTUAL ? a : this.#find(a);
      const rootB = b < FIRST_VIRTUAL ? b : this.#find(b);
      const other = rootA === node ? rootB : rootA;
      const register = other < FIRST_VIRTUAL ? other : (this.#colour[other] as number);
      if (other !== node && register >= 0) value[register] = (value[register] as number) + weight * frequency;
    }
  }

  #freeFor(node: number): number {
    let free = this.#allowed & ~(this.#forbidden[node] as number);
    for (const other of this.#neighbours[node] as number[]) {
      const colour = this.#colour[other] as number;
      if (colour >= 0) free &= ~(1 << colour);
    }
    return free;
  }

  /** A register for `node` that its neighbours can leave: by moving, or by being spilled where that is cheaper. */
  #makeRoom(node: number, spilled: number[]): number {
    const allowed = this.#allowed & ~(this.#forbidden[node] as number);
    let best = -1;
    let bestCost = this.#cost[node] as number;
    for (let register = 0; register < FIRST_VIRTUAL; register++) {
      if (((allowed >> register) & 1) === 0) continue;
      let cost = 0;
      for (const other of this.#holders(node, register)) {
        if (this.#state[other] === NodeState.Fixed) cost = Number.POSITIVE_INFINITY;
        else if ((this.#freeFor(other) & ~(1 << register)) === 0) cost += this.#cost[other] as number;
      }
      if (cost < bestCost) {
        best = register;
        bestCost = cost;
      }
    }
    if (best === -1) return 0;
    for (const other of this.#holders(node, best)) {
      this.#colour[other] = -1;
      const free = this.#freeFor(other) & ~(1 << best);
      if (free !== 0) this.#assign(other, free);
      else spilled.push(other);
    }
    return 1 << best;
  }

  #holders(node: number, register: number): number[] {
    return (this.#neighbours[node] as number[]).filter((other) => this.#colour[other] === register);
  }
}
