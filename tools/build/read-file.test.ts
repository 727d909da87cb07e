import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readBoard } from "./board.ts";
import { compileProgram } from "./compile-program.ts";
import { readFile } from "./read-file.ts";

const folder = mkdtempSync(join(tmpdir(), "lintel-read-"));
const file = join(folder, "file");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a file as long as it may be is read, what is none is refused by name", () => {
  writeFileSync(file, "text");
  expect(readFile(file, 4, "cut it")).toEqual(Uint8Array.of(0x74, 0x65, 0x78, 0x74));
  expect(() => readFile(file, 3, "cut it")).toThrow(`${file} has 4 bytes: cut it`);
  expect(() => readFile(folder, 9, "cut it")).toThrow(`${folder} is a folder: name a file`);
  expect(() => readFile("/dev/zero", 9, "cut it")).toThrow("/dev/zero is a device or a pipe: name a file");
  expect(() => readFile(join(folder, "none"), 9, "cut it")).toThrow(/^cannot read .*none: ENOENT/);
});

test("nor is a device a board or a program", async () => {
  expect(() => readBoard("/dev/zero")).toThrow(/there is no board \/dev\/zero/);
  await expect(compileProgram("/dev/zero")).rejects.toThrow(/^\/dev\/zero is a device or a pipe/);
});
