import { join } from "node:path";
import { expect, test } from "vitest";
import { HOST_FUNCTIONS } from "../../runtime/contract/host-functions.ts";
import { generatedFiles, staleFiles } from "./generate.ts";

const ROOT = join(import.meta.dirname, "../..");

test("the committed declarations are those of the table; if not: npm run generate", () => {
  expect(staleFiles(ROOT)).toEqual([]);
});

test("a missing file is stale", () => {
  expect(staleFiles(join(ROOT, "no-such-folder"))).toEqual(generatedFiles().map(({ path }) => path));
});

test("each function is declared once in each language, with its parameters", () => {
  const [device, board] = generatedFiles().map(({ text }) => text);
  expect(device?.match(/^@external/gm)).toHaveLength(HOST_FUNCTIONS.length);
  expect(device).toContain(
    '@external("host", "rtc_read")\nexport declare function rtc_read(off: i32, ptr: usize, len: i32): i32;\n',
  );
  expect(device).toContain("export declare function clock_set(unix: i32): void;\n");
  expect(board).toContain("  rtc_read(off: number, ptr: number, len: number): number;\n");
});
