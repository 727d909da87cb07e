/**
 * WebAssembly to a native LX106 image: the whole compiler behind one function. Stages: read (bytes to a module), ssa (to
 * values, optimised), select (to instructions), allocate (registers), emit (bytes), link (an image).
 */
import { HOST_IMAGE_SLOT, PROGRAM_RAM_ADDRESS } from "../../runtime/contract/native-image.ts";
import { allocateRegisters } from "./allocate/allocate.ts";
import { emitFunction, type FunctionCode } from "./emit/emit-function.ts";
import { CompileError } from "./errors.ts";
import { bottomUp, calleesOf, type DeepestStack, deepestStack } from "./link/call-graph.ts";
import { FunctionUnits, type Unit } from "./link/function-units.ts";
import { buildInit, encodeRuns, RUNS_SYMBOL } from "./link/init-function.ts";
import { linkImage } from "./link/link-image.ts";
import { type Plan, planProgram, typeOfFunction } from "./link/plan-program.ts";
import { CALLER_SAVED_MASK } from "./machine/machine-function.ts";
import type { Module, ValType } from "./read/module.ts";
import { readModule } from "./read/read-module.ts";
import { selectFunction } from "./select/select-function.ts";
import { inlineCalls } from "./ssa/inline.ts";
import type { Callee, Trap } from "./ssa/ir.ts";
import { PAGE_BYTES } from "./ssa/lower-memory.ts";
import { cleanUp, optimise } from "./ssa/optimise.ts";
import type { ProgramSpace } from "./ssa/program-space.ts";

export { CompileError } from "./errors.ts";

const WORD_BYTES = 4;

export interface CompileOptions {
  /** Native address of the module's address 0; 0 where the module was linked at its native addresses. */
  memoryAddress: number;
  /** First address of the module that exists (native-linked modules); default 0. */
  memoryFirst?: number;
  /** Bytes of memory from there on, at most. memory.grow beyond fails. */
  memoryMaxBytes: number;
  /** Native address of globals, and of the number of pages of a memory that can grow. */
  globalsAddress: number;
  /** Slot of the host's table for an imported function; undefined: not offered. */
  hostSlot: (module: string, name: string) => number | undefined;
  importedGlobal?: (module: string, name: string) => number | bigint | undefined;
  /** Bounds of memory are checked at each access, and unaligned accesses work. */
  checked: boolean;
  /** Whether arithmetic may call the mask ROM; default true. */
  useRom?: boolean;
  /** Checks each register allocation independently (slow); default false. */
  verify?: boolean;
}

export type NativeExport =
  | { kind: "function"; offset: number; params: ValType[]; results: ValType[] }
  | { kind: "global"; type: ValType; address?: number; constant?: number[] }
  | { kind: "memory" }
  | { kind: "table" };

export interface NativeFunction {
  name: string;
  offset: number;
  sizeBytes: number;
  frameBytes: number;
  /** Of the program itself; others are arithmetic routines. */
  isProgram: boolean;
}

export interface NativeModule {
  image: Uint8Array;
  /** From PROGRAM_RAM_ADDRESS to the end of globals, for a program linked there. */
  ramBytes: number;
  exports: Map<string, NativeExport>;
  /** In the order of their offsets. */
  functions: NativeFunction[];
  /** Offset of each trapping instruction. */
  trapSites: { offset: number; trap: Trap }[];
  /** Where an instruction comes from: offset in the image, byte of the module. */
  sources: { offset: number; source: number }[];
  codeOffset: number;
  codeBytes: number;
  literalsOffset: number;
  literalBytes: number;
  tableBytes: number;
  /** Deepest stack from the exported functions down. */
  stack: { bytes: number | undefined; chain: string[] };
}

