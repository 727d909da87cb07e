/**
 * The other half of this engine's watchdog: a loop without host calls cannot be interrupted, so every loop of a module is made
 * to count its turns, in a global of its own that is exported. At 0 the loop traps. The count depends on nothing but the
 * program, so a simulation still replays.
 *
 * Source: WebAssembly Core Specification 2.0, section 5.4 (instructions) and 5.5 (modules). The module has been validated by
 * WebAssembly.Module before; one with instructions that are not known here stays as it is.
 */
import { ModuleReader, PREAMBLE_BYTES, Section } from "./module-reader.ts";

/** In one call into the program. A turn takes the chip three cycles at least, a poll that takes a second is an error. */
export const LOOP_TURNS_MAX = 20_000_000;
/** The exported global: turns that are left. No program exports such a name. */
export const TURNS_EXPORT = "\u0000turns";

/** Sections behind the one of globals; 12 is the count of data segments. */
const AFTER_GLOBALS: readonly number[] = [7, 8, 9, 10, 11, 12];
const TYPE_I32 = 0x7f;
const BLOCK_EMPTY = 0x40;
const EXPORT_GLOBAL = 0x03;

/** Instructions that are written here, or that have more behind them than one number. */
enum Opcode {
  Unreachable = 0x00,
  Nop = 0x01,
  Loop = 0x03,
  If = 0x04,
  Else = 0x05,
  End = 0x0b,
  BrTable = 0x0e,
  Return = 0x0f,
  CallIndirect = 0x11,
  Drop = 0x1a,
  Select = 0x1b,
  GlobalGet = 0x23,
  GlobalSet = 0x24,
  FirstAccess = 0x28,
  LastAccess = 0x3e,
  I32Const = 0x41,
  F32Const = 0x43,
  F64Const = 0x44,
  FirstNumeric = 0x45,
  I32Eqz = 0x45,
  I32Sub = 0x6b,
  LastNumeric = 0xc4,
  Prefix = 0xfc,
}
/** With one number behind them: block, loop, if, br, br_if, call, those of locals, globals and memory size, constants. */
const WITH_NUMBER = new Set([0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x3f, 0x40, 0x41, 0x42]);
const WITHOUT_IMMEDIATE = new Set<number>([
  Opcode.Unreachable,
  Opcode.Nop,
  Opcode.Else,
  Opcode.End,
  Opcode.Return,
  Opcode.Drop,
  Opcode.Select,
]);
/** Numbers behind the second byte of a prefixed instruction: saturating truncations, then those of memory in bulk. */
const PREFIXED_NUMBERS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1];

/** The module with counting loops; undefined: it has instructions that are not known here, or exports no function. */
export function countLoops(bytes: Uint8Array): Uint8Array | undefined {
  const sections = readSections(bytes);
  // Imported globals would be counted before the module's own; the host offers none.
  const globals = sections.find(({ id }) => id === Section.Global);
  const turns = globals === undefined ? 0 : countOf(globals.content);
  const get = [Opcode.GlobalGet, ...leb(turns)];
  const trapAtNone = [...get, Opcode.I32Eqz, Opcode.If, BLOCK_EMPTY, Opcode.Unreachable, Opcode.End];
  const countDown = [...get, Opcode.I32Const, 1, Opcode.I32Sub, Opcode.GlobalSet, ...leb(turns)];
  const counted = Uint8Array.of(...trapAtNone, ...countDown);
  // The initialization of a program has its turns too. LOOP_TURNS_MAX has the same bytes with a sign.
  const own = Uint8Array.of(TYPE_I32, 1, Opcode.I32Const, ...leb(LOOP_TURNS_MAX), Opcode.End);
  const name = Buffer.from(TURNS_EXPORT);
  const exported = Uint8Array.of(name.length, ...name, EXPORT_GLOBAL, ...leb(turns));
  const out: Uint8Array[] = [bytes.subarray(0, PREAMBLE_BYTES)];
  let isPlaced = false;
  for (const { id, content } of sections) {
    if (!isPlaced && (id === Section.Global || AFTER_GLOBALS.includes(id))) {
      isPlaced = true;
      out.push(section(Section.Global, appended(globals?.content ?? Uint8Array.of(0), own)));
    }
    if (id === Section.Global) continue;
    if (id === Section.Export) out.push(section(id, appended(content, exported)));
    else if (id === Section.Code) {
      const code = countInCode(content, counted);
      if (code === undefined) return undefined;
      out.push(section(id, code));
    } else out.push(section(id, content));
  }
  return Buffer.concat(out);
}

function readSections(bytes: Uint8Array): { id: number; content: Uint8Array }[] {
  const reader = new ModuleReader(bytes, PREAMBLE_BYTES);
  const sections: { id: number; content: Uint8Array }[] = [];
  while (reader.position < bytes.length) {
    const id = reader.byte();
    const size = reader.unsigned();
    sections.push({ id, content: bytes.subarray(reader.position, reader.position + size) });
    reader.position += size;
  }
  return sections;
}

function countOf(vector: Uint8Array): number {
  return new ModuleReader(vector, 0).unsigned();
}

/** A vector with one item more. */
function appended(vector: Uint8Array, item: Uint8Array): Uint8Array {
  const reader = new ModuleReader(vector, 0);
  const count = reader.unsigned();
  return Buffer.concat([Uint8Array.from(leb(count + 1)), vector.subarray(reader.position), item]);
}

function section(id: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(id, ...leb(content.length)), content]);
}

function countInCode(code: Uint8Array, counted: Uint8Array): Uint8Array | undefined {
  const reader = new ModuleReader(code, 0);
  const count = reader.unsigned();
  const out: Uint8Array[] = [Uint8Array.from(leb(count))];
  for (let index = 0; index < count; index++) {
    const size = reader.unsigned();
    const end = reader.position + size;
    const parts: Uint8Array[] = [];
    let from = reader.position;
    for (let groups = reader.unsigned(); groups > 0; groups--) {
      reader.unsigned();
      reader.byte();
    }
    while (reader.position < end) {
      const opcode = reader.byte();
      if (!skipImmediates(reader, opcode)) return undefined;
      if (opcode !== Opcode.Loop) continue;
      parts.push(code.subarray(from, reader.position), counted);
      from = reader.position;
    }
    parts.push(code.subarray(from, end));
    const body = Buffer.concat(parts);
    out.push(Uint8Array.from(leb(body.length)), body);
  }
  return Buffer.concat(out);
}

/** False: what follows the opcode is not known. */
function skipImmediates(reader: ModuleReader, opcode: number): boolean {
  if (opcode >= Opcode.FirstNumeric && opcode <= Opcode.LastNumeric) return true;
  if (WITHOUT_IMMEDIATE.has(opcode)) return true;
  if (WITH_NUMBER.has(opcode)) reader.skip(1);
  else if (opcode >= Opcode.FirstAccess && opcode <= Opcode.LastAccess) reader.skip(2);
  else if (opcode === Opcode.CallIndirect) reader.skip(2);
  else if (opcode === Opcode.BrTable) reader.skip(reader.unsigned() + 1);
  else if (opcode === Opcode.F32Const) reader.position += 4;
  else if (opcode === Opcode.F64Const) reader.position += 8;
  else {
    const numbers = opcode === Opcode.Prefix ? PREFIXED_NUMBERS[reader.unsigned()] : undefined;
    if (numbers === undefined) return false;
    reader.skip(numbers);
  }
  return true;
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
