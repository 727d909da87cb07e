/**
 * Branches that only choose between two values become `select`: a branch over one move, in straight code. An arm may
 * compute its value by what the selector can do in place of the move: adding a small constant, or negating.
 */
import { fitsAddi, fitsMovi } from "../machine/immediates.ts";
import { phis, removePredecessor } from "./edit.ts";
import { type Block, type Func, type Value } from "./ir.ts";
import { isComparison, isNumber } from "./operations.ts";

/** Choices that one branch may become: each is a branch again, unless the condition is a value that moveqz can test. */
const CHOICES_MAX = 1;
const CHOICES_OF_VALUE_MAX = 2;

/** Returns whether anything changed. Leaves blocks that cannot be reached. */
export function selectDiamonds(func: Func): boolean {
  let isChanged = false;
  for (const block of func.blocks) while (selectAt(func, block)) isChanged = true;
  return isChanged;
}

function selectAt(func: Func, block: Block): boolean {
  const terminator = block.terminator;
  if (terminator.kind !== "branch" || terminator.then === terminator.else) return false;
  const { condition, then: yes, else: no } = terminator;
  const join = joinOf(block, yes, no);
  if (join === undefined || join === block) return false;
  const fromYes = yes === join ? block : yes;
  const fromNo = no === join ? block : no;
  const yesEdge = join.predecessors.indexOf(fromYes);
  const noEdge = join.predecessors.indexOf(fromNo);
  const choices = phis(join).filter((phi) => phi.args[yesEdge] !== phi.args[noEdge]);
  if (choices.length > (isComparison(condition.op) ? CHOICES_MAX : CHOICES_OF_VALUE_MAX)) return false;
  const arms = [yes, no].filter((arm) => arm !== join);
  const moved = arms.flatMap((arm) => arm.values);
  if (moved.length > 1 || !moved.every(isGuarded)) return false;
  if (!choices.every((phi) => isMovable(phi.args[yesEdge]) && isMovable(phi.args[noEdge]))) return false;
  for (const value of moved) {
    value.block = block;
    block.values.push(value);
  }
  const chosen = phis(join).map((phi) => {
    const [a, b] = [phi.args[yesEdge] as Value, phi.args[noEdge] as Value];
    return a === b ? a : func.append(block, "select", [condition, a, b]);
  });
  for (const arm of arms) {
    removePredecessor(join, arm);
    removePredecessor(arm, block);
    arm.values = [];
    arm.terminator = { kind: "trap", trap: "unreachable" };
  }
  if (arms.length === 2) {
    join.predecessors.push(block);
    for (const [index, phi] of phis(join).entries()) phi.args.push(chosen[index] as Value);
  } else {
    const edge = join.predecessors.indexOf(block);
    for (const [index, phi] of phis(join).entries()) phi.args[edge] = chosen[index] as Value;
  }
  block.terminator = { kind: "jump", to: join };
  func.blocks = func.blocks.filter((other) => !arms.includes(other));
  return true;
}

/** Where the two ways of a branch meet again, with at most one block on each. */
function joinOf(block: Block, yes: Block, no: Block): Block | undefined {
  const afterYes = armTarget(block, yes);
  const afterNo = armTarget(block, no);
  if (afterYes === no) return no;
  if (afterNo === yes) return yes;
  return afterYes !== undefined && afterYes === afterNo ? afterYes : undefined;
}

function armTarget(block: Block, arm: Block): Block | undefined {
  if (arm.predecessors.length !== 1 || arm.predecessors[0] !== block) return undefined;
  return arm.terminator.kind === "jump" && arm.terminator.to !== arm ? arm.terminator.to : undefined;
}

function isGuarded(value: Value): boolean {
  const [a, b] = value.args as [Value, Value];
  if (value.op === "add") return isNumber(b) && fitsAddi(b.imm);
  return value.op === "sub" && isNumber(a) && a.imm === 0;
}

/** A literal would be loaded on both ways. */
function isMovable(value: Value | undefined): boolean {
  if (value?.op !== "const") return value !== undefined;
  return isNumber(value) && fitsMovi(value.imm);
}
