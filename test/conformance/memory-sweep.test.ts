/**
 * Every load and store at every kind of address: aligned and not, at both ends of memory and beyond them, with offsets that
 * fit an instruction and offsets that do not, with every alignment hint. V8 is the judge, of results and of all memory.
 */
import { describe, expect, test } from "vitest";
import type { ValType } from "../../tools/aot/read/module.ts";
import { NO_IMPORTS, showOutcome } from "../native/program.ts";
import { ProgramInV8 } from "../native/program-in-v8.ts";
import { compileForChip } from "../native/program-on-chip.ts";
import { valueOf } from "../native/wasm-values.ts";
import { constant, type FunctionSource, localGet, unsigned, writeModule } from "../native/wasm-writer.ts";

interface AccessOpcode {
  code: number;
  name: string;
  type: ValType;
  bytes: number;
}

const PAGE_BYTES = 65536;
const FIRST_LOAD = 0x28;
const FIRST_STORE = 0x36;
const LOADS = opcodes(
  FIRST_LOAD,
  "i32.load:4 i64.load:8 f32.load:4 f64.load:8 i32.load8_s:1 i32.load8_u:1 i32.load16_s:2 i32.load16_u:2 " +
    "i64.load8_s:1 i64.load8_u:1 i64.load16_s:2 i64.load16_u:2 i64.load32_s:4 i64.load32_u:4",
);
const STORES = opcodes(
  FIRST_STORE,
  "i32.store:4 i64.store:8 f32.store:4 f64.store:8 i32.store8:1 i32.store16:2 i64.store8:1 i64.store16:2 i64.store32:4",
);

const OFFSETS = [
  0, 1, 3, 4, 252, 255, 256, 508, 510, 512, 1016, 1020, 1024, 4092, 32768, 65528, 65535, 65536, 0xffffffff,
];
const ADDRESSES = [
  ...[0, 1, 2, 3, 4, 5, 7, 8, 100, 255, 1000, 4095, 4096, 32767, 32768, 61444, 64512, 65000],
  ...[65527, 65528, 65529, 65531, 65532, 65533, 65534, 65535, 65536, 65537, 0x7fffffff, 0x80000000, 0xffffffff],
];
const STORED = 0xf1e2d3c4b5a69788n;
const TO_INTEGER: Record<ValType, number[]> = { i32: [], i64: [], f32: [0xbc], f64: [0xbd] };
const FROM_INTEGER: Record<ValType, number[]> = { i32: [], i64: [], f32: [0xbe], f64: [0xbf] };

function opcodes(first: number, list: string): AccessOpcode[] {
  return list.split(" ").map((text, index) => {
    const [name = "", bytes] = text.split(":");
    return { code: first + index, name, type: name.slice(0, 3) as ValType, bytes: Number(bytes) };
  });
}

function integerOf(type: ValType): ValType {
  return type === "i32" || type === "f32" ? "i32" : "i64";
}

/** With the address in a parameter, and as a constant. */
function functionsOf({ code, type, bytes }: AccessOpcode): FunctionSource[] {
  const isLoad = code < FIRST_STORE;
  const integer = integerOf(type);
  const access = (address: number[], offset: number, align: number) => [
    ...address,
    ...(isLoad ? [] : [...constant(integer, STORED), ...FROM_INTEGER[type]]),
    ...[code, align, ...unsigned(offset)],
    ...(isLoad ? TO_INTEGER[type] : []),
  ];
  const results: ValType[] = isLoad ? [integer] : [];
  const functions: FunctionSource[] = OFFSETS.map((offset) => ({
    ...{ name: `+${offset}`, params: ["i32"], results },
    code: access(localGet(0), offset, Math.log2(bytes)),
  }));
  for (let align = 0; 2 ** align < bytes; align++) {
    functions.push({ name: `hint ${align}`, params: ["i32"], results, code: access(localGet(0), 4, align) });
  }
  for (const address of ADDRESSES) {
    const at = constant("i32", BigInt(address));
    functions.push({ name: `at ${address}`, params: [], results, code: access(at, 2, Math.log2(bytes)) });
  }
  return functions;
}

describe.each([...LOADS, ...STORES])("$name", (opcode) => {
  test.each([
    ["memory of one page", { least: 1, most: 1 }],
    ["memory that can grow", { least: 1, most: 2 }],
  ])("%s", (_, memory) => {
    const functions = functionsOf(opcode);
    const bytes = Array.from({ length: PAGE_BYTES }, (_, index) => (index * 167 + (index >> 8)) & 255);
    const wasm = writeModule({ functions, memory, data: [{ address: 0, bytes }] });
    const judge = new ProgramInV8(wasm, NO_IMPORTS);
    const program = compileForChip(wasm, { checked: true, memoryMaxBytes: 2 * PAGE_BYTES });
    judge.init();
    expect(program.init()).toEqual({ kind: "returned", values: [] });
    const failures: string[] = [];
    for (const { name = "", params } of functions) {
      for (const address of params.length === 0 ? [0] : ADDRESSES) {
        const args = params.map((type) => valueOf(type, BigInt(address)));
        const expected = showOutcome(judge.call(name, args));
        const got = showOutcome(program.call(name, args));
        if (expected !== got) failures.push(`${name} (${address}): expected ${expected}, got ${got}`);
      }
    }
    expect(failures).toEqual([]);
    expect(Buffer.compare(program.memory(PAGE_BYTES), judge.memory())).toBe(0);
  });
});
