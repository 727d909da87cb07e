/** Databases of every earlier version, opened by this server: what was in them is there, and goes on. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BatchBuilder, BatchKind, BlockPool } from "../ingest/batch.ts";
import { macToNumber } from "../mac-address.ts";
import { OLD_MAC, OLD_NUMBER, type OldRows, tablesOf, writeOldDatabase } from "../testing/old-database.ts";
import { countingPack, makeFolder, TEST_NOW_MS } from "../testing/test-server.ts";
import { openDataFolder, openForWriting } from "./open-database.ts";
import { Reader } from "./reader.ts";
import { MIGRATIONS } from "./schema.ts";
import { Writer } from "./writer.ts";

const LAST = MIGRATIONS.length;
const VERSIONS = Array.from({ length: LAST }, (_, at) => at + 1);

let folder: ReturnType<typeof makeFolder>;
let path: string;

beforeEach(() => {
  folder = makeFolder();
  path = join(folder.path, "lintel.db");
});
afterEach(() => folder.remove());

/** Each row as it was, in the columns that it had. */
function expectKept(db: Database.Database, rows: OldRows): void {
  for (const [table, row] of rows) {
    const names = Object.keys(row).map((name) => `"${name}"`);
    const same = `SELECT count(*) FROM "${table}" WHERE ${names.map((name) => `${name} IS ?`).join(" AND ")}`;
    expect(
      db
        .prepare(same)
        .pluck()
        .get(...Object.values(row)),
      table,
    ).toBe(1);
  }
}

function expectSound(db: Database.Database): void {
  expect(db.pragma("user_version", { simple: true })).toBe(LAST);
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  expect(db.pragma("foreign_key_check")).toEqual([]);
}

test.each(VERSIONS)("version %i: all rows are as they were, and the device goes on where it was", (version) => {
  const rows = writeOldDatabase(path, version);
  expect(rows.size).toBeGreaterThanOrEqual(6);
  openDataFolder(folder.path).release();
  const db = openForWriting(path);
  expectSound(db);
  expectKept(db, rows);

  const reader = new Reader(path);
  const device = reader.device(OLD_MAC);
  expect(device).toMatchObject({ mac: OLD_MAC, organisationId: 1, standing: 1, epoch: OLD_NUMBER, boots: OLD_NUMBER });
  expect(reader.streams(device?.id ?? 0, -1, 10)).toMatchObject([{ stream: OLD_NUMBER, count: OLD_NUMBER }]);
  const range = { fromMs: OLD_NUMBER, toMs: OLD_NUMBER + 1, after: null, limit: 10 };
  const series = reader.series.open({ device: OLD_MAC, stream: "0007" });
  expect(series?.page(range)).toMatchObject([{ timeMs: OLD_NUMBER, value: OLD_NUMBER + 0.5, sequence: OLD_NUMBER }]);
  reader.close();

  const builder = new BatchBuilder(new BlockPool());
  // One reading that was stored before, two that are new.
  const pack = countingPack(OLD_NUMBER, OLD_NUMBER, OLD_NUMBER + 2);
  builder.add(BatchKind.Data, macToNumber(OLD_MAC), TEST_NOW_MS, pack);
  const { acks, tallies } = new Writer(db).commit([builder.take()]);
  expect([...acks]).toEqual([macToNumber(OLD_MAC), OLD_NUMBER, OLD_NUMBER + 2]);
  expect(tallies).toMatchObject({ stored: 2, duplicates: 1 });
  db.close();
});

test("a step that was taken is taken once: opened again, nothing changes", () => {
  writeOldDatabase(path, 1);
  openDataFolder(folder.path).release();
  const schema = () => {
    const db = new Database(path, { readonly: true });
    const text = db.prepare<[], string>("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name").pluck().all();
    const counts = tablesOf(db).map((table) => db.prepare(`SELECT count(*) FROM "${table}"`).pluck().get());
    db.close();
    return [text, counts];
  };
  const before = schema();
  openDataFolder(folder.path).release();
  expect(schema()).toEqual(before);
});

test("killed before any of its steps, a migration has changed nothing, and is done whole the next time", () => {
  const entry = fileURLToPath(new URL("../testing/migrate-until-killed.ts", import.meta.url));
  const rows = writeOldDatabase(path, 1);
  for (const before of [1, Math.floor(LAST / 2), LAST - 1]) {
    const { signal } = spawnSync(process.execPath, ["--import", "tsx", entry, folder.path, String(before)]);
    expect(signal).toBe("SIGKILL");
    const db = new Database(path);
    expect(db.pragma("user_version", { simple: true })).toBe(1);
    expect(tablesOf(db)).not.toContain("images");
    expectKept(db, rows);
    db.close();
  }
  openDataFolder(folder.path).release();
  const db = new Database(path);
  expectSound(db);
  expectKept(db, rows);
  db.close();
}, 60_000);
