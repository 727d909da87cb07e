/** What single passes do; that they change nothing else is shown in optimise.test.ts. */
import { describe, expect, it } from "vitest";
import { hoistInvariants } from "./hoist-invariants.ts";
import type { Func } from "./ir.ts";
import { numberValues } from "./number-values.ts";
import { cleanUp, optimise } from "./optimise.ts";
import { parseFunc } from "./parse.ts";
import { placeConstants } from "./place-constants.ts";
import { printFunc } from "./print.ts";
import { removeDead } from "./remove-dead.ts";
import { removeDeadStores } from "./remove-dead-stores.ts";
import { rotateLoops } from "./rotate-loops.ts";
import { selectDiamonds } from "./select-diamonds.ts";
import { simplifyGraph } from "./simplify-graph.ts";
import { sinkValues } from "./sink-values.ts";
import { splitConditions } from "./split-conditions.ts";
import { threadJumps } from "./thread-jumps.ts";
import { verify } from "./verify.ts";

/** The function behind the passes: operations of each block, in the order of the list. */
function after(text: string, ...passes: ((func: Func) => unknown)[]): Func {
  const func = parseFunc(text);
  verify(func);
  for (const pass of passes) pass(func);
  verify(func);
  return func;
}

function ops(func: Func): string[] {
  return func.blocks.map((block) => [...block.values.map(({ op }) => op), block.terminator.kind].join(" "));
}

const straight = (lines: string, result = ""): string =>
  `func f(3) -> ${result === "" ? 0 : 1} {\nb0:\n  v0 = param 0\n  v1 = param 1\n  v2 = param 2\n${lines}\n  return ${result}\n}`;
/** The lines of a function of one block, parameters left out. */
const body = (func: Func): string =>
  printFunc(func)
    .split("\n")
    .slice(2, -1)
    .filter((line) => !line.includes("= param"))
    .join("\n");

