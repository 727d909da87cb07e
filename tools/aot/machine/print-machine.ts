/** A machine function as text, for people who look for a mistake. */
import type { MachineFunction, MachineInst } from "./machine-function.ts";

export function printMachine(fn: MachineFunction): string {
  const lines = [`${fn.name}:`];
  for (const block of fn.blocks) {
    lines.push(`b${block.id}: (depth ${block.loopDepth})`, ...block.insts.map((inst) => `  ${printInst(inst)}`));
  }
  return lines.join("\n");
}

function printInst(inst: MachineInst): string {
  const regs = (list: readonly number[]) => list.map((reg) => (reg < 16 ? `a${reg}` : `v${reg}`)).join(" ");
  const parts: string[] = [inst.defs.length > 0 ? `${regs(inst.defs)} = ${inst.op}` : inst.op];
  if (inst.condition !== undefined) parts.push(inst.condition);
  if (inst.callee !== undefined) parts.push(`fn${inst.callee.index}`);
  if (inst.inner !== undefined) parts.push(`{${printInst(inst.inner)}}`);
  if (inst.uses.length > 0) parts.push(regs(inst.uses));
  if (inst.imm !== 0 || inst.op === "const" || /_(slot|argument|result)$/.test(inst.op)) parts.push(String(inst.imm));
  if (inst.imm2 !== undefined) parts.push(String(inst.imm2));
  if (inst.symbol !== undefined) parts.push(inst.symbol);
  if (inst.target !== undefined) parts.push(`-> b${inst.target.id}`);
  if (inst.targets !== undefined) parts.push(`-> ${inst.targets.map((block) => `b${block.id}`).join(" ")}`);
  if (inst.trap !== undefined) parts.push(`trap(${inst.trap})`);
  if (inst.clobbers !== undefined) parts.push(`clobbers 0x${inst.clobbers.toString(16)}`);
  return parts.join(" ");
}
