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

interface Change {
  file: string;
  from: string;
  to: string;
}

const CHANGES: Record<string, Change> = {
  "a constant": { file: "main.ts", from: "const LISTEN_MAX_S = 45;", to: "const LISTEN_MAX_S = 40;" },
  "a log line more": {
    file: "barriers.ts",
    from: "    this.wentOut = 0;\n",
    to: '    this.wentOut = 0;\n    logValue(LogLevel.Info, "visitors who came in ", this.wentIn);\n',
  },
  "a condition": { file: "barriers.ts", from: "if (lost != 0)", to: "if (lost > 1)" },
};

function build(engine: Engine, change?: Change): Promise<Uint8Array> {
  let places = 0;
  const edit = (path: string, text: string) => {
    if (change === undefined || path !== `${PROGRAM}/${change.file}`) return text;
    places = text.split(change.from).length - 1;
    return text.replace(change.from, change.to);
  };
  return buildImage(PROGRAM, engine, { version: "0.1.1" }, { edit }).finally(() => {
    if (change !== undefined && places !== 1)
      throw new Error(`"${change.from}" stands ${places} times in ${change.file} of the counter, not once`);
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
