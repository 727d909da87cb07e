import { describe, expect, it } from "vitest";
import { CutNetwork } from "../machine/min-cut.ts";
import { printMachine } from "../machine/print-machine.ts";
import { parseMachine } from "../machine/testing/parse-machine.ts";
import { allocateRegisters } from "./allocate.ts";
import { dropRedundant } from "./drop-redundant.ts";

function allocate(text: string): string[] {
  const fn = parseMachine(text);
  allocateRegisters(fn, { verify: true });
  return printMachine(fn)
    .split("\n")
    .map((line) => line.trim());
}

describe("allocation", () => {
  it("makes a constant again rather than keep it across a call", () => {
    const lines = allocate(`
b0:
  v16 = const 5
  s32i v16 a3 0
  a2 = call fn0
  s32i v16 a2 0
  ret`);
    expect(lines.filter((line) => line.endsWith("const 5"))).toHaveLength(2);
    expect(lines.some((line) => /slot|a1[2-5]/.test(line))).toBe(false);
  });

  it("keeps a value with one use across a call in memory, which costs less than a register of the caller's", () => {
    const lines = allocate(`
b0:
  v16 = copy a2
  call fn0
  a2 = copy v16
  ret a2`);
    expect(lines).toEqual([
      "parsed:",
      "b0: (depth 0)",
      "enter_frame",
      "store_slot a2 0",
      "call fn0 clobbers 0xffd",
      "a2 = load_slot 0",
      "leave_frame",
      "ret a2",
    ]);
  });

  it("takes registers of the caller's for what a loop with a call uses each time", () => {
    const lines = allocate(`
b0:
  v16 = copy a2
  v17 = const 0
  jump -> b1
b1: (depth 1)
  a2 = copy v16
  a2 = call fn0 a2
  v18 = copy a2
  v17 = add v17 v18
  v16 = addi v16 -1
  branch bnez v16 -> b1
  jump -> b2
b2:
  a2 = copy v17
  ret a2`);
    expect(lines.some((line) => line.includes("slot"))).toBe(false);
    expect(lines).toContain("a2 = call fn0 a2 clobbers 0xffd");
  });

  it("uses registers that this callee leaves alone", () => {
    const lines = allocate(`
b0:
  v16 = copy a2
  call fn0 clobbers 0x1d
  a2 = copy v16
  ret a2`);
    expect(lines.some((line) => line.includes("slot") || /a1[2-5]/.test(line))).toBe(false);
  });

  it("loads behind a call on a rare way, not in the loop around it", () => {
    // Six values across the call: more than there are callee-saved registers.
    const names = [20, 21, 22, 23, 24, 25];
    const lines = allocate(`
b0:
  ${names.map((name, index) => `v${name} = l32i a2 ${4 * index}`).join("\n")}
  v16 = copy a3
  jump -> b1
b1: (depth 1)
  ${names.map((name) => `v16 = add v16 v${name}`).join("\n")}
  branch bltz v16 -> b2
  jump -> b3
b2: (depth 1)
  branch bany v16 v20 -> b4
  jump -> b5
b4: (depth 1)
  branch ball v16 v20 -> b6
  jump -> b5
b6: (depth 1)
  call fn0
  jump -> b5
b5: (depth 1)
  jump -> b3
b3: (depth 1)
  v16 = addi v16 -1
  branch bnez v16 -> b1
  jump -> b7
b7:
  a2 = copy v16
  ret a2`);
    const hot = lines.slice(lines.indexOf("b1: (depth 1)"), lines.indexOf("b2: (depth 1)"));
    expect(hot.some((line) => line.includes("slot"))).toBe(false);
    expect(lines.some((line) => line.includes("load_slot"))).toBe(true);
  });
});

describe("redundant instructions", () => {
  it("are those that bring a register what it has", () => {
    const fn = parseMachine(`
b0:
  a4 = load_slot 2
  a5 = load_slot 2
  store_slot a5 2
  a6 = copy a4
  a4 = copy a6
  a7 = const 9
  call fn0 clobbers 0x50
  a7 = const 9
  a8 = load_slot 0
  a6 = copy a5
  ret a2`);
    dropRedundant(fn);
    expect(
      printMachine(fn)
        .split("\n")
        .slice(2)
        .map((line) => line.trim()),
    ).toEqual([
      "a4 = load_slot 2",
      "a5 = copy a4",
      "a6 = copy a4",
      "a7 = const 9",
      "call fn0 clobbers 0x50",
      "a8 = load_slot 0",
      "a6 = copy a5",
      "ret a2",
    ]);
  });
});

describe("minimum cut", () => {
  it("is the one nearest to the sink among equals", () => {
    const network = new CutNetwork();
    const nodes = [0, 1, 2, 3].map(() => network.addNode());
    network.addEdge(0, 1, 2);
    network.addEdge(1, 2, 1);
    network.addEdge(2, 3, 1);
    network.addEdge(0, 3, 5);
    expect(Array.from(network.cut(0, 3))).toEqual([0, 0, 0, 1]);
    expect(nodes).toEqual([0, 1, 2, 3]);
  });
});
