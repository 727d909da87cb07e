/**
 * `bench native`: what our compiler makes of kernels in AssemblyScript beside what gcc makes of the same algorithms in C,
 * on the emulated chip, where instructions are counted exactly (test/qemu shows that the counts are QEMU's).
 *
 * Instructions are those of the measured function with all it calls. Routines of the mask ROM count as none, on both sides:
 * they are the same code. Bytes are code and literals of the measured function and of what it calls, alignment between
 * functions included for gcc and ours alike; arithmetic routines beside the ROM's, and constant data, on neither side.
 * Results must agree between Node, our code, and both builds of gcc, or the bench fails.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compileProgram } from "../../tools/build/compile-program.ts";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { GCC, missingPackages } from "../qemu/installed.ts";
import { KERNEL_FOLDER, KERNELS, type Kernel } from "./native/kernel-table.ts";
import { type NativeProgram, programOfC, programOfWasm, reachableBytes } from "./native/native-program.ts";
import { type KernelAnswer, KernelOnChip, runInNode } from "./native/run-kernel.ts";

export const NATIVE_HELP = `Usage: npm run bench -- native [options]

  --json   one line of JSON, the table on standard error

Needs Debian's gcc-xtensa-lx106.
`;

interface KernelFigures {
  name: string;
  instructions: number;
  gccO2Instructions: number;
  gccOsInstructions: number;
  bytes: number;
  gccO2Bytes: number;
  gccOsBytes: number;
}

export async function benchNative(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean", default: false } } });
  const missing = missingPackages([GCC]);
  if (missing.length > 0) throw new Error(`native code is measured against gcc: install ${missing.join(" ")}`);
  const kernels: KernelFigures[] = [];
  const wrong: string[] = [];
  for (const kernel of KERNELS) kernels.push(await measure(kernel, wrong));
  const geomean = {
    instructions: round(geometricMean(kernels.map((each) => each.instructions / each.gccO2Instructions))),
    bytes: round(geometricMean(kernels.map((each) => each.bytes / each.gccOsBytes))),
  };
  if (wrong.length > 0) throw new Error(`not as in Node:\n${wrong.join("\n")}`);
  (values.json ? process.stderr : process.stdout).write(table(kernels, geomean));
  if (values.json) process.stdout.write(`${JSON.stringify({ kernels, geomean })}\n`);
}

async function measure(kernel: Kernel, wrong: string[]): Promise<KernelFigures> {
  const { wasm } = await compileProgram(`${KERNEL_FOLDER}/${kernel.name}.ts`, "lx106");
  const expected = runInNode(wasm, kernel);
  const source = join(PACKAGE_ROOT, KERNEL_FOLDER, `${kernel.name}.c`);
  const ours = programOfWasm(wasm, { useRom: true });
  const fast = programOfC(source, "-O2");
  const small = programOfC(source, "-Os");
  return {
    name: kernel.name,
    instructions: countInstructions(kernel, ours.program, "ours", expected, wrong),
    gccO2Instructions: countInstructions(kernel, fast.program, "gcc -O2", expected, wrong),
    gccOsInstructions: countInstructions(kernel, small.program, "gcc -Os", expected, wrong),
    bytes: reachableBytes(ours.module, kernel.entry),
    gccO2Bytes: fast.codeBytes,
    gccOsBytes: small.codeBytes,
  };
}

function countInstructions(
  kernel: Kernel,
  program: NativeProgram,
  whose: string,
  expected: readonly KernelAnswer[],
  wrong: string[],
): number {
  const onChip = new KernelOnChip(program, kernel, "interpreter");
  const counts = [kernel.args, ...kernel.others].map((args, index) => {
    const words = args(onChip.prepare());
    const { result, instructions } = onChip.run(words);
    const check = onChip.check();
    const wanted = expected[index] as KernelAnswer;
    if ((wanted.result ?? result) !== result || wanted.check !== check) {
      const inNode = `${wanted.result}, check ${wanted.check}`;
      wrong.push(`${kernel.name}(${words.join(", ")}) of ${whose}: ${result}, check ${check}; in Node ${inNode}`);
    }
    return instructions;
  });
  return counts[0] as number;
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function table(kernels: readonly KernelFigures[], geomean: { instructions: number; bytes: number }): string {
  const row = (...[first = "", ...rest]: string[]) =>
    `${first.padEnd(12)}${rest.map((cell) => cell.padStart(11)).join("")}`;
  const ratio = (value: number) => value.toFixed(2);
  return [
    row("", "instr.", "gcc -O2", "ratio", "bytes", "gcc -Os", "ratio", "-O2 bytes", "-Os instr."),
    ...kernels.map((each) =>
      row(
        each.name,
        `${each.instructions}`,
        `${each.gccO2Instructions}`,
        ratio(each.instructions / each.gccO2Instructions),
        `${each.bytes}`,
        `${each.gccOsBytes}`,
        ratio(each.bytes / each.gccOsBytes),
        `${each.gccO2Bytes}`,
        `${each.gccOsInstructions}`,
      ),
    ),
    row("geomean", "", "", ratio(geomean.instructions), "", "", ratio(geomean.bytes)),
    "",
  ].join("\n");
}
