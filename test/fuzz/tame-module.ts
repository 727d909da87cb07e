/**
 * Changes a random module so that two correct engines cannot differ on it.
 *
 * - Which bits an arithmetic NaN has is open. Bits are seen only through reinterpretation, stores and the second operand
 *   of copysign, so there, and nowhere else, a NaN is replaced by the canonical one.
 * - Unchecked builds promise nothing beyond memory or at odd addresses: for them every address is masked into memory and
 *   aligned, every store and load stays what it is.
 * - Memory is one page that can grow to two, so that setting it up costs little; globals are exported, to be compared.
 */
import type { ValType } from "../../tools/aot/read/module.ts";
import {
  ByteCursor,
  Opcode,
  readBodies,
  readSections,
  SectionId,
  skipInstruction,
  writeBodies,
  writeSections,
} from "../native/binary-module.ts";
import { constant, list, localGet, localSet, unsigned, VALUE_TYPE_CODES } from "../native/wasm-writer.ts";

export interface TameOptions {
  /** Addresses are masked into memory and aligned. */
  areAccessesTame: boolean;
}

const MEMORY = [1, 1, 1, 2];
const I32_AND = 0x71;
const SELECT = 0x1b;
const GLOBAL_KIND = 3;
const F32_STORE = 0x38;
const F64_STORE = 0x39;
/** Whose last operand's bits show in the result. */
const NAN_OBSERVERS = new Map<number, ValType>([
  [0xbc, "f32"], // i32.reinterpret_f32
  [0x98, "f32"], // f32.copysign
  [F32_STORE, "f32"],
  [0xbd, "f64"], // i64.reinterpret_f64
  [0xa6, "f64"], // f64.copysign
  [F64_STORE, "f64"],
]);
const EQUAL: Partial<Record<ValType, number>> = { f32: 0x5b, f64: 0x61 };
const CANONICAL_NAN: Partial<Record<ValType, bigint>> = { f32: 0x7fc00000n, f64: 0x7ff8000000000000n };

/** Width of each access in bytes, from i32.load to i64.store32; and the types that stores write. */
const ACCESS_BYTES = [4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4];
const STORE_TYPES: ValType[] = ["i32", "i64", "f32", "f64", "i32", "i32", "i64", "i64", "i64"];
/** How much of memory the accesses of one instruction reach. */
const REACHES = [0x3f, 0xff, 0xfff, 0x7fff];
const OFFSET_MASK = 0x3ff;
const SCRATCH_TYPES: ValType[] = ["i32", "i64", "f32", "f64"];

export function tameModule(wasm: Uint8Array, options: TameOptions): Uint8Array {
  const sections = readSections(wasm);
  const contentOf = (id: SectionId) => sections.find((section) => section.id === id)?.content;
  const paramCounts = readParamCounts(contentOf(SectionId.Type));
  const functionTypes = contentOf(SectionId.Function);
  const types = functionTypes === undefined ? [] : new ByteCursorList(functionTypes).numbers();
  const globals = new ByteCursor(contentOf(SectionId.Global) ?? Uint8Array.of(0)).unsigned();
  return writeSections(
    wasm,
    sections.map(({ id, content }) => {
      if (id === SectionId.Memory) return { id, content: Uint8Array.from(MEMORY) };
      if (id === SectionId.Export) return { id, content: withGlobals(content, globals) };
      if (id !== SectionId.Code) return { id, content };
      const bodies = readBodies(content).map((body, index) =>
        tameBody(body, paramCounts[types[index] ?? 0] ?? 0, options),
      );
      return { id, content: writeBodies(bodies) };
    }),
  );
}

class ByteCursorList extends ByteCursor {
  numbers(): number[] {
    return this.list(() => this.unsigned());
  }
}

function readParamCounts(types: Uint8Array | undefined): number[] {
  if (types === undefined) return [];
  const cursor = new ByteCursor(types);
  return cursor.list(() => {
    cursor.byte();
    const params = cursor.take(cursor.unsigned());
    cursor.take(cursor.unsigned());
    return params.length;
  });
}

/** The exports and one for each global; random modules import none and export none. */
function withGlobals(content: Uint8Array, globals: number): Uint8Array {
  const cursor = new ByteCursor(content);
  const count = cursor.unsigned();
  const added = Array.from({ length: globals }, (_, index) => {
    const name = new TextEncoder().encode(`global ${index}`);
    return [...unsigned(name.length), ...name, GLOBAL_KIND, ...unsigned(index)];
  });
  return Uint8Array.from([...unsigned(count + globals), ...content.subarray(cursor.position), ...added.flat()]);
}

function tameBody(body: Uint8Array, paramCount: number, options: TameOptions): number[] {
  const cursor = new ByteCursor(body);
  let firstScratch = paramCount;
  const locals = cursor.list(() => {
    const count = cursor.unsigned();
    firstScratch += count;
    return [...unsigned(count), cursor.byte()];
  });
  const scratch = (type: ValType) => firstScratch + SCRATCH_TYPES.indexOf(type);
  const out = list([...locals, ...SCRATCH_TYPES.map((type) => [1, VALUE_TYPE_CODES[type]])]);
  while (!cursor.isAtEnd) {
    const start = cursor.position;
    const opcode = skipInstruction(cursor);
    const nanType = NAN_OBSERVERS.get(opcode);
    if (nanType !== undefined) out.push(...canonicalNan(nanType, scratch(nanType)));
    const isAccess = opcode >= Opcode.FirstLoad && opcode <= Opcode.LastStore;
    if (!isAccess || !options.areAccessesTame) {
      for (let index = start; index < cursor.position; index++) out.push(body[index] as number);
      continue;
    }
    const width = ACCESS_BYTES[opcode - Opcode.FirstLoad] ?? 1;
    const memarg = new ByteCursor(body, start + 1);
    const align = memarg.unsigned();
    const offset = memarg.unsigned() & OFFSET_MASK & ~(width - 1);
    const reach = REACHES[start % REACHES.length] ?? 0;
    const mask = [...constant("i32", BigInt(reach & ~(width - 1))), I32_AND];
    const stored = STORE_TYPES[opcode - Opcode.LastLoad - 1];
    if (stored === undefined) out.push(...mask);
    else out.push(...localSet(scratch(stored)), ...mask, ...localGet(scratch(stored)));
    out.push(opcode, ...unsigned(align), ...unsigned(offset));
  }
  return out;
}

/** Replaces a NaN on top of the stack. */
function canonicalNan(type: ValType, scratch: number): number[] {
  const get = localGet(scratch);
  return [
    ...[...localSet(scratch), ...get, ...constant(type, CANONICAL_NAN[type] ?? 0n)],
    ...[...get, ...get, EQUAL[type] ?? 0, SELECT],
  ];
}
