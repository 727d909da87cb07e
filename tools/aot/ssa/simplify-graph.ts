/**
 * Simplifies the graph of blocks: decided branches, blocks that only jump, chains of blocks, traps behind a branch. What
 * needs copies of blocks is in thread-jumps.ts, what removes branches by `select` in select-diamonds.ts.
 */
import {
  countUses,
  phis,
  Replacements,
  removePredecessor,
  removePredecessorAt,
  removeUnreachable,
  replaceTerminator,
  retarget,
} from "./edit.ts";
import { bareCondition } from "./fold-select.ts";
import { type Block, type Func, successors } from "./ir.ts";
import { onlyArgument } from "./number-values.ts";
import { isNumber } from "./operations.ts";

/** Each sweep takes whole chains; more than a few are needed by adversaries only. */
const SWEEPS_MAX = 20;

/** Returns whether anything changed. */
export function simplifyGraph(func: Func): boolean {
  let isChanged = false;
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    let isSwept = false;
    for (const block of func.blocks) isSwept = simplifyTerminator(func, block) || isSwept;
    isSwept = removeUnreachable(func) || isSwept;
    isSwept = removeTrivialPhis(func) || isSwept;
    isSwept = removeEmptyBlocks(func) || isSwept;
    isSwept = mergeChains(func) || isSwept;
    if (!isSwept) return isChanged;
    isChanged = true;
  }
  return isChanged;
}

function simplifyTerminator(func: Func, block: Block): boolean {
  const trapped = cutBehindTrap(block);
  const terminator = block.terminator;
  if (terminator.kind === "branch") return simplifyBranch(func, block) || trapped;
  if (terminator.kind === "switch") return simplifySwitch(func, block) || trapped;
  if (terminator.kind === "jump" && isOnlyTrap(terminator.to) && terminator.to !== block) {
    replaceTerminator(block, terminator.to.terminator.kind === "trap" ? { ...terminator.to.terminator } : terminator);
    return true;
  }
  return trapped;
}

/** A trap that always happens ends its block. */
function cutBehindTrap(block: Block): boolean {
  const index = block.values.findIndex(
    ({ op, args }) => op === "trap_if" && isNumber(args[0] as never) && args[0]?.imm !== 0,
  );
  if (index < 0) return false;
  const trap = block.values[index]?.trap ?? "unreachable";
  replaceTerminator(block, { kind: "trap", trap });
  block.values.length = index;
  return true;
}

function isOnlyTrap(block: Block): boolean {
  return block.terminator.kind === "trap" && block.values.length === 0;
}

function simplifyBranch(func: Func, block: Block): boolean {
  const terminator = block.terminator;
  if (terminator.kind !== "branch") return false;
  const { condition, then: yes, else: no } = terminator;
  if (yes === no) {
    replaceTerminator(block, { kind: "jump", to: yes });
    return true;
  }
  if (isNumber(condition)) {
    replaceTerminator(block, { kind: "jump", to: condition.imm !== 0 ? yes : no });
    return true;
  }
  if (isOnlyTrap(yes) || isOnlyTrap(no)) {
    const trapping = isOnlyTrap(yes) ? yes : no;
    const to = trapping === yes ? no : yes;
    let traps = condition;
    if (trapping === no) {
      const bare = bareCondition(condition);
      traps = bare.isOpposite ? bare.condition : func.append(block, "eq", [bare.condition, func.constant(0)]);
    }
    const trap = func.append(block, "trap_if", [traps]);
    trap.trap = trapping.terminator.kind === "trap" ? trapping.terminator.trap : "unreachable";
    if (condition.source !== undefined) trap.source = condition.source;
    replaceTerminator(block, { kind: "jump", to });
    return true;
  }
  const bare = bareCondition(condition);
  if (bare.condition === condition) return false;
  block.terminator = {
    kind: "branch",
    condition: bare.condition,
    then: bare.isOpposite ? no : yes,
    else: bare.isOpposite ? yes : no,
  };
  return true;
}

function simplifySwitch(func: Func, block: Block): boolean {
  const terminator = block.terminator;
  if (terminator.kind !== "switch") return false;
  const { index, targets, otherwise } = terminator;
  if (isNumber(index)) {
    replaceTerminator(block, { kind: "jump", to: targets[index.imm >>> 0] ?? otherwise });
    return true;
  }
  let count = targets.length;
  while (count > 0 && targets[count - 1] === otherwise) count--;
  if (count === 0) {
    replaceTerminator(block, { kind: "jump", to: otherwise });
    return true;
  }
  if (count === 1) {
    replaceTerminator(block, { kind: "branch", condition: index, then: otherwise, else: targets[0] as Block });
    return true;
  }
  if (targets.every((target) => target === targets[0])) {
    const isBelow = func.append(block, "lt_u", [index, func.constant(targets.length)]);
    replaceTerminator(block, { kind: "branch", condition: isBelow, then: targets[0] as Block, else: otherwise });
    return true;
  }
  if (count === targets.length) return false;
  replaceTerminator(block, { kind: "switch", index, targets: targets.slice(0, count), otherwise });
  return true;
}

