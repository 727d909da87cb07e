/** `lintel disasm` from the command line's side. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { addDisasmCommand } from "../cli/disasm-command.ts";

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-disasm-"));
  file = join(folder, "code.bin");
  // A literal, `l32r a2`, `ret.n`, two words that are no instructions.
  await writeFile(file, Buffer.from("3df03df0" + "21ffff" + "0df0" + "040012" + "0f", "hex"));
});
afterAll(() => rm(folder, { recursive: true }));

async function disasm(...args: string[]): Promise<string> {
  const program = new Command("lintel").exitOverride().configureOutput({ writeErr: () => {} });
  addDisasmCommand(program);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await program.parseAsync(["disasm", ...args], { from: "user" });
    return log.mock.calls.flat().join("\n");
  } finally {
    log.mockRestore();
  }
}

test("lists code, and what is no code as bytes", async () => {
  expect(await disasm(file, "--address", "0x40100000")).toBe(
    [
      "40100000: f03d    nop.n",
      "40100002: f03d    nop.n",
      "40100004: ffff21  l32r a2, 0x40100000 (0xf03df03d)",
      "40100007: f00d    ret.n",
      "40100009: 120004  .byte 0x04, 0x00, 0x12",
      "4010000c: 0f      .byte 0x0f",
    ].join("\n"),
  );
});

test("prints one line of JSON", async () => {
  const report = JSON.parse(await disasm(file, "--json")) as { address: number; sizeBytes: number; listing: unknown[] };
  expect(report).toMatchObject({ file, address: 0x40200000, sizeBytes: 13 });
  expect(report.listing).toHaveLength(6);
  expect(report.listing[2]).toEqual({
    address: 0x40200004,
    bytes: "21ffff",
    mnemonic: "l32r",
    operands: [2, 0x40200000],
    text: "l32r a2, 0x40200000 (0xf03df03d)",
  });
  expect(report.listing[5]).toMatchObject({ mnemonic: ".byte", operands: [15] });
});

test("bad files and addresses are one clear error", async () => {
  const empty = join(folder, "empty.bin");
  await writeFile(empty, "");
  await expect(disasm(join(folder, "missing.bin"))).rejects.toThrow(/^cannot read .*missing\.bin: ENOENT/);
  await expect(disasm(folder)).rejects.toThrow(/is a folder: name a file$/);
  await expect(disasm(empty)).rejects.toThrow("is empty");
  const large = join(folder, "large.bin");
  await writeFile(large, new Uint8Array(1024 * 1024 + 1));
  await expect(disasm(large)).rejects.toThrow("has 1048577 bytes: cut it, at most 1048576");
  await expect(disasm(file, "--address", "0x100000000")).rejects.toThrow("An address is given as 0x40200000");
  await expect(disasm(file, "--address", "here")).rejects.toThrow("An address is given as 0x40200000");
  await expect(disasm(file, "--address", "0xfffffffc")).rejects.toThrow("does not fit behind 0xfffffffc");
});
