import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Flash } from "../../runtime/board/flash.ts";
import { FlashFolder } from "./flash-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "lintel-flash-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function all(flash: Flash): Uint8Array {
  const bytes = new Uint8Array(flash.regionBytes);
  flash.read(0, bytes);
  return bytes;
}

test("a board comes back with the flash that it had", () => {
  const files = new FlashFolder(join(folder, "boards"));
  expect(files.load("024c4e540001")).toBeUndefined();
  const flash = new Flash();
  flash.write(0x5000, Uint8Array.of(1, 2, 3, 4));
  flash.write(0x3b000, new Uint8Array(4096));
  files.save("024c4e540001", flash);
  const again = files.load("024c4e540001");
  expect(again && Buffer.compare(all(again), all(flash))).toBe(0);
});

test("a file that is no flash, a folder that cannot be: what to do", () => {
  writeFileSync(join(folder, "024c4e540002.flash"), "no flash");
  expect(() => new FlashFolder(folder).load("024c4e540002")).toThrow(/remove it/);
  expect(() => new FlashFolder(join(folder, "024c4e540002.flash", "below"))).toThrow(/cannot be kept/);
});
