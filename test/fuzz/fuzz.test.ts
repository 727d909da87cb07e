/**
 * Some random modules in V8, on the emulated chip and under QEMU, through the command itself: in a process of its own the
 * compiler is several times as fast as inside the test runner. `npm run fuzz -- --seconds 600` is the long form.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { hasTools, QEMU } from "../qemu/installed.ts";
import type { FuzzTally } from "./fuzz-modules.ts";
import { hasWasmOpt } from "./random-module.ts";

const MODULES = 400;
const UNDER_QEMU = 20;
/** Where an engine meets a limit of its own nothing is shown; that must stay rare. */
const INCONCLUSIVE_MOST = MODULES / 50;

async function fuzz(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", "test/fuzz/main.ts", ...args], { cwd: PACKAGE_ROOT });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      output[name] += chunk;
    });
  }
  const [code] = (await once(child, "close")) as [number];
  return { code, ...output };
}

describe.skipIf(!hasWasmOpt())("random modules", () => {
  test("do on the chip what they do in V8", { timeout: 900_000 }, async () => {
    const underQemu = hasTools("random modules under QEMU", [QEMU]) ? UNDER_QEMU : 0;
    const { code, stdout, stderr } = await fuzz("--modules", `${MODULES}`, "--qemu", `${underQemu}`, "--json");
    expect(stderr).toBe("");
    const tally = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as FuzzTally;
    expect(tally.findings).toEqual([]);
    expect(tally).toMatchObject({ modules: MODULES, underQemu });
    expect(tally.inconclusive).toBeLessThan(INCONCLUSIVE_MOST);
    expect(tally.traps).toBeGreaterThan(0);
    expect(code).toBe(0);
    console.log(`random modules: ${tally.modules}, ${tally.calls} calls; ${tally.underQemu} modules under QEMU too`);
  });

  test.each([
    [["--modules", "many"], 'fuzz: --modules takes a whole number, not "many"\n'],
    [["--frobnicate"], /^fuzz: Unknown option '--frobnicate'/],
  ])("%j is refused with exit code 2", async (args, message) => {
    const { code, stderr } = await fuzz(...args);
    expect(stderr).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
    expect(code).toBe(2);
  });
});
