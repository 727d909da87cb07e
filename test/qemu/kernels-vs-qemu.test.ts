/**
 * Whole programs on the emulated chip and under QEMU: the kernels of `npm run bench -- native`, as gcc compiles them and as
 * our compiler does. Same results, same memory, same number of instructions to the last one, interpreted and translated.
 */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileProgram } from "../../tools/build/compile-program.ts";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { KERNEL_FOLDER, KERNELS, type Kernel } from "../bench/native/kernel-table.ts";
import { type NativeProgram, programOfC, programOfWasm } from "../bench/native/native-program.ts";
import { KernelOnChip } from "../bench/native/run-kernel.ts";
import { GCC, hasTools, QEMU } from "./installed.ts";
import { runCalls } from "./run-calls.ts";

/** fib(24) is a million instructions and more, which QEMU logs one by one. */
const CHOSEN = KERNELS.map((kernel) => (kernel.name === "fib" ? { ...kernel, args: () => [17] } : kernel));
/** gcc takes single-precision arithmetic from the mask ROM, which QEMU does not have. Ours can bring its own. */
const IN_C = CHOSEN.filter(({ name }) => name !== "matrix-f32");

interface Answer {
  result: number;
  instructions: number | undefined;
  check: number;
}

function onChip(program: NativeProgram, kernel: Kernel, engine: "interpreter" | "translated"): Answer[] {
  const machine = new KernelOnChip(program, kernel, engine);
  return [kernel.args, ...kernel.others].map((args) => {
    const { result, instructions } = machine.run(args(machine.prepare()));
    return { result, instructions, check: machine.check() };
  });
}

async function onQemu(program: NativeProgram, kernel: Kernel): Promise<Answer[]> {
  const entry = (name: string) => ({ entry: program.functions.get(name) as number });
  const setUp = program.init === undefined ? [] : [{ entry: program.init }];
  const first = await runCalls({ segments: program.segments, calls: [...setUp, entry("prepare")] });
  const prepared = first.outcomes.at(-1)?.words[0] as number;
  const calls = [kernel.args, ...kernel.others].flatMap((args) => [
    entry("prepare"),
    { ...entry(kernel.entry), args: args(prepared) },
    entry("check"),
  ]);
  const { outcomes } = await runCalls({ segments: program.segments, calls: [...setUp, ...calls], isCounted: true });
  expect(outcomes.filter(({ exception }) => exception !== undefined)).toEqual([]);
  const answers = outcomes.slice(setUp.length);
  return [kernel.args, ...kernel.others].map((_, index) => ({
    result: answers[3 * index + 1]?.words[0] as number,
    instructions: answers[3 * index + 1]?.instructions,
    check: answers[3 * index + 2]?.words[0] as number,
  }));
}

async function expectSame(program: NativeProgram, kernel: Kernel): Promise<void> {
  const expected = await onQemu(program, kernel);
  expect(onChip(program, kernel, "interpreter"), "interpreted").toEqual(expected);
  expect(onChip(program, kernel, "translated"), "translated").toEqual(expected);
  expect(expected[0]?.instructions).toBeGreaterThan(1000);
}

describe.skipIf(!hasTools("programs of gcc on the chip against QEMU", [QEMU, GCC]))(
  "programs of gcc on chip and QEMU",
  () => {
    test.each(IN_C.flatMap((kernel) => (["-O2", "-Os"] as const).map((optimise) => ({ kernel, optimise }))))(
      "$kernel.name $optimise",
      async ({ kernel, optimise }) => {
        const { program } = programOfC(join(PACKAGE_ROOT, KERNEL_FOLDER, `${kernel.name}.c`), optimise);
        await expectSame(program, kernel);
      },
    );
  },
);

describe.skipIf(!hasTools("programs of our compiler on the chip against QEMU", [QEMU]))(
  "programs of our compiler on chip and QEMU",
  () => {
    test.each(CHOSEN)("$name", async (kernel) => {
      const { wasm } = await compileProgram(`${KERNEL_FOLDER}/${kernel.name}.ts`, "lx106");
      await expectSame(programOfWasm(wasm, { useRom: false }).program, kernel);
    });
  },
);
