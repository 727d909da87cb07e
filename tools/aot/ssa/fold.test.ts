import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { Folder } from "./fold.ts";
import { interpret } from "./interpret.ts";
import { Func, type PureOp, type Value } from "./ir.ts";
import { possibleBits } from "./known-bits.ts";
import { parseFunc } from "./parse.ts";
import { printFunc } from "./print.ts";
import { randomExpression, randomInput } from "./random-expression.ts";

/** Folds the values of a one-block function one by one; the text of what it returns then. */
class Unshared extends Folder {
  override isShared(): boolean {
    return false;
  }
}

function folded(lines: string, result: string): string {
  const func = parseFunc(
    `func f(2) -> 1 {\nb0:\n  v0 = param 0\n  v1 = param 1\n  v2 = load8_u memory[v0]\n${lines}\n  return ${result}\n}`,
  );
  const block = func.blocks[0] as Func["blocks"][number];
  const folder = new Unshared(func, block);
  const by = new Map<Value, Value>();
  for (const value of block.values.slice(3)) {
    by.set(
      value,
      folder.make(
        value.op as PureOp,
        value.args.map((arg) => by.get(arg) ?? arg),
      ),
    );
  }
  const terminator = block.terminator;
  if (terminator.kind !== "return") throw new Error("no return");
  const text = (value: Value): string => {
    if (value.op === "const") return `${value.symbol === undefined ? "" : `@${value.symbol}+`}${value.imm}`;
    if (value.op === "param") return value.imm === 0 ? "x" : "y";
    if (value.op === "load8_u") return "byte";
    return `(${value.op} ${value.args.map(text).join(" ")})`;
  };
  const last = terminator.values[0] as Value;
  return text(by.get(last) ?? last);
}

function one(op: string): string {
  return folded(`  v9 = ${op}`, "v9");
}

describe("folding", () => {
  it.each([
    ["add 3, 4", "7"],
    ["add 5, v0", "(add x 5)"],
    ["sub v0, 5", "(add x -5)"],
    ["sub v0, v0", "0"],
    ["add v0, v0", "(shl x 1)"],
    ["mul v0, 8", "(shl x 3)"],
    ["mul v0, -1", "(sub 0 x)"],
    ["mul v0, 5", "(add x (shl x 2))"],
    ["mul v0, 7", "(sub (shl x 3) x)"],
    ["mul v0, 12", "(shl (add x (shl x 1)) 2)"],
    ["mul v0, 100", "(mul x 100)"],
    ["add @table, 8", "@table+8"],
    ["and v2, 255", "byte"],
    ["and v2, 256", "0"],
    ["shr_u v2, 8", "0"],
    ["shr_s v2, 3", "(shr_u byte 3)"],
    ["shl v0, 33", "(shl x 1)"],
    ["lt_u v2, 256", "1"],
    ["lt_s v2, 0", "0"],
    ["lt_s 4, v0", "(ge_s x 5)"],
    ["lt_s 2147483647, v0", "0"],
    ["ge_u 3, v0", "(lt_u x 4)"],
    ["lt_u v0, 1", "(eq x 0)"],
    ["lt_u v0, -2147483648", "(ge_s x 0)"],
    ["eq v2, 300", "0"],
    ["select v0, 1, 0", "(ne x 0)"],
    ["select v0, v1, v1", "y"],
    ["funnel v0, v0, 8", "(rotr x 8)"],
    ["funnel v0, v1, 0", "y"],
    ["add_lt_u v0, v1, 0", "x"],
    ["sub_lt_u v0, 3, 5", "(add x -1)"],
    ["clz 1", "31"],
  ])("%s is %s", (op, expected) => {
    expect(one(op)).toBe(expected);
  });

  it.each([
    ["sums", "  v3 = add v0, 3\n  v4 = add v3, 4", "v4", "(add x 7)"],
    ["constants outermost", "  v3 = add v0, 3\n  v4 = add v3, v1", "v4", "(add (add x y) 3)"],
    ["a shift of a sum", "  v3 = add v0, 3\n  v4 = shl v3, 2", "v4", "(add (shl x 2) 12)"],
    ["a bit field", "  v3 = shl v0, 8\n  v4 = shr_u v3, 24", "v4", "(and (shr_u x 16) 255)"],
    ["a masked shift", "  v3 = and v0, 65280\n  v4 = shr_u v3, 8", "v4", "(and (shr_u x 8) 255)"],
    ["a pair", "  v3 = shl v0, 8\n  v4 = shr_u v1, 24\n  v5 = or v3, v4", "v5", "(funnel x y 24)"],
    ["a rotation", "  v3 = shl v0, 8\n  v4 = shr_u v0, 24\n  v5 = or v3, v4", "v5", "(rotr x 24)"],
    ["not less", "  v3 = lt_s v0, v1\n  v4 = eq v3, 0", "v4", "(ge_s x y)"],
    ["not not", "  v3 = eq v0, 0\n  v4 = eq v3, 0\n  v5 = eq v4, 0", "v5", "(eq x 0)"],
    ["a difference against 0", "  v3 = sub v0, v1\n  v4 = eq v3, 0", "v4", "(eq x y)"],
    ["a boolean's last bit", "  v3 = lt_u v0, v1\n  v4 = and v3, 1", "v4", "(lt_u x y)"],
    ["a carry that cannot be", "  v3 = add v2, 5\n  v4 = lt_u v3, 5", "v4", "0"],
    ["an index", "  v3 = shl v0, 2\n  v4 = or v3, 3", "v4", "(add (shl x 2) 3)"],
  ])("%s", (_name, lines, result, expected) => {
    expect(folded(lines, result)).toBe(expected);
  });

  it("leaves what others use where a rule would do its work again", () => {
    const func = parseFunc("func f(2) -> 1 {\nb0:\n  v0 = param 0\n  v1 = param 1\n  v2 = add v0, 3\n  return v2\n}");
    const block = func.blocks[0] as Func["blocks"][number];
    const [, y, sum] = block.values as [Value, Value, Value];
    expect(new Folder(func, block).fold("add", [sum, y])).toBeUndefined();
  });
});

describe("random expressions", () => {
  it("mean the same folded as they stand, and have no bits that are said to be impossible", () => {
    const random = new SeededRandom(11);
    let smaller = 0;
    for (let round = 0; round < 6000; round++) {
      const func = new Func("f", 2, 2);
      const block = func.addBlock();
      const params = [0, 1].map((index) => func.append(block, "param", [], index));
      const plain = randomExpression(random.fork(round), func, params, (op, args) => func.append(block, op, args));
      const folder = round % 2 === 0 ? new Unshared(func, block) : new Folder(func, block);
      const before = block.values.length;
      const short = randomExpression(random.fork(round), func, params, (op, args) => folder.make(op, args));
      if (block.values.length - before < before - 2) smaller++;
      block.terminator = { kind: "return", values: [plain, short] };
      const possible = possibleBits(plain);
      for (let input = 0; input < 8; input++) {
        const words = [randomInput(random), randomInput(random)];
        const outcome = interpret(func, words, {
          memory: new Uint8Array(),
          globals: new Uint8Array(),
          constants: new Uint8Array(),
          call: () => [],
          stepsMax: 1000,
        });
        if (outcome.kind !== "return") throw new Error(outcome.kind);
        const [expected, actual] = outcome.words as [number, number];
        if (expected !== actual || (expected & ~possible) !== 0) {
          expect.fail(`round ${round}, ${words.join()}: ${expected}, ${actual}, bits ${possible}\n${printFunc(func)}`);
        }
      }
    }
    expect(smaller).toBeGreaterThan(3000);
  });
});
