import { describe, expect, test } from "vitest";
import { CompileError, UnsupportedError } from "../errors.ts";
import { readModule } from "./read-module.ts";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const I32 = 0x7f;
const END = 0x0b;

function section(id: number, ...contents: number[]): number[] {
  return [id, contents.length, ...contents];
}

function moduleOf(...sections: number[][]): Uint8Array {
  return Uint8Array.from([...HEADER, ...sections.flat()]);
}

const name = (text: string) => [text.length, ...Buffer.from(text)];
const body = (...code: number[]) => [code.length + 2, 0, ...code, END];

const TYPES = section(1, 2, 0x60, 2, I32, 0x7e, 1, I32, 0x60, 0, 0);
const ADD = moduleOf(
  TYPES,
  section(2, 1, ...name("host"), ...name("tick"), 0, 1),
  section(3, 1, 0),
  section(5, 1, 1, 1, 4),
  section(6, 1, I32, 1, 0x41, 0x7f, END),
  section(7, 2, ...name("sum"), 0, 1, ...name("memory"), 2, 0),
  section(10, 1, ...body(0x20, 0)),
  section(11, 1, 0, 0x41, 8, END, 3, 1, 2, 3),
);

test("a module is taken apart", () => {
  const module = readModule(ADD);
  expect(module.types).toEqual([
    { params: ["i32", "i64"], results: ["i32"] },
    { params: [], results: [] },
  ]);
  expect(module.functionImports).toEqual([{ module: "host", name: "tick", typeIndex: 1 }]);
  expect(module.functions).toMatchObject([{ name: "sum", typeIndex: 0, locals: ["i32", "i64"] }]);
  expect(module.memory).toEqual({ least: 1, most: 4 });
  expect(module.globals).toEqual([{ type: "i32", isMutable: true, init: { kind: "words", words: [-1] } }]);
  expect(module.exports).toEqual([
    { name: "sum", kind: "function", index: 1 },
    { name: "memory", kind: "memory", index: 0 },
  ]);
  expect(module.data).toEqual([{ offset: { kind: "words", words: [8] }, bytes: Uint8Array.of(1, 2, 3) }]);
});

test("the name section names functions; one that is broken is passed over", () => {
  const custom = (...contents: number[]) => section(0, ...name("name"), ...contents);
  const base = [TYPES, section(3, 1, 1), section(10, 1, ...body())];
  const good = custom(1, 6, 1, 0, ...name("run"));
  expect(readModule(moduleOf(...base, good)).functions[0]?.name).toBe("run");
  expect(readModule(moduleOf(...base, custom(1, 99, 1))).functions[0]?.name).toBe("function 0");
});

test("cut off after whichever byte: a CompileError that says so, or a module", () => {
  let refused = 0;
  for (let length = 0; length < ADD.length; length++) {
    const cut = ADD.subarray(0, length);
    // Cut off between two sections it is a module, if nothing refers to what is missing.
    if (WebAssembly.validate(cut)) {
      readModule(cut);
      continue;
    }
    refused++;
    expect(() => readModule(cut), `${length} bytes`).toThrow(CompileError);
    expect(() => readModule(cut), `${length} bytes`).toThrow(/^not a valid module: /);
  }
  expect(refused).toBeGreaterThan(ADD.length / 2);
});

test("what V8 refuses is refused with its place", () => {
  const wrong = moduleOf(TYPES, section(3, 1, 0), section(10, 1, ...body(0x6a)));
  expect(() => readModule(wrong)).toThrow(/^not a valid module: Compiling function #0 failed: .* @\+\d+$/);
  expect(() => readModule(Uint8Array.of(1, 2, 3))).toThrow("it does not begin with the WebAssembly header");
});

describe("valid, but not translated: the feature is named", () => {
  test.each([
    ["threads", moduleOf(section(5, 1, 3, 1, 1)), "a memory is shared (threads)"],
    ["memory64", moduleOf(section(5, 1, 4, 1)), "a memory has 64-bit addresses (memory64)"],
    ["SIMD", moduleOf(section(1, 1, 0x60, 1, 0x7b, 0)), "v128 (SIMD)"],
    ["reference types", moduleOf(section(1, 1, 0x60, 1, 0x6f, 0)), "externref (reference types)"],
    ["garbage collection", moduleOf(section(1, 1, 0x5f, 0)), "garbage collection"],
    ["several memories", moduleOf(section(5, 2, 0, 1, 0, 1)), "several memories"],
    ["passive data", moduleOf(section(5, 1, 0, 1), section(12, 1), section(11, 1, 1, 1, 7)), "passive (bulk memory)"],
    ["exceptions", moduleOf(TYPES, section(13, 1, 0, 1)), "exception handling"],
  ])("%s", (_, wasm, text) => {
    expect(() => readModule(wasm)).toThrow(UnsupportedError);
    expect(() => readModule(wasm)).toThrow(text);
  });
});
