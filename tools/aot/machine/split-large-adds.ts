/** addi of an immediate that addi and addmi together cannot hold becomes const and add, while registers can still be had. */
import { ADDI_MIN, ADDMI_STEP, fitsAddi, fitsAddmi } from "./immediates.ts";
import type { MachineFunction, MachineInst } from "./machine-function.ts";

/** What is left for addi when addmi has added the nearest multiple of 256; undefined where both are not enough. */
export function splitImmediate(imm: number): { low: number; high: number } | undefined {
  if (fitsAddi(imm)) return { low: imm, high: 0 };
  const high = Math.floor((imm - ADDI_MIN) / ADDMI_STEP) * ADDMI_STEP;
  return fitsAddmi(high) ? { low: imm - high, high } : undefined;
}

export function splitLargeAdds(fn: MachineFunction): void {
  for (const block of fn.blocks) {
    if (!block.insts.some(isTooLarge)) continue;
    block.insts = block.insts.flatMap((inst) => {
      if (!isTooLarge(inst)) return [inst];
      const constant = fn.registerCount++;
      const source = inst.source === undefined ? {} : { source: inst.source };
      inst.op = "add";
      inst.uses = [inst.uses[0] as number, constant];
      const imm = inst.imm;
      inst.imm = 0;
      return [{ op: "const", defs: [constant], uses: [], imm, ...source } satisfies MachineInst, inst];
    });
  }
}

function isTooLarge(inst: MachineInst): boolean {
  return inst.op === "addi" && splitImmediate(inst.imm) === undefined;
}
