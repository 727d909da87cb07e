/**
 * The text form of `printMachine` back to a function, for tests: blocks `b0: (depth 0)`, instructions
 * `v16 = op condition {inner} registers immediates symbol -> blocks trap(name) clobbers 0xfff`. A call of function 3 is `call fn3`.
 */
import type { Trap } from "../../ssa/ir.ts";
import {
  CALLER_SAVED_MASK,
  type Condition,
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  type MachineOp,
} from "../machine-function.ts";

export function parseMachine(text: string, more: Partial<MachineFunction> = {}): MachineFunction {
  const blocks = new Map<string, MachineBlock>();
  const lines = text.split("\n").map((line) => line.trim());
  for (const line of lines) {
    const [, name, id, depth] = /^(b(\d+)):(?: \(depth (\d+)\))?$/.exec(line) ?? [];
    if (name === undefined) continue;
    blocks.set(name, { id: Number(id), insts: [], successors: [], predecessors: [], loopDepth: Number(depth ?? 0) });
  }
  let block: MachineBlock | undefined;
  for (const line of lines) {
    const name = /^(b\d+):/.exec(line)?.[1];
    if (name !== undefined) block = blocks.get(name);
    else if (line !== "" && !line.endsWith(":")) block?.insts.push(parseInst(line, blocks));
  }
  let registerCount = FIRST_VIRTUAL;
  for (const from of blocks.values()) {
    const targets = from.insts.flatMap((inst) => [
      ...(inst.target === undefined ? [] : [inst.target]),
      ...(inst.targets ?? []),
    ]);
    from.successors = [...new Set(targets)];
    for (const to of from.successors) to.predecessors.push(from);
    for (const { defs, uses } of from.insts)
      registerCount = Math.max(registerCount, ...defs.map((r) => r + 1), ...uses.map((r) => r + 1));
  }
  return {
    name: "parsed",
    index: 0,
    blocks: [...blocks.values()],
    registerCount,
    stackArguments: 0,
    stackResults: 0,
    outgoingWords: 0,
    ...more,
  };
}

const CONDITION = /^b(eq|ne|lt|ge|ltu|geu|any|none|all|nall|bs|bc|eqz|nez|ltz|gez|eqi|nei|lti|gei|ltui|geui|bsi|bci)$/;

function parseInst(line: string, blocks: ReadonlyMap<string, MachineBlock>): MachineInst {
  const inst: MachineInst = { op: "copy", defs: [], uses: [], imm: 0 };
  let rest = line;
  const definition = /^((?:[av]\d+ )+)= /.exec(rest);
  if (definition !== null) {
    inst.defs = parseRegisters(definition[1] as string);
    rest = rest.slice(definition[0].length);
  }
  rest = rest.replace(/\{(.*)\}/, (_, inner: string) => {
    inst.inner = parseInst(inner, blocks);
    return "";
  });
  rest = rest.replace(/clobbers 0x([0-9a-f]+)/, (_, mask: string) => {
    inst.clobbers = Number.parseInt(mask, 16);
    return "";
  });
  rest = rest.replace(/trap\((.*)\)/, (_, trap: Trap) => {
    inst.trap = trap;
    return "";
  });
  rest = rest.replace(/-> (.*)$/, (_, names: string) => {
    const targets = names
      .trim()
      .split(" ")
      .map((name) => blocks.get(name) as MachineBlock);
    if (rest.startsWith("jump_table")) inst.targets = targets;
    else inst.target = targets[0] as MachineBlock;
    return "";
  });
  const [op = "", ...words] = rest.trim().split(/ +/);
  inst.op = op as MachineOp;
  const immediates: number[] = [];
  for (const word of words) {
    if (CONDITION.test(word)) inst.condition = word as Condition;
    else if (/^[av]\d+$/.test(word)) inst.uses.push(...parseRegisters(word));
    else if (/^fn\d+$/.test(word)) inst.callee = { kind: "function", index: Number(word.slice(2)) };
    else if (/^-?\d+$/.test(word)) immediates.push(Number(word));
    else inst.symbol = word;
  }
  inst.imm = immediates[0] ?? 0;
  if (immediates[1] !== undefined) inst.imm2 = immediates[1];
  if (inst.op === "call" || inst.op === "call_pointer") {
    inst.clobbers ??= CALLER_SAVED_MASK;
    if (inst.op === "call") inst.callee ??= { kind: "function", index: 0 };
  }
  return inst;
}

function parseRegisters(text: string): number[] {
  return Array.from(text.matchAll(/[av](\d+)/g), ([, number]) => Number(number));
}
