import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Flash } from "../../runtime/board/flash.ts";
import { PowerCut } from "../../runtime/board/power.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import { FlashFolder } from "./flash-folder.ts";

const MAC = "024c4e540001";
const OPERATIONS = 200;
const SECTORS = 4;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lintel-flash-"));
  file = join(folder, `${MAC}.flash`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function all(flash: Flash): Buffer {
  const bytes = Buffer.alloc(flash.regionBytes);
  flash.read(0, bytes);
  return bytes;
}

function noNewOne(): Flash {
  throw new Error("it was here before");
}

test("the file is what the flash is after each operation, and the board comes back with it", () => {
  const boards = join(folder, "boards");
  const files = new FlashFolder(boards);
  const fresh = new Flash();
  fresh.write(0x5000, Uint8Array.of(1, 2, 3, 4));
  const flash = files.open(MAC, () => fresh);
  const random = new SeededRandom(1);
  for (let count = 0; count < OPERATIONS; count++) {
    const sector = random.integer(0, SECTORS - 1) * FLASH_SECTOR_BYTES;
    if (random.integer(0, 9) === 0) flash.erase(sector);
    else {
      // Into the next sector too, and over what is there already.
      const words = random.integer(1, 100);
      const bytes = Uint8Array.from({ length: 4 * words }, () => random.integer(0, 255));
      flash.write(sector + 4 * random.integer(0, 1000), bytes);
    }
    expect(Buffer.compare(readFileSync(join(boards, `${MAC}.flash`)), all(flash))).toBe(0);
  }
  flash.onOperation = () => ({ at: "inside", words: 1, clears: 0, weak: 0 });
  expect(() => flash.write(0x6000, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toThrow(PowerCut);
  files.close();
  const again = new FlashFolder(boards);
  expect(Buffer.compare(all(again.open(MAC, noNewOne)), all(flash))).toBe(0);
  again.close();
});

test("one at a time has the folder; the other is told who", () => {
  const first = new FlashFolder(folder);
  expect(() => new FlashFolder(folder)).toThrow(
    `the boards in ${folder} run already, in process ${process.pid}: stop that one, or name another folder`,
  );
  first.close();
  new FlashFolder(folder).close();
});

test("what a process that is gone has left is in nobody's way", () => {
  writeFileSync(join(folder, "sim.lock"), "");
  writeFileSync(join(folder, "sim.pid"), `${process.pid}\n`);
  writeFileSync(`${file}.new`, "half a flash");
  const files = new FlashFolder(folder);
  files.open(MAC, () => new Flash());
  files.close();
  expect(readdirSync(folder).sort()).toEqual([`${MAC}.flash`, "sim.lock"]);
});

test("a file that is no flash, a folder in its place, a folder that cannot be: what to do", () => {
  writeFileSync(file, "no flash");
  mkdirSync(join(folder, "024c4e540002.flash"));
  const files = new FlashFolder(folder);
  expect(() => files.open(MAC, noNewOne)).toThrow(`${file} has 8 bytes, which no board's flash has: remove it`);
  expect(() => files.open("024c4e540002", noNewOne)).toThrow(/024c4e540002\.flash is no file.*: remove it/);
  files.close();
  expect(() => new FlashFolder(join(file, "below"))).toThrow(/cannot be kept/);
});

test("a flash that cannot be put in its place leaves nothing half done", () => {
  const files = new FlashFolder(folder);
  expect(() =>
    files.open(MAC, () => {
      // Since it was looked for.
      mkdirSync(join(file, "below"), { recursive: true });
      return new Flash();
    }),
  ).toThrow(/cannot keep flash in .*024c4e540001\.flash/);
  expect(existsSync(`${file}.new`)).toBe(false);
  files.close();
});
