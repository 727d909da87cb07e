/**
 * WebAssembly bytes to a Module. Whether it is valid is V8's to say: it is at hand, complete, and names function and
 * byte. This reader then takes it apart, and names what is valid WebAssembly but not translated here.
 */
import { CompileError, UnsupportedError } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ConstExpr, FuncType, FunctionImport, Global, Limits, Module, ValType } from "./module.ts";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const VALUE_TYPES = new Map<number, ValType>([
  [0x7f, "i32"],
  [0x7e, "i64"],
  [0x7d, "f32"],
  [0x7c, "f64"],
]);
const FOREIGN_TYPES = new Map([
  [0x7b, "v128 (SIMD)"],
  [0x70, "funcref (reference types)"],
  [0x6f, "externref (reference types)"],
]);
const FUNCREF = 0x70;
const EXPORT_KINDS = ["function", "table", "memory", "global"] as const;

export function readModule(bytes: Uint8Array): Module {
  if (HEADER.some((byte, index) => bytes[index] !== byte)) {
    throw new CompileError("not a valid module: it does not begin with the WebAssembly header, version 1");
  }
  const invalid = invalidity(bytes);
  if (invalid === undefined) return new ModuleReader(bytes).read();
  // What V8 refuses may be a feature that it does not know yet: then the feature is the better reason.
  try {
    new ModuleReader(bytes).read();
  } catch (error) {
    if (error instanceof UnsupportedError) throw error;
  }
  throw new CompileError(`not a valid module: ${invalid}`);
}

function invalidity(bytes: Uint8Array): string | undefined {
  try {
    new WebAssembly.Module(bytes);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.replace(/^WebAssembly\.Module\(\): /, "");
  }
}

class ModuleReader {
  readonly #reader: ByteReader;
  readonly #module: Module;
  #functionTypes: number[] = [];
  readonly #functionNames = new Map<number, string>();
  #bodies: { start: number; end: number; locals: ValType[] }[] = [];

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes, HEADER.length);
    this.#module = {
      bytes,
      types: [],
      functionImports: [],
      functions: [],
      tables: [],
      memory: undefined,
      globals: [],
      exports: [],
      start: undefined,
      elements: [],
      data: [],
    };
  }

  read(): Module {
    while (!this.#reader.isAtEnd) {
      const id = this.#reader.byte();
      this.#readSection(id, this.#reader.take(this.#reader.u32()));
    }
    this.#joinFunctions();
    return this.#module;
  }

  #readSection(id: number, section: ByteReader): void {
    const module = this.#module;
    switch (id) {
      case 0:
        return this.#readCustom(section);
      case 1:
        module.types = section.list(() => readFuncType(section));
        return;
      case 2:
        section.list(() => this.#readImport(section));
        return;
      case 3:
        this.#functionTypes = section.list(() => section.u32());
        return;
      case 4:
        section.list(() => module.tables.push(readTable(section)));
        return;
      case 5:
        section.list(() => this.#addMemory(readLimits(section, "memory")));
        return;
      case 6:
        section.list(() => module.globals.push(this.#readGlobal(section)));
        return;
      case 7:
        module.exports = section.list(() => {
          const name = section.name();
          const kind = EXPORT_KINDS[section.byte()];
          if (kind === undefined) throw new UnsupportedError(`export "${name}" is a tag (exception handling)`);
          return { name, kind, index: section.u32() };
        });
        return;
      case 8:
        module.start = section.u32();
        return;
      case 9:
        section.list(() => this.#readElements(section));
        return;
      case 10:
        this.#bodies = section.list(() => readBody(section));
        return;
      case 11:
        section.list(() => this.#readData(section));
        return;
      case 12:
        return; // number of data segments, for a reader in one pass
      case 13:
        throw new UnsupportedError("the module has tags (exception handling)");
      default:
        section.fail(`section ${id} is unknown,`);
    }
  }

  #readImport(section: ByteReader): void {
    const module = section.name();
    const name = section.name();
    const kind = section.byte();
    if (kind === 0) this.#module.functionImports.push({ module, name, typeIndex: section.u32() } as FunctionImport);
    else if (kind === 1) this.#module.tables.push(readTable(section));
    else if (kind === 2) this.#addMemory(readLimits(section, "memory"));
    else if (kind === 3) {
      const type = readValType(section);
      this.#module.globals.push({ type, isMutable: section.byte() === 1, imported: { module, name } });
    } else throw new UnsupportedError(`import ${module}.${name} is a tag (exception handling)`);
  }

  #addMemory(limits: Limits): void {
    if (this.#module.memory !== undefined) throw new UnsupportedError("the module has several memories");
    this.#module.memory = limits;
  }

  #readGlobal(section: ByteReader): Global {
    const type = readValType(section);
    const isMutable = section.byte() === 1;
    return { type, isMutable, init: readConstExpr(section) };
  }

  #readElements(section: ByteReader): void {
    const flags = section.u32();
    if ((flags & 1) !== 0) throw new UnsupportedError("an element segment is passive or declarative (bulk memory)");
    const table = (flags & 2) !== 0 ? section.u32() : 0;
    const offset = readConstExpr(section);
    const hasExpressions = (flags & 4) !== 0;
    if ((flags & 2) !== 0) {
      const kind = section.byte();
      if (kind !== (hasExpressions ? FUNCREF : 0)) {
        throw new UnsupportedError("an element segment holds other things than functions (reference types)");
      }
    }
    const functions = section.list(() => (hasExpressions ? readFunctionExpr(section) : section.u32()));
    this.#module.elements.push({ table, offset, functions });
  }

  #readData(section: ByteReader): void {
    const flags = section.u32();
    if (flags === 1) throw new UnsupportedError("a data segment is passive (bulk memory)");
    if (flags === 2 && section.u32() !== 0) throw new UnsupportedError("the module has several memories");
    const offset = readConstExpr(section);
    const part = section.take(section.u32());
    this.#module.data.push({ offset, bytes: section.bytes.subarray(part.offset, part.end) });
  }

  /** Names of functions; a custom section that cannot be read is passed over, as the specification asks. */
  #readCustom(section: ByteReader): void {
    try {
      if (section.name() !== "name") return;
      while (!section.isAtEnd) {
        const id = section.byte();
        const part = section.take(section.u32());
        if (id === 1) part.list(() => this.#functionNames.set(part.u32(), part.name()));
      }
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
    }
  }

  #joinFunctions(): void {
    const module = this.#module;
    const exported = new Map(
      module.exports.filter(({ kind }) => kind === "function").map(({ index, name }) => [index, name]),
    );
    module.functions = this.#bodies.map((body, position) => {
      const index = module.functionImports.length + position;
      const typeIndex = this.#functionTypes[position] ?? 0;
      const name = this.#functionNames.get(index) ?? exported.get(index) ?? `function ${index}`;
      return {
        name,
        typeIndex,
        locals: [...(module.types[typeIndex]?.params ?? []), ...body.locals],
        start: body.start,
        end: body.end,
      };
    });
  }
}

