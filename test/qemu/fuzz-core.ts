/** `npm run fuzz:core`: the long form of core-vs-qemu.test.ts, random programs for as long as it is told. */
import { parseArgs } from "node:util";
import { SeededRandom } from "../../runtime/board/random.ts";
import { compareTranslated, compareWithQemu } from "./compare-cores.ts";
import { missingPackages, QEMU } from "./installed.ts";
import { randomProgram } from "./random-program.ts";

const HELP = `Usage: npm run fuzz:core -- [options]

  --seconds <s>       how long (60)
  --seed <n>          of the first program; each further one has the next (1)
  --instructions <n>  of a program (5000)
`;

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
      instructions: { type: "string", default: "5000" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [seconds, firstSeed, size] = [values.seconds, values.seed, values.instructions].map(Number) as [
    number,
    number,
    number,
  ];
  if (!(seconds > 0) || !Number.isInteger(firstSeed) || !(size >= 1))
    throw new Error("an option is not a number; see --help");
  const missing = missingPackages([QEMU]);
  if (missing.length > 0) throw new Error(`the judge is QEMU: install ${missing.join(" ")}`);
  const endMs = performance.now() + seconds * 1000;
  let programs = 0;
  let instructions = 0;
  for (let seed = firstSeed; programs === 0 || performance.now() < endMs; seed++) {
    const program = randomProgram(new SeededRandom(seed), size);
    const comparison = await compareWithQemu(program);
    const differences =
      comparison.differences.length > 0 ? comparison.differences : compareTranslated(program, comparison);
    if (differences.length > 0) throw new Error(`--seed ${seed} --instructions ${size}:\n${differences.join("\n")}`);
    programs++;
    instructions += comparison.instructions;
  }
  process.stdout.write(`${programs} programs, ${instructions} instructions, no difference\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`fuzz:core: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
