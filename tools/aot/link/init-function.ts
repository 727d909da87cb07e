/**
 * The function that sets up a program's memory: zeros, then the runs of words that stand in the image, then the module's
 * own start function. It is made in SSA form and compiled like every other.
 *
 * The runs stand behind each other in the image: address, number of words, the words; an address of 0 ends them.
 */
import { type Block, type Callee, Func, type Value } from "../ssa/ir.ts";
import { ValueBuilder } from "../ssa/value-builder.ts";
import type { Run } from "./ram-image.ts";

export const RUNS_SYMBOL = "runs";
const WORD_BYTES = 4;

export interface InitPlan {
  /** Native addresses of what is set to zero; a multiple of four bytes. */
  zero: { from: number; to: number }[];
  hasRuns: boolean;
  imageAddressAt: number;
  start: Callee | undefined;
}

export function buildInit(plan: InitPlan): Func {
  const func = new Func("init", 0, 0);
  const build = new ValueBuilder(func);
  for (const { from, to } of plan.zero) {
    if (from < to) addZeroLoop(build, from, to);
  }
  if (plan.hasRuns) addRunLoop(build, plan.imageAddressAt);
  if (plan.start !== undefined) build.call(plan.start, [], 0);
  build.block.terminator = { kind: "return", values: [] };
  return func;
}

export function encodeRuns(runs: readonly Run[]): number[] {
  return [...runs.flatMap(({ address, words }) => [address, words.length, ...words]), 0];
}

function jump(from: Block, to: Block): void {
  from.terminator = { kind: "jump", to };
  to.predecessors.push(from);
}

function branch(from: Block, condition: Value, then: Block, otherwise: Block): void {
  from.terminator = { kind: "branch", condition, then, else: otherwise };
  then.predecessors.push(from);
  otherwise.predecessors.push(from);
}

function addZeroLoop(build: ValueBuilder, from: number, to: number): void {
  const { func } = build;
  const before = build.block;
  const loop = func.addBlock();
  const after = func.addBlock();
  jump(before, loop);
  build.block = loop;
  const at = func.append(loop, "phi", [build.constant(from)]);
  build.store("store32", "memory", at, 0, build.constant(0));
  const next = build.make("add", [at, build.constant(WORD_BYTES)]);
  at.args.push(next);
  branch(loop, build.make("ne", [next, build.constant(to)]), loop, after);
  build.block = after;
}

function addRunLoop(build: ValueBuilder, imageAddressAt: number): void {
  const { func } = build;
  const before = build.block;
  const image = build.load("load32", "constant", build.constant(imageAddressAt), 0);
  const start = build.make("add", [image, build.symbol(RUNS_SYMBOL)]);
  const [head, body, copy, after] = [func.addBlock(), func.addBlock(), func.addBlock(), func.addBlock()];
  jump(before, head);
  build.block = head;
  const run = func.append(head, "phi", [start]);
  const address = build.load("load32", "constant", run, 0);
  branch(head, build.make("eq", [address, build.constant(0)]), after, body);

  build.block = body;
  const count = build.load("load32", "constant", run, WORD_BYTES);
  const end = build.make("add", [address, build.make("shl", [count, build.constant(2)])]);
  const words = build.make("add", [run, build.constant(2 * WORD_BYTES)]);
  jump(body, copy);

  build.block = copy;
  const source = func.append(copy, "phi", [words]);
  const target = func.append(copy, "phi", [address]);
  const word = build.load("load32", "constant", source, 0);
  build.store("store32", "memory", target, 0, word);
  const nextSource = build.make("add", [source, build.constant(WORD_BYTES)]);
  const nextTarget = build.make("add", [target, build.constant(WORD_BYTES)]);
  source.args.push(nextSource);
  target.args.push(nextTarget);
  branch(copy, build.make("ne", [nextTarget, end]), copy, head);
  run.args.push(nextSource);
  build.block = after;
}
