/**
 * Bytes that are no module, or hardly one: the compiler answers with CompileError or compiles them, and nothing else. A
 * module cut off after any byte, and modules with bits turned over.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../../runtime/board/random.ts";
import { CompileError, compileModule } from "../../tools/aot/compile-module.ts";
import { compileProgram } from "../../tools/build/compile-program.ts";
import { constant, localGet, localSet, writeModule } from "../native/wasm-writer.ts";

const FLIPS = 4000;
const BITS_MOST = 3;
const [BLOCK, LOOP, END, BR_IF, BR_TABLE, CALL_INDIRECT] = [0x02, 0x03, 0x0b, 0x0d, 0x0e, 0x11] as const;
const EMPTY = 0x40;
const [I32_LOAD, I32_STORE8, I32_ADD, I32_SUB, I64_MUL, F64_DIV] = [0x28, 0x3a, 0x6a, 0x6b, 0x7e, 0xa3] as const;

/** A bit of everything: memory, data, a table, an import, a loop, a switch, all types. */
const MODULE = writeModule({
  imports: [{ module: "host", name: "log", params: ["i32", "i64"], results: ["i32"] }],
  memory: { least: 1, most: 2 },
  table: [1, 2, 0],
  data: [{ address: 16, bytes: [1, 2, 3, 4, 5] }],
  functions: [
    {
      name: "count",
      params: ["i32"],
      results: ["i32"],
      locals: ["i32"],
      code: [
        ...[LOOP, EMPTY, ...localGet(1), ...localGet(0), I32_LOAD, 2, 16, I32_ADD, ...localSet(1)],
        ...[...localGet(0), ...localGet(1), I32_STORE8, 0, 1],
        ...[...localGet(0), ...constant("i32", 4n), I32_SUB, 0x22, 0, BR_IF, 0, END, ...localGet(1)],
      ],
    },
    {
      name: "choose",
      params: ["i32", "i64", "f64"],
      results: ["f64"],
      code: [
        ...[BLOCK, EMPTY, BLOCK, EMPTY, ...localGet(0), BR_TABLE, 2, 0, 1, 1, END],
        ...[...localGet(2), ...constant("f64", 0x4008000000000000n), F64_DIV, 0x0f, END],
        ...[...localGet(0), ...localGet(1), ...localGet(1), I64_MUL, ...localGet(0), CALL_INDIRECT, 0, 0, 0xb7],
      ],
    },
  ],
});

/** A CompileError; undefined where it compiles. Anything else is thrown on. */
function refusal(wasm: Uint8Array): CompileError | undefined {
  try {
    compileModule(wasm, {
      memoryAddress: 0x30000000,
      memoryMaxBytes: 0x20000,
      globalsAddress: 0x3ffe8100,
      hostSlot: (module, name) => (module === "host" && name === "log" ? 0 : undefined),
      checked: true,
    });
    return undefined;
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
}

describe("a module that is cut off is refused with a reason, after whichever byte", () => {
  let counter: Uint8Array;
  beforeAll(async () => {
    counter = (await compileProgram("firmware/counter")).wasm;
  });

  test("a small one", () => {
    for (let length = 0; length < MODULE.length; length++) {
      // Cut off between two sections it is a module, if nothing refers to what is missing.
      if (WebAssembly.validate(MODULE.subarray(0, length))) continue;
      expect(refusal(MODULE.subarray(0, length))?.message, `${length} bytes`).toMatch(/^not a valid module: ./);
    }
  });

  test("the counter program", () => {
    for (let length = 0; length < counter.length; length++) {
      if (WebAssembly.validate(counter.subarray(0, length))) continue;
      const message = refusal(counter.subarray(0, length))?.message;
      if (!message?.startsWith("not a valid module: ")) throw new Error(`${length} bytes: ${message}`);
    }
  });
});

test(`${FLIPS} modules with bits turned over are compiled or refused`, () => {
  expect(refusal(MODULE)).toBeUndefined();
  const random = new SeededRandom(20261121);
  const answers = { compiled: 0, refused: 0 };
  for (let round = 0; round < FLIPS; round++) {
    const wasm = MODULE.slice();
    const flips = random.integer(1, BITS_MOST);
    const places = Array.from({ length: flips }, () => random.integer(0, 8 * wasm.length - 1));
    for (const place of places) wasm[place >> 3] = (wasm[place >> 3] ?? 0) ^ (1 << (place & 7));
    try {
      answers[refusal(wasm) === undefined ? "compiled" : "refused"]++;
    } catch (error) {
      throw new Error(`bits ${places.join(", ")}`, { cause: error });
    }
  }
  expect(answers.compiled).toBeGreaterThan(FLIPS / 20);
  expect(answers.refused).toBeGreaterThan(FLIPS / 4);
});
