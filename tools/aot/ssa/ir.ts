/**
 * The compiler's middle form: control flow graphs of values in static single assignment form. Every value is one 32-bit
 * word. An i64 or f64 of WebAssembly is a pair of words, low first; an f32 is its bits; floating point is calls of routines.
 * What WebAssembly's types say is gone here, so there is one set of operations and one kind of register.
 */

/** Binary operations on words, wrapping; shift amounts are taken modulo 32. Results of comparisons are 0 or 1. */
export type BinaryOp =
  | "add"
  | "sub"
  | "mul"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shr_u"
  | "shr_s"
  | "rotr"
  | "eq"
  | "ne"
  | "lt_s"
  | "lt_u"
  | "ge_s"
  | "ge_u";

/** What has no effect and depends on its arguments (and `imm`) alone: free to be moved, merged and dropped. */
export type PureOp =
  | BinaryOp
  /** `imm`, a signed 32-bit number. With a `symbol`, the value of that name in the image plus `imm`. */
  | "const"
  /** Leading zeros; 32 for 0. */
  | "clz"
  /** condition, then, else: `then` where the condition is not 0. */
  | "select"
  /** x, a, b: x + (a <u b). The carry of a sum. */
  | "add_lt_u"
  /** x, a, b: x - (a <u b). The borrow of a difference. */
  | "sub_lt_u"
  /** high, low, amount: the low word of (high:low) >> (amount mod 32). */
  | "funnel";

/** Width and kind of a memory access are in the operation; `imm` is an unsigned byte offset added to the address. */
export type LoadOp = "load8_u" | "load16_u" | "load16_s" | "load32";
export type StoreOp = "store8" | "store16" | "store32";

export type Op =
  | PureOp
  /** One argument for each predecessor of its block, in the order of `block.predecessors`. */
  | "phi"
  /** The function's parameter word number `imm`. */
  | "param"
  /** address */
  | LoadOp
  /** address, value */
  | StoreOp
  /** Arguments as words. Its own value is the first word of the result, if there is one. */
  | "call"
  /** An address of code, then arguments. */
  | "call_pointer"
  /** Word number `imm` (1 and up) of the result of the call that is its argument; stands right behind the call. */
  | "result"
  /** condition: traps with `trap` where it is not 0. */
  | "trap_if";

/**
 * What an access can touch: accesses of different regions never overlap. `constant` is never written after the start
 * (tables, the address of the image), so such loads are as good as pure.
 */
export type Region = "memory" | "global" | "constant";

export type Trap =
  | "unreachable"
  | "integer divide by zero"
  | "integer overflow"
  | "invalid conversion to integer"
  | "out of bounds memory access"
  | "out of bounds table access"
  | "undefined element"
  | "uninitialized element"
  | "indirect call type mismatch";

/** Whom a `call` calls. */
export type Callee =
  /** A function of the module, imports not counted; index into the functions that are compiled. */
  | { kind: "function"; index: number }
  /** A function of the host, through its slot in the table at the start of the program's memory. */
  | { kind: "host"; slot: number }
  /** A routine of the mask ROM at a fixed address. */
  | { kind: "rom"; address: number; name: string };

export interface Value {
  readonly id: number;
  op: Op;
  args: Value[];
  imm: number;
  /** The block that it stands in. */
  block: Block;
  /** const only */
  symbol?: string;
  /** loads and stores only */
  region?: Region;
  /** trap_if only */
  trap?: Trap;
  /** call only */
  callee?: Callee;
  /** call and call_pointer: words of the result. */
  resultWords?: number;
  /** call only: no effect, the same arguments give the same results (arithmetic routines that cannot trap). */
  isPure?: boolean;
  /** Byte of the WebAssembly module that it comes from, for the listing. */
  source?: number;
}

export type Terminator =
  | { kind: "jump"; to: Block }
  /** To `then` where the condition is not 0. */
  | { kind: "branch"; condition: Value; then: Block; else: Block }
  /** To `targets[index]`, or to `otherwise` for an index beyond them (unsigned). */
  | { kind: "switch"; index: Value; targets: Block[]; otherwise: Block }
  | { kind: "return"; values: Value[] }
  | { kind: "trap"; trap: Trap };

export interface Block {
  readonly id: number;
  /** Phis first, then all others in the order in which they run. */
  values: Value[];
  terminator: Terminator;
  /** One entry for each edge: a block whose branch has both arms here is in it twice. */
  predecessors: Block[];
  /** The head of a loop that is still being built: its phis do not have all their arguments yet. */
  isOpen?: boolean;
}

/** A function. `blocks[0]` is the entry; it has no predecessors and no phis. */
export class Func {
  readonly name: string;
  readonly paramWords: number;
  readonly resultWords: number;
  blocks: Block[] = [];
  #nextValue = 0;
  #nextBlock = 0;
  readonly #constants = new Map<number | string, Value>();

  constructor(name: string, paramWords: number, resultWords: number) {
    this.name = name;
    this.paramWords = paramWords;
    this.resultWords = resultWords;
  }

  /** Upper end of the numbers of values. */
  get valueCount(): number {
    return this.#nextValue;
  }

  get blockCount(): number {
    return this.#nextBlock;
  }

  /** A new block at the end; its terminator is `unreachable` until it is set. */
  addBlock(): Block {
    const block: Block = {
      id: this.#nextBlock++,
      values: [],
      terminator: { kind: "trap", trap: "unreachable" },
      predecessors: [],
    };
    this.blocks.push(block);
    return block;
  }

  /** A new value that is in no block's list yet: the caller puts it there. */
  newValue(block: Block, op: Op, args: Value[], imm = 0): Value {
    return { id: this.#nextValue++, op, args, imm, block };
  }

  append(block: Block, op: Op, args: Value[], imm = 0): Value {
    const value = this.newValue(block, op, args, imm);
    block.values.push(value);
    return value;
  }

  /**
   * The constant `imm`, or the value of `symbol` plus `imm`: always the same one, so that constants can be compared as
   * values. It floats: it stands in no block's list, and any block can use it. place-constants.ts gives such constants a
   * place when everything else is done.
   */
  constant(imm: number, symbol?: string): Value {
    const key = symbol === undefined ? imm | 0 : `${symbol}+${imm | 0}`;
    let value = this.#constants.get(key);
    if (value === undefined) {
      value = this.newValue(this.blocks[0] as Block, "const", [], imm | 0);
      if (symbol !== undefined) value.symbol = symbol;
      this.#constants.set(key, value);
    }
    return value;
  }
}

export function successors(terminator: Terminator): Block[] {
  switch (terminator.kind) {
    case "jump":
      return [terminator.to];
    case "branch":
      return [terminator.then, terminator.else];
    case "switch":
      return [...terminator.targets, terminator.otherwise];
    default:
      return [];
  }
}

/** The values that a terminator reads. */
export function terminatorArgs(terminator: Terminator): Value[] {
  switch (terminator.kind) {
    case "branch":
      return [terminator.condition];
    case "switch":
      return [terminator.index];
    case "return":
      return terminator.values;
    default:
      return [];
  }
}
