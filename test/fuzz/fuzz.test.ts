/** Some random modules in V8, on the emulated chip and under QEMU. `npm run fuzz -- --seconds 600` is the long form. */
import { describe, expect, test } from "vitest";
import { hasTools, QEMU } from "../qemu/installed.ts";
import { fuzzModules } from "./fuzz-modules.ts";
import { hasWasmOpt } from "./random-module.ts";

const MODULES = 200;
const UNDER_QEMU = 10;
/** Where an engine meets a limit of its own nothing is shown; that must stay rare. */
const INCONCLUSIVE_MOST = MODULES / 50;

describe.skipIf(!hasWasmOpt())("random modules", () => {
  test("do on the chip what they do in V8", { timeout: 600_000 }, async () => {
    const underQemu = hasTools("random modules under QEMU", [QEMU]) ? UNDER_QEMU : 0;
    const tally = await fuzzModules({ firstSeed: 1, goesOn: ({ modules }) => modules < MODULES, underQemu });
    expect(tally.findings.map(({ seed, what }) => `seed ${seed}: ${what}`)).toEqual([]);
    expect(tally.inconclusive).toBeLessThan(INCONCLUSIVE_MOST);
    expect(tally.traps).toBeGreaterThan(0);
    console.log(`random modules: ${tally.modules}, ${tally.calls} calls; ${tally.underQemu} modules under QEMU too`);
  });
});
