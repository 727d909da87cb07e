import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StartError } from "../errors.ts";
import { BatchBuilder, BatchKind, BlockPool } from "../ingest/batch.ts";
import { DesiredPart, PartState } from "../orders/order-requests.ts";
import { countingPack, makeFolder, TEST_NOW_MS } from "../testing/test-server.ts";
import { Housekeeper } from "./housekeeper.ts";
import { openDataFolder, openForWriting } from "./open-database.ts";
import { Reader } from "./reader.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";
import { Writer } from "./writer.ts";

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

test("an image whose compression was given up by an earlier version is to be compressed again", () => {
  const db = new Database(path);
  for (const step of MIGRATIONS.slice(0, 3)) db.exec(step);
  const add = db.prepare(
    `INSERT INTO images (id, product, version, arch, abi, board, security_counter, payload_bytes, ram_bytes, digest, key_id,
       size_bytes, created_ms, bytes, compressed) VALUES (?, 'p', '1', 1, 1, 0, 0, 1, 1, x'', x'', 1, 1, x'', ?)`,
  );
  const ids = [1, 2].map((byte) => Buffer.alloc(8, byte));
  add.run(ids[0], Buffer.from("short"));
  add.run(ids[1], null);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma("user_version = 3");
  db.close();
  const data = openDataFolder(folder.path);
  const reader = new Reader(data.databasePath);
  const { updates } = reader;
  expect(updates.images(-1, 9, null)).toMatchObject([{ compressedBytes: 5, compressTried: 1 }, { compressTried: 0 }]);
  expect(updates.uncompressed()).toEqual([ids[1]?.toString("hex")]);
  reader.close();
  data.release();
});

test("a database from before commands: its devices can be told something, and nothing is made up for them", () => {
  const db = new Database(path);
  for (const step of MIGRATIONS.slice(0, 5)) db.exec(step);
  db.exec(`
    INSERT INTO devices (id, mac, product, config_version, first_seen_ms, last_seen_ms)
    VALUES (1, '5ccf7f123456', 'counter', 9, 5, 9);
  `);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma("user_version = 5");
  db.close();
  const data = openDataFolder(folder.path);
  const reader = new Reader(data.databasePath);
  expect(reader.device("5ccf7f123456")).toMatchObject({ configVersion: 9, graphVersion: null });
  expect(reader.orders.part(1, DesiredPart.Config)).toBeUndefined();
  expect(reader.orders.commands(1, -1, 9)).toEqual([]);
  const writable = openForWriting(data.databasePath);
  const change = { mac: 0x5ccf7f123456, part: DesiredPart.Config, basis: 0, product: "counter", chosen: "{}" };
  const content = Buffer.from("a0", "hex");
  const set = { kind: "setPart", change: { ...change, content }, isConnected: false, atMs: TEST_NOW_MS } as const;
  expect(new Writer(writable).answer(set).outcome).toBe("done");
  expect(reader.orders.part(1, DesiredPart.Config)).toMatchObject({ version: 10, content, state: PartState.Pending });
  writable.close();
  reader.close();
  data.release();
});

/** A database as the first release left it, with data in every table that has changed since. */
function makeFirstVersion(): void {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.exec(MIGRATIONS[0] ?? "");
  db.exec(`
    INSERT INTO devices (id, mac, product, first_seen_ms, last_seen_ms) VALUES (1, '5ccf7f123456', 'counter', 5, 9);
    INSERT INTO epochs VALUES (1, 1, 77, 2, 5);
    INSERT INTO streams VALUES (1, 1, 20481, 2, 1000, 2000, 8);
    INSERT INTO readings VALUES (1, 1000, 1, 1, 7, 0), (1, 2000, 1, 2, 8, 1);
  `);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma("user_version = 1");
  db.close();
}

test.each(MIGRATIONS.map((_, i) => i + 1))(
  "readings of a database of version %i are packed after it is brought up to date",
  (version) => {
    makeFirstVersion();
    const old = new Database(path);
    for (const step of MIGRATIONS.slice(1, version)) old.exec(step);
    old.pragma(`user_version = ${version}`);
    old.close();
    const data = openDataFolder(folder.path);
    const db = openForWriting(data.databasePath);
    const keeper = new Housekeeper(db, () => {});
    keeper.tell(TEST_NOW_MS, 0);
    while (keeper.step());
    expect(
      db.prepare("SELECT (SELECT count(*) FROM readings), count(*), sum(count) FROM segments").raw().get(),
    ).toEqual([0, 1, 2]);
    db.close();
    const reader = new Reader(data.databasePath);
    expect(reader.readings({ streamId: 1, fromMs: 0, toMs: 9000, after: null, limit: 9 })).toEqual([
      { timeMs: 1000, value: 7, epochId: 1, epoch: 77, sequence: 1, clock: 0, errorS: null },
      { timeMs: 2000, value: 8, epochId: 1, epoch: 77, sequence: 2, clock: 1, errorS: null },
    ]);
    reader.close();
    data.release();
  },
);

test("a database of the first version is brought up to date and keeps its data", () => {
  makeFirstVersion();
  const data = openDataFolder(folder.path);
  const reader = new Reader(data.databasePath);
  expect(reader.device("5ccf7f123456")).toMatchObject({
    product: "counter",
    epoch: null,
    image: null,
    trial: 0,
    failure: null,
    failedImage: null,
    configVersion: null,
  });
  const range = { streamId: 1, fromMs: 0, toMs: 9000, after: null, limit: 9 };
  expect(reader.readings(range)).toMatchObject([
    { timeMs: 1000, value: 7, sequence: 1, clock: 0, errorS: null },
    { timeMs: 2000, value: 8, sequence: 2, clock: 1, errorS: null },
  ]);
  expect(reader.updates.images(-1, 9, null)).toEqual([]);
  expect(reader.updates.updateHistory(1)).toEqual([]);
  reader.close();

  const db = openForWriting(data.databasePath);
  const builder = new BatchBuilder(new BlockPool());
  builder.add(BatchKind.Data, 0x5ccf7f123456, TEST_NOW_MS, countingPack(77, 2, 4));
  expect(new Writer(db).commit([builder.take()]).tallies).toMatchObject({ stored: 2, duplicates: 1 });
  expect(db.pragma("user_version", { simple: true })).toBe(MIGRATIONS.length);
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  db.close();
  data.release();
});
