/** The conformance runner itself: that it sees what is wrong, counts, skips with a reason, and refuses what it cannot read. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { constant, localGet, writeModule } from "../native/wasm-writer.ts";
import { type FileTally, runFolder } from "./run-folder.ts";

const I32_ADD = 0x6a;
const I32_DIV_U = 0x6e;
const F32_ADD = 0x92;
const UNREACHABLE = 0x00;
const V128 = 0x7b;

const folders: string[] = [];
let folder: string;

const WASM = writeModule({
  functions: [
    { name: "add", params: ["i32", "i32"], results: ["i32"], code: [...localGet(0), ...localGet(1), I32_ADD] },
    { name: "div", params: ["i32", "i32"], results: ["i32"], code: [...localGet(0), ...localGet(1), I32_DIV_U] },
    { name: "sum", params: ["f32", "f32"], results: ["f32"], code: [...localGet(0), ...localGet(1), F32_ADD] },
    { name: "two", params: [], results: ["i32", "i64"], code: [...constant("i32", 1n), ...constant("i64", 2n)] },
    { name: "trap", params: [], results: [], code: [UNREACHABLE] },
  ],
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lintel-conformance-"));
  folders.push(folder);
  writeFileSync(join(folder, "good.wasm"), WASM);
});

afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true });
});

const MODULE = { type: "module", line: 1, filename: "good.wasm" };
const i32 = (value: string) => ({ type: "i32", value });
const f32 = (value: string) => ({ type: "f32", value });
const invoke = (field: string, ...args: object[]) => ({ type: "invoke", field, args });
const assertReturn = (action: object, ...expected: object[]) => ({ type: "assert_return", line: 7, action, expected });

function run(...commands: object[]): FileTally {
  writeFileSync(join(folder, "a.json"), JSON.stringify({ source_filename: "a.wast", commands }));
  const [tally] = [...runFolder(folder, { engine: "interpreter", instructionsMax: 100_000 })];
  return tally as FileTally;
}

/** What became of one assertion on the module. */
function one(command: object): string {
  const { passed, failures, skipped } = run(MODULE, command);
  expect(passed + failures.length + skipped.length).toBe(1);
  return failures[0] ?? (skipped[0] ? `skipped: ${skipped[0].reason}` : "passed");
}

describe("an assertion", () => {
  test.each([
    ["the right value", assertReturn(invoke("add", i32("4294967295"), i32("2")), i32("1")), "passed"],
    [
      "another value",
      assertReturn(invoke("add", i32("4294967295"), i32("2")), i32("2")),
      "a.json:7: assert_return add(i32 -1, i32 2): expected i32 2, got i32 1",
    ],
    ["several values", assertReturn(invoke("two"), i32("1"), { type: "i64", value: "2" }), "passed"],
    [
      "too few values",
      assertReturn(invoke("two"), i32("1")),
      "a.json:7: assert_return two(): expected i32 1, got i32 1, i64 2",
    ],
    [
      "one of several",
      assertReturn(invoke("add", i32("1"), i32("1")), { type: "either", values: [i32("1"), i32("2")] }),
      "passed",
    ],
    // Infinity minus infinity gives a canonical NaN; the payload of an operand may come through.
    [
      "a canonical NaN",
      assertReturn(invoke("sum", f32("2139095040"), f32("4286578688")), f32("nan:canonical")),
      "passed",
    ],
    ["an arithmetic NaN", assertReturn(invoke("sum", f32("2141192192"), f32("0")), f32("nan:arithmetic")), "passed"],
    [
      "a number for a NaN",
      assertReturn(invoke("sum", f32("0"), f32("0")), f32("nan:canonical")),
      "a.json:7: assert_return sum(f32 0 (0x00000000), f32 0 (0x00000000)): expected f32 nan:canonical, got f32 0 (0x00000000)",
    ],
    [
      "the sign of zero",
      assertReturn(invoke("sum", f32("0"), f32("0")), f32("2147483648")),
      "a.json:7: assert_return sum(f32 0 (0x00000000), f32 0 (0x00000000)): expected f32 -0 (0x80000000), got f32 0 (0x00000000)",
    ],
    [
      "the right trap",
      { type: "assert_trap", line: 7, action: invoke("div", i32("1"), i32("0")), text: "integer divide by zero" },
      "passed",
    ],
    [
      "another trap",
      { type: "assert_trap", line: 7, action: invoke("trap"), text: "integer divide by zero" },
      'a.json:7: assert_trap trap(): expected trap "integer divide by zero", got trap "unreachable"',
    ],
    [
      "no trap",
      { type: "assert_trap", line: 7, action: invoke("div", i32("1"), i32("1")), text: "integer divide by zero" },
      'a.json:7: assert_trap div(i32 1, i32 1): expected trap "integer divide by zero", got i32 1',
    ],
    [
      "a function that is not there",
      assertReturn(invoke("none")),
      'a.json:7: assert_return none(): expected nothing, got a crash: there is no exported function "none"',
    ],
    ["an action alone", { type: "action", line: 7, action: invoke("add", i32("1"), i32("1")) }, "passed"],
    [
      "a reference",
      assertReturn(invoke("add", { type: "externref", value: "1" })),
      "skipped: an argument is of type externref",
    ],
    ["an unknown command", { type: "assert_later", line: 7 }, 'skipped: the command "assert_later" is unknown'],
    [
      "a module as text",
      { type: "assert_malformed", line: 7, filename: "x.wat", module_type: "text" },
      "skipped: the module is text, which is for an assembler to read",
    ],
  ])("%s", (_, command, expected) => {
    expect(one(command)).toBe(expected);
  });
});

