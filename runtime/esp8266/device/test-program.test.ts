import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BARE_PROGRAM, BARE_PROGRAM_SOURCE } from "./bare-program.ts";
import { EMULATED_HOST_CODE, EMULATED_HOST_SOURCE } from "./emulated-host.ts";
import { TEST_PROGRAM, TEST_PROGRAM_SOURCE } from "./test-program.ts";

const PREFIX = "xtensa-lx106-elf-";

/** False (and one line is printed) where the tools are missing; that is an error in CI. */
function hasAssembler(): boolean {
  const isThere = ["as", "objcopy"].every((tool) => spawnSync(PREFIX + tool, ["--version"]).status === 0);
  if (!isThere) {
    if (process.env["CI"]) throw new Error("binutils-xtensa-lx106 is not installed, and CI must not skip its tests");
    console.log("skipped: programs written by hand against binutils (install binutils-xtensa-lx106 to run it)");
  }
  return isThere;
}

function assemble(lines: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "lintel-program-"));
  try {
    const [source, object, binary] = ["code.s", "code.o", "code.bin"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(source, `${lines.join("\n")}\n`);
    for (const [tool, ...args] of [
      ["as", "--no-transform", "--no-target-align", "-o", object, source],
      ["objcopy", "-O", "binary", "-j", ".text", object, binary],
    ] as const) {
      const { status, stderr } = spawnSync(PREFIX + tool, args, { encoding: "utf8" });
      if (status !== 0) throw new Error(`${PREFIX}${tool}: ${stderr}`);
    }
    return new Uint8Array(readFileSync(binary));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.skipIf(!hasAssembler()).each([
  ["the test program", TEST_PROGRAM, TEST_PROGRAM_SOURCE],
  ["the bare program", BARE_PROGRAM, BARE_PROGRAM_SOURCE],
  ["the emulated host", EMULATED_HOST_CODE, EMULATED_HOST_SOURCE],
])("%s is what the assembler makes of its source", (_, bytes, source) => {
  expect(Buffer.from(bytes).toString("hex")).toBe(Buffer.from(assemble(source)).toString("hex"));
});
