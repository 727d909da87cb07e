/**
 * Blocks, loops and ifs of WebAssembly while a function is built: which block a label stands for, and which values arrive
 * there. Values that cross an edge to a label with several edges become phis.
 */
import { type FuncType, type ValType, wordsOf } from "../read/module.ts";
import type { Block, Value } from "./ir.ts";
import type { Locals } from "./locals.ts";
import type { ValueBuilder } from "./value-builder.ts";

export interface Frame {
  kind: "block" | "loop" | "function";
  params: ValType[];
  results: ValType[];
  /** What a branch to the label takes along. */
  labelTypes: ValType[];
  /** Entries of the operand stack below the frame's own. */
  height: number;
  /** Loop: its head. Else: what follows the end, once something branches there. */
  label: Block | undefined;
  /** Arguments of the label, a phi for each word. */
  phis: Value[];
  /** An if whose else has not begun: the block of the else, and the words it begins with. */
  otherwise: { block: Block; params: Value[] } | undefined;
  isUnreachable: boolean;
}

export class ControlStack {
  readonly #build: ValueBuilder;
  readonly #locals: Locals;
  readonly #frames: Frame[] = [];

  constructor(build: ValueBuilder, locals: Locals, results: ValType[]) {
    this.#build = build;
    this.#locals = locals;
    this.#frames.push({ ...newFrame("function", { params: [], results }, 0), labelTypes: results });
  }

  get depth(): number {
    return this.#frames.length;
  }

  get innermost(): Frame {
    return this.#frames.at(-1) as Frame;
  }

  get outermost(): Frame {
    return this.#frames[0] as Frame;
  }

  at(depth: number): Frame {
    return this.#frames.at(-1 - depth) as Frame;
  }

  /** Begins a frame; returns the words that stand on the stack inside. With a condition it is an if. */
  enter(kind: "block" | "loop", type: FuncType, height: number, params: Value[], condition?: Value): Value[] {
    const frame = newFrame(kind, type, height);
    this.#frames.push(frame);
    if (condition !== undefined) {
      const before = this.#build.block;
      const then = this.#addBlock(before);
      const otherwise = this.#addBlock(before);
      before.terminator = { kind: "branch", condition, then, else: otherwise };
      frame.otherwise = { block: otherwise, params };
      this.#build.block = then;
      return params;
    }
    if (kind === "block") return params;
    const head = this.#build.func.addBlock();
    this.#locals.open(head);
    frame.label = head;
    frame.phis = this.#addPhis(head, wordsOf(type.params));
    this.#jump(this.#build.block, frame, params);
    this.#build.block = head;
    return [...frame.phis];
  }

  enterUnreachable(height: number): void {
    this.#frames.push({ ...newFrame("block", { params: [], results: [] }, height), isUnreachable: true });
  }

  leaveUnreachable(): void {
    this.#frames.pop();
  }

  /** The end of the arm before `else` is reached. */
  fallThrough(frame: Frame, results: Value[]): void {
    this.#jumpToEnd(frame, results);
  }

  /** Goes on in the else arm; returns its words. */
  beginElse(frame: Frame): Value[] | undefined {
    const { otherwise } = frame;
    frame.otherwise = undefined;
    if (otherwise === undefined) return undefined;
    this.#build.block = otherwise.block;
    return otherwise.params;
  }

  /** Ends the innermost frame. `results` are undefined when its end is not reached; so is what it returns if nothing goes on. */
  leave(results: Value[] | undefined): Value[] | undefined {
    const frame = this.innermost;
    if (frame.kind === "function") {
      if (results !== undefined) this.#build.block.terminator = { kind: "return", values: results };
      this.#frames.pop();
      return undefined;
    }
    if (frame.otherwise !== undefined) {
      // An if without else: its parameters are its results.
      if (results !== undefined) this.#jumpToEnd(frame, results);
      const { block, params } = frame.otherwise;
      frame.otherwise = undefined;
      this.#build.block = block;
      this.#jumpToEnd(frame, params);
      return this.#continueAtLabel(frame);
    }
    if (frame.kind === "loop") {
      this.#locals.seal(frame.label as Block);
      this.#frames.pop();
      return results;
    }
    if (frame.label === undefined) {
      this.#frames.pop();
      return results;
    }
    if (results !== undefined) this.#jumpToEnd(frame, results);
    return this.#continueAtLabel(frame);
  }

  branch(frame: Frame, words: Value[]): void {
    this.#jump(this.#build.block, frame, words);
  }

  branchIf(frame: Frame, condition: Value, words: Value[]): void {
    const from = this.#build.block;
    const target = this.#edgeTo(frame, words, from);
    const next = this.#addBlock(from);
    from.terminator = { kind: "branch", condition, then: target, else: next };
    this.#build.block = next;
  }

  branchTable(index: Value, targets: Frame[], otherwise: Frame, words: Value[]): void {
    const from = this.#build.block;
    const blocks = targets.map((frame) => this.#edgeTo(frame, words, from));
    from.terminator = { kind: "switch", index, targets: blocks, otherwise: this.#edgeTo(otherwise, words, from) };
  }

  #continueAtLabel(frame: Frame): Value[] {
    this.#frames.pop();
    this.#build.block = frame.label as Block;
    return [...frame.phis];
  }

  #jumpToEnd(frame: Frame, words: Value[]): void {
    this.#jump(this.#build.block, frame, words);
  }

  #jump(from: Block, frame: Frame, words: Value[]): void {
    if (frame.kind === "function") {
      from.terminator = { kind: "return", values: words };
      return;
    }
    from.terminator = { kind: "jump", to: this.#edgeTo(frame, words, from) };
  }

  /** Registers an edge to a label; returns the block it leads to. */
  #edgeTo(frame: Frame, words: Value[], from: Block): Block {
    if (frame.kind === "function") {
      const exit = this.#addBlock(from);
      exit.terminator = { kind: "return", values: words };
      return exit;
    }
    if (frame.label === undefined) {
      frame.label = this.#build.func.addBlock();
      frame.phis = this.#addPhis(frame.label, wordsOf(frame.results));
    }
    frame.label.predecessors.push(from);
    frame.phis.forEach((phi, index) => {
      phi.args.push(words[index] as Value);
    });
    return frame.label;
  }

  #addBlock(predecessor: Block): Block {
    const block = this.#build.func.addBlock();
    block.predecessors.push(predecessor);
    return block;
  }

  #addPhis(block: Block, count: number): Value[] {
    return Array.from({ length: count }, () => this.#build.func.append(block, "phi", []));
  }
}

function newFrame(kind: Frame["kind"], type: FuncType, height: number): Frame {
  return {
    kind,
    params: type.params,
    results: type.results,
    labelTypes: kind === "loop" ? type.params : type.results,
    height,
    label: undefined,
    phis: [],
    otherwise: undefined,
    isUnreachable: false,
  };
}
