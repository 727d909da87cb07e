import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { randomParams } from "./compare-runs.ts";
import { inlineCalls } from "./inline.ts";
import { Fault, interpret, type Outcome, type World } from "./interpret.ts";
import type { Func } from "./ir.ts";
import { cleanUp, optimise } from "./optimise.ts";
import { parseFunc } from "./parse.ts";
import { randomFunc } from "./random-function.ts";
import { verify } from "./verify.ts";

class Trapped extends Error {}

/** Runs a function of a module whose calls go to the others. */
function runModule(funcs: readonly Func[], index: number, params: number[]): { outcome: Outcome; memory: string } {
  const world: World = {
    memory: Uint8Array.from({ length: 256 }, (_, place) => place * 7),
    globals: new Uint8Array(256),
    constants: Uint8Array.from({ length: 256 }, (_, place) => place * 5),
    stepsMax: 20_000,
    call: (value, args) => {
      if (value.callee?.kind !== "function") return [args[0] ?? 1, 2, 3];
      const outcome = interpret(funcs[value.callee.index] as Func, args, world);
      if (outcome.kind === "return") return outcome.words;
      throw outcome.kind === "trap" ? new Trapped(outcome.trap) : new Fault(outcome.kind);
    },
  };
  try {
    const outcome = interpret(funcs[index] as Func, params, world);
    return { outcome, memory: [...world.memory].join() };
  } catch (error) {
    if (!(error instanceof Trapped)) throw error;
    return { outcome: { kind: "trap", trap: error.message as never }, memory: [...world.memory].join() };
  }
}

function calls(func: Func): number {
  return func.blocks.flatMap((block) => block.values).filter(({ op }) => op === "call").length;
}

const ADD_ONE = "func add-one(1) -> 1 {\nb0:\n  v0 = param 0\n  v1 = add v0, 1\n  return v1\n}";
const caller = (index: number, count: number): string => {
  const lines = Array.from({ length: count }, (_, n) => `  v${n + 1} = call f${index}(v${n}):1`);
  return `func caller(1) -> 1 {\nb0:\n  v0 = param 0\n${lines.join("\n")}\n  return v${count}\n}`;
};
const LONG = `func long(1) -> 1 {
b0:
  v0 = param 0
${Array.from({ length: 20 }, (_, n) => `  v${n + 1} = ${n % 2 === 0 ? "mul" : "xor"} v${n}, v0`).join("\n")}
  return v20
}`;

describe("inlining", () => {
  it("takes small functions everywhere", () => {
    const funcs = [parseFunc(ADD_ONE), parseFunc(caller(0, 3))];
    const unused = inlineCalls(funcs, { isKept: (index) => index === 1 });
    expect([...unused]).toEqual([0]);
    expect(calls(funcs[1] as Func)).toBe(0);
    expect(runModule(funcs, 1, [5]).outcome).toEqual({ kind: "return", words: [8] });
  });

  it("takes a long function only where it is called once and nobody keeps it", () => {
    const after = (count: number, isKept: boolean): number => {
      const funcs = [parseFunc(LONG), parseFunc(caller(0, count))];
      inlineCalls(funcs, { isKept: (index) => index === 1 || isKept });
      return calls(funcs[1] as Func);
    };
    expect([after(1, false), after(2, false), after(1, true)]).toEqual([0, 2, 1]);
  });

  it("takes middling functions in loops only", () => {
    const middling = LONG.replace("func long", "func middling")
      .split("\n")
      .filter((line) => !/v(9|1\d|20) =/.test(line))
      .join("\n")
      .replace("return v20", "return v8");
    const loop = `func loop(1) -> 1 {
b0:
  v0 = param 0
  jump b1
b1: <- b0, b1
  v1 = phi v0, v2
  v2 = call f0(v1):1
  branch v2, b1, b2
b2:
  v3 = call f0(v2):1
  return v3
}`;
    const funcs = [parseFunc(middling), parseFunc(loop)];
    inlineCalls(funcs, { isKept: () => true });
    expect(calls(funcs[1] as Func)).toBe(1);
    expect((funcs[1] as Func).blocks.some((block) => block.predecessors.includes(block))).toBe(true);
  });

  it("leaves recursion alone", () => {
    const funcs = [
      parseFunc("func a(1) -> 1 {\nb0:\n  v0 = param 0\n  v1 = call f1(v0):1\n  return v1\n}"),
      parseFunc("func b(1) -> 1 {\nb0:\n  v0 = param 0\n  v1 = call f0(v0):1\n  return v1\n}"),
      parseFunc(caller(0, 1)),
    ];
    expect(inlineCalls(funcs, { isKept: (index) => index === 2 }).size).toBe(0);
    expect(funcs.map(calls)).toEqual([1, 1, 1]);
  });

  it("takes a function that never returns", () => {
    const funcs = [
      parseFunc('func stop(0) -> 1 {\nb0:\n  trap "unreachable"\n}'),
      parseFunc("func caller(0) -> 1 {\nb0:\n  v0 = call f0():1\n  v1 = add v0, 1\n  return v1\n}"),
    ];
    inlineCalls(funcs, { isKept: (index) => index === 1 });
    verify(funcs[1] as Func);
    expect(runModule(funcs, 1, []).outcome).toEqual({ kind: "trap", trap: "unreachable" });
  });

  it("changes nothing that random modules do", () => {
    let compared = 0;
    let inlined = 0;
    for (let seed = 0; seed < 150; seed++) {
      const make = (): Func[] => {
        const random = new SeededRandom(seed);
        const shapes = [0, 1, 2, 3].map((index) => ({ index, params: index % 3, results: 1 + (index % 2) }));
        return shapes.map(({ index, params, results }) =>
          randomFunc(random.fork(index), {
            statements: 3 + random.integer(0, 12),
            params,
            results,
            ...(index > 0 ? { callees: shapes.slice(0, index) } : {}),
          }),
        );
      };
      const original = make();
      const changed = make();
      for (const func of changed) cleanUp(func);
      const before = changed.reduce((sum, func) => sum + calls(func), 0);
      inlineCalls(changed, { isKept: (index) => index === 3, smallMax: 30, singleMax: 200 });
      for (const func of changed) {
        verify(func);
        optimise(func);
        verify(func);
      }
      if (changed.reduce((sum, func) => sum + calls(func), 0) !== before) inlined++;
      const random = new SeededRandom(seed).fork(9);
      for (let input = 0; input < 4; input++) {
        const params = randomParams(random, 3);
        const expected = runModule(original, 3, params);
        if (expected.outcome.kind === "fault" || expected.outcome.kind === "too long") continue;
        compared++;
        expect(runModule(changed, 3, params), `seed ${seed}`).toEqual(expected);
      }
    }
    expect(compared).toBeGreaterThan(200);
    expect(inlined).toBeGreaterThan(50);
  });
});