function removeTrivialPhis(func: Func): boolean {
  const replacements = new Replacements();
  let isChanged = false;
  for (const block of func.blocks) {
    for (const phi of phis(block)) {
      replacements.resolveArgs(phi);
      const only = onlyArgument(phi);
      if (only === undefined) continue;
      replacements.set(phi, only);
      isChanged = true;
    }
  }
  replacements.apply(func);
  return isChanged;
}

/** Blocks that only jump on: whoever came there goes on to their target. Phis that only feed phis of the target go along. */
function removeEmptyBlocks(func: Func): boolean {
  let isChanged = false;
  const uses = countUses(func);
  for (const block of func.blocks) {
    const terminator = block.terminator;
    if (terminator.kind !== "jump" || terminator.to === block || block === func.blocks[0]) continue;
    const ownPhis = phis(block);
    if (ownPhis.length !== block.values.length || block.predecessors.length === 0) continue;
    const to = terminator.to;
    const edge = to.predecessors.indexOf(block);
    const outside = ownPhis.some(
      (phi) => uses[phi.id] !== phis(to).filter((user) => user.args[edge] === phi).length || phi.args.includes(phi),
    );
    if (outside) continue;
    isChanged = bypass(block, to, edge) || isChanged;
  }
  return removeUnreachable(func) || isChanged;
}

/** Leads the predecessors of an empty block to its target, as far as phis there allow it. */
function bypass(block: Block, to: Block, edge: number): boolean {
  const targetPhis = phis(to);
  /** What a phi of the target gets when one comes over a predecessor of the empty block. */
  const argument = (phi: (typeof targetPhis)[number], index: number) => {
    const arg = phi.args[edge] as (typeof targetPhis)[number];
    return arg.op === "phi" && arg.block === block ? (arg.args[index] as typeof arg) : arg;
  };
  let isChanged = false;
  for (let index = block.predecessors.length - 1; index >= 0; index--) {
    const from = block.predecessors[index] as Block;
    const other = to.predecessors.indexOf(from);
    if (other >= 0 && targetPhis.some((phi) => phi.args[other] !== argument(phi, index))) continue;
    for (const phi of targetPhis) phi.args.push(argument(phi, index));
    to.predecessors.push(from);
    // A predecessor with several edges here is met once for each of them: the first time turns them all.
    retargetOne(from, block, to);
    removePredecessorAt(block, index);
    isChanged = true;
  }
  if (block.predecessors.length === 0) {
    removePredecessor(to, block);
    block.terminator = { kind: "trap", trap: "unreachable" };
    block.values = [];
  }
  return isChanged;
}

/** Turns one edge. */
function retargetOne(from: Block, block: Block, to: Block): void {
  const terminator = from.terminator;
  switch (terminator.kind) {
    case "branch":
      if (terminator.then === block) terminator.then = to;
      else terminator.else = to;
      break;
    case "switch": {
      const index = terminator.targets.indexOf(block);
      if (index >= 0) terminator.targets[index] = to;
      else terminator.otherwise = to;
      break;
    }
    default:
      retarget(terminator, block, to);
  }
}

/** Appends a block to its only predecessor if that leads nowhere else. */
function mergeChains(func: Func): boolean {
  const replacements = new Replacements();
  const gone = new Set<Block>();
  for (const block of func.blocks) {
    if (gone.has(block)) continue;
    for (;;) {
      if (block.terminator.kind !== "jump") break;
      const next = block.terminator.to;
      if (next === block || next === func.blocks[0] || next.predecessors.length !== 1) break;
      for (const value of next.values) {
        if (value.op === "phi") replacements.set(value, value.args[0] as typeof value);
        else {
          value.block = block;
          block.values.push(value);
        }
      }
      block.terminator = next.terminator;
      for (const after of successors(next.terminator)) {
        after.predecessors = after.predecessors.map((predecessor) => (predecessor === next ? block : predecessor));
      }
      next.values = [];
      gone.add(next);
    }
  }
  if (gone.size === 0) return false;
  func.blocks = func.blocks.filter((block) => !gone.has(block));
  replacements.apply(func);
  return true;
}
