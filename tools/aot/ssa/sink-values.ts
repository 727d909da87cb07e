/**
 * Moves pure values down to where they are needed: into the only arm of a branch that uses them, out of loops that only
 * their exits use. In a loop the step of a counter goes behind the last use of the counter, so that both can have one
 * register.
 */
import { Dominators } from "./dominators.ts";
import { countUses, phis } from "./edit.ts";
import { type Block, type Func, successors, terminatorArgs, type Value } from "./ir.ts";
import { Loops } from "./loops.ts";
import { isPureOp } from "./operations.ts";

export function sinkValues(func: Func): void {
  const dominators = new Dominators(func);
  const loops = new Loops(dominators);
  const users = findUsers(func);
  const uses = countUses(func);
  for (let position = dominators.order.length - 1; position >= 0; position--) {
    const block = dominators.order[position] as Block;
    for (let index = block.values.length - 1; index >= 0; index--) {
      const value = block.values[index] as Value;
      if (!isPureOp(value.op) || value.op === "const") continue;
      const to = targetOf(value, block, users, dominators, loops);
      if (to === undefined || to === block || keepsMoreAlive(value, uses)) continue;
      block.values.splice(index, 1);
      value.block = to;
      to.values.splice(phis(to).length, 0, value);
    }
  }
  for (const loop of loops.all) for (const latch of loop.latches) stepLast(loop.header, latch);
}

interface Users {
  values: Value[];
  /** Blocks whose terminators read it, or that bring it to a phi. */
  ends: Block[];
}

function findUsers(func: Func): Users[] {
  const users: Users[] = Array.from({ length: func.valueCount }, () => ({ values: [], ends: [] }));
  for (const block of func.blocks) {
    for (const value of block.values) {
      value.args.forEach((arg, index) => {
        if (value.op === "phi") users[arg.id]?.ends.push(block.predecessors[index] as Block);
        else users[arg.id]?.values.push(value);
      });
    }
    for (const value of terminatorArgs(block.terminator)) users[value.id]?.ends.push(block);
  }
  return users;
}

/** The lowest block that is above all uses, in no deeper loop than the value is, and run less often. */
function targetOf(
  value: Value,
  block: Block,
  users: readonly Users[],
  dominators: Dominators,
  loops: Loops,
): Block | undefined {
  const { values, ends } = users[value.id] as Users;
  let to: Block | undefined;
  for (const at of [...values.map((user) => user.block), ...ends]) {
    if (!dominators.isReachable(at)) continue;
    to = to === undefined ? at : dominators.common(to, at);
    if (to === block) return undefined;
  }
  if (to === undefined) return undefined;
  const depth = loops.depth(block);
  while (to !== block && loops.depth(to) > depth) to = dominators.parent(to) as Block;
  // A loop at the same depth that is not around both: back up to what is around the value.
  while (to !== block && loops.of(to) !== undefined && !(loops.of(to)?.blocks.has(block) ?? false)) {
    to = dominators.parent(to) as Block;
  }
  for (let at: Block = to; at !== block; at = dominators.parent(at) as Block) {
    const [from] = at.predecessors;
    if (at.predecessors.length === 1 && from !== undefined && successors(from.terminator).length > 1) return to;
  }
  return undefined;
}

/** Two arguments that would have to live on for it, instead of one result. */
function keepsMoreAlive(value: Value, uses: Int32Array): boolean {
  const ending = new Set(value.args.filter((arg) => arg.op !== "const" && uses[arg.id] === 1));
  return ending.size > 1;
}

function stepLast(header: Block, latch: Block): void {
  const edge = header.predecessors.indexOf(latch);
  for (const phi of phis(header)) {
    const step = phi.args[edge] as Value;
    const { block } = step;
    if (step.op !== "add" || !step.args.includes(phi)) continue;
    const place = block.values.indexOf(step);
    if (place < 0) continue;
    block.values.splice(place, 1);
    let user = block.values.findIndex((value) => value.op !== "phi" && value.args.includes(step));
    if (user < 0) user = block.values.length;
    block.values.splice(user, 0, step);
  }
}
