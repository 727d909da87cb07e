import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { emitFunction } from "../emit/emit-function.ts";
import type { MachineFunction, MachineInst } from "../machine/machine-function.ts";
import { findDifference } from "../machine/testing/compare-runs.ts";
import { parseMachine } from "../machine/testing/parse-machine.ts";
import { randomFunction } from "../machine/testing/random-function.ts";
import { allocateRegisters } from "./allocate.ts";
import type { Allocation } from "./allocation.ts";
import { AllocationChecker } from "./check-allocation.ts";
import { prepare } from "./prepare.ts";

interface Judged {
  fn: MachineFunction;
  allocation: Allocation;
  problems: () => string[];
}

function judge(fn: MachineFunction): Judged {
  prepare(fn);
  const checker = new AllocationChecker(fn);
  const allocation = allocateRegisters(fn);
  return { fn, allocation, problems: () => checker.check(fn, allocation) };
}

const ACROSS_CALL = `
b0:
  v16 = copy a2
  v17 = copy a3
  v18 = add v16 v17
  a2 = call fn0 a2
  v19 = copy a2
  v20 = sub v19 v18
  v21 = sub v17 v20
  a2 = copy v21
  ret a2`;

function instOf(fn: MachineFunction, op: MachineInst["op"]): MachineInst {
  const found = fn.blocks.flatMap(({ insts }) => insts).find((inst) => inst.op === op);
  if (found === undefined) throw new Error(`no ${op} in ${fn.name}`);
  return found;
}

describe("checker of allocations", () => {
  it("has nothing against what the allocator does", () => {
    expect(judge(parseMachine(ACROSS_CALL)).problems()).toEqual([]);
  });

  it.each<[string, (fn: MachineFunction) => void, RegExp]>([
    ["operands the wrong way round", (fn) => instOf(fn, "sub").uses.reverse(), /sub wants v/],
    ["a result in another register", (fn) => instOf(fn, "add").defs.splice(0, 1, 11), /wants v18/],
    ["another slot", (fn) => void (instOf(fn, "load_slot").imm += 1), /wants v/],
    ["a store that is missing", (fn) => remove(fn, "store_slot"), /wants v/],
    ["a frame that stays", (fn) => remove(fn, "leave_frame"), /a return with a frame/],
    ["another immediate", (fn) => void (instOf(fn, "add").imm = 3), /is another/],
    ["an instruction that is gone", (fn) => remove(fn, "call"), /call is gone/],
    [
      "an instruction that nobody asked for",
      (fn) => fn.blocks[0]?.insts.unshift({ op: "neg", defs: [9], uses: [9], imm: 0 }),
      /neg is new/,
    ],
    [
      "a callee-saved register",
      (fn) => fn.blocks[0]?.insts.unshift({ op: "copy", defs: [12], uses: [2], imm: 0 }),
      /a12 is not the caller's/,
    ],
  ])("finds %s", (_, spoil, message) => {
    const judged = judge(parseMachine(ACROSS_CALL));
    spoil(judged.fn);
    expect(judged.problems().join("; ")).toMatch(message);
  });

  it("finds every change of a register that changes what the code does", () => {
    let caught = 0;
    for (let seed = 0; seed < 150; seed++) if (isCaught(seed)) caught++;
    expect(caught).toBeGreaterThan(75);
  });
});

function remove(fn: MachineFunction, op: MachineInst["op"]): void {
  const inst = instOf(fn, op);
  for (const block of fn.blocks) block.insts = block.insts.filter((other) => other !== inst);
}

/** Spoils one register of a random function; what the checker lets pass must run the same. */
function isCaught(seed: number): boolean {
  const shape = { statements: 5 + (seed % 50), maxArgumentWords: 7, callPercent: (seed % 4) * 7 };
  const selected = randomFunction(new SeededRandom(seed), shape);
  const { fn, allocation, problems } = judge(randomFunction(new SeededRandom(seed), shape).fn);
  const random = new SeededRandom(seed + 1);
  const spoilable = fn.blocks
    .flatMap(({ insts }) => insts)
    .filter(({ op, uses }) => op !== "call" && op !== "call_pointer" && op !== "ret" && uses.length > 0);
  const inst = spoilable[random.integer(0, spoilable.length - 1)];
  if (inst === undefined) return false;
  const at = random.integer(0, inst.uses.length - 1);
  inst.uses = inst.uses.with(at, [0, 2, 3, 4, 5, 6, 7, 8, 12][random.integer(0, 8)] as number);
  if (problems().length > 0) return true;
  expect(
    findDifference(selected, emitFunction(fn, allocation), 3),
    `seed ${seed}: a mutant that lives`,
  ).toBeUndefined();
  return false;
}
