/**
 * `bench emulator`: how fast the emulated chip runs the kernels of `bench native`, by its interpreter and by translated
 * blocks, beside QEMU on the same machine code: our own, with the arithmetic that is otherwise the mask ROM's in the image,
 * for QEMU has no such ROM and routines of TypeScript would not count.
 *
 * A figure is millions of LX106 instructions a second, the geometric mean over the kernels. A loop in LX106 code repeats
 * the kernel, the same one on all engines. The chip runs it for `--seconds` after a warm-up that is not measured. QEMU runs
 * it about as long; the time of a run of two rounds is taken away, which is QEMU's start and translation. It counts no
 * instructions then: the number is the chip's, and test/qemu shows that the two count alike. The best of
 * three attempts counts.
 */
import { parseArgs } from "node:util";
import { compileProgram } from "../../tools/build/compile-program.ts";
import { missingPackages, QEMU } from "../qemu/installed.ts";
import type { Segment } from "../qemu/process.ts";
import { runCalls } from "../qemu/run-calls.ts";
import { KERNEL_FOLDER, KERNELS, type Kernel } from "./native/kernel-table.ts";
import { type NativeProgram, programOfWasm } from "./native/native-program.ts";
import { REPEAT_ADDRESS, repeatCode } from "./native/repeat.ts";
import { KernelOnChip } from "./native/run-kernel.ts";

export const EMULATOR_HELP = `Usage: npm run bench -- emulator [options]

  --seconds <s>   measured time of each kernel and engine (1)
  --json          one line of JSON, the table on standard error

Needs Debian's qemu-system-misc.
`;

const WARM_UP_SHARE = 0.5;
/** What QEMU is expected to do, to give it about as long. */
const QEMU_MIPS_EXPECTED = 1000;
const QEMU_TIMEOUT_MS = 120_000;
/** Of each measurement the best counts: others that use the machine make it slower, never faster. */
const ATTEMPTS = 3;
/** A first round may find other memory (an empty queue) and untranslated code. */
const SETTLING_ROUNDS = 2;
const COUNTED_ROUNDS = 2;
/** Of the chip, so that time can be looked at in between: some tens of milliseconds. */
const INSTRUCTIONS_A_CALL = 2_000_000;

interface Speeds {
  name: string;
  interpreterMips: number;
  translatedMips: number;
  qemuMips: number;
}

export async function benchEmulator(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { seconds: { type: "string", default: "1" }, json: { type: "boolean", default: false } },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds takes a number above 0, not ${values.seconds}`);
  const missing = missingPackages([QEMU]);
  if (missing.length > 0) throw new Error(`the emulator is measured beside QEMU: install ${missing.join(" ")}`);
  const speeds: Speeds[] = [];
  for (const kernel of KERNELS) {
    const { wasm } = await compileProgram(`${KERNEL_FOLDER}/${kernel.name}.ts`, "lx106");
    const { program } = programOfWasm(wasm, { useRom: false });
    const repetition = repetitionOf(program, kernel);
    speeds.push({
      name: kernel.name,
      interpreterMips: chipMips(program, kernel, repetition, "interpreter", seconds),
      translatedMips: chipMips(program, kernel, repetition, "translated", seconds),
      qemuMips: await qemuMips(program, repetition, seconds),
    });
  }
  const mean = (key: Exclude<keyof Speeds, "name">) =>
    Math.round(Math.exp(speeds.reduce((sum, speed) => sum + Math.log(speed[key]), 0) / speeds.length));
  const result = {
    interpreterMips: mean("interpreterMips"),
    translatedMips: mean("translatedMips"),
    qemuMips: mean("qemuMips"),
  };
  (values.json ? process.stderr : process.stdout).write(table([...speeds, { name: "geomean", ...result }]));
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** How a kernel is repeated: the code for it, and how many instructions a round is once the first ones are over. */
interface Repetition {
  segment: Segment;
  instructions: number;
}

function repetitionOf(program: NativeProgram, kernel: Kernel): Repetition {
  const onChip = new KernelOnChip(program, kernel, "interpreter");
  const address = (name: string) => program.functions.get(name) as number;
  const args = kernel.args(onChip.prepare());
  const segment = repeatCode(address(kernel.entry), args, kernel.usesUp ? address("prepare") : undefined);
  onChip.chip.write(segment.address, segment.bytes);
  onChip.repeat(SETTLING_ROUNDS);
  const before = onChip.chip.instructions;
  onChip.repeat(COUNTED_ROUNDS);
  return { segment, instructions: (onChip.chip.instructions - before) / COUNTED_ROUNDS };
}

function chipMips(
  program: NativeProgram,
  kernel: Kernel,
  { segment, instructions }: Repetition,
  engine: "interpreter" | "translated",
  seconds: number,
): number {
  const onChip = new KernelOnChip(program, kernel, engine);
  onChip.prepare();
  onChip.chip.write(segment.address, segment.bytes);
  const rounds = Math.ceil(INSTRUCTIONS_A_CALL / instructions);
  const runFor = (durationMs: number): number => {
    const before = onChip.chip.instructions;
    const start = performance.now();
    let elapsedMs = 0;
    while (elapsedMs < durationMs) {
      onChip.repeat(rounds);
      elapsedMs = performance.now() - start;
    }
    return (onChip.chip.instructions - before) / (elapsedMs * 1000);
  };
  runFor(WARM_UP_SHARE * seconds * 1000);
  return Math.max(...Array.from({ length: ATTEMPTS }, () => runFor((seconds * 1000) / ATTEMPTS)));
}

async function qemuMips(
  program: NativeProgram,
  { segment, instructions }: Repetition,
  seconds: number,
): Promise<number> {
  const timeMs = async (rounds: number): Promise<number> => {
    const calls = [
      { entry: program.init as number },
      { entry: program.functions.get("prepare") as number },
      { entry: REPEAT_ADDRESS, args: [rounds] },
    ];
    const start = performance.now();
    await runCalls({ segments: [...program.segments, segment], calls, timeoutMs: QEMU_TIMEOUT_MS });
    return performance.now() - start;
  };
  const bestMs = async (rounds: number): Promise<number> => {
    let best = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) best = Math.min(best, await timeMs(rounds));
    return best;
  };
  const rounds = Math.ceil((seconds * QEMU_MIPS_EXPECTED * 1e6) / instructions / ATTEMPTS);
  const startMs = await bestMs(SETTLING_ROUNDS);
  return ((rounds - SETTLING_ROUNDS) * instructions) / ((await bestMs(rounds)) - startMs) / 1000;
}

function table(speeds: readonly Speeds[]): string {
  const row = (...[first = "", ...rest]: string[]) =>
    `${first.padEnd(12)}${rest.map((cell) => cell.padStart(13)).join("")}`;
  const cell = (mips: number) => mips.toFixed(mips < 100 ? 1 : 0);
  return [
    row("MIPS", "interpreter", "translated", "QEMU"),
    ...speeds.map((speed) =>
      row(speed.name, cell(speed.interpreterMips), cell(speed.translatedMips), cell(speed.qemuMips)),
    ),
    "",
  ].join("\n");
}