describe("a module", () => {
  test("that is not valid is refused", () => {
    writeFileSync(join(folder, "bad.wasm"), WASM.subarray(0, WASM.length - 5));
    expect(one({ type: "assert_malformed", line: 2, filename: "bad.wasm", module_type: "binary" })).toBe("passed");
    expect(one({ type: "assert_invalid", line: 2, filename: "good.wasm" })).toMatch(/^skipped: .* V8 takes it/);
    const { passed, failures } = run({ ...MODULE, filename: "bad.wasm" }, assertReturn(invoke("two")));
    expect(passed).toBe(0);
    expect(failures[0]).toMatch(/^a\.json:1: module: does not compile: not a valid module/);
    expect(failures[1]).toBe(
      "a.json:7: assert_return two(): expected nothing, got no answer (its module does not load)",
    );
  });

  test("with what is not translated is skipped, and all its assertions with it", () => {
    writeFileSync(
      join(folder, "simd.wasm"),
      writeModule({ functions: [{ name: "f", params: [V128 as never], results: [], code: [] }] }),
    );
    const bytes = writeModule({ functions: [{ name: "f", params: [], results: [], code: [] }] });
    writeFileSync(join(folder, "simd.wasm"), withVectorParameter(bytes));
    const { failures, skipped } = run({ ...MODULE, filename: "simd.wasm" }, assertReturn(invoke("f")));
    expect(failures).toEqual([]);
    expect(skipped.map(({ line }) => line)).toEqual([1, 7]);
    expect(skipped[1]).toMatchObject({ file: "a.json", reason: expect.stringContaining("SIMD") });
  });

  test("that imports from another one is skipped", () => {
    const wasm = writeModule({ imports: [{ module: "other", name: "f", params: [], results: [] }], functions: [] });
    writeFileSync(join(folder, "linked.wasm"), wasm);
    const { skipped } = run({ ...MODULE, filename: "linked.wasm" });
    expect(skipped[0]?.reason).toBe('imports from "other": modules are not linked to each other');
  });
});

/** The function type () -> () becomes (v128) -> (). */
function withVectorParameter(wasm: Uint8Array): Uint8Array {
  const at = wasm.indexOf(0x60);
  const bytes = [...wasm];
  bytes.splice(at + 1, 1, 1, V128);
  bytes[at - 2] = (bytes[at - 2] ?? 0) + 1;
  return Uint8Array.from(bytes);
}

describe("a file that cannot be read is one failure with its reason", () => {
  test.each([
    ["{", /^b\.json: not JSON: /],
    ["[]", /^b\.json: the file is not an object/],
    ['{"commands":[{"line":1}]}', /^b\.json: commands\[0\]\.type is not a string/],
    [
      '{"commands":[{"type":"action","line":1,"action":{"type":"invoke","field":"f","args":[{"type":"i32","value":"x"}]}}]}',
      /^b\.json: commands\[0\]\.action\.args\[0\]\.value is "x", not the bits of a number/,
    ],
    ['{"commands":[{"type":"module","line":1,"filename":"none.wasm"}]}', /^b\.json: the module none\.wasm is missing/],
  ])("%s", (text, message) => {
    writeFileSync(join(folder, "b.json"), text);
    const [tally] = [...runFolder(folder, {})];
    expect(tally?.failures).toEqual([expect.stringMatching(message)]);
  });
});

describe("the command", () => {
  async function command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, ["--import", "tsx", "test/conformance/main.ts", ...args], {
      cwd: PACKAGE_ROOT,
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (chunk: Buffer) => {
        output[name] += chunk;
      });
    }
    const [code] = (await once(child, "close")) as [number];
    return { code, ...output };
  }

  test("its last line with --json is the result; a failure is exit code 1", async () => {
    const commands = [MODULE, assertReturn(invoke("trap")), { type: "assert_later", line: 9 }];
    writeFileSync(join(folder, "a.json"), JSON.stringify({ commands }));
    const { code, stdout } = await command(folder, "--json");
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toEqual({
      passed: 0,
      failed: 1,
      skipped: [{ file: "a.json", line: 9, reason: 'the command "assert_later" is unknown' }],
    });
    expect(stdout).toContain('a.json:7: assert_return trap(): expected nothing, got trap "unreachable"\n');
    expect(code).toBe(1);
  });

  test("all passed is exit code 0", async () => {
    const commands = [MODULE, assertReturn(invoke("add", i32("1"), i32("2")), i32("3"))];
    writeFileSync(join(folder, "a.json"), JSON.stringify({ commands }));
    const { code, stdout } = await command(folder, "--engine", "interpreter");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("1 passed, 0 failed, 0 skipped");
    expect(code).toBe(0);
  });

  test.each([
    [["/nowhere"], "conformance: there is no folder /nowhere\n"],
    [[], "conformance: which folder? npm run conformance -- FOLDER [--json]\n"],
    [["package.json"], "conformance: package.json is not a folder\n"],
    [["firmware"], "conformance: firmware holds no .json file as wast2json writes them\n"],
    [["firmware", "--engine", "fast"], "conformance: --engine is interpreter or translated, not fast\n"],
  ])("%j is refused with one line and exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await command(...args);
    expect(stderr).toBe(message);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});
