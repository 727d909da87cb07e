/** A device program from source to a native image, with what it takes of the chip. */

import { HOST_MODULE } from "../../runtime/contract/host-abi.ts";
import { HOST_FUNCTIONS } from "../../runtime/contract/host-functions.ts";
import { PROGRAM_DATA_OFFSET, PROGRAM_RAM_BYTES } from "../../runtime/contract/limits.ts";
import { PROGRAM_RAM_ADDRESS } from "../../runtime/contract/native-image.ts";
import { NativeProgram } from "../../runtime/esp8266/device/native-program.ts";
import { registerSymbols } from "../../runtime/esp8266/device/program-symbols.ts";
import { WasmProgram } from "../../runtime/wasm/wasm-program.ts";
import { CompileError, compileModule, type NativeModule } from "../aot/compile-module.ts";
import type { Board } from "./board-schema.ts";
import { BuildError } from "./build-error.ts";
import { type CompileOptions, compileProgram } from "./compile-program.ts";
import { measureProgram } from "./measure-program.ts";

export interface NativeBuild {
  name: string;
  module: NativeModule;
  program: NativeProgram;
}

export interface NativeReport {
  program: string;
  engine: "lx106";
  board: string;
  imageBytes: number;
  codeBytes: number;
  /** The pool of constants. */
  literalBytes: number;
  /** First contents of RAM, tables of functions. */
  dataBytes: number;
  /** Host table and static data; globals; given out at start; together. Undefined: the program does not tell its heap. */
  ram: { staticBytes: number; globalBytes: number; heapBytes: number; totalBytes: number } | undefined;
  /** Deepest chain of calls, outermost first; bytes undefined where functions call themselves. */
  stack: { bytes: number | undefined; chain: string[] };
  /** Largest first. */
  largestFunctions: { name: string; sizeBytes: number; frameBytes: number }[];
  budgets: Board["budgets"];
  /** What may go wrong on the chip though the program fits. */
  warnings: string[];
}

/**
 * Functions of AssemblyScript's library that store half words and words at any address. WebAssembly allows that; the chip
 * faults, depending on the data.
 */
const UNALIGNED_LIBRARY = /^~lib\/(string\/String\.UTF8\.encodeUnsafe|util\/number\/)/;

const LARGEST_SHOWN = 10;
/** Globals stand behind the program's memory. */
const GLOBALS_ADDRESS = PROGRAM_RAM_ADDRESS + PROGRAM_RAM_BYTES;

const HOST_SLOTS = new Map(HOST_FUNCTIONS.map(({ name }, slot) => [name, slot]));

export async function buildNative(
  path: string,
  options: CompileOptions & { checked?: boolean } = {},
): Promise<NativeBuild> {
  const { name, wasm } = await compileProgram(path, "lx106", options);
  // Imports and exports are those of a device program, whatever engine runs it.
  WasmProgram.compile(wasm);
  try {
    const module = compileModule(wasm, {
      memoryAddress: 0,
      memoryFirst: PROGRAM_RAM_ADDRESS + PROGRAM_DATA_OFFSET,
      memoryMaxBytes: PROGRAM_RAM_BYTES - PROGRAM_DATA_OFFSET,
      globalsAddress: GLOBALS_ADDRESS,
      hostSlot: (from, item) => (from === HOST_MODULE ? HOST_SLOTS.get(item) : undefined),
      checked: options.checked ?? false,
    });
    const { image, functions, trapSites } = module;
    // Devices that find the image in their flash can then tell crashes by name.
    registerSymbols(image, { functions, trapSites });
    return { name, module, program: NativeProgram.load(image, module) };
  } catch (error) {
    if (error instanceof CompileError) throw new BuildError(`${name} has no native form: ${error.message}`);
    throw error;
  }
}

export async function reportNative({ name, module, program }: NativeBuild, board: Board): Promise<NativeReport> {
  const memory = await measureProgram(program);
  const globalBytes = module.ramBytes - PROGRAM_RAM_BYTES;
  const ram =
    memory === undefined
      ? undefined
      : { ...memory, globalBytes, totalBytes: memory.staticBytes + memory.heapBytes + globalBytes };
  const bySize = [...module.functions].sort((a, b) => b.sizeBytes - a.sizeBytes);
  return {
    program: name,
    engine: "lx106",
    board: board.name,
    imageBytes: module.image.length,
    codeBytes: module.codeBytes,
    literalBytes: module.literalBytes,
    dataBytes: module.tableBytes,
    ram,
    stack: module.stack,
    largestFunctions: bySize
      .slice(0, LARGEST_SHOWN)
      .map(({ name: functionName, sizeBytes, frameBytes }) => ({ name: functionName, sizeBytes, frameBytes })),
    budgets: board.budgets,
    warnings: warningsOf(module),
  };
}

function warningsOf(module: NativeModule): string[] {
  const names = module.functions.map(({ name }) => name).filter((name) => UNALIGNED_LIBRARY.test(name));
  if (names.length === 0) return [];
  return [`these library functions may store at odd addresses, which restarts the chip: ${names.join(", ")}`];
}

/** What exceeds the board's budgets, a sentence each. */
export function exceededBudgets({ imageBytes, ram, stack, budgets }: NativeReport): string[] {
  const exceeded: string[] = [];
  const check = (what: string, bytes: number, budget: number | undefined) => {
    if (budget !== undefined && bytes > budget) {
      exceeded.push(`${what} is ${bytes} bytes, ${bytes - budget} more than the board's ${budget}`);
    }
  };
  check("the image", imageBytes, budgets.imageBytes);
  if (ram !== undefined) check("RAM", ram.totalBytes, budgets.ramBytes);
  if (stack.bytes !== undefined) check("the worst stack", stack.bytes, budgets.stackBytes);
  else if (budgets.stackBytes !== undefined) {
    exceeded.push(
      `the worst stack is not known, for functions call themselves: ${stack.chain.join(", ")} ` +
        "(a board file without stackBytes allows that)",
    );
  }
  return exceeded;
}
