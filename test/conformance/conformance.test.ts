/**
 * The WebAssembly test suite through the compiler and the emulated chip. The suite is not part of this repository: it lies
 * beside it as wast2json's output, or LINTEL_WASM_TESTSUITE names its folder. What was found and corrected beyond the suite
 * is in `regressions`, in the same form (`wast2json x.wast` of Debian's wabt makes the others from x.wast).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { runFolder } from "./run-folder.ts";

const SUITE = process.env["LINTEL_WASM_TESTSUITE"] ?? join(PACKAGE_ROOT, "../shared/wasm-testsuite");
const REGRESSIONS = join(PACKAGE_ROOT, "test/conformance/regressions");
const hasSuite = existsSync(SUITE);
if (!hasSuite) {
  const message = `no WebAssembly test suite at ${SUITE}: set LINTEL_WASM_TESTSUITE to a folder of wast2json output`;
  if (process.env["CI"]) throw new Error(message);
  console.log(`skipped: ${message}`);
}

const tallies = (folder: string, engine: "interpreter" | "translated") => {
  const all = [...runFolder(folder, { engine })];
  return {
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    failures: all.flatMap(({ failures }) => failures),
    skipped: all.flatMap(({ skipped }) => skipped),
  };
};

describe.each(["interpreter", "translated"] as const)("on the chip, %s", (engine) => {
  test.skipIf(!hasSuite)("the WebAssembly test suite", { timeout: 300_000 }, () => {
    const { passed, failures, skipped } = tallies(SUITE, engine);
    console.log(`WebAssembly test suite, ${engine}: ${passed} passed, ${skipped.length} skipped`);
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });

  test("what was wrong once", () => {
    const { passed, failures, skipped } = tallies(REGRESSIONS, engine);
    expect(failures).toEqual([]);
    expect(skipped).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });
});
