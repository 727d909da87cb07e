/**
 * Random functions for tests: structured programs over a few variables, put into SSA form on the way. Loops count down
 * some fuel in one way or another, so nearly all of them end; addresses stay in a small memory nearly always.
 */
import type { RandomSource } from "../../../runtime/board/random.ts";
import { addPhi } from "./edit.ts";
import {
  type BinaryOp,
  type Block,
  Func,
  type PureOp,
  type Region,
  type Terminator,
  type Trap,
  type Value,
} from "./ir.ts";
import { BINARY_OPS } from "./operations.ts";

const MEMORY_MASK = 0x3c;
/** Sums make addresses and induction variables: more of them. */
const BINARY: readonly BinaryOp[] = ["add", "add", "sub", ...BINARY_OPS];
const NUMBERS = [
  0, 1, 2, 3, 4, 5, 7, 8, 12, 16, 24, 31, 32, 33, 100, 255, 256, 0xffff, 0x7fffffff, -0x80000000, -1, -2, -4, -8,
];
const TRAPS: readonly Trap[] = ["unreachable", "integer overflow", "integer divide by zero"];

export interface RandomOptions {
  /** About how many statements. */
  statements: number;
  params: number;
  results: number;
  /** Callee indices that calls use; none: calls go to host functions. */
  callees?: readonly { index: number; params: number; results: number }[];
}

export function randomFunc(random: RandomSource, options: RandomOptions): Func {
  return new Generator(random, options).run();
}

interface Target {
  block: Block;
  /** Variables at each edge, in the order of predecessors. */
  variables: Value[][];
}

class Generator {
  readonly #random: RandomSource;
  readonly #options: RandomOptions;
  readonly #func: Func;
  #block: Block;
  #variables: Value[] = [];
  /** Values that can be used here besides variables. */
  #temporaries: Value[] = [];
  /** Addresses that were used: the next access may be close to one. */
  #addresses: { address: Value; region: Region }[] = [];
  /** What was compared: the next condition may be about the same. */
  #compared: { value: Value; number: number } | undefined;
  #budget: number;
  readonly #breaks: Target[] = [];
  readonly #continues: Target[] = [];

  constructor(random: RandomSource, options: RandomOptions) {
    this.#random = random;
    this.#options = options;
    this.#budget = options.statements;
    this.#func = new Func("random", options.params, options.results);
    this.#block = this.#func.addBlock();
  }

  run(): Func {
    for (let i = 0; i < this.#options.params; i++) {
      this.#variables.push(this.#func.append(this.#block, "param", [], i));
    }
    while (this.#variables.length < 5) this.#variables.push(this.#number());
    while (this.#budget > 0) this.#statement(0);
    // All that was computed is to be seen.
    this.#variables.forEach((variable, index) => {
      this.#func.append(this.#block, "store32", [this.#func.constant(128 + 4 * index), variable]).region = "memory";
    });
    this.#end({ kind: "return", values: Array.from({ length: this.#options.results }, () => this.#operand()) });
    return this.#func;
  }

