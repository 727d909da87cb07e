import { describe, expect, it } from "vitest";
import { Dominators } from "./dominators.ts";
import type { Block, Func } from "./ir.ts";
import { ensureLatch, ensurePreheader, Loops } from "./loops.ts";
import { parseFunc } from "./parse.ts";
import { verify } from "./verify.ts";

const NESTED = `func f(2) -> 1 {
b0:
  v0 = param 0
  v1 = param 1
  branch v0, b1, b5
b1: <- b0, b3, b4
  v2 = phi v0, v3, 7
  jump b2
b2: <- b1, b2
  v3 = phi v2, v4
  v4 = add v3, 1
  v5 = lt_u v4, v1
  branch v5, b2, b3
b3: <- b2
  branch v4, b1, b4
b4: <- b3
  branch v1, b1, b5
b5: <- b0, b4
  return v0
}`;

function block(func: Func, index: number): Block {
  return func.blocks[index] as Block;
}

describe("dominators", () => {
  it("of nested loops", () => {
    const func = parseFunc(NESTED);
    const dominators = new Dominators(func);
    expect(func.blocks.map((b) => dominators.parent(b)?.id)).toEqual([undefined, 0, 1, 2, 3, 0]);
    expect(dominators.dominates(block(func, 1), block(func, 4))).toBe(true);
    expect(dominators.dominates(block(func, 4), block(func, 5))).toBe(false);
    expect(dominators.common(block(func, 4), block(func, 5)).id).toBe(0);
    expect(dominators.order[0]?.id).toBe(0);
  });
});

describe("loops", () => {
  it("are nested, inner ones first", () => {
    const func = parseFunc(NESTED);
    const loops = new Loops(new Dominators(func));
    expect(loops.all.map(({ header, depth }) => [header.id, depth])).toEqual([
      [2, 2],
      [1, 1],
    ]);
    expect([...(loops.all[1]?.blocks ?? [])].map(({ id }) => id).sort()).toEqual([1, 2, 3, 4]);
    expect(loops.all[0]?.parent).toBe(loops.all[1]);
    expect(loops.depth(block(func, 5))).toBe(0);
  });

  it("get one way in and one way round", () => {
    const func = parseFunc(NESTED);
    const loop = new Loops(new Dominators(func)).all[1];
    if (loop === undefined) throw new Error("no loop");
    const preheader = ensurePreheader(func, loop);
    const latch = ensureLatch(func, loop);
    verify(func);
    expect(preheader.predecessors.map(({ id }) => id)).toEqual([0]);
    expect(latch.predecessors.map(({ id }) => id)).toEqual([3, 4]);
    expect(latch.values.map(({ op }) => op)).toEqual(["phi"]);
    expect(loop.header.predecessors).toEqual(expect.arrayContaining([preheader, latch]));
    expect(ensurePreheader(func, loop)).toBe(preheader);
    expect(ensureLatch(func, loop)).toBe(latch);
  });

  it("are not seen in a circle with two ways in", () => {
    const func = parseFunc(
      "func f(1) -> 0 {\nb0:\n  v0 = param 0\n  branch v0, b1, b2\nb1:\n  branch v0, b2, b3\nb2:\n  jump b1\nb3:\n  return\n}",
    );
    expect(new Loops(new Dominators(func)).all).toEqual([]);
  });
});
