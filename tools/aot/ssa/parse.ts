/** Reads what print.ts writes, for tests. Values and blocks get numbers of their own, in the order of the text. */
import {
  type Block,
  type Callee,
  Func,
  type Op,
  type Region,
  successors,
  type Terminator,
  type Trap,
  type Value,
} from "./ir.ts";
import { isLoad, isPureOp, isStore } from "./operations.ts";

export function parseFunc(text: string): Func {
  return new Parser(text).parse();
}

class Parser {
  readonly #lines: string[];
  readonly #func: Func;
  readonly #blocks = new Map<string, Block>();
  readonly #values = new Map<string, Value>();
  /** Arguments wait until all values are known. */
  readonly #later: (() => void)[] = [];

  constructor(text: string) {
    this.#lines = text
      .split("\n")
      .map((line) => line.replace(/;.*/, "").trim())
      .filter((line) => line !== "" && line !== "}");
    const head = /^func (\S+)\((\d+)\) -> (\d+) \{$/.exec(this.#lines.shift() ?? "");
    if (head === null) throw new Error("a function begins with: func name(words) -> words {");
    this.#func = new Func(head[1] as string, Number(head[2]), Number(head[3]));
  }

  parse(): Func {
    for (const line of this.#lines) {
      const label = /^(b\d+):/.exec(line)?.[1];
      if (label !== undefined) this.#blocks.set(label, this.#func.addBlock());
    }
    let block: Block | undefined;
    for (const line of this.#lines) {
      const label = /^(b\d+):(?: <- (.*))?$/.exec(line);
      if (label !== null) {
        block = this.#block(label[1] as string);
        if (label[2] !== undefined) block.predecessors = label[2].split(",").map((name) => this.#block(name.trim()));
      } else if (block === undefined) throw new Error(`no block yet: ${line}`);
      else this.#parseLine(block, line);
    }
    for (const fill of this.#later) fill();
    this.#fillPredecessors();
    return this.#func;
  }

  /** Lists of predecessors may be left out where there are no phis. */
  #fillPredecessors(): void {
    for (const block of this.#func.blocks) {
      for (const next of new Set(successors(block.terminator))) {
        const edges = successors(block.terminator).filter((target) => target === next).length;
        let entries = next.predecessors.filter((predecessor) => predecessor === block).length;
        for (; entries < edges; entries++) next.predecessors.push(block);
      }
    }
  }

  #block(name: string): Block {
    const block = this.#blocks.get(name);
    if (block === undefined) throw new Error(`no block ${name}`);
    return block;
  }

  #operand(text: string): Value {
    const symbol = /^@([A-Za-z_.:][\w.:]*)(?:([+-]\d+))?$/.exec(text);
    if (symbol !== null) return this.#func.constant(Number(symbol[2] ?? 0), symbol[1] as string);
    if (/^-?(\d+|0x[0-9a-fA-F]+)$/.test(text)) return this.#func.constant(Number(text));
    const value = this.#values.get(text);
    if (value === undefined) throw new Error(`no value ${text}`);
    return value;
  }

  #operands(text: string): Value[] {
    const trimmed = text.trim();
    return trimmed === "" ? [] : trimmed.split(",").map((part) => this.#operand(part.trim()));
  }

  #add(block: Block, name: string | undefined, op: Op, args: string, imm = 0): Value {
    const value = this.#func.append(block, op, [], imm);
    if (name !== undefined) this.#values.set(name, value);
    this.#later.push(() => {
      value.args = this.#operands(args);
    });
    return value;
  }

  #parseLine(block: Block, line: string): void {
    const terminator = this.#terminator(line);
    if (terminator) {
      this.#later.push(() => {
        block.terminator = terminator();
      });
      return;
    }
    const [, name, op, rest] = /^(?:(v\d+) = )?(\w+) ?(.*)$/.exec(line) as unknown as [
      string,
      string | undefined,
      Op,
      string,
    ];
    if (isLoad(op) || isStore(op)) return this.#access(block, name, op, rest);
    if (op === "param") this.#add(block, name, op, "", Number(rest));
    else if (op === "const") {
      const constant = this.#operand(rest);
      const value = this.#add(block, name, op, "", constant.imm);
      if (constant.symbol !== undefined) value.symbol = constant.symbol;
    } else if (op === "trap_if") {
      const [, condition, trap] = /^(.*), "(.*)"$/.exec(rest) as unknown as [string, string, Trap];
      this.#add(block, name, op, condition).trap = trap;
    } else if (op === "result") {
      const [call, word] = rest.split(",");
      this.#add(block, name, op, call as string, Number(word));
    } else if (op === "call" || op === "call_pointer") this.#call(block, name, op, rest);
    else if (isPureOp(op) || op === "phi") this.#add(block, name, op, rest);
    else throw new Error(`unknown: ${line}`);
  }

  #access(block: Block, name: string | undefined, op: Op, rest: string): void {
    const match = /^(memory|global|constant)\[([^\s\]]+)(?: \+ (\d+))?\](?:, (.*))?$/.exec(rest);
    if (match === null) throw new Error(`not an access: ${rest}`);
    const [, region, address, offset, stored] = match;
    const args = stored === undefined ? (address as string) : `${address}, ${stored}`;
    this.#add(block, name, op, args, Number(offset ?? 0)).region = region as Region;
  }

  #call(block: Block, name: string | undefined, op: Op, rest: string): void {
    const match = /^(pure )?(\S+?)\((.*)\):(\d+)$/.exec(rest);
    if (match === null) throw new Error(`not a call: ${rest}`);
    const [, pure, callee, args, words] = match as unknown as [string, string | undefined, string, string, string];
    const isPointer = op === "call_pointer";
    const value = this.#add(
      block,
      name,
      op,
      isPointer && args !== "" ? `${callee}, ${args}` : isPointer ? callee : args,
    );
    value.resultWords = Number(words);
    if (isPointer) return;
    value.callee = parseCallee(callee);
    value.isPure = pure !== undefined;
  }

  #terminator(line: string): (() => Terminator) | undefined {
    const [word, rest] = [line.split(" ")[0] as string, line.replace(/^\S+ ?/, "")];
    const parts = rest.split(",").map((part) => part.trim());
    switch (word) {
      case "jump":
        return () => ({ kind: "jump", to: this.#block(rest) });
      case "branch":
        return () => ({
          kind: "branch",
          condition: this.#operand(parts[0] as string),
          then: this.#block(parts[1] as string),
          else: this.#block(parts[2] as string),
        });
      case "switch": {
        const [, index, targets, otherwise] = /^(.*), \[(.*)\], (.*)$/.exec(rest) as unknown as string[];
        return () => ({
          kind: "switch",
          index: this.#operand(index as string),
          targets: (targets as string).split(",").flatMap((name) => (name.trim() ? [this.#block(name.trim())] : [])),
          otherwise: this.#block(otherwise as string),
        });
      }
      case "return":
        return () => ({ kind: "return", values: this.#operands(rest) });
      case "trap":
        return () => ({ kind: "trap", trap: rest.slice(1, -1) as Trap });
      default:
        return undefined;
    }
  }
}

function parseCallee(text: string): Callee {
  if (text.startsWith("host")) return { kind: "host", slot: Number(text.slice(4)) };
  if (text.startsWith("rom:")) {
    const [, name, address] = text.split(":");
    return { kind: "rom", name: name as string, address: Number(address) };
  }
  return { kind: "function", index: Number(text.slice(1)) };
}