describe("numbering of values", () => {
  const number = (lines: string, result = "") => body(after(straight(lines, result), numberValues, removeDead));

  it("computes equal things once", () => {
    expect(number("  v3 = add v0, v1\n  v4 = add v1, v0\n  v5 = mul v3, v4", "v5")).toBe(
      "  v3 = add v0, v1\n  v5 = mul v3, v3\n  return v5",
    );
  });

  it("reads memory once, and what was stored not at all", () => {
    const lines =
      "  v3 = load32 memory[v0]\n  store32 memory[v0 + 4], v1\n  v4 = load32 memory[v0]\n  v5 = load32 memory[v0 + 4]\n  v6 = xor v3, v4\n  v7 = xor v5, v6";
    expect(number(lines, "v7")).toContain("return v1");
  });

  it("reads again what may have been written", () => {
    for (const writer of ["store32 memory[v1], v2", "store8 memory[v0 + 3], v2", "v9 = call f1():0"]) {
      const text = number(`  v3 = load32 memory[v0]\n  ${writer}\n  v4 = load32 memory[v0]\n  v5 = sub v3, v4`, "v5");
      expect(text.match(/load32/g), writer).toHaveLength(2);
    }
    for (const writer of ["store32 global[v1], v2", "store8 memory[v0 + 4], v2", "v9 = call pure f1():1"]) {
      const text = number(`  v3 = load32 memory[v0]\n  ${writer}\n  v4 = load32 memory[v0]\n  v5 = sub v3, v4`, "v5");
      expect(text, writer).toContain("return 0");
    }
  });

  it("reads again behind a way on which something may have been written", () => {
    const loads = (writer: string, isLoop: boolean): number | undefined => {
      const func = after(
        `func f(3) -> 1 {
b0:
  v0 = param 0
  v1 = param 1
  v2 = param 2
  v3 = load32 memory[v0]
  ${isLoop ? "jump b1" : "branch v1, b1, b2"}
b1:
  v4 = load32 memory[v0]
  ${writer}
  ${isLoop ? "branch v4, b1, b2" : "jump b2"}
b2:
  v5 = load32 memory[v0]
  v6 = sub v5, v3
  v7 = xor v6, v4x
  return v7
}`.replace("v4x", isLoop ? "v4" : "v2"),
        numberValues,
        removeDead,
      );
      return printFunc(func).match(/load32/g)?.length;
    };
    for (const writer of ["store32 memory[v1], v2", "store8 memory[v0 + 3], v2", "v9 = call f1():0"]) {
      expect([loads(writer, false), loads(writer, true)], writer).toEqual([2, 3]);
    }
    for (const writer of ["store32 global[v1], v2", "store32 memory[v0 + 4], v2"]) {
      expect([loads(writer, false), loads(writer, true)], writer).toEqual([undefined, 1]);
    }
  });

  it("does not store what is there", () => {
    expect(number("  v3 = load32 memory[v0]\n  store32 memory[v0], v3")).toBe("  return");
  });

  it("reads a stored byte as its low bits", () => {
    expect(number("  store8 memory[v0], v1\n  v3 = load8_u memory[v0]", "v3")).toContain("and v1, 255");
  });

  it("keeps constants of addresses in offsets, as far as those reach", () => {
    const lines =
      "  v3 = add v0, 3\n  v4 = shl v3, 2\n  v5 = add v4, v1\n  v6 = load32 memory[v5 + 4]\n  v7 = load32 memory[v0 + 2000]\n  v8 = load32 memory[v0 + 2004]\n  v9 = add v6, v7\n  v10 = add v8, v9";
    const text = number(lines, "v10");
    expect(text).toMatch(/memory\[v\d+ \+ 16\]/);
    expect(text.match(/add v0, 1024/g)).toHaveLength(1);
    expect(text).toMatch(/\+ 976\][^]*\+ 980\]/);
  });

  it("stores without what a narrow store drops", () => {
    expect(
      number(
        "  v3 = and v1, 255\n  v4 = shl v2, 24\n  v5 = shr_s v4, 24\n  store8 memory[v0], v3\n  store8 memory[v0 + 1], v5",
      ),
    ).toBe("  store8 memory[v0], v1\n  store8 memory[v0 + 1], v2\n  return");
  });

  it("calls a pure routine once, words of the result included", () => {
    const call = (n: number) => `  v${n} = call pure f1(v0):2\n`;
    const func = after(
      straight(`${call(3)}${call(4)}  v5 = result v4, 1\n  v6 = add v3, v5\n  v7 = add v6, v4`, "v7"),
      numberValues,
    );
    expect(ops(func)[0]).toBe("param param param call result add add return");
  });

  it("knows what branches have decided", () => {
    const func = after(
      `func f(2) -> 1 {
b0:
  v0 = param 0
  v1 = param 1
  v2 = lt_s v0, 10
  branch v2, b1, b2
b1:
  v3 = lt_s v0, 20
  v4 = ge_s v0, 10
  v5 = add v3, v4
  return v5
b2:
  trap_if v2, "unreachable"
  v6 = eq v0, 3
  return v6
}`,
      numberValues,
      removeDead,
    );
    expect(printFunc(func)).toContain("return 1\n");
    expect(printFunc(func)).toContain("return 0\n");
    expect(printFunc(func)).not.toContain("trap_if");
  });
});

describe("the graph", () => {
  it("loses decided branches, empty blocks and chains", () => {
    const func = after(
      "func f(1) -> 1 {\nb0:\n  v0 = param 0\n  branch 1, b1, b2\nb1:\n  jump b3\nb2:\n  jump b3\nb3: <- b1, b2\n  v1 = phi v0, 7\n  return v1\n}",
      simplifyGraph,
    );
    expect(printFunc(func)).toBe("func f(1) -> 1 {\nb0:\n  v0 = param 0\n  return v0\n}");
  });

  it("traps without a block for it", () => {
    const func = after(
      'func f(1) -> 0 {\nb0:\n  v0 = param 0\n  branch v0, b1, b2\nb1:\n  trap "integer overflow"\nb2:\n  return\n}',
      simplifyGraph,
    );
    expect(ops(func)).toEqual(["param trap_if return"]);
    expect(func.blocks[0]?.values[1]?.trap).toBe("integer overflow");
  });

  it("keeps a block on one of two ways with different phi arguments", () => {
    const func = after(
      "func f(1) -> 1 {\nb0:\n  v0 = param 0\n  branch v0, b1, b2\nb1:\n  jump b2\nb2: <- b0, b1\n  v1 = phi 1, 2\n  return v1\n}",
      simplifyGraph,
    );
    expect(func.blocks).toHaveLength(3);
  });

  it("makes small switches branches, keeps dense ones", () => {
    const text = (targets: string, value: string) =>
      `func f(1) -> 0 {\nb0:\n  v0 = param 0\n  switch ${value}, [${targets}], b2\nb1:\n  v1 = call f1():0\n  return\nb2:\n  v2 = call f2():0\n  return\nb3:\n  v3 = call f3():0\n  return\n}`;
    const kind = (targets: string, value = "v0") =>
      after(text(targets, value), simplifyGraph).blocks[0]?.terminator.kind;
    expect(kind("b1, b2")).toBe("branch");
    expect(kind("b1, b1")).toBe("branch");
    expect(kind("b1, b3")).toBe("switch");
    expect(kind("b1, b3", "1")).toBe("return");
  });
});

