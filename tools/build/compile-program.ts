/**
 * Compiles a device program: AssemblyScript in, WebAssembly out, by asc in this process. The module is plain WebAssembly
 * 1.0 (no bulk memory, sign extension or saturating conversion), imports nothing but the host ABI, keeps its memory to
 * PROGRAM_RAM_BYTES, and allocates from Lintel's own arena.
 */
import { isAbsolute, join, relative } from "node:path";
import { PROGRAM_DATA_OFFSET, PROGRAM_RAM_BYTES } from "../../runtime/contract/limits.ts";
import { PROGRAM_RAM_ADDRESS } from "../../runtime/contract/native-image.ts";
import { loadCompiler } from "./asc.ts";
import { BuildError } from "./build-error.ts";
import { type Compilation, compileOnce, type ReadSource, readSource } from "./compile-cache.ts";
import { findEntry } from "./find-entry.ts";
import { PACKAGE_ROOT } from "./package-root.ts";
import { type PinNumbers, pinConstants, readProduct } from "./product.ts";

export interface CompiledProgram extends Compilation {
  /** Name of the program's folder. */
  name: string;
}

export interface CompileOptions {
  /** Changes a source on its way to the compiler: for tests of programs that differ in a line. `path` is relative to the package. */
  edit?: (path: string, text: string) => string;
  /** Where the product's functions are; absent: where they are by default, on whatever board. */
  pins?: PinNumbers;
}

/**
 * Our allocator goes where asc keeps its stub runtime. Given as a custom runtime instead, it would make asc add a shadow
 * stack for a garbage collector: 32 KiB of memory, and more code.
 */
const STUB_RUNTIME = "rt/index-stub";
const ARENA = "runtime/device/memory/arena.ts";

const OPTIONS = [
  ["--runtime", "stub"],
  ["--optimizeLevel", "3"],
  ["--shrinkLevel", "2"],
  ["--converge"],
  ["--noAssert"],
  ["--use", "abort="],
  ["--disable", "bulk-memory"],
  ["--disable", "sign-extension"],
  ["--disable", "nontrapping-f2i"],
  ["--disable", "mutable-globals"],
].flat();

const PAGE_BYTES = 65536;

/** Where the program's memory begins: at 0 of a page of its own, or at its place in the chip's address space. */
const MEMORY_START = { wasm: 0, lx106: PROGRAM_RAM_ADDRESS };

/** What runs a program: WebAssembly in this process, or its machine code on the emulated chip. */
export type Engine = keyof typeof MEMORY_START;
export const ENGINES = Object.keys(MEMORY_START) as Engine[];

function memoryOptions(engine: Engine): string[] {
  const start = MEMORY_START[engine];
  const end = start + PROGRAM_RAM_BYTES;
  const pages = String(Math.ceil(end / PAGE_BYTES));
  return [
    ["--use", `LINTEL_RAM_END=${end}`],
    ["--memoryBase", String(start + PROGRAM_DATA_OFFSET)],
    ["--initialMemory", pages],
    ["--maximumMemory", pages],
    // Names of functions, for listings, reports and crashes. They are no part of what runs.
    engine === "lx106" ? ["--debug"] : [],
  ].flat();
}

/**
 * Compiles the program at `path`: its folder, or its entry file. A path that does not exist is looked up in the package.
 * For engine lx106 the module is linked at the chip's addresses: tools/aot makes native code of it.
 */
export async function compileProgram(
  path: string,
  engine: Engine = "wasm",
  { edit, pins }: CompileOptions = {},
): Promise<CompiledProgram> {
  const entry = findEntry(path);
  // asc names files relative to its base folder; everything a program needs is below the package or beside it.
  const name = entry.split(/[\\/]/).at(-2) ?? "program";
  const product = readProduct(path);
  const constants = product === undefined ? [] : pinConstants(product, pins);
  const args = [
    posix(relative(PACKAGE_ROOT, entry)),
    ...OPTIONS,
    ...memoryOptions(engine),
    ...constants.flatMap(([constant, value]) => ["--use", `${constant}=${value}`]),
  ];
  const compile = (read: ReadSource) => runCompiler(args, read);
  if (edit === undefined) return { name, ...(await compileOnce(args, compile)) };
  return { name, ...(await compile((path) => edited(path, edit))) };
}

async function runCompiler(args: readonly string[], read: ReadSource): Promise<Compilation> {
  const { default: asc, libraryFiles } = await loadCompiler();
  libraryFiles[STUB_RUNTIME] = read(join(PACKAGE_ROOT, ARENA)) ?? "";
  const files = new Map<string, Uint8Array | string>();
  const diagnostics: string[] = [];
  const { error } = await asc.main([...args, "--outFile", "out.wasm", "--textFile", "out.wat"], {
    stdout: { write: () => true },
    stderr: { write: (chunk: string | Uint8Array) => Boolean(diagnostics.push(String(chunk))) },
    readFile: (file: string) => read(isAbsolute(file) ? file : join(PACKAGE_ROOT, file)),
    writeFile: (file: string, contents: Uint8Array | string) => void files.set(file, contents),
    listFiles: () => [],
  });
  const wasm = files.get("out.wasm");
  const text = files.get("out.wat");
  if (error !== null || !(wasm instanceof Uint8Array) || text === undefined) {
    throw new BuildError(diagnostics.join("").trim() || `asc failed: ${error?.message}`);
  }
  // A warning in a device program is a mistake: most are conversions that lose bits. Remarks of the optimiser are not.
  const told = diagnostics.join("");
  if (/^WARNING /m.test(told)) throw new BuildError(told.trim());
  return { wasm, text: String(text) };
}

function edited(path: string, edit: NonNullable<CompileOptions["edit"]>): string | null {
  const source = readSource(path);
  return source === null ? null : edit(posix(relative(PACKAGE_ROOT, path)), source);
}

function posix(path: string): string {
  return path.replaceAll("\\", "/");
}
