/**
 * Where the frame is made and taken down (shrink wrapping). Any set of blocks can run with a frame as long as it holds
 * those that need one: entering the set makes the frame, leaving it takes it down. The set with the least work is a
 * minimum cut between the blocks that need a frame and the ways in and out of the function.
 */
import type { Frequencies } from "../machine/block-frequency.ts";
import { redirect } from "../machine/control-flow.ts";
import {
  blockIdLimit,
  CALLEE_SAVED_MASK,
  clobberedMask,
  isCall,
  makeInst,
  maskOfRegisters,
  RETURN_ADDRESS,
  RETURN_ADDRESS_MASK,
  terminatorStart,
} from "../machine/instruction-facts.ts";
import {
  CALLEE_SAVED,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  type Reg,
} from "../machine/machine-function.ts";
import { CutNetwork } from "../machine/min-cut.ts";

const FRAME_ALIGNMENT_BYTES = 16;
const WORD_BYTES = 4;
/** What loads and stores reach from a1; beyond it they need a register for the address. */
const REACH_BYTES = 1024;
/** What an instruction weighs by being there, compared with running once. */
const SIZE_WEIGHT = 0.1;
/** Registers that hold something of the caller's. */
const KEPT_MASK = CALLEE_SAVED_MASK | RETURN_ADDRESS_MASK;

export interface Frame {
  /** 0: the function runs without one. */
  bytes: number;
  /** Registers that it saves, with their byte offsets in it. */
  saved: { register: Reg; offset: number }[];
  /** Offset of slot 0. */
  slotsOffset: number;
  /** Words of the stack may be out of reach of loads and stores: a0 is saved, and kept free to hold their addresses. */
  isFar: boolean;
  /** Blocks that run with the frame at their first instruction. */
  framedAtStart: Set<MachineBlock>;
  /** Calls that are the last thing: they jump, and the callee returns to the caller's caller. */
  tailCalls: Set<MachineInst>;
}

export function makeFrame(fn: MachineFunction, slotCount: number, frequencies: Frequencies): Frame {
  const tailCalls = findTailCalls(fn);
  const written = writtenRegisters(fn, tailCalls);
  const isFar = isFarFrame(fn, slotCount);
  const isSaved = (register: Reg) => ((written >> register) & 1) === 1 || (isFar && register === RETURN_ADDRESS);
  const saved = [RETURN_ADDRESS, ...CALLEE_SAVED].filter(isSaved);
  const words = fn.outgoingWords + slotCount + saved.length;
  const bytes = Math.ceil((words * WORD_BYTES) / FRAME_ALIGNMENT_BYTES) * FRAME_ALIGNMENT_BYTES;
  const outgoingBytes = fn.outgoingWords * WORD_BYTES;
  const savedEnd = isFar ? outgoingBytes + saved.length * WORD_BYTES : bytes;
  const frame: Frame = {
    bytes,
    saved: saved.map((register, index) => ({ register, offset: savedEnd - WORD_BYTES * (index + 1) })),
    slotsOffset: isFar ? savedEnd : outgoingBytes,
    isFar,
    framedAtStart: new Set(),
    tailCalls,
  };
  if (bytes > 0) placeFrame(fn, frame, frequencies);
  return frame;
}

/** Whether all words of the stack that the function uses are within reach, whatever it saves. */
export function isFarFrame(fn: MachineFunction, slotCount: number): boolean {
  const savedMost = 1 + CALLEE_SAVED.length;
  const incoming = Math.max(fn.stackArguments, fn.stackResults);
  const words = fn.outgoingWords + slotCount + savedMost + incoming;
  return words * WORD_BYTES + FRAME_ALIGNMENT_BYTES > REACH_BYTES;
}

function writtenRegisters(fn: MachineFunction, tailCalls: ReadonlySet<MachineInst>): number {
  let written = 0;
  for (const block of fn.blocks) {
    for (const inst of block.insts) {
      written |= maskOfRegisters(inst.defs);
      if (!tailCalls.has(inst)) written |= clobberedMask(inst);
    }
  }
  return written;
}

/**
 * A call right before a return, whose results are the function's. With words on the stack it stays a call: they would have to
 * go where the caller has its own.
 */
function findTailCalls(fn: MachineFunction): Set<MachineInst> {
  const found = new Set<MachineInst>();
  if (fn.keepsTailCalls === true || fn.outgoingWords > 0 || fn.stackResults > 0) return found;
  for (const { insts } of fn.blocks) {
    const call = insts.at(-2);
    if (insts.at(-1)?.op !== "ret" || call === undefined || !isCall(call)) continue;
    const address = call.op === "call_pointer" ? (call.uses[0] as number) : undefined;
    // Restored before the jump.
    if (address !== undefined && (KEPT_MASK >> address) & 1) continue;
    found.add(call);
  }
  return found;
}

