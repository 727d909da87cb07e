/** addi of an immediate that addi and addmi together cannot hold becomes const and add, while registers can still be had. */
import type { MachineFunction, MachineInst } from "./machine-function.ts";

const ADDI_MIN = -128;
const ADDI_MAX = 127;
const ADDMI_STEP = 256;
const ADDMI_STEPS_MIN = -128;
const ADDMI_STEPS_MAX = 127;

/** What is left for addi when addmi has added the nearest multiple of 256; undefined where both are not enough. */
export function splitImmediate(imm: number): { low: number; high: number } | undefined {
  if (imm >= ADDI_MIN && imm <= ADDI_MAX) return { low: imm, high: 0 };
  const steps = Math.floor((imm - ADDI_MIN) / ADDMI_STEP);
  if (steps < ADDMI_STEPS_MIN || steps > ADDMI_STEPS_MAX) return undefined;
  return { low: imm - steps * ADDMI_STEP, high: steps * ADDMI_STEP };
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