export function compileModule(wasm: Uint8Array, options: CompileOptions): NativeModule {
  const module = readModule(wasm);
  const units = new FunctionUnits(options.useRom ?? true);
  const plan = planProgram(module, {
    memoryAddress: options.memoryAddress,
    memoryFirst: options.memoryFirst ?? 0,
    memoryMaxBytes: options.memoryMaxBytes,
    globalsAddress: options.globalsAddress,
    importedGlobal: options.importedGlobal ?? (() => undefined),
    isChecked: options.checked,
  });
  const space = spaceOf(module, plan, units, options.hostSlot);
  for (const { module: from, name } of module.functionImports) {
    if (options.hostSlot(from, name) === undefined) {
      throw new CompileError(`import ${from}.${name}: the target offers no such function`);
    }
  }
  const exported = module.exports.filter(({ kind }) => kind === "function");
  const exportNumbers = new Map(exported.map(({ name, index }) => [name, units.numberOf(space, index, true)]));
  const tables = plan.tables.map((table) => ({
    symbol: table.symbol,
    words: table.entries.flatMap((entry) => tableEntry(module, plan, units, space, entry)),
  }));
  const inTables = tables.flatMap(({ words }) =>
    words.flatMap((word) => (typeof word === "number" ? [] : [word.functionIndex])),
  );
  const init = units.add(() => buildInit(initPlan(module, options, plan, space)));
  const runs = plan.ram.runs();
  if (runs.length > 0) tables.push({ symbol: RUNS_SYMBOL, words: encodeRuns(runs) });

  const all = units.buildAll();
  const roots = [init, ...exportNumbers.values()];
  const { codes, callees, order } = compileUnits(all, new Set([...roots, ...inTables]), inTables, options);
  const start = exportNumbers.get("start");
  const poll = exportNumbers.get("poll");
  const heapUsed = exportNumbers.get("heap_used");
  const heapLimit = exportNumbers.get("heap_limit");
  const ramBytes = Math.max(0, align(plan.globalsEnd) - PROGRAM_RAM_ADDRESS);
  const linked = linkImage({
    codes,
    order,
    tables,
    ramBytes,
    entries: {
      Init: init,
      ...(start === undefined ? {} : { Start: start }),
      ...(poll === undefined ? {} : { Poll: poll }),
      ...(heapUsed === undefined ? {} : { HeapUsed: heapUsed }),
      ...(heapLimit === undefined ? {} : { HeapLimit: heapLimit }),
    },
  });
  const at = (index: number) => linked.offsets[index] as number;
  const functions = order.map((index) => describeFunction(codes[index] as FunctionCode, at(index), all[index] as Unit));
  const deepest = deepestStack(
    roots,
    callees,
    codes.map((code) => code?.frameBytes ?? 0),
  );
  return {
    image: linked.image,
    ramBytes,
    exports: describeExports(module, plan, exportNumbers, linked.offsets),
    functions,
    trapSites: order.flatMap((index) =>
      (codes[index] as FunctionCode).trapSites.map(({ offset, trap }) => ({ offset: at(index) + offset, trap })),
    ),
    sources: order.flatMap((index) =>
      (all[index] as Unit).isProgram
        ? (codes[index] as FunctionCode).instructions.flatMap(({ offset, source }) =>
            source === undefined ? [] : [{ offset: at(index) + offset, source }],
          )
        : [],
    ),
    codeOffset: linked.codeOffset,
    codeBytes: linked.image.length - linked.codeOffset,
    literalsOffset: linked.literalsOffset,
    literalBytes: linked.literalBytes,
    tableBytes: linked.tableBytes,
    stack: nameChain(deepest, all),
  };
}

function spaceOf(module: Module, plan: Plan, units: FunctionUnits, hostSlot: CompileOptions["hostSlot"]): ProgramSpace {
  const space: ProgramSpace = {
    module,
    memory: plan.memory,
    globals: plan.globals,
    tables: plan.tables,
    imageAddressAt: PROGRAM_RAM_ADDRESS + WORD_BYTES * HOST_IMAGE_SLOT,
    callee: (index): Callee => {
      const imported = module.functionImports[index];
      if (imported === undefined) return { kind: "function", index: units.numberOf(space, index, true) };
      return { kind: "host", slot: hostSlot(imported.module, imported.name) as number };
    },
    routine: (name) => units.routine(name),
    typeNumber: plan.typeNumber,
  };
  return space;
}

