/** `npm run fuzz`: random modules in V8 and on the emulated chip, for as long as is asked. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { hasTools, QEMU } from "../qemu/installed.ts";
import { type Finding, type FuzzTally, fuzzModules } from "./fuzz-modules.ts";
import { hasWasmOpt } from "./random-module.ts";

const HELP = `Usage: npm run fuzz -- [options]

Random modules (binaryen's wasm-opt makes them) are compiled and run on the emulated chip,
with bounds checks or as release builds; results, traps, logs, globals and memory are
compared with V8's. Exit code 1 if anything differs. A module that differs is kept in
build/fuzz-findings, and --seed K --modules 1 makes it again.

  --modules N   how many (default: 2000, or no limit with --seconds)
  --seconds S   how long
  --seed K      of the first module; the next ones count up (default: 1)
  --qemu N      the first N modules run under QEMU's lx106 too (default: 0)
  --json        the last line is {"modules":..,"underQemu":..,"calls":..,"traps":..,"inconclusive":..,"findings":[{"seed","what"}]}
  --help
`;

const MODULES = 2000;
const REPORT_EVERY = 100;
const WRONG_USE = 2;
const FINDINGS_FOLDER = join(PACKAGE_ROOT, "build", "fuzz-findings");

class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      modules: { type: "string" },
      seconds: { type: "string" },
      seed: { type: "string", default: "1" },
      qemu: { type: "string", default: "0" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const seconds = values.seconds === undefined ? undefined : count("--seconds", values.seconds);
  const modules = values.modules === undefined ? undefined : count("--modules", values.modules);
  const [firstSeed, underQemu] = [count("--seed", values.seed), count("--qemu", values.qemu)];
  if (!hasWasmOpt()) throw new UsageError("wasm-opt is missing: install Debian's package binaryen");
  if (underQemu > 0 && !hasTools("fuzzing under QEMU", [QEMU])) throw new UsageError("QEMU is missing");

  const most = modules ?? (seconds === undefined ? MODULES : Number.POSITIVE_INFINITY);
  const startMs = performance.now();
  const secondsSoFar = () => (performance.now() - startMs) / 1000;
  const tally = await fuzzModules({
    firstSeed,
    underQemu,
    goesOn: (soFar) => {
      if (soFar.modules > 0 && soFar.modules % REPORT_EVERY === 0) console.log(summary(soFar, secondsSoFar()));
      return soFar.modules < most && secondsSoFar() < (seconds ?? Number.POSITIVE_INFINITY);
    },
    onFinding: (finding) => console.log(`seed ${finding.seed}: ${finding.what}\n  kept in ${keep(finding)}`),
  });
  console.log(summary(tally, secondsSoFar()));
  const findings = tally.findings.map(({ seed, what }) => ({ seed, what }));
  if (values.json) console.log(JSON.stringify({ ...tally, findings }));
  if (findings.length > 0) process.exitCode = 1;
}

function count(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${name} takes a whole number, not "${text}"`);
  return Number(text);
}

function summary({ modules, underQemu, calls, traps, inconclusive, findings }: FuzzTally, seconds: number): string {
  return (
    `${modules} modules (${underQemu} under QEMU too), ${calls} calls, ${traps} of them trap: ` +
    `${findings.length} differ, ${inconclusive} inconclusive; ${seconds.toFixed(0)} s`
  );
}

function keep({ seed, module }: Finding): string {
  mkdirSync(FINDINGS_FOLDER, { recursive: true });
  const path = join(FINDINGS_FOLDER, `seed-${seed}-${module.areAccessesTame ? "tame" : "checked"}.wasm`);
  writeFileSync(path, module.wasm);
  return path;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isParseError = String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
  if (!(error instanceof UsageError) && !isParseError) throw error;
  process.stderr.write(`fuzz: ${(error as Error).message}\n`);
  process.exitCode = WRONG_USE;
}