export function readValType(reader: ByteReader): ValType {
  const code = reader.byte();
  const type = VALUE_TYPES.get(code);
  if (type !== undefined) return type;
  throw new UnsupportedError(
    `a value is of type ${FOREIGN_TYPES.get(code) ?? `0x${code.toString(16)}`}; only i32, i64, f32 and f64 are supported`,
  );
}

function readFuncType(section: ByteReader): FuncType {
  const form = section.byte();
  if (form !== 0x60) throw new UnsupportedError(`a type is of form 0x${form.toString(16)} (garbage collection)`);
  return { params: section.list(() => readValType(section)), results: section.list(() => readValType(section)) };
}

function readTable(section: ByteReader): Limits {
  const type = section.byte();
  if (type !== FUNCREF) throw new UnsupportedError("a table holds other things than functions (reference types)");
  return readLimits(section, "table");
}

function readLimits(section: ByteReader, what: string): Limits {
  const flags = section.byte();
  if ((flags & 2) !== 0) throw new UnsupportedError(`a ${what} is shared (threads)`);
  if ((flags & 4) !== 0) throw new UnsupportedError(`a ${what} has 64-bit addresses (memory64)`);
  const least = section.u32();
  return { least, most: (flags & 1) !== 0 ? section.u32() : undefined };
}

function readConstExpr(section: ByteReader): ConstExpr {
  const opcode = section.byte();
  let result: ConstExpr;
  if (opcode === 0x41) result = { kind: "words", words: [section.s32()] };
  else if (opcode === 0x42) {
    const value = section.s64();
    result = { kind: "words", words: [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))] };
  } else if (opcode === 0x43) result = { kind: "words", words: [section.word()] };
  else if (opcode === 0x44) result = { kind: "words", words: [section.word(), section.word()] };
  else if (opcode === 0x23) result = { kind: "global", index: section.u32() };
  else throw new UnsupportedError(`an initial value uses instruction 0x${opcode.toString(16)}`);
  if (section.byte() !== 0x0b) throw new UnsupportedError("an initial value is computed (extended constants)");
  return result;
}

function readFunctionExpr(section: ByteReader): number | undefined {
  const opcode = section.byte();
  const index = opcode === 0xd2 ? section.u32() : undefined;
  if (opcode === 0xd0) section.s33();
  else if (opcode !== 0xd2) throw new UnsupportedError("a table entry is computed");
  if (section.byte() !== 0x0b) throw new UnsupportedError("a table entry is computed");
  return index;
}

function readBody(section: ByteReader): { start: number; end: number; locals: ValType[] } {
  const body = section.take(section.u32());
  const locals: ValType[] = [];
  body.list(() => {
    const count = body.u32();
    if (locals.length + count > 50_000) throw new UnsupportedError("a function has more than 50,000 locals");
    const type = readValType(body);
    for (let index = 0; index < count; index++) locals.push(type);
  });
  return { start: body.offset, end: body.end, locals };
}
