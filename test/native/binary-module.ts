/**
 * Takes a WebAssembly module apart far enough to change it and puts it together again: sections, function bodies, the
 * instructions of WebAssembly 1.0. Only for modules that are valid. Source: Core Specification 1.0, chapter 5.
 */
import { list, unsigned } from "./wasm-writer.ts";

export enum SectionId {
  Custom = 0,
  Type = 1,
  Import = 2,
  Function = 3,
  Memory = 5,
  Global = 6,
  Export = 7,
  Code = 10,
}

const HEADER_BYTES = 8;

export class ByteCursor {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  get isAtEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  byte(): number {
    return this.bytes[this.position++] as number;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  skipLeb(): void {
    while (this.byte() >= 128);
  }

  take(length: number): Uint8Array {
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.unsigned() }, read);
  }
}

export interface Section {
  id: number;
  content: Uint8Array;
}

export function readSections(wasm: Uint8Array): Section[] {
  const cursor = new ByteCursor(wasm, HEADER_BYTES);
  const sections: Section[] = [];
  while (!cursor.isAtEnd) sections.push({ id: cursor.byte(), content: cursor.take(cursor.unsigned()) });
  return sections;
}

export function writeSections(wasm: Uint8Array, sections: Section[]): Uint8Array {
  const parts = sections.map(({ id, content }) => [...[id, ...unsigned(content.length)], ...content]);
  return Uint8Array.from([...wasm.subarray(0, HEADER_BYTES), ...parts.flat()]);
}

export function readBodies(code: Uint8Array): Uint8Array[] {
  const cursor = new ByteCursor(code);
  return cursor.list(() => cursor.take(cursor.unsigned()));
}

export function writeBodies(bodies: number[][]): Uint8Array {
  return Uint8Array.from(list(bodies.map((body) => [...unsigned(body.length), ...body])));
}

export enum Opcode {
  Block = 0x02,
  Loop = 0x03,
  If = 0x04,
  Br = 0x0c,
  BrIf = 0x0d,
  BrTable = 0x0e,
  Call = 0x10,
  CallIndirect = 0x11,
  LocalGet = 0x20,
  GlobalSet = 0x24,
  FirstLoad = 0x28,
  LastLoad = 0x35,
  LastStore = 0x3e,
  MemorySize = 0x3f,
  MemoryGrow = 0x40,
  I32Const = 0x41,
  I64Const = 0x42,
  F32Const = 0x43,
  F64Const = 0x44,
  Prefix = 0xfc,
}

/** Moves the cursor over one instruction; its opcode. */
export function skipInstruction(cursor: ByteCursor): number {
  const opcode = cursor.byte();
  if (opcode >= Opcode.FirstLoad && opcode <= Opcode.LastStore) {
    cursor.skipLeb();
    cursor.skipLeb();
  } else if (opcode >= Opcode.LocalGet && opcode <= Opcode.GlobalSet) cursor.skipLeb();
  else
    switch (opcode) {
      case Opcode.Block:
      case Opcode.Loop:
      case Opcode.If:
      case Opcode.Br:
      case Opcode.BrIf:
      case Opcode.Call:
      case Opcode.MemorySize:
      case Opcode.MemoryGrow:
      case Opcode.I32Const:
      case Opcode.I64Const:
      case Opcode.Prefix:
        cursor.skipLeb();
        break;
      case Opcode.BrTable:
        cursor.list(() => cursor.skipLeb());
        cursor.skipLeb();
        break;
      case Opcode.CallIndirect:
        cursor.skipLeb();
        cursor.skipLeb();
        break;
      case Opcode.F32Const:
        cursor.position += 4;
        break;
      case Opcode.F64Const:
        cursor.position += 8;
        break;
    }
  return opcode;
}
