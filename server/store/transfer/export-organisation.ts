/**
 * An organisation as one SQLite file: its rows, with the numbers that they have here, in tables as they are here. SQLite copies
 * them from file to file by itself, so memory stays what its cache takes, and the file says when it is damaged.
 *
 * The server may be running: one transaction reads, so the rows belong together, and a file that is not whole never has its name.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import Database from "better-sqlite3";
import { checkDatabase } from "../open-database.ts";
import { MIGRATIONS } from "../schema.ts";
import { EXPORTED, type ExportedTable, LOOSE, REFERENCES, ZERO_IS_NONE } from "./tables.ts";
import { TransferError } from "./transfer-error.ts";

export const EXPORT_APPLICATION_ID = 0x4c4e5458; // "LNTX"
const OWNER_ONLY = 0o600;

export interface Exported {
  slug: string;
  devices: number;
  readings: number;
  rows: number;
}

export interface ExportOptions {
  databasePath: string;
  slug: string;
  out: string;
  nowMs: number;
  onTable?: (table: string, done: number, all: number) => void;
}

/** Throws TransferError, StartError for a database that is none, and what SQLite throws. */
export function exportOrganisation({ databasePath, slug, out, nowMs, onTable }: ExportOptions): Exported {
  if (!existsSync(databasePath)) throw new TransferError("noDatabase", databasePath);
  const part = `${out}.part`;
  rmSync(part, { force: true });
  try {
    // It holds secrets of devices.
    closeSync(openSync(part, "wx", OWNER_ONLY));
    const figures = write(part, databasePath, slug, nowMs, onTable);
    flush(part);
    renameSync(part, out);
    return figures;
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

function write(
  part: string,
  databasePath: string,
  slug: string,
  nowMs: number,
  onTable: ExportOptions["onTable"],
): Exported {
  const db = new Database(part);
  try {
    db.pragma("journal_mode = OFF");
    db.pragma("foreign_keys = OFF");
    db.prepare("ATTACH ? AS live").run(databasePath);
    checkSource(db, databasePath);
    db.exec("BEGIN");
    const found = db.prepare<[string], { id: number }>("SELECT id FROM live.organisations WHERE slug = ?").get(slug);
    if (found === undefined) throw new TransferError("organisationUnknown", slug);
    let rows = 0;
    EXPORTED.forEach((table, at) => {
      onTable?.(table, at, EXPORTED.length);
      db.exec(tableOf(db, "live", table));
      rows += db.prepare<[], unknown>(copyOf(db, table, found.id)).run().changes;
    });
    db.exec("CREATE TABLE export (slug TEXT NOT NULL, name TEXT NOT NULL, made_ms INTEGER NOT NULL) STRICT");
    db.prepare("INSERT INTO export (slug, name, made_ms) SELECT slug, name, ? FROM organisations").run(nowMs);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
    db.pragma(`application_id = ${EXPORT_APPLICATION_ID}`);
    db.exec("COMMIT");
    const number = (sql: string) => db.prepare<[], number>(sql).pluck().get() ?? 0;
    return {
      slug,
      devices: number("SELECT count(*) FROM devices"),
      readings: number("SELECT coalesce(sum(reading_count), 0) FROM streams"),
      rows,
    };
  } finally {
    db.close();
  }
}

function checkSource(db: Database.Database, databasePath: string): void {
  const source = new Database(databasePath, { readonly: true });
  try {
    checkDatabase(source, databasePath, 0);
  } finally {
    source.close();
  }
  const version = Number(db.pragma("live.user_version", { simple: true }));
  if (version !== MIGRATIONS.length) throw new TransferError("databaseOlder", databasePath);
}

/** The statement that makes a table, as SQLite remembers it. */
export function tableOf(db: Database.Database, schema: "live" | "main" | "inp", table: string): string {
  const sql = db
    .prepare<[string], string>(`SELECT sql FROM ${schema}.sqlite_schema WHERE type = 'table' AND name = ?`)
    .pluck()
    .get(table);
  if (sql === undefined) throw new TransferError("notAnExport", table);
  return sql;
}

export function columnsOf(db: Database.Database, table: string): string[] {
  return db.prepare<[string], string>("SELECT name FROM pragma_table_info(?)").pluck().all(table);
}

function copyOf(db: Database.Database, table: ExportedTable, organisation: number): string {
  const columns = columnsOf(db, table);
  const shown = columns.map((column) => `"${column}"`).join(", ");
  return `INSERT INTO main."${table}" (${shown}) SELECT ${valuesOf(table, columns)} FROM live."${table}" AS t
    WHERE ${chosen(table, columns, organisation)}`;
}

/** Nobody is let in by what goes along of people, not even by the one who carries it. */
function valuesOf(table: ExportedTable, columns: string[]): string {
  const withheld: Record<string, string> =
    table === "users" ? { password: "NULL", is_operator: "0", login_ms: "NULL" } : {};
  return columns.map((column) => withheld[column] ?? `t."${column}"`).join(", ");
}

function chosen(table: ExportedTable, columns: string[], organisation: number): string {
  if (table === "organisations") return `t.id = ${organisation}`;
  if (table === "users") return "t.id IN (SELECT user_id FROM main.memberships)";
  if (table === "images") {
    return `t.id IN (SELECT image_id FROM main.image_owners UNION SELECT image_id FROM main.release_images
      UNION SELECT image_id FROM main.desired_images)`;
  }
  const isLoose = (column: string) => LOOSE.some(([of, name]) => of === table && name === column);
  // Users are chosen by their memberships, which come before them.
  const refers = columns.filter((one) => one in REFERENCES && one !== "user_id" && !isLoose(one));
  const none = (one: string) => (ZERO_IS_NONE.some(([of, name]) => of === table && name === one) ? "= 0" : "IS NULL");
  const all = refers.map(
    (one) => `(t."${one}" ${none(one)} OR t."${one}" IN (SELECT id FROM main."${REFERENCES[one]}"))`,
  );
  return `${all.join(" AND ")} AND coalesce(${refers.map((one) => `t."${one}"`).join(", ")}, NULL) IS NOT NULL`;
}

function flush(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
