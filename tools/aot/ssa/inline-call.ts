/** Puts the body of a function where it is called. */
import { cloneValue, copyTerminator } from "./duplicate-block.ts";
import { mapTerminatorArgs, Replacements } from "./edit.ts";
import { type Block, type Func, successors, type Value } from "./ir.ts";

export function inlineCall(caller: Func, call: Value, callee: Func): void {
  const before = call.block;
  const place = before.values.indexOf(call);
  const results: Value[] = [];
  let after = place + 1;
  for (; before.values[after]?.op === "result"; after++) results.push(before.values[after] as Value);
  const rest = splitAt(caller, before, place, after);
  const returns = copyBody(caller, call, callee, before, rest);
  replaceResults(caller, call, results, returns, rest);
}

/** Moves what comes behind the call to a block of its own; the call and its results go. */
function splitAt(caller: Func, block: Block, place: number, after: number): Block {
  const rest = caller.addBlock();
  rest.values = block.values.slice(after);
  for (const value of rest.values) value.block = rest;
  block.values.length = place;
  rest.terminator = block.terminator;
  for (const next of new Set(successors(rest.terminator))) {
    next.predecessors = next.predecessors.map((from) => (from === block ? rest : from));
  }
  return rest;
}

/** The values of each return, in the order of the edges to the rest. */
function copyBody(caller: Func, call: Value, callee: Func, before: Block, rest: Block): Value[][] {
  const blocks = new Map<Block, Block>();
  const values = new Map<Value, Value>();
  for (const block of callee.blocks) blocks.set(block, caller.addBlock());
  for (const block of callee.blocks) {
    const copy = blocks.get(block) as Block;
    copy.predecessors = block.predecessors.map((from) => blocks.get(from) as Block);
    for (const value of block.values) {
      if (value.op === "param") values.set(value, call.args[value.imm] as Value);
      else if (value.op !== "const") {
        const made = cloneValue(caller, value, copy, (arg) => arg);
        values.set(value, made);
        copy.values.push(made);
      }
    }
  }
  const map = (value: Value): Value =>
    value.op === "const" ? caller.constant(value.imm, value.symbol) : (values.get(value) as Value);
  const returns: Value[][] = [];
  for (const block of callee.blocks) {
    const copy = blocks.get(block) as Block;
    for (const value of copy.values) value.args = value.args.map(map);
    copy.terminator = copyTerminator(block.terminator);
    const terminator = copy.terminator;
    if (terminator.kind === "return") {
      returns.push(terminator.values.map(map));
      copy.terminator = { kind: "jump", to: rest };
      rest.predecessors.push(copy);
      continue;
    }
    mapTerminatorArgs(terminator, map);
    mapTargets(copy, blocks);
  }
  const entry = blocks.get(callee.blocks[0] as Block) as Block;
  entry.predecessors = [before];
  before.terminator = { kind: "jump", to: entry };
  return returns;
}

function mapTargets(copy: Block, blocks: ReadonlyMap<Block, Block>): void {
  const map = (block: Block): Block => blocks.get(block) as Block;
  const terminator = copy.terminator;
  if (terminator.kind === "jump") terminator.to = map(terminator.to);
  else if (terminator.kind === "branch") {
    terminator.then = map(terminator.then);
    terminator.else = map(terminator.else);
  } else if (terminator.kind === "switch") {
    terminator.targets = terminator.targets.map(map);
    terminator.otherwise = map(terminator.otherwise);
  }
}

function replaceResults(caller: Func, call: Value, results: Value[], returns: Value[][], rest: Block): void {
  const replacements = new Replacements();
  for (const result of [call, ...results]) {
    const word = result === call ? 0 : result.imm;
    const words = returns.map((values) => values[word] ?? caller.constant(0));
    const first = words[0];
    let by = first;
    // Nobody comes back: what follows cannot be reached.
    if (by === undefined) by = caller.constant(0);
    else if (words.some((other) => other !== first)) {
      by = caller.newValue(rest, "phi", words);
      rest.values.unshift(by);
    }
    replacements.set(result, by);
  }
  replacements.apply(caller);
}
