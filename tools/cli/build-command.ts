/** `lintel build`: a device program from source to WebAssembly, with a report of what it takes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Command } from "commander";
import { PROGRAM_RAM_BYTES } from "../../runtime/contract/limits.ts";
import { WasmProgram } from "../../runtime/wasm/wasm-program.ts";
import { compileProgram } from "../build/compile-program.ts";
import { measureProgram } from "../build/measure-program.ts";
import { CommandError } from "./command-error.ts";

interface BuildOptions {
  out?: string;
  json: boolean;
}

export function addBuildCommand(program: Command): void {
  program
    .command("build")
    .description("compile a device program to WebAssembly")
    .argument("<program>", "folder of the program, as firmware/counter")
    .option("-o, --out <file>", "file to write (default: build/<program>.wasm)")
    .option("--json", "print the report as one line of JSON", false)
    .action(async (path: string, options: BuildOptions) => {
      const compiled = await compileProgram(path);
      // A module that the engine would refuse is not written.
      const ram = await measureProgram(WasmProgram.compile(compiled.wasm));
      const file = options.out ?? join("build", `${compiled.name}.wasm`);
      writeModule(file, compiled.wasm);
      const report = { program: compiled.name, file, wasmBytes: compiled.wasm.length, ...ram };
      if (options.json) console.log(JSON.stringify(report));
      else {
        console.log(`${report.program}: ${report.wasmBytes} bytes in ${relative(".", file) || file}`);
        console.log(
          ram === undefined
            ? "RAM: unknown, since the program does not export heap_used and heap_limit of the device library"
            : `RAM: ${ram.staticBytes} static + ${ram.heapBytes} allocated at start = ` +
                `${ram.staticBytes + ram.heapBytes} of ${PROGRAM_RAM_BYTES} bytes`,
        );
      }
    });
}

function writeModule(file: string, wasm: Uint8Array): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, wasm);
  } catch (error) {
    throw new CommandError(`cannot write ${file}: ${error instanceof Error ? error.message : error}`);
  }
}
