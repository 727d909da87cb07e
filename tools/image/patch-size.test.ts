/** What one changed line of the counter costs as a patch, and the counter compressed. Figures: MEASURED.md. */
import { expect, test } from "vitest";
import { applyPatch } from "../../runtime/image/apply-patch.ts";
import { compressImage } from "../../runtime/image/compress.ts";
import { makePatch } from "../../runtime/image/make-patch.ts";
import type { Engine } from "../build/compile-program.ts";
import { buildImage } from "./build-image.ts";

const PROGRAM = "firmware/counter";
const PATCH_MAX_BYTES = 2048;
const COMPRESSED_MAX_BYTES = 24 * 1024;

const CHANGES: Record<string, [from: string, to: string]> = {
  "a constant": ["const TOTALS_EVERY_S: u32 = 3600;", "const TOTALS_EVERY_S: u32 = 1800;"],
  "a log line more": [
    "  countIn = 0;\n",
    '  logValue(LogLevel.Info, "visitors in this period ", countIn);\n  countIn = 0;\n',
  ],
  "a condition": ["if (pulses > 0) count(pulses, 0);", "if (pulses > 0 && pulses < 1000) count(pulses, 0);"],
};

function build(engine: Engine, [from, to]: [string, string] = ["", ""]): Promise<Uint8Array> {
  let places = 0;
  const edit = (path: string, text: string) => {
    if (path !== `${PROGRAM}/main.ts` || from === "") return text;
    places = text.split(from).length - 1;
    return text.replace(from, to);
  };
  return buildImage(PROGRAM, engine, { version: "0.1.1" }, { edit }).finally(() => {
    if (from !== "" && places !== 1) throw new Error(`"${from}" stands ${places} times in the counter, not once`);
  });
}

test.each(["lx106", "wasm"] as const)("one line of the counter, %s", { timeout: 240_000 }, async (engine) => {
  const base = await build(engine);
  const compressed = compressImage(base);
  expect(compressed.length, `compressed: ${compressed.length} of ${base.length} bytes`).toBeLessThan(
    COMPRESSED_MAX_BYTES,
  );
  for (const [what, change] of Object.entries(CHANGES)) {
    const target = await build(engine, change);
    const patch = makePatch(base, target);
    expect(Buffer.compare(target, base)).not.toBe(0);
    const made = applyPatch(base, patch);
    expect(typeof made !== "number" && Buffer.compare(made, target) === 0).toBe(true);
    expect(patch.length, `${what}: ${patch.length} of ${target.length} bytes`).toBeLessThan(PATCH_MAX_BYTES);
    if (process.env.LINTEL_PATCH_SIZES !== undefined) console.log(engine, what, patch.length, target.length);
  }
});
