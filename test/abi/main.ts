/** `npm run abi`: the conformance of the host ABI (firmware/abi) on virtual boards, in virtual time. */
import { parseArgs } from "node:util";
import { HOST_FUNCTIONS } from "../../runtime/contract/host-functions.ts";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import { runAbi } from "./abi-board.ts";
import { judgeReport, type Verdict } from "./judge-report.ts";
import { readReport } from "./report-lines.ts";

const HELP = `Usage: npm run abi -- [options]

Runs firmware/abi on a virtual board: every function of the host ABI, with good and bad
arguments. A line a function, then what failed; exit code 1 if anything did, or if a
function was not shown.

  --engine NAME   ${ENGINES.join(", ")} or all (default: all)
  --lines         every line that the board has put on its serial line
  --json          ends with a line for each engine: {"engine","functions","checks","failed"}
  --help
`;

const WRONG_USE = 2;

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: "string", default: "all" },
      lines: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const engines = values.engine === "all" ? ENGINES : ENGINES.filter((engine) => engine === values.engine);
  if (engines.length === 0) throw new RangeError(`--engine is ${ENGINES.join(", ")} or all, not ${values.engine}`);
  const results: object[] = [];
  for (const engine of engines) {
    const lines = await runAbi(engine);
    if (values.lines) for (const line of lines) console.log(line);
    const verdict = judgeReport(readReport(lines));
    print(engine, verdict);
    if (verdict.faults.length > 0) process.exitCode = 1;
    const { checks, failed } = verdict;
    results.push({ engine, functions: HOST_FUNCTIONS.length, checks, failed });
  }
  if (values.json) for (const result of results) console.log(JSON.stringify(result));
}

function print(engine: Engine, { functions, checks, failed, faults }: Verdict): void {
  for (const { name, good, bad, failed: own } of functions) {
    const result = own.length > 0 ? `${own.length} FAILED` : "ok";
    console.log(
      `${engine} ${name.padEnd(14)} ${String(good).padStart(3)} good ${String(bad).padStart(3)} bad  ${result}`,
    );
  }
  for (const fault of faults) console.log(`${engine}: ${fault}`);
  console.log(`${engine}: ${functions.length} functions, ${checks} checks, ${failed} failed`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const code = (error as { code?: unknown }).code;
  const isWrongUse = error instanceof RangeError || (typeof code === "string" && code.startsWith("ERR_PARSE_ARGS"));
  if (!isWrongUse) throw error;
  process.stderr.write(`abi: ${(error as Error).message}\n`);
  process.exitCode = WRONG_USE;
}