  #chance(oneIn: number): boolean {
    return this.#random.integer(1, oneIn) === 1;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.integer(0, from.length - 1)] as T;
  }

  #add(op: PureOp, args: Value[]): Value {
    return this.#func.append(this.#block, op, args);
  }

  #number(): Value {
    const small = this.#random.integer(0, 40);
    return this.#func.constant(this.#chance(3) ? this.#pick(NUMBERS) : this.#chance(20) ? small * 0x01234567 : small);
  }

  #operand(): Value {
    if (this.#temporaries.length > 0 && this.#chance(2)) {
      const last = Math.max(0, this.#temporaries.length - 6);
      return this.#temporaries[this.#random.integer(last, this.#temporaries.length - 1)] as Value;
    }
    if (this.#chance(4)) return this.#number();
    return this.#pick(this.#variables);
  }

  #expression(depth: number): Value {
    if (depth === 0) return this.#operand();
    const value = this.#operation(depth);
    this.#temporaries.push(value);
    return value;
  }

  #operation(depth: number): Value {
    const sub = () => this.#expression(this.#random.integer(0, depth - 1));
    switch (this.#random.integer(0, 15)) {
      case 0:
        return this.#add("select", [this.#condition(), sub(), sub()]);
      case 1: {
        const [a, b] = [sub(), sub()];
        const low = this.#add("add", [a, b]);
        return this.#add("add_lt_u", [sub(), low, this.#chance(2) ? a : b]);
      }
      case 2:
        return this.#add("sub_lt_u", [sub(), sub(), sub()]);
      case 3:
        return this.#add("funnel", [sub(), sub(), this.#chance(2) ? this.#number() : sub()]);
      case 4:
        return this.#add("clz", [sub()]);
      case 5:
      case 6:
        return this.#load();
      case 7:
        return this.#add("and", [sub(), this.#number()]);
      case 8:
        return this.#add(this.#pick(["shl", "shr_u", "shr_s"] as const), [sub(), this.#number()]);
      case 9:
        return this.#add("add", [sub(), this.#number()]);
      case 10: {
        const value = sub();
        const by = this.#random.integer(1, 31);
        const left = this.#add("shl", [value, this.#func.constant(by)]);
        const right = this.#add("shr_u", [this.#chance(2) ? value : sub(), this.#func.constant(32 - by)]);
        return this.#add("or", [left, right]);
      }
      case 11:
        return this.#add("mul", [sub(), this.#number()]);
      default:
        return this.#add(this.#pick(BINARY), [sub(), sub()]);
    }
  }

  #condition(): Value {
    const compare = this.#pick(["eq", "ne", "lt_s", "lt_u", "ge_s", "ge_u"] as const);
    const first = this.#add(compare, this.#comparands());
    if (this.#chance(4)) return this.#operand();
    if (this.#chance(6)) return this.#add("eq", [first, this.#func.constant(0)]);
    if (this.#chance(4)) return this.#add(this.#pick(["and", "or", "xor"] as const), [first, this.#condition()]);
    if (this.#chance(8))
      return this.#add("select", [first, this.#condition(), this.#func.constant(this.#random.integer(0, 1))]);
    return first;
  }

  #comparands(): Value[] {
    const last = this.#compared;
    if (last !== undefined && this.#chance(2)) {
      return [last.value, this.#func.constant((last.number + this.#random.integer(-2, 2)) | 0)];
    }
    const a = this.#operand();
    if (!this.#chance(2)) return [a, this.#operand()];
    const b = this.#number();
    this.#compared = { value: a, number: b.imm };
    return [a, b];
  }

  #address(): { address: Value; offset: number; region: Region } {
    if (this.#addresses.length > 0 && this.#chance(2)) {
      return { ...this.#pick(this.#addresses), offset: this.#random.integer(0, this.#chance(2) ? 0 : 4) };
    }
    const place = this.#newAddress();
    this.#addresses.push({ address: place.address, region: place.region });
    if (this.#addresses.length > 3) this.#addresses.shift();
    return place;
  }

  #newAddress(): { address: Value; offset: number; region: Region } {
    const region = this.#pick(["memory", "memory", "memory", "global", "constant"] as const);
    if (this.#chance(3)) {
      const near = this.#random.integer(0, this.#chance(2) ? 12 : 64);
      return { address: this.#func.constant(near), offset: 0, region };
    }
    let address = this.#add("and", [this.#operand(), this.#func.constant(MEMORY_MASK)]);
    if (this.#chance(3)) address = this.#add("add", [address, this.#func.constant(this.#random.integer(0, 60))]);
    return { address, offset: this.#chance(2) ? 0 : this.#random.integer(0, 8), region };
  }

  #load(): Value {
    const { address, offset, region } = this.#address();
    const op = this.#pick(["load32", "load8_u", "load16_u", "load16_s"] as const);
    const value = this.#func.append(this.#block, op, [address], offset);
    value.region = region;
    return value;
  }

  #statement(depth: number): void {
    this.#budget--;
    if (this.#temporaries.length > 12) this.#temporaries.splice(0, 6);
    const kind = this.#random.integer(0, depth > 5 ? 8 : 15);
    if (kind <= 4) this.#assign();
    else if (kind <= 6) this.#store();
    else if (kind === 7) this.#call();
    else if (kind === 8) this.#chance(3) ? this.#trap() : this.#leave();
    else if (kind <= 10) this.#choice(depth);
    else if (kind === 11) this.#switch(depth);
    else if (kind === 12) this.#guardedLoad();
    else this.#loop(depth);
  }

  #assign(): void {
    const index = this.#random.integer(0, this.#variables.length - 1);
    this.#variables[index] = this.#expression(this.#random.integer(1, 3));
  }

  #store(): void {
    const { address, offset, region } = this.#address();
    if (region === "constant") return;
    const op = this.#pick(["store32", "store8", "store16"] as const);
    for (let count = this.#chance(4) ? 2 : 1; count > 0; count--) {
      this.#func.append(this.#block, op, [address, this.#expression(1)], offset).region = region;
    }
  }

  #call(): void {
    const callees = this.#options.callees;
    const callee = callees === undefined ? undefined : this.#pick(callees);
    const words = callee?.params ?? this.#random.integer(0, 3);
    const args = Array.from({ length: words }, () => this.#operand());
    const value = this.#func.append(this.#block, "call", args);
    value.resultWords = callee?.results ?? this.#random.integer(0, 2);
    if (callee !== undefined) value.callee = { kind: "function", index: callee.index };
    else if (this.#chance(2)) {
      value.callee = { kind: "rom", address: 0x4000_0000 + this.#random.integer(0, 1) * 4, name: "pure" };
      value.isPure = true;
      value.resultWords = 2;
    } else value.callee = { kind: "host", slot: this.#random.integer(0, 3) };
    if (value.resultWords > 1) this.#temporaries.push(this.#func.append(this.#block, "result", [value], 1));
    if (value.resultWords > 0) this.#temporaries.push(value);
  }

  #trap(): void {
    const condition = this.#add("eq", [this.#operand(), this.#number()]);
    this.#func.append(this.#block, "trap_if", [condition]).trap = this.#pick(TRAPS);
  }

  /** Break, continue or return, on a condition. */
  #leave(): void {
    const rest = this.#func.addBlock();
    const kind = this.#random.integer(0, 5);
    const target =
      kind === 0 ? undefined : this.#pick(kind <= 2 && this.#continues.length > 0 ? this.#continues : this.#breaks);
    if (target === undefined) {
      const out = this.#func.addBlock();
      this.#branch(this.#condition(), out, rest);
      this.#block = out;
      const values = Array.from({ length: this.#options.results }, () => this.#pick(this.#variables));
      this.#end(this.#chance(4) ? { kind: "trap", trap: "unreachable" } : { kind: "return", values });
    } else {
      this.#branch(this.#condition(), target.block, rest);
      target.variables.push(this.#variables.slice());
    }
    this.#block = rest;
  }

  #end(terminator: Terminator): void {
    this.#block.terminator = terminator;
  }

  #jump(to: Block): void {
    this.#end({ kind: "jump", to });
    to.predecessors.push(this.#block);
  }

  #branch(condition: Value, yes: Block, no: Block): void {
    this.#end({ kind: "branch", condition, then: yes, else: no });
    yes.predecessors.push(this.#block);
    no.predecessors.push(this.#block);
  }

  /** Goes on at a block where several sets of variables meet. */
  #join(target: Target): void {
    this.#block = target.block;
    this.#forgetTemporaries();
    this.#variables = (target.variables[0] as Value[]).map((first, index) => {
      const args = target.variables.map((variables) => variables[index] as Value);
      return args.every((arg) => arg === first) ? first : addPhi(this.#func, target.block, args);
    });
  }

  /** What was made before may not have been made on all ways here. */
  #forgetTemporaries(): void {
    const isAlways = (value: Value): boolean => value.op === "const" || value.op === "param";
    this.#temporaries = [];
    this.#addresses = this.#addresses.filter(({ address }) => isAlways(address));
    if (this.#compared !== undefined && !isAlways(this.#compared.value)) this.#compared = undefined;
  }

  #arm(from: Block, join: Target, body: () => void, variables: Value[], temporaries: Value[]): void {
    this.#block = from;
    this.#variables = variables.slice();
    this.#temporaries = temporaries.slice();
    const [addresses, compared] = [this.#addresses, this.#compared];
    this.#addresses = addresses.slice();
    body();
    this.#addresses = addresses;
    this.#compared = compared;
    this.#jump(join.block);
    join.variables.push(this.#variables);
  }

  #choice(depth: number): void {
    const join: Target = { block: this.#func.addBlock(), variables: [] };
    const [variables, temporaries] = [this.#variables, this.#temporaries];
    const yes = this.#func.addBlock();
    const hasElse = this.#chance(2);
    this.#breaks.push(join);
    if (hasElse) {
      const no = this.#func.addBlock();
      this.#branch(this.#condition(), yes, no);
      this.#arm(no, join, () => this.#body(depth), variables, temporaries);
    } else {
      this.#branch(this.#condition(), yes, join.block);
      join.variables.push(variables.slice());
    }
    this.#arm(yes, join, () => this.#body(depth), variables, temporaries);
    this.#breaks.pop();
    this.#join(join);
  }

  /** A load that must not run where its guard does not hold. */
  #guardedLoad(): void {
    const address = this.#operand();
    const join: Target = { block: this.#func.addBlock(), variables: [this.#variables.slice()] };
    const inside = this.#func.addBlock();
    this.#branch(this.#add("lt_u", [address, this.#func.constant(200)]), inside, join.block);
    this.#block = inside;
    const load = this.#func.append(inside, "load32", [address], 4);
    load.region = "memory";
    this.#variables = this.#variables.slice();
    this.#variables[this.#random.integer(0, this.#variables.length - 1)] = load;
    this.#jump(join.block);
    join.variables.push(this.#variables);
    this.#join(join);
  }

  #body(depth: number): void {
    for (let count = this.#random.integer(0, 3); count > 0 && this.#budget > 0; count--) this.#statement(depth + 1);
  }

  #switch(depth: number): void {
    const join: Target = { block: this.#func.addBlock(), variables: [] };
    const [variables, temporaries] = [this.#variables, this.#temporaries];
    const arms = Array.from({ length: this.#random.integer(1, 3) }, () => this.#func.addBlock());
    const targets = Array.from({ length: this.#random.integer(1, 5) }, () => this.#pick([...arms, join.block]));
    const otherwise = this.#pick([...arms, join.block]);
    const index = this.#add("and", [this.#operand(), this.#func.constant(7)]);
    this.#end({ kind: "switch", index, targets, otherwise });
    for (const target of [...targets, otherwise]) {
      target.predecessors.push(this.#block);
      if (target === join.block) join.variables.push(variables.slice());
    }
    for (const arm of arms) {
      if (arm.predecessors.length > 0) this.#arm(arm, join, () => this.#body(depth), variables, temporaries);
    }
    if (join.variables.length === 0) {
      // No way leads to the join: cannot be, an arm that is entered ends there.
      throw new Error("no way to the join");
    }
    this.#join(join);
  }

  /** A loop over a counter of its own, tested above or below. */
  #loop(depth: number): void {
    const header = this.#func.addBlock();
    const exit: Target = { block: this.#func.addBlock(), variables: [] };
    const latch: Target = { block: this.#func.addBlock(), variables: [] };
    const before = this.#variables;
    const step = this.#pick([1, 1, 1, 2, 4, -1, 3]);
    const trips = this.#random.integer(0, 6);
    const start = this.#chance(2) ? this.#func.constant(0) : this.#pick(before);
    const bound = this.#chance(3)
      ? this.#add("and", [this.#operand(), this.#func.constant(7)])
      : this.#add("add", [start, this.#func.constant(step * trips)]);
    this.#jump(header);
    this.#block = header;
    this.#forgetTemporaries();
    const phis = before.map((value) => addPhi(this.#func, header, [value]));
    const counter = addPhi(this.#func, header, [start]);
    this.#variables = phis.slice();
    this.#temporaries.push(counter, counter);
    const test = this.#pick(step < 0 ? (["ne", "ne"] as const) : (["lt_u", "lt_s", "ne"] as const));
    const isTestedAbove = this.#chance(2);
    this.#breaks.push(exit);
    this.#continues.push(latch);
    if (isTestedAbove) {
      const inside = this.#func.addBlock();
      this.#branch(this.#add(test, [counter, bound]), inside, exit.block);
      exit.variables.push(this.#variables.slice());
      this.#block = inside;
    }
    for (let count = this.#random.integer(1, 4); count > 0 && this.#budget > 0; count--) {
      if (this.#chance(2)) this.#walk(counter);
      this.#statement(depth + 1);
    }
    this.#jump(latch.block);
    latch.variables.push(this.#variables);
    this.#join(latch);
    this.#breaks.pop();
    this.#continues.pop();
    const next = this.#add("add", [counter, this.#func.constant(step)]);
    if (isTestedAbove) this.#jump(header);
    else {
      this.#branch(this.#add(test, [this.#chance(3) ? counter : next, bound]), header, exit.block);
      exit.variables.push(this.#variables.slice());
    }
    phis.forEach((phi, index) => phi.args.push(this.#variables[index] as Value));
    counter.args.push(next);
    this.#join(exit);
  }

  /** An access at an address that grows with the counter. */
  #walk(counter: Value): void {
    const index = this.#chance(2) ? counter : this.#add("add", [counter, this.#number()]);
    const scaled = this.#chance(2)
      ? this.#add("shl", [index, this.#func.constant(this.#random.integer(0, 3))])
      : this.#add("mul", [index, this.#chance(2) ? this.#number() : this.#pick(this.#variables)]);
    const address = this.#add("add", [scaled, this.#chance(2) ? this.#number() : this.#pick(this.#variables)]);
    const inside = this.#add("and", [address, this.#func.constant(0x7f)]);
    // Sometimes the plain address: a fault in most programs, and the way real programs look in the others.
    const target = this.#chance(2) ? address : inside;
    if (this.#chance(2)) {
      const load = this.#func.append(this.#block, "load8_u", [target], this.#random.integer(0, 3));
      load.region = "memory";
      this.#temporaries.push(load);
    } else this.#func.append(this.#block, "store8", [target, this.#operand()]).region = "memory";
  }
}
