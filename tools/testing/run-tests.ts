/**
 * `npm test`: a build, the specs of the device dialect (as-pect), then everything else (vitest), then one closing line with the
 * sum of both. Arguments go to vitest, and then the device specs are left out: `npm test -- server`.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { PACKAGE_ROOT } from "../build/package-root.ts";
import { BUILT_VARIABLE } from "./built-variable.ts";

interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

/** What is read of vitest's JSON report. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: Array<{ name: string; assertionResults: Array<{ fullName: string; status: string }> }>;
}

const VITEST_REPORT = join(PACKAGE_ROOT, "build", "vitest.json");

async function main(filters: string[]): Promise<void> {
  mkdirSync(join(PACKAGE_ROOT, "build"), { recursive: true });
  const outcomes: Outcome[] = [];
  if (filters.length === 0) {
    if ((await run(["typescript/bin/tsc"], ["-p", "tsconfig.build.json"], true)).code !== 0)
      throw new Error("the build failed");
    process.env[BUILT_VARIABLE] = "yes";
    outcomes.push(await runDeviceSpecs());
  }
  outcomes.push(await runVitest(filters));
  const sum = (key: keyof Outcome) => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  const skipped = sum("skipped");
  console.log(`${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  if (sum("failed") > 0 || sum("passed") === 0) process.exitCode = 1;
}

async function runDeviceSpecs(): Promise<Outcome> {
  const { code, output } = await run(
    ["@as-pect/cli/bin/asp.js"],
    ["--config", "as-pect.config.js", "--summary"],
    false,
  );
  const plain = stripVTControlCharacters(output);
  // The compiler's crash reports quote megabytes of its own source.
  console.log(plain.replace(/^[\s\S]*?(?=ASC Version)/, "").replace(/^.{400,}$/gm, "[line too long to show]"));
  const [, passed = "0", all = "0"] = /\[Tests\]: (\d+) \/ (\d+)/.exec(plain) ?? [];
  const failed = Number(all) - Number(passed);
  // A spec that does not compile ends the run without a count.
  return { passed: Number(passed), failed: code === 0 ? failed : Math.max(1, failed), skipped: 0 };
}

async function runVitest(filters: string[]): Promise<Outcome> {
  const { code } = await run(
    ["vitest/vitest.mjs"],
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${VITEST_REPORT}`, ...filters],
    true,
  );
  const report = JSON.parse(readFileSync(VITEST_REPORT, "utf8")) as VitestReport;
  // Also those that a process took along when it died, whose names stand nowhere else.
  for (const { name, assertionResults } of report.testResults) {
    for (const { fullName, status } of assertionResults)
      if (status !== "passed" && status !== "failed")
        console.log(
          `${status === "todo" ? "to do" : "not run to its end"}: ${relative(PACKAGE_ROOT, name)}: ${fullName}`,
        );
  }
  return {
    passed: report.numPassedTests,
    // A file that does not load, or an error outside of a test, fails no test of its own.
    failed: code === 0 ? report.numFailedTests : Math.max(1, report.numFailedTests),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Runs a tool of node_modules. Its output is shown as it comes, or kept. */
function run(tool: string[], args: string[], isShown: boolean): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(PACKAGE_ROOT, "node_modules", ...tool), ...args], {
    cwd: PACKAGE_ROOT,
    stdio: ["ignore", isShown ? "inherit" : "pipe", isShown ? "inherit" : "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

await main(process.argv.slice(2));
