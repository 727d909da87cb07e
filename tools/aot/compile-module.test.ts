/** The facade's refusals, and what it tells about an image. What images do is shown in test/conformance and test/fuzz. */
import { describe, expect, test } from "vitest";
import { NativeImageWord } from "../../runtime/contract/native-image.ts";
import { type CompileOptions, compileModule } from "./compile-module.ts";
import { CompileError, UnsupportedError } from "./errors.ts";

const OPTIONS: CompileOptions = {
  memoryAddress: 0x3ffe8100,
  memoryMaxBytes: 0x10000,
  globalsAddress: 0x3fffc000,
  hostSlot: () => undefined,
  checked: false,
};

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const END = 0x0b;
const section = (id: number, ...contents: number[]) => [id, contents.length, ...contents];
const name = (text: string) => [text.length, ...Buffer.from(text)];
const body = (...code: number[]) => [code.length + 2, 0, ...code, END];
const moduleOf = (...sections: number[][]) => Uint8Array.from([...HEADER, ...sections.flat()]);

/** `start` and `poll`, and `twice` between them. */
const PROGRAM = moduleOf(
  section(1, 2, 0x60, 0, 0, 0x60, 0, 1, 0x7f),
  section(3, 2, 0, 1),
  section(5, 1, 0, 1),
  section(6, 1, 0x7f, 1, 0x41, 5, END),
  section(7, 2, ...name("start"), 0, 0, ...name("poll"), 0, 1),
  section(10, 2, ...body(0x41, 7, 0x24, 0), ...body(0x23, 0, 0x41, 1, 0x6a)),
  section(11, 1, 0, 0x41, 4, END, 2, 0xaa, 0xbb),
);

test("the header tells where everything is", () => {
  const { image, exports, functions, ramBytes } = compileModule(PROGRAM, OPTIONS);
  const view = new DataView(image.buffer);
  const word = (index: NativeImageWord) => view.getUint32(4 * index, true);
  expect(word(NativeImageWord.ImageBytes)).toBe(image.length);
  expect(word(NativeImageWord.RamBytes)).toBe(ramBytes);
  expect(ramBytes).toBe(0x3fffc004 - 0x3ffe8000);
  const offsetOf = (exported: string) => {
    const found = exports.get(exported);
    return found?.kind === "function" ? found.offset : undefined;
  };
  expect([word(NativeImageWord.Start), word(NativeImageWord.Poll)]).toEqual([offsetOf("start"), offsetOf("poll")]);
  expect(word(NativeImageWord.HeapUsed)).toBe(0);
  expect(functions.map((fn) => fn.name).sort()).toEqual(["init", "poll", "start"]);
  expect(functions.every(({ offset }) => offset % 4 === 0)).toBe(true);
});

test("the same module gives the same bytes", () => {
  expect(compileModule(PROGRAM, OPTIONS).image).toEqual(compileModule(PROGRAM, OPTIONS).image);
});

describe("refused, with the reason", () => {
  const run = section(10, 1, ...body());
  test.each([
    [
      "an import that the target does not offer",
      moduleOf(section(1, 1, 0x60, 0, 0), section(2, 1, ...name("host"), ...name("fly"), 0, 0)),
      "import host.fly: the target offers no such function",
    ],
    [
      "a global that the target does not offer",
      moduleOf(section(2, 1, ...name("env"), ...name("g"), 3, 0x7f, 0)),
      "import env.g: the target offers no such global",
    ],
    ["too much memory", moduleOf(section(5, 1, 0, 2)), "the module asks for 2 pages of memory (131072 bytes)"],
    [
      "data outside of memory",
      moduleOf(section(5, 1, 0, 1), section(11, 1, 0, 0x41, 0xff, 0xff, 3, END, 2, 1, 2)),
      "data segment 0 lies at 65535 to 65537",
    ],
    [
      "an element outside of its table",
      moduleOf(
        section(1, 1, 0x60, 0, 0),
        section(3, 1, 0),
        section(4, 1, 0x70, 0, 1),
        section(9, 1, 0, 0x41, 1, END, 1, 0),
        run,
      ),
      "element segment 0 lies at 1 to 2",
    ],
  ])("%s", (_, wasm, text) => {
    expect(() => compileModule(wasm, OPTIONS)).toThrow(CompileError);
    expect(() => compileModule(wasm, OPTIONS)).toThrow(text);
  });

  test("an unsupported instruction is named with its function", () => {
    const simd = moduleOf(
      section(1, 1, 0x60, 0, 0),
      section(3, 1, 0),
      section(7, 1, ...name("paint"), 0, 0),
      // v128.const 0, then drop
      section(10, 1, ...body(0xfd, 0x0c, ...new Array<number>(16).fill(0), 0x1a)),
    );
    expect(() => compileModule(simd, OPTIONS)).toThrow(UnsupportedError);
    expect(() => compileModule(simd, OPTIONS)).toThrow(
      "function paint: instruction prefix 0xfd (SIMD) is not supported",
    );
  });
});
