/** The optimiser and each of its passes on random functions: they do the same as before. */
import { describe, expect, it } from "vitest";
import { checkPass } from "./check-pass.ts";
import { hoistInvariants } from "./hoist-invariants.ts";
import { Func, type Value } from "./ir.ts";
import { numberValues } from "./number-values.ts";
import { cleanUp, optimise } from "./optimise.ts";
import { placeConstants } from "./place-constants.ts";
import { reduceStrength } from "./reduce-strength.ts";
import { removeDead } from "./remove-dead.ts";
import { removeDeadStores } from "./remove-dead-stores.ts";
import { rotateLoops } from "./rotate-loops.ts";
import { selectDiamonds } from "./select-diamonds.ts";
import { simplifyGraph } from "./simplify-graph.ts";
import { sinkValues } from "./sink-values.ts";
import { splitConditions } from "./split-conditions.ts";
import { threadJumps } from "./thread-jumps.ts";
import { verify } from "./verify.ts";

/** More of them by hand: check-pass.ts with other seeds. */
const FUNCTIONS = 120;

describe("random functions mean the same after", () => {
  it.each<[string, (func: Func) => unknown, number]>([
    ["removal of dead values", removeDead, 100],
    ["simplification of the graph", simplifyGraph, 100],
    ["numbering", numberValues, 100],
    ["threading", threadJumps, 5],
    ["removal of dead stores", removeDeadStores, 5],
    ["rotation", rotateLoops, 50],
    ["hoisting", hoistInvariants, 25],
    ["strength reduction", reduceStrength, 25],
    ["selects", selectDiamonds, 25],
    ["splitting of conditions", splitConditions, 15],
    ["sinking", sinkValues, 25],
    ["placing of constants", placeConstants, 100],
    ["cleaning up", cleanUp, 100],
    ["everything", optimise, 100],
    [
      "everything twice",
      (func) => {
        optimise(func);
        optimise(func);
      },
      100,
    ],
    [
      "passes over loops on their own",
      (func) => {
        rotateLoops(func);
        hoistInvariants(func);
        reduceStrength(func);
        hoistInvariants(func);
        reduceStrength(func);
        sinkValues(func);
      },
      50,
    ],
  ])("%s", (_name, pass, changedLeast) => {
    const check = checkPass(pass, 1, FUNCTIONS);
    expect(check.mismatches).toEqual([]);
    expect(check.compared).toBeGreaterThan(300);
    expect(check.changed).toBeGreaterThanOrEqual(changedLeast);
  });
});

describe("great functions", () => {
  it("nest deeply without an end of the stack", () => {
    const func = new Func("deep", 1, 1);
    let block = func.addBlock();
    const bound = func.append(block, "param", [], 0);
    const headers: { phi: Value; header: typeof block }[] = [];
    for (let depth = 0; depth < 150; depth++) {
      const header = func.addBlock();
      block.terminator = { kind: "jump", to: header };
      header.predecessors.push(block);
      headers.push({ header, phi: func.append(header, "phi", [func.constant(0)]) });
      block = header;
    }
    for (const { header, phi } of headers.reverse()) {
      const next = func.append(block, "add", [phi, func.constant(1)]);
      const condition = func.append(block, "lt_u", [next, bound]);
      const exit = func.addBlock();
      block.terminator = { kind: "branch", condition, then: header, else: exit };
      header.predecessors.push(block);
      exit.predecessors.push(block);
      phi.args.push(next);
      block = exit;
    }
    block.terminator = { kind: "return", values: [bound] };
    verify(func);
    optimise(func);
    verify(func);
  });

  it("are long without an end of the stack", () => {
    const func = new Func("long", 2, 1);
    let block = func.addBlock();
    const [a, b] = [0, 1].map((index) => func.append(block, "param", [], index)) as [Value, Value];
    let value = a;
    for (let count = 0; count < 3000; count++) {
      const [yes, no, join] = [func.addBlock(), func.addBlock(), func.addBlock()];
      const condition = func.append(block, "lt_s", [value, b]);
      block.terminator = { kind: "branch", condition, then: yes, else: no };
      yes.predecessors.push(block);
      no.predecessors.push(block);
      const args = [func.append(yes, "mul", [value, b]), func.append(no, "xor", [value, b])];
      yes.terminator = { kind: "jump", to: join };
      no.terminator = { kind: "jump", to: join };
      join.predecessors.push(yes, no);
      value = func.append(join, "phi", args);
      block = join;
    }
    block.terminator = { kind: "return", values: [value] };
    verify(func);
    optimise(func);
    verify(func);
  });
});
