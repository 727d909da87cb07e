/**
 * Compiles the arithmetic routines (tools/aot/routines, AssemblyScript) into two small WebAssembly modules, by asc in
 * this process. The compiler for the LX106 takes them from generated-routines.ts instead, which holds what this gives:
 * asc takes a second, and 60 MiB.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadCompiler } from "../../build/asc.ts";
import { PACKAGE_ROOT } from "../../build/package-root.ts";
import type { RoutineModules } from "./routine-modules.ts";

const FOLDER = join(PACKAGE_ROOT, "tools/aot/routines");
const PURE_FILES = ["integer.ts", "float32.ts", "float64.ts", "convert.ts"];
const MEMORY_FILES = ["memory.ts"];

/** Nothing that WebAssembly 1.0 does not have, and the names of all functions, for listings. */
const OPTIONS = [
  ["--runtime", "stub"],
  ["--use", "abort="],
  ["--optimizeLevel", "3"],
  ["--shrinkLevel", "1"],
  ["--converge"],
  ["--noAssert"],
  ["--debug"],
  ["--disable", "bulk-memory"],
  ["--disable", "sign-extension"],
  ["--disable", "nontrapping-f2i"],
  ["--disable", "mutable-globals"],
].flat();

export async function compileRoutines(): Promise<RoutineModules> {
  return {
    pure: await compile(PURE_FILES, ["--initialMemory", "0", "--noExportMemory"]),
    memory: await compile(MEMORY_FILES, ["--initialMemory", "1"]),
  };
}

async function compile(files: string[], options: string[]): Promise<Uint8Array> {
  const { default: asc } = await loadCompiler();
  const diagnostics: string[] = [];
  let wasm: Uint8Array | undefined;
  const { error } = await asc.main([...files, ...OPTIONS, ...options, "--outFile", "out.wasm"], {
    stdout: { write: () => true },
    stderr: { write: (chunk: string | Uint8Array) => Boolean(diagnostics.push(String(chunk))) },
    readFile: readText,
    writeFile: (name: string, contents: Uint8Array | string) => {
      if (name === "out.wasm" && typeof contents !== "string") wasm = contents;
    },
    listFiles: () => [],
  });
  const told = diagnostics.join("");
  if (error !== null || wasm === undefined || /^WARNING /m.test(told)) {
    throw new Error(`The routines do not compile.\n${told.trim() || error?.message}`);
  }
  return wasm;
}

/** asc asks for names relative to the folder that holds all of it; what it does not find there it has itself. */
function readText(name: string): string | null {
  try {
    return readFileSync(join(FOLDER, name), "utf8");
  } catch {
    return null;
  }
}
