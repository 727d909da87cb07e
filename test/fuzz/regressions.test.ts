/**
 * Random modules on which something was wrong once, as `npm run fuzz` kept them: the seed gives the calls and how the module
 * is compiled; `tame` ones are release builds, the others have bounds checks.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { judgeModule } from "./fuzz-modules.ts";

const FOLDER = join(PACKAGE_ROOT, "test/fuzz/regressions");

describe("a module that was wrong once is right", () => {
  test.each(readdirSync(FOLDER))("%s", async (file) => {
    const [, seed, kind] = /^seed-(\d+)-(checked|tame)\.wasm$/.exec(file) ?? [];
    expect(kind, "seed-N-checked.wasm or seed-N-tame.wasm").toBeDefined();
    const module = { wasm: readFileSync(join(FOLDER, file)), areAccessesTame: kind === "tame" };
    expect(await judgeModule(Number(seed), module)).toMatchObject({ kind: "same" });
  });
});
