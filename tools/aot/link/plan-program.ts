/**
 * Where a module's memory, globals and tables go, and what their first contents are. Globals that can change stand in RAM
 * behind each other; tables stand in the image, for nothing writes them.
 */
import { CompileError } from "../errors.ts";
import { type ConstExpr, type FuncType, isSameType, type Module, wordsOf } from "../read/module.ts";
import { PAGE_BYTES } from "../ssa/lower-memory.ts";
import type { GlobalPlan, MemoryPlan, TablePlan } from "../ssa/program-space.ts";
import { RamImage } from "./ram-image.ts";

const WORD_BYTES = 4;
const PAGES_MAX = 65536;
/** Entries of a table at most: an image of 64 KiB of table is a mistake. */
const TABLE_MAX_ENTRIES = 8192;

export interface PlanOptions {
  /** Native address of the module's address 0. */
  memoryAddress: number;
  /** The module's first address that there is. */
  memoryFirst: number;
  /** From memoryFirst on, at most. */
  memoryMaxBytes: number;
  /** Native address of globals. */
  globalsAddress: number;
  importedGlobal: (module: string, name: string) => number | bigint | undefined;
  isChecked: boolean;
}

export interface Plan {
  memory: MemoryPlan;
  globals: GlobalPlan[];
  tables: (TablePlan & { entries: (number | undefined)[] })[];
  ram: RamImage;
  /** Behind the last global. */
  globalsEnd: number;
  typeNumber: (type: FuncType) => number;
}

export function planProgram(module: Module, options: PlanOptions): Plan {
  const typeNumber = numberTypes();
  const ram = new RamImage();
  const memory = planMemory(module, options);
  let next = options.globalsAddress;
  if (memory.pagesAddress !== undefined) {
    ram.setWord(memory.pagesAddress, memory.pagesLeast);
    next += WORD_BYTES;
  }
  const values: number[][] = [];
  const globals = module.globals.map((global): GlobalPlan => {
    const words = global.imported === undefined ? valueOf(global.init, values) : importedWords(global, options);
    values.push(words);
    if (!global.isMutable) return { constant: words };
    const address = next;
    next += WORD_BYTES * wordsOf([global.type]);
    words.forEach((word, index) => ram.setWord(address + WORD_BYTES * index, word));
    return { address };
  });
  placeData(module, options, memory, values, ram);
  const tables = planTables(module, values, typeNumber);
  return { memory, globals, tables, ram, globalsEnd: next, typeNumber };
}

/** Equal types have equal numbers, 1 and up; 0 is for entries that are not there. */
function numberTypes(): (type: FuncType) => number {
  const known: FuncType[] = [];
  return (type) => {
    const index = known.findIndex((other) => isSameType(other, type));
    return index >= 0 ? index + 1 : known.push(type);
  };
}

function planMemory(module: Module, options: PlanOptions): MemoryPlan {
  const pagesLeast = module.memory?.least ?? 0;
  const endMost = options.memoryFirst + options.memoryMaxBytes;
  const common = { address: options.memoryAddress, first: options.memoryFirst, endMost, isChecked: options.isChecked };
  if (options.memoryFirst > 0) {
    // Linked at native addresses: what there is of memory is settled by the host, not by pages.
    return { ...common, pagesLeast, pagesMost: pagesLeast, pagesAddress: undefined };
  }
  const available = Math.floor(options.memoryMaxBytes / PAGE_BYTES);
  if (pagesLeast > available) {
    throw new CompileError(
      `the module asks for ${pagesLeast} pages of memory (${pagesLeast * PAGE_BYTES} bytes), there are ${options.memoryMaxBytes} bytes`,
    );
  }
  const pagesMost = Math.min(module.memory?.most ?? PAGES_MAX, available);
  const isFixed = module.memory === undefined || pagesMost === pagesLeast;
  return { ...common, pagesLeast, pagesMost, pagesAddress: isFixed ? undefined : options.globalsAddress };
}

function valueOf(init: ConstExpr | undefined, values: number[][]): number[] {
  if (init?.kind === "words") return init.words;
  return values[init?.index ?? -1] ?? [0];
}

function importedWords(global: Module["globals"][number], options: PlanOptions): number[] {
  const { imported, type } = global as typeof global & { imported: { module: string; name: string } };
  const value = options.importedGlobal(imported.module, imported.name);
  if (value === undefined) {
    throw new CompileError(`import ${imported.module}.${imported.name}: the target offers no such global`);
  }
  const bytes = new DataView(new ArrayBuffer(8));
  if (type === "i32") bytes.setInt32(0, Number(value), true);
  else if (type === "i64") bytes.setBigInt64(0, BigInt(value), true);
  else if (type === "f32") bytes.setFloat32(0, Number(value), true);
  else bytes.setFloat64(0, Number(value), true);
  return wordsOf([type]) === 1 ? [bytes.getInt32(0, true)] : [bytes.getInt32(0, true), bytes.getInt32(4, true)];
}

function placeData(module: Module, options: PlanOptions, memory: MemoryPlan, values: number[][], ram: RamImage): void {
  const end = options.memoryFirst > 0 ? memory.endMost : memory.pagesLeast * PAGE_BYTES;
  for (const [index, { offset, bytes }] of module.data.entries()) {
    const start = (valueOf(offset, values)[0] as number) >>> 0;
    if (start < options.memoryFirst || start + bytes.length > end) {
      throw new CompileError(
        `out of bounds memory access: data segment ${index} lies at ${start} to ${start + bytes.length}, ` +
          `memory from ${options.memoryFirst} to ${end}`,
      );
    }
    ram.setBytes(start + options.memoryAddress, bytes);
  }
}

function planTables(module: Module, values: number[][], typeNumber: (type: FuncType) => number): Plan["tables"] {
  const tables = module.tables.map(({ least }, index) => {
    if (least > TABLE_MAX_ENTRIES) {
      throw new CompileError(`table ${index} has ${least} entries, more than ${TABLE_MAX_ENTRIES}`);
    }
    return { size: least, symbol: `table ${index}`, entries: new Array<number | undefined>(least).fill(undefined) };
  });
  for (const [index, { table, offset, functions }] of module.elements.entries()) {
    const start = (valueOf(offset, values)[0] as number) >>> 0;
    const entries = tables[table]?.entries ?? [];
    if (start + functions.length > entries.length) {
      throw new CompileError(
        `out of bounds table access: element segment ${index} lies at ${start} to ${start + functions.length}, ` +
          `the table has ${entries.length} entries`,
      );
    }
    functions.forEach((target, position) => {
      entries[start + position] = target;
    });
  }
  return tables.map((table) => ({ ...table, onlyType: onlyType(module, table.entries, typeNumber) }));
}

function onlyType(
  module: Module,
  entries: (number | undefined)[],
  typeNumber: (type: FuncType) => number,
): number | undefined {
  const numbers = new Set(
    entries.map((index) => (index === undefined ? 0 : typeNumber(typeOfFunction(module, index)))),
  );
  const [only] = numbers;
  return numbers.size === 1 && only !== 0 ? only : undefined;
}

export function typeOfFunction(module: Module, index: number): FuncType {
  const typeIndex =
    module.functionImports[index]?.typeIndex ?? module.functions[index - module.functionImports.length]?.typeIndex;
  return module.types[typeIndex as number] as FuncType;
}
