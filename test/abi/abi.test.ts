/** The conformance of the host ABI on virtual boards: both engines pass it, alike, and a host that is wrong does not. */
import { beforeAll, describe, expect, test } from "vitest";
import { HOST_FUNCTIONS } from "../../runtime/contract/host-functions.ts";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import { runAbi } from "./abi-board.ts";
import { judgeReport } from "./judge-report.ts";
import { MUTANTS, TABLE_MUTANTS } from "./mutants.ts";
import { readReport } from "./report-lines.ts";

const BUILD_MS = 120_000;

const reports = new Map<Engine, string[]>();

beforeAll(async () => {
  for (const engine of ENGINES) reports.set(engine, await runAbi(engine));
}, BUILD_MS);

const linesOf = (engine: Engine) => reports.get(engine) ?? [];
const checksOf = (engine: Engine) => readReport(linesOf(engine)).checks.map(({ text }) => text);

describe("virtual boards", () => {
  test.each(ENGINES)("%s shows every function, and none fails", (engine) => {
    const verdict = judgeReport(readReport(linesOf(engine)));
    expect(verdict.faults).toEqual([]);
    expect(verdict.failed).toBe(0);
    expect(verdict.functions.map(({ name }) => name)).toEqual(HOST_FUNCTIONS.map(({ name }) => name));
  });

  test("both engines say the same", () => {
    expect(checksOf("lx106")).toEqual(checksOf("wasm"));
    expect(new Set(checksOf("wasm")).size).toBeGreaterThan(HOST_FUNCTIONS.length);
  });
});

describe("what a host prints", () => {
  test.each(ENGINES)("%s tells each start, and the crash", (engine) => {
    const starts = linesOf(engine).filter((line) => line.startsWith("reset: "));
    const reasons = ["PowerOn", "Software", "DeepSleep", "Deadline", "Watchdog", "Crash"];
    expect(starts).toEqual(reasons.map((reason) => `reset: ${reason}`));
    const crash = {
      wasm: /^crash: RuntimeError: unreachable/,
      lx106: /^crash: cause 0 at 0x[0-9a-f]{8} address 0x[0-9a-f]{8} image 0xc000$/,
    };
    expect(linesOf(engine).filter((line) => line.startsWith("crash: "))).toEqual([
      expect.stringMatching(crash[engine]),
    ]);
  });
});

describe("a board that lacks something", () => {
  test("is told by the functions that were not shown, and by nothing else", { timeout: BUILD_MS }, async () => {
    const { faults, failed } = judgeReport(readReport(await runAbi("wasm", { isBare: true })));
    const missing = ["sleep_deep", "tcp_status", "tcp_write", "tcp_read", "tcp_close"];
    expect(faults).toEqual(missing.map((name) => `${name} was not called with good arguments`));
    expect(failed).toBe(0);
  });

  test.each(ENGINES)("%s: a program that runs alone cannot hand over", { timeout: BUILD_MS }, async (engine) => {
    const { faults, failed } = judgeReport(readReport(await runAbi(engine, { isAlone: true })));
    expect(faults).toEqual(["image_run was not called with good arguments"]);
    expect(failed).toBe(0);
  });
});

describe("a host that is wrong is found", () => {
  test.each(MUTANTS)("$title", { timeout: BUILD_MS }, async ({ fn, alter }) => {
    const lines = await runAbi("wasm", { alterHost: (host) => ({ ...host, ...alter(host) }) });
    const failed = judgeReport(readReport(lines)).functions.filter((judged) => judged.failed.length > 0);
    expect(failed.map(({ name }) => name)).toContain(fn);
  });

  /** Some of these boot does not get over: then there is no report, which is a fault too. */
  test.each(TABLE_MUTANTS)("$title", { timeout: BUILD_MS }, async ({ alter }) => {
    const lines = await runAbi("wasm", { alterHost: (host) => ({ ...host, ...alter(host) }) });
    expect(judgeReport(readReport(lines)).faults).not.toEqual([]);
  });

  test("on the emulated chip too", { timeout: BUILD_MS }, async () => {
    const lines = await runAbi("lx106", { alterHost: (host) => ({ ...host, flash_erase: () => 0 }) });
    const { functions } = judgeReport(readReport(lines));
    expect(functions.find(({ name }) => name === "flash_erase")?.failed).not.toEqual([]);
  });
});

describe("a report is judged by its lines", () => {
  const without = (holds: (line: string) => boolean) =>
    judgeReport(readReport(linesOf("wasm").filter((line) => !holds(line)))).faults;

  test("a function that was not shown is named", () => {
    expect(without((line) => /abi adc_read /.test(line))).toContain("adc_read was not called with good arguments");
    expect(without((line) => /abi pin_read bad-/.test(line))).toContain("pin_read was not called with bad arguments");
  });

  test("lines that got lost are noticed, and an end that did not come", () => {
    expect(without((line) => /abi pin_read high /.test(line))).toEqual([expect.stringContaining("some were lost")]);
    expect(without((line) => / abi done /.test(line))).toEqual(["the program did not come to its end"]);
  });

  test("what is not in the table is no check of it", () => {
    const lines = [...linesOf("wasm"), "1.000 info abi no_such_function good ok"];
    expect(judgeReport(readReport(lines)).faults[0]).toBe("no_such_function (good) is no function of the table");
  });

  test("bytes around a line, and half a line, are no check", () => {
    const noise = [
      "\0abi log a ok",
      "abi log ok",
      "abi log a ok?",
      "abi log a FAILED got x expected 1",
      "reset: Crash",
    ];
    expect(readReport(noise)).toEqual({ checks: [], done: undefined });
    expect(readReport(["abi log a FAILED got -1 expected 0"]).checks).toMatchObject([{ isOk: false }]);
  });
});