function tableEntry(
  module: Module,
  plan: Plan,
  units: FunctionUnits,
  space: ProgramSpace,
  entry: number | undefined,
): (number | { functionIndex: number })[] {
  if (entry === undefined) return [0, 0];
  return [plan.typeNumber(typeOfFunction(module, entry)), { functionIndex: units.numberOf(space, entry, true) }];
}

function initPlan(module: Module, options: CompileOptions, plan: Plan, space: ProgramSpace) {
  const first = options.memoryAddress + (options.memoryFirst ?? 0);
  const bytes = plan.memory.first > 0 ? options.memoryMaxBytes : plan.memory.pagesLeast * PAGE_BYTES;
  return {
    zero: [
      { from: first, to: first + align(bytes) },
      { from: options.globalsAddress, to: align(plan.globalsEnd) },
    ],
    hasRuns: plan.ram.runs().length > 0,
    imageAddressAt: space.imageAddressAt,
    start: module.start === undefined ? undefined : space.callee(module.start),
  };
}

function align(value: number): number {
  return Math.ceil(value / WORD_BYTES) * WORD_BYTES;
}

/** Callees first, so that a caller knows which registers they leave alone. */
function compileUnits(
  units: readonly Unit[],
  entries: ReadonlySet<number>,
  indirect: readonly number[],
  options: CompileOptions,
): { codes: FunctionCode[]; callees: number[][]; order: number[] } {
  for (const { func } of units) cleanUp(func);
  inlineCalls(
    units.map(({ func }) => func),
    { isKept: (index) => entries.has(index) },
  );
  for (const { func } of units) optimise(func);
  const callees = units.map(({ func }) => calleesOf(func, indirect));
  const used = reachable(entries, callees);
  const order = bottomUp(callees).filter((index) => used.has(index));
  const codes: FunctionCode[] = [];
  for (const index of order) {
    const { func } = units[index] as Unit;
    const machine = selectFunction(func, {
      index,
      keepsTailCalls: options.checked,
      clobbersOf: (callee) => codes[callee]?.clobbers ?? CALLER_SAVED_MASK,
      hostTableAddress: PROGRAM_RAM_ADDRESS,
    });
    const allocation = allocateRegisters(machine, { verify: options.verify ?? false });
    codes[index] = emitFunction(machine, allocation);
  }
  return { codes, callees, order };
}

function reachable(entries: Iterable<number>, callees: readonly (readonly number[])[]): Set<number> {
  const seen = new Set(entries);
  const waiting = [...seen];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    for (const callee of callees[index] ?? []) {
      if (seen.has(callee)) continue;
      seen.add(callee);
      waiting.push(callee);
    }
  }
  return seen;
}

function describeFunction(code: FunctionCode, offset: number, { isProgram }: Unit): NativeFunction {
  return { name: code.name, offset, sizeBytes: code.bytes.length, frameBytes: code.frameBytes, isProgram };
}

function describeExports(
  module: Module,
  plan: Plan,
  exportNumbers: ReadonlyMap<string, number>,
  offsets: readonly number[],
): Map<string, NativeExport> {
  const result = new Map<string, NativeExport>();
  for (const { name, kind, index } of module.exports) {
    if (kind === "function") {
      const number = exportNumbers.get(name);
      if (number === undefined) continue;
      const { params, results } = typeOfFunction(module, index);
      result.set(name, { kind, offset: offsets[number] as number, params, results });
    } else if (kind === "global") {
      result.set(name, { kind, type: module.globals[index]?.type as ValType, ...plan.globals[index] });
    } else result.set(name, { kind });
  }
  return result;
}

function nameChain({ bytes, chain }: DeepestStack, units: readonly Unit[]): NativeModule["stack"] {
  return { bytes, chain: chain.map((index) => (units[index] as Unit).func.name) };
}