describe("threading", () => {
  it("turns `a && b` into two branches", () => {
    const func = after(
      `func f(2) -> 0 {
b0:
  v0 = param 0
  v1 = param 1
  v2 = lt_s v0, 10
  branch v2, b1, b2
b1:
  v3 = lt_s v1, 10
  jump b2
b2: <- b0, b1
  v4 = phi 0, v3
  branch v4, b3, b4
b3:
  v5 = call f1():0
  jump b4
b4:
  return
}`,
      threadJumps,
      simplifyGraph,
    );
    expect(ops(func)).toEqual(["param param lt_s branch", "lt_s branch", "call jump", "return"]);
  });

  it("repairs what the threaded block defined", () => {
    const func = after(
      `func f(2) -> 1 {
b0:
  v0 = param 0
  v1 = param 1
  branch v0, b1, b2
b1:
  v2 = call f1():1
  jump b2
b2: <- b0, b1
  v3 = phi 0, 1
  v4 = phi v1, v2
  branch v3, b3, b4
b3:
  v5 = call f2(v4):0
  jump b5
b4:
  jump b5
b5: <- b3, b4
  v6 = add v4, 3
  return v6
}`,
      threadJumps,
      simplifyGraph,
    );
    expect(func.blocks.map((block) => block.terminator.kind)).toEqual(["branch", "jump", "return"]);
  });
});

describe("loops", () => {
  const WHILE = `func f(3) -> 1 {
b0:
  v0 = param 0
  v1 = param 1
  v2 = param 2
  jump b1
b1: <- b0, b2
  v3 = phi 0, v9
  v4 = phi 0, v8
  v5 = lt_u v3, v1
  branch v5, b2, b3
b2:
  v6 = mul v1, v2
  v7 = load32 memory[v0]
  v10 = xor v6, v7
  v8 = add v4, v10
  v9 = add v3, 1
  jump b1
b3:
  return v4
}`;

  it("are tested below", () => {
    const func = after(WHILE, rotateLoops, cleanUp);
    expect(ops(func)).toEqual(
      ["param param param branch", "phi return", "phi phi mul load32 xor add add lt_u branch"].sort(),
    );
  });

  it("lose what does not change", () => {
    const func = after(WHILE, rotateLoops, cleanUp, hoistInvariants);
    const loop = func.blocks.find((block) => block.predecessors.includes(block));
    expect(loop?.values.map(({ op }) => op)).toEqual(["phi", "phi", "add", "add", "lt_u"]);
  });

  it.each([
    ["a store that may go there", "  store32 memory[v2], v8"],
    ["a call", "  v11 = call f1():0"],
  ])("keep a load that %s may change", (_name, line) => {
    const func = after(WHILE.replace("  v9 =", `${line}\n  v9 =`), rotateLoops, cleanUp, hoistInvariants);
    const loop = func.blocks.find((block) => block.predecessors.includes(block));
    expect(loop?.values.map(({ op }) => op)).toContain("load32");
  });

  it("keep a load that need not run", () => {
    const func = after(WHILE, hoistInvariants);
    expect(func.blocks.find((block) => block.values.some(({ op }) => op === "load32"))?.terminator).toMatchObject({
      kind: "jump",
    });
    const trapped = after(
      WHILE.replace("  v6 =", '  v12 = eq v4, 77\n  trap_if v12, "unreachable"\n  v6 ='),
      rotateLoops,
      cleanUp,
      hoistInvariants,
    );
    const loop = trapped.blocks.find((block) => block.predecessors.includes(block));
    expect(loop?.values.map(({ op }) => op)).toContain("load32");
  });
});