function placeFrame(fn: MachineFunction, frame: Frame, frequencies: Frequencies): void {
  const framed = chooseFramed(fn, frame, frequencies);
  const original = fn.blocks.slice();
  const entry = original[0] as MachineBlock;
  for (const block of original) if (framed.has(block)) frame.framedAtStart.add(block);
  for (const to of original) {
    if (isTrapOnly(to)) continue;
    const isFramed = framed.has(to);
    const changing = to.predecessors.filter((from) => framed.has(from) !== isFramed);
    const op = isFramed ? "enter_frame" : "leave_frame";
    if (to === entry ? isFramed : changing.length > 0 && changing.length === to.predecessors.length) {
      to.insts.unshift(makeInst(op, [], []));
      if (isFramed) frame.framedAtStart.delete(to);
      else frame.framedAtStart.add(to);
    } else if (changing.length === 1 && (changing[0] as MachineBlock).successors.length === 1) {
      const { insts } = changing[0] as MachineBlock;
      insts.splice(terminatorStart(changing[0] as MachineBlock), 0, makeInst(op, [], []));
    } else if (changing.length > 0) {
      const border = addBorder(fn, changing, to, op);
      if (!isFramed) frame.framedAtStart.add(border);
    }
  }
  for (const block of original) {
    if (!framed.has(block) || block.insts.at(-1)?.op !== "ret") continue;
    const isTail = frame.tailCalls.has(block.insts.at(-2) as MachineInst);
    block.insts.splice(isTail ? -2 : -1, 0, makeInst("leave_frame", [], []));
  }
}

/** One block on all the edges from `changing` to `to`. */
function addBorder(
  fn: MachineFunction,
  changing: readonly MachineBlock[],
  to: MachineBlock,
  op: "enter_frame" | "leave_frame",
): MachineBlock {
  const border: MachineBlock = {
    id: blockIdLimit(fn),
    insts: [makeInst(op, [], []), { op: "jump", defs: [], uses: [], imm: 0, target: to }],
    successors: [to],
    predecessors: [],
    loopDepth: Math.min(to.loopDepth, ...changing.map((block) => block.loopDepth)),
  };
  for (const from of changing) redirect(from, to, border);
  to.predecessors.push(border);
  fn.blocks.push(border);
  return border;
}

function chooseFramed(fn: MachineFunction, frame: Frame, frequencies: Frequencies): Set<MachineBlock> {
  const network = new CutNetwork();
  const inside = network.addNode();
  const outside = network.addNode();
  const nodes = new Map(fn.blocks.map((block) => [block, network.addNode()]));
  const work = 1 + frame.saved.length;
  const holding = blocksThatHold(fn, frame);
  const cost = (frequency: number) => work * (frequency + SIZE_WEIGHT);
  for (const [block, node] of nodes) {
    if (isTrapOnly(block)) continue;
    if (holding.has(block) || needsFrame(block, frame)) network.addEdge(inside, node, Number.MAX_VALUE);
    if (block === fn.blocks[0]) network.addEdge(node, outside, cost(frequencies.of(block)));
    if (block.insts.at(-1)?.op === "ret") network.addEdge(node, outside, cost(frequencies.of(block)));
    for (const next of block.successors) {
      if (isTrapOnly(next)) continue;
      const nextNode = nodes.get(next) as number;
      const isCritical = block.successors.length > 1 && next.predecessors.length > 1;
      const frequency = frequencies.ofEdge(block, next);
      const capacity = cost(frequency) + (isCritical ? frequency : 0);
      network.addEdge(node, nextNode, capacity);
      network.addEdge(nextNode, node, capacity);
    }
  }
  const sides = network.cut(inside, outside);
  return new Set(fn.blocks.filter((block) => sides[nodes.get(block) as number] === 0));
}

/** Such a block does not care whether there is a frame. */
function isTrapOnly(block: MachineBlock): boolean {
  return block.insts.length === 1 && block.insts[0]?.op === "trap";
}

function needsFrame(block: MachineBlock, frame: Frame): boolean {
  return block.insts.some((inst) => {
    if (inst.op === "load_slot" || inst.op === "store_slot") return true;
    if (inst.op === "store_argument" || inst.op === "load_result") return true;
    if (inst.op === "store_result" && frame.isFar) return true;
    if (frame.tailCalls.has(inst)) return false;
    const touched = maskOfRegisters(inst.defs) | maskOfRegisters(inst.uses) | clobberedMask(inst);
    return (touched & KEPT_MASK) !== 0;
  });
}

/**
 * Blocks at whose start a value of the function's own is in a register that it saves, or in a slot: without the frame the
 * register is the caller's again, and the slot lies below the stack pointer, where an interrupt may write.
 */
function blocksThatHold(fn: MachineFunction, frame: Frame): Set<MachineBlock> {
  const liveAtStart = new Map<MachineBlock, Set<number>>();
  const saved = frame.saved.map(({ register }) => register);
  const before = (block: MachineBlock): Set<number> => {
    const live = new Set(block.successors.flatMap((next) => [...(liveAtStart.get(next) ?? [])]));
    for (const inst of block.insts.toReversed()) {
      for (const register of inst.defs) live.delete(register);
      if (inst.op === "store_slot") live.delete(slotKey(inst));
      for (const register of inst.uses) if (saved.includes(register)) live.add(register);
      if (inst.op === "load_slot") live.add(slotKey(inst));
    }
    return live;
  };
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (const block of fn.blocks.toReversed()) {
      const live = before(block);
      if (live.size === (liveAtStart.get(block)?.size ?? 0)) continue;
      liveAtStart.set(block, live);
      hasChanged = true;
    }
  }
  return new Set(fn.blocks.filter((block) => (liveAtStart.get(block)?.size ?? 0) > 0));
}

/** Registers are below 16. */
function slotKey(inst: MachineInst): number {
  return 16 + inst.imm;
}
