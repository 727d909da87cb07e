import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StartError } from "../errors.ts";
import { makeFolder } from "../testing/test-server.ts";
import { openDataFolder } from "./open-database.ts";
import { MIGRATIONS } from "./schema.ts";

let folder: ReturnType<typeof makeFolder>;
let path: string;

beforeEach(() => {
  folder = makeFolder();
  path = join(folder.path, "lintel.db");
});
afterEach(() => folder.remove());

function failure(dataDir = folder.path): StartError {
  try {
    openDataFolder(dataDir).release();
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error("it opened");
}

function expectLine(error: StartError, code: string, subject: string): void {
  expect(error.code).toBe(code);
  expect(error.message).toContain(subject);
  expect(error.message).not.toContain("\n");
}

test("a fresh folder is made, and opens again", () => {
  const nested = join(folder.path, "a", "b");
  openDataFolder(nested).release();
  expect(existsSync(join(nested, "lintel.db"))).toBe(true);
  openDataFolder(nested).release();
});

test("a second server on the same folder", () => {
  const first = openDataFolder(folder.path);
  expectLine(failure(), "E_DATA_IN_USE", folder.path);
  first.release();
  openDataFolder(folder.path).release();
});

test("a file where the folder should be", () => {
  const file = join(folder.path, "file");
  writeFileSync(file, "");
  expectLine(failure(file), "E_DATA_NOT_A_FOLDER", file);
  expectLine(failure(join(file, "below")), "E_DATA_NOT_A_FOLDER", file);
});

test("a folder that cannot be made", () => {
  // Also for root: the kernel makes no folders there.
  expectLine(failure("/proc/lintel"), "E_DATA_NOT_WRITABLE", "/proc/lintel");
});

test("garbage instead of a database", () => {
  writeFileSync(path, Buffer.alloc(8192, "garbage "));
  expectLine(failure(), "E_DATABASE_CORRUPT", path);
  expect(readFileSync(path, "utf8")).toContain("garbage");
});

test.each([1, 100, 4096, 9000])("a database cut to %i bytes", (sizeBytes) => {
  openDataFolder(folder.path).release();
  truncateSync(path, sizeBytes);
  expectLine(failure(), "E_DATABASE_CORRUPT", path);
});

test("a damaged page", () => {
  openDataFolder(folder.path).release();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096, 8192);
  writeFileSync(path, bytes);
  expectLine(failure(), "E_DATABASE_CORRUPT", path);
});

test("a database of another program", () => {
  const db = new Database(path);
  db.exec("CREATE TABLE music (title TEXT)");
  db.close();
  expectLine(failure(), "E_DATABASE_FOREIGN", path);
});

test("a database of a newer version", () => {
  openDataFolder(folder.path).release();
  const db = new Database(path);
  db.pragma(`user_version = ${MIGRATIONS.length + 1}`);
  db.close();
  expectLine(failure(), "E_DATABASE_NEWER", path);
});
