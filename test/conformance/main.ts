/**
 * `npm run conformance -- FOLDER`: the WebAssembly test suite, or any part of it in wast2json's form, compiled by
 * tools/aot and run on the emulated chip.
 */
import { parseArgs } from "node:util";
import type { Skip } from "./run-commands.ts";
import { FolderError, runFolder } from "./run-folder.ts";

const HELP = `Usage: npm run conformance -- FOLDER [options]

Compiles every module of a folder of wast2json output, runs it on the emulated chip, and
compares. Failures are listed with file and line; exit code 1 if there are any.

  --engine NAME   interpreter or translated (default: translated)
  --json          the last line is {"passed":..,"failed":..,"skipped":[{"file","line","reason"}]}
  --help
`;

const WRONG_USE = 2;
const ENGINES = ["interpreter", "translated"] as const;

function main(args: string[]): void {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      engine: { type: "string", default: "translated" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const [folder, ...others] = positionals;
  if (folder === undefined) throw new FolderError("which folder? npm run conformance -- FOLDER [--json]");
  if (others.length > 0) throw new FolderError(`one folder at a time, not also ${others.join(" ")}`);
  const engine = ENGINES.find((name) => name === values.engine);
  if (engine === undefined) throw new FolderError(`--engine is ${ENGINES.join(" or ")}, not ${values.engine}`);

  let passed = 0;
  let failed = 0;
  const skipped: Skip[] = [];
  for (const tally of runFolder(folder, { engine })) {
    for (const failure of tally.failures) console.log(failure);
    const counts = `${tally.passed} passed, ${tally.failures.length} failed, ${tally.skipped.length} skipped`;
    console.log(`${tally.file}: ${counts}`);
    for (const [reason, count] of reasonsOf(tally.skipped)) console.log(`  skipped ${count}: ${reason}`);
    passed += tally.passed;
    failed += tally.failures.length;
    skipped.push(...tally.skipped);
  }
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  if (values.json) console.log(JSON.stringify({ passed, failed, skipped }));
  if (failed > 0) process.exitCode = 1;
}

function reasonsOf(skipped: Skip[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

function isWrongUse(error: unknown): error is Error {
  const code = (error as { code?: unknown }).code;
  return error instanceof FolderError || (typeof code === "string" && code.startsWith("ERR_PARSE_ARGS"));
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!isWrongUse(error)) throw error;
  process.stderr.write(`conformance: ${error.message}\n`);
  process.exitCode = WRONG_USE;
}
