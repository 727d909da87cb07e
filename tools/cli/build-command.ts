/** `lintel build`: a device program from source to WebAssembly or to machine code, with a report of what it takes. */
import { join } from "node:path";
import type { Command } from "commander";
import { NO_PIN } from "../../runtime/contract/host-abi.ts";
import { PROGRAM_RAM_BYTES } from "../../runtime/contract/limits.ts";
import { WasmProgram } from "../../runtime/wasm/wasm-program.ts";
import { listModule } from "../aot/listing/list-module.ts";
import { DEFAULT_BOARD, readBoard } from "../build/board.ts";
import type { Board } from "../build/board-schema.ts";
import { buildNative, exceededBudgets, type NativeReport, reportNative } from "../build/build-native.ts";
import { compileProgram, type Engine } from "../build/compile-program.ts";
import { measureProgram } from "../build/measure-program.ts";
import { type PinPlan, type PinWishes, planPins } from "../build/pin-plan.ts";
import { boardOption, pinOption } from "./board-options.ts";
import { CommandError } from "./command-error.ts";
import { shown, writeFiles } from "./command-files.ts";
import { parseEngine } from "./option-values.ts";

interface BuildOptions {
  engine: Engine;
  board: string;
  pin: PinWishes;
  out?: string;
  checked: boolean;
  json: boolean;
}

export function addBuildCommand(program: Command): void {
  program
    .command("build")
    .description("compile a device program to WebAssembly, or to machine code of the chip")
    .argument("<program>", "folder of the program, as firmware/counter")
    .option("--engine <engine>", "wasm, or lx106: machine code of the ESP8266", parseEngine, "wasm")
    .addOption(boardOption("its pins are used, and with lx106 its budgets must hold").default(DEFAULT_BOARD))
    .addOption(pinOption())
    .option("-o, --out <file>", "file to write (default: build/<program>.wasm or .lx106; beside it .lst and .map.json)")
    .option("--checked", "with lx106: check the bounds of every memory access", false)
    .option("--json", "print the report as one line of JSON", false)
    .action((path: string, options: BuildOptions) => {
      const board = readBoard(options.board);
      const plan = planPins(path, board, options.pin);
      return options.engine === "wasm" ? buildWasm(path, plan, options) : buildLx106(path, board, plan, options);
    });
}

async function buildWasm(path: string, plan: PinPlan, options: BuildOptions): Promise<void> {
  if (options.checked) throw new CommandError("WebAssembly checks every access by itself: --checked is for lx106");
  const compiled = await compileProgram(path, "wasm", { pins: plan.pins });
  // A module that the engine would refuse is not written.
  const ram = await measureProgram(WasmProgram.compile(compiled.wasm));
  const file = options.out ?? join("build", `${compiled.name}.wasm`);
  writeFiles([[file, compiled.wasm]]);
  const report = { program: compiled.name, file, wasmBytes: compiled.wasm.length, ...ram, ...pinReport(plan) };
  if (options.json) return console.log(JSON.stringify(report));
  console.log(`${report.program}: ${report.wasmBytes} bytes in ${shown(file)}`);
  console.log(
    ram === undefined
      ? UNKNOWN_RAM
      : `RAM: ${ram.staticBytes} static + ${ram.heapBytes} allocated at start = ` +
          `${ram.staticBytes + ram.heapBytes} of ${PROGRAM_RAM_BYTES} bytes`,
  );
  for (const line of [...pinLines(plan), ...warningLines(plan)]) console.log(line);
}

const UNKNOWN_RAM = "RAM: unknown, since the program does not export heap_used and heap_limit of the device library";

async function buildLx106(path: string, board: Board, plan: PinPlan, options: BuildOptions): Promise<void> {
  const built = await buildNative(path, { checked: options.checked, pins: plan.pins });
  const report = await reportNative(built, board);
  const exceeded = exceededBudgets(report);
  if (exceeded.length > 0) {
    throw new CommandError(`${report.program} does not fit board ${board.name}: ${exceeded.join("; ")}`);
  }
  const { image, functions, trapSites, sources } = built.module;
  const file = options.out ?? join("build", `${report.program}.lx106`);
  const stem = file.replace(/\.lx106$/, "");
  const files = { image: file, listing: `${stem}.lst`, map: `${stem}.map.json` };
  writeFiles([
    [files.image, image],
    [files.listing, listModule(built.module)],
    [files.map, JSON.stringify({ functions, trapSites, sources })],
  ]);
  const full = { ...report, ...pinReport(plan), warnings: [...plan.warnings, ...report.warnings] };
  if (options.json) console.log(JSON.stringify({ ...full, files }));
  else for (const line of describe(full, files, plan)) console.log(line);
}

function describe(report: NativeReport, files: { image: string; listing: string }, plan: PinPlan): string[] {
  const { imageBytes, codeBytes, literalBytes, dataBytes, ram, stack, largestFunctions, budgets } = report;
  const of = (budget: number | undefined) => (budget === undefined ? "" : ` of ${budget}`);
  return [
    `${report.program}: ${imageBytes}${of(budgets.imageBytes)} bytes in ${shown(files.image)}, listing in ${shown(files.listing)}`,
    `flash: ${codeBytes} code + ${literalBytes} constants + ${dataBytes} data + 32 header`,
    ram === undefined
      ? UNKNOWN_RAM
      : `RAM: ${ram.staticBytes} static + ${ram.globalBytes} globals + ${ram.heapBytes} allocated at start = ` +
        `${ram.totalBytes}${of(budgets.ramBytes)} bytes`,
    stack.bytes === undefined
      ? `stack: not known, for functions call themselves: ${stack.chain.join(", ")}`
      : `stack: at most ${stack.bytes}${of(budgets.stackBytes)} bytes, in ${stack.chain.join(" > ")}`,
    ...pinLines(plan),
    "largest functions:",
    ...largestFunctions.map(
      ({ name, sizeBytes, frameBytes }) =>
        `  ${String(sizeBytes).padStart(6)} bytes, frame ${String(frameBytes).padStart(3)}  ${name}`,
    ),
    ...warningLines(report),
  ];
}

function pinReport({ pins, warnings }: PinPlan) {
  return { pins: Object.fromEntries([...pins].map(([name, gpio]) => [name, gpio === NO_PIN ? null : gpio])), warnings };
}

function pinLines({ text }: PinPlan): string[] {
  return text === "" ? [] : [`pins: ${text}`];
}

function warningLines({ warnings }: { warnings: string[] }): string[] {
  return warnings.map((warning) => `warning: ${warning}`);
}
