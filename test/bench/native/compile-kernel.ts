/**
 * A kernel in AssemblyScript to WebAssembly: as tools/build/compile-program.ts compiles programs, but laid out at the
 * addresses that a program's memory has on the chip, so that an address of WebAssembly is a native one. The memory
 * reaches from 0 up to there; Node reserves that gigabyte and never touches it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROGRAM_DATA_OFFSET, PROGRAM_RAM_BYTES } from "../../../runtime/contract/limits.ts";
import { PROGRAM_RAM_ADDRESS } from "../../../runtime/contract/native-image.ts";
import { PACKAGE_ROOT } from "../../../tools/build/package-root.ts";

const PAGE_BYTES = 65536;
export const KERNEL_RAM_END = PROGRAM_RAM_ADDRESS + PROGRAM_RAM_BYTES;
const PAGES = Math.ceil(KERNEL_RAM_END / PAGE_BYTES);

const FLAGS = [
  ["--runtime", "stub"],
  ["--use", `LINTEL_RAM_END=${KERNEL_RAM_END}`],
  ["--memoryBase", String(PROGRAM_RAM_ADDRESS + PROGRAM_DATA_OFFSET)],
  ["--optimizeLevel", "3"],
  ["--shrinkLevel", "2"],
  ["--converge"],
  ["--noAssert"],
  ["--use", "abort="],
  ["--disable", "bulk-memory"],
  ["--disable", "sign-extension"],
  ["--disable", "nontrapping-f2i"],
  ["--disable", "mutable-globals"],
  ["--initialMemory", String(PAGES)],
  ["--maximumMemory", String(PAGES)],
].flat();

/** `file` is relative to the package. */
export async function compileKernel(file: string): Promise<{ wasm: Uint8Array; text: string }> {
  const { default: asc, libraryFiles } = await import("assemblyscript/asc");
  libraryFiles["rt/index-stub"] = readFileSync(join(PACKAGE_ROOT, "runtime/device/memory/arena.ts"), "utf8");
  const files = new Map<string, Uint8Array | string>();
  const diagnostics: string[] = [];
  const { error } = await asc.main([file, ...FLAGS, "--outFile", "out.wasm", "--textFile", "out.wat"], {
    stdout: { write: () => true },
    stderr: { write: (chunk: string | Uint8Array) => Boolean(diagnostics.push(String(chunk))) },
    readFile: (name: string) => readText(join(PACKAGE_ROOT, name)),
    writeFile: (name: string, contents: Uint8Array | string) => void files.set(name, contents),
    listFiles: () => [],
  });
  const wasm = files.get("out.wasm");
  if (error !== null || !(wasm instanceof Uint8Array)) throw new Error(`${file}: ${diagnostics.join("").trim()}`);
  return { wasm, text: String(files.get("out.wat")) };
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
