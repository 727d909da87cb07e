import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { parseFunc } from "./parse.ts";
import { printFunc } from "./print.ts";
import { randomFunc } from "./random-function.ts";
import { verify } from "./verify.ts";

/** Numbers of values and blocks in the order of their appearance. */
function renumber(text: string): string {
  const names = new Map<string, string>();
  return text.replace(/\b[vb]\d+\b/g, (name) => {
    if (!names.has(name)) names.set(name, `${name[0]}#${names.size}`);
    return names.get(name) as string;
  });
}

describe("text of functions", () => {
  it("is read back as it was written", () => {
    for (let seed = 0; seed < 100; seed++) {
      const func = randomFunc(new SeededRandom(seed), { statements: 25, params: 2, results: 2 });
      const text = printFunc(func);
      const again = parseFunc(text);
      verify(again);
      expect(renumber(printFunc(again))).toBe(renumber(text));
    }
  });

  it("has symbols, calls, pointers, traps and switches", () => {
    const text = `func f(2) -> 2 {
b0:
  v0 = param 0
  v1 = call f7(v0, -3):2
  v2 = result v1, 1
  v3 = call pure rom:__divsi3:0x4000dc88(v1, v2):1
  v4 = call host5():0
  v5 = call_pointer v3(v0, @table+8):1
  v6 = load16_s constant[@table + 2]
  store8 global[v6 + 7], v5
  trap_if v5, "integer overflow"
  switch v0, [b1, b2, b1], b2
b1: <- b0, b0
  trap "unreachable"
b2: <- b0, b0
  return v5, 12
}`;
    const func = parseFunc(text);
    verify(func);
    expect(printFunc(func)).toBe(text);
  });
});

describe("the verifier", () => {
  const well = "func f(1) -> 1 {\nb0:\n  v0 = param 0\n  branch v0, b1, b2\nb1: <- b0\n  v1 = add v0, 1\n  jump b2\n";

  it("takes what is well-formed", () => {
    verify(parseFunc(`${well}b2: <- b0, b1\n  v2 = phi v0, v1\n  return v2\n}`));
  });

  it.each([
    ["a value on a way without it", `${well}b2: <- b0, b1\n  return v1\n}`, /before it is there/],
    [
      "a phi with too few arguments",
      `${well}b2: <- b0, b1\n  v2 = phi v0\n  return v2\n}`,
      /1 arguments, 2 predecessors/,
    ],
    [
      "phi arguments in the wrong order",
      `${well}b2: <- b1, b0\n  v2 = phi v0, v1\n  return v2\n}`,
      /before it is there/,
    ],
    [
      "a predecessor that leads elsewhere",
      `${well}b2: <- b0, b1, b2\n  return v0\n}`,
      /0 edges, 1 entries|does not lead/,
    ],
    ["too many results", `${well}b2: <- b0, b1\n  return v0, v0\n}`, /returns 2 words/],
    [
      "a use before its definition",
      "func f(0) -> 1 {\nb0:\n  v0 = add v1, 1\n  v1 = add v0, 1\n  return v1\n}",
      /before/,
    ],
  ])("finds %s", (_name, text, problem) => {
    expect(() => verify(parseFunc(text))).toThrow(problem);
  });

  it("finds a result that is not behind its call", () => {
    const text = "func f(0) -> 1 {\nb0:\n  v0 = call f1():2\n  v1 = add v0, 1\n  v2 = result v0, 1\n  return v2\n}";
    expect(() => verify(parseFunc(text))).toThrow(/not behind its call/);
  });
});