describe("choices", () => {
  const CHOICE = (arm: string, value: string) => `func f(3) -> 1 {
b0:
  v0 = param 0
  v1 = param 1
  v2 = param 2
  v3 = lt_s v0, v1
  branch v3, b1, b2
b1:
${arm}
  jump b2
b2: <- b0, b1
  v5 = phi v2, ${value}
  return v5
}`;

  it("of values are selects", () => {
    expect(ops(after(CHOICE("", "v0"), selectDiamonds, simplifyGraph))[0]).toBe("param param param lt_s select return");
    expect(ops(after(CHOICE("  v4 = add v2, 1", "v4"), selectDiamonds, simplifyGraph))[0]).toContain(
      "add select return",
    );
  });

  it("that cost more stay branches", () => {
    for (const [arm, value] of [
      ["  v4 = mul v2, v1", "v4"],
      ["  v4 = load32 memory[v2]", "v4"],
      ["  v4 = add v2, 1000", "v4"],
      ["", "100000"],
    ] as const) {
      expect(ops(after(CHOICE(arm, value), selectDiamonds))[0], arm).toContain("branch");
    }
  });

  it("by two comparisons are two branches", () => {
    const text = (op: string) =>
      `func f(2) -> 1 {\nb0:\n  v0 = param 0\n  v1 = param 1\n  v2 = lt_s v0, 5\n  v3 = lt_s v1, 5\n  v4 = ${op} v2, v3\n  branch v4, b1, b2\nb1:\n  return v0\nb2:\n  return v1\n}`;
    for (const op of ["and", "or"]) {
      const func = after(text(op), splitConditions, removeDead, sinkValues);
      expect(ops(func)).toEqual(["param param lt_s branch", "return", "return", "lt_s branch"]);
    }
  });

  it("make values only where they are needed", () => {
    const func = after(
      "func f(2) -> 1 {\nb0:\n  v0 = param 0\n  v1 = param 1\n  v2 = mul v0, v0\n  v3 = xor v2, v1\n  branch v1, b1, b2\nb1:\n  return v3\nb2:\n  return v0\n}",
      sinkValues,
    );
    expect(ops(func)).toEqual(["param param branch", "mul xor return", "return"]);
  });
});

describe("stores", () => {
  const stores = (between: string) =>
    ops(
      after(straight(`  store32 memory[v0 + 4], v1\n${between}\n  store32 memory[v0 + 4], v2`), removeDeadStores),
    )[0]?.match(/store32/g)?.length;

  it("that are overwritten go", () => {
    expect(stores("")).toBe(1);
    expect(stores("  store32 memory[v0], v1")).toBe(2);
    expect(stores("  v3 = load32 global[v0 + 4]")).toBe(1);
  });

  it("that somebody may see stay", () => {
    expect(stores("  v3 = load8_u memory[v0 + 7]")).toBe(2);
    expect(stores("  v3 = load32 memory[v1]")).toBe(2);
    expect(stores("  v3 = call f1():0")).toBe(2);
    expect(stores('  trap_if v2, "unreachable"')).toBe(2);
  });
});

describe("places of constants", () => {
  it("are in the blocks that use them, before their first use", () => {
    const text =
      "func f(1) -> 1 {\nb0:\n  v0 = param 0\n  v1 = add v0, 5\n  branch v1, b1, b2\nb1:\n  jump b2\nb2: <- b0, b1\n  v2 = phi 5, 6\n  return v2\n}";
    const func = after(text, placeConstants);
    expect(ops(func)).toEqual(["param const add branch", "const jump", "phi return"]);
  });

  it("let neighbours share an address", () => {
    const func = after(
      straight(
        "  store32 memory[70000], v0\n  store32 memory[70004], v1\n  store8 memory[70003], v2\n  store32 memory[90000], v0",
      ),
      placeConstants,
    );
    expect(body(func)).toContain("memory[69888 + 116], v1");
    expect(body(func)).toContain("memory[69888 + 115], v2");
    expect(ops(func)[0]?.match(/const/g)).toHaveLength(2);
  });

  it("do not round an address for neighbours that would be out of reach", () => {
    const func = after(straight("  store8 memory[70000], v0\n  store8 memory[70200], v1"), placeConstants);
    expect(body(func)).toContain("memory[70000], v0");
    expect(body(func)).toContain("memory[70000 + 200], v1");
  });

  it("take the bound that is there already", () => {
    const func = after(
      straight('  v3 = ge_u v0, 100001\n  trap_if v3, "unreachable"\n  v4 = sub 100000, v0', "v4"),
      placeConstants,
    );
    expect(body(func)).toContain("lt_u 100000, v0");
  });

  it("stay the same when all is done again", () => {
    const func = after(straight("  v3 = add v0, 100000\n  store32 memory[v3], v1"), optimise);
    const once = printFunc(func);
    optimise(func);
    expect(printFunc(func).replace(/v\d+/g, "v")).toBe(once.replace(/v\d+/g, "v"));
  });
});
