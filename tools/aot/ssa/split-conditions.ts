/**
 * Branches on `a & b` and `a | b` of comparisons become two branches: the LX106 cannot put the result of a comparison into
 * a register in less than three instructions, and branches on it in one. Traps on `a | b` become two traps.
 */
import { countUses, phis } from "./edit.ts";
import { bareCondition } from "./fold-select.ts";
import { type Block, type Func, type Value } from "./ir.ts";
import { isComparison, isNumber } from "./operations.ts";

/** Returns whether anything changed. */
export function splitConditions(func: Func): boolean {
  const uses = countUses(func);
  let isChanged = false;
  for (let index = 0; index < func.blocks.length; index++) {
    const block = func.blocks[index] as Block;
    splitTraps(func, block, uses);
    // The new block comes to the end of the list, and is looked at there.
    while (splitBranch(func, block, uses)) isChanged = true;
  }
  return isChanged;
}

interface Split {
  isAnd: boolean;
  first: Value;
  second: Value;
}

/** A condition that only its branch asks for, as two. */
function splitOf(condition: Value, uses: Int32Array): Split | undefined {
  if (uses[condition.id] !== 1) return undefined;
  const [a, b, c] = condition.args as [Value, Value, Value];
  let split: Split | undefined;
  if (condition.op === "and" || condition.op === "or") {
    if (isTest(a) && isTest(b)) split = { isAnd: condition.op === "and", first: a, second: b };
  } else if (condition.op === "select" && isTest(a)) {
    if (isNumber(c) && c.imm === 0 && isTest(b)) split = { isAnd: true, first: a, second: b };
    else if (isNumber(b) && b.imm !== 0 && isTest(c)) split = { isAnd: false, first: a, second: c };
  }
  if (split === undefined || uses[split.first.id] !== 1 || uses[split.second.id] !== 1) return undefined;
  return split;
}

function isTest(value: Value): boolean {
  if (isComparison(value.op)) return true;
  return (value.op === "and" || value.op === "or") && value.args.every((arg) => isTest(arg));
}

function splitBranch(func: Func, block: Block, uses: Int32Array): boolean {
  const terminator = block.terminator;
  if (terminator.kind !== "branch" || terminator.then === terminator.else) return false;
  const bare = bareCondition(terminator.condition);
  const split = splitOf(bare.condition, uses);
  if (split === undefined || (bare.condition !== terminator.condition && uses[terminator.condition.id] !== 1))
    return false;
  const yes = bare.isOpposite ? terminator.else : terminator.then;
  const no = bare.isOpposite ? terminator.then : terminator.else;
  const second = func.addBlock();
  second.predecessors.push(block);
  second.terminator = { kind: "branch", condition: split.second, then: yes, else: no };
  // One of the targets is reached from both, the other from the second only.
  const both = split.isAnd ? no : yes;
  const only = split.isAnd ? yes : no;
  only.predecessors[only.predecessors.indexOf(block)] = second;
  const edge = both.predecessors.indexOf(block);
  both.predecessors.push(second);
  for (const phi of phis(both)) phi.args.push(phi.args[edge] as Value);
  block.terminator = {
    kind: "branch",
    condition: split.first,
    then: split.isAnd ? second : yes,
    else: split.isAnd ? no : second,
  };
  return true;
}

function splitTraps(func: Func, block: Block, uses: Int32Array): void {
  for (let index = 0; index < block.values.length; index++) {
    const trap = block.values[index] as Value;
    if (trap.op !== "trap_if") continue;
    const split = splitOf(trap.args[0] as Value, uses);
    if (split === undefined || split.isAnd) continue;
    trap.args = [split.first];
    const second = func.newValue(block, "trap_if", [split.second]);
    second.trap = trap.trap ?? "unreachable";
    if (trap.source !== undefined) second.source = trap.source;
    block.values.splice(index + 1, 0, second);
    index--;
  }
}
