/** For tests: a database as a server of an earlier version has left it, with a row in each of its tables. */
import Database from "better-sqlite3";
import { APPLICATION_ID, MIGRATIONS } from "../store/schema.ts";

export const OLD_MAC = "5ccf7f123456";
/** The number in every column of numbers: of a stream, an epoch, a sequence, a time in ms. */
export const OLD_NUMBER = 7;
const ID = 1;
const BLOB = Buffer.from("0102030405060708", "hex");

/** Where a column takes, or means, something else than its kind. */
const VALUES: Record<string, unknown> = {
  "devices.mac": OLD_MAC,
  "devices.standing": 1,
  "devices.replaced_by": null,
  "devices.online": 0,
  "trusted_keys.point": Buffer.alloc(64, 1),
  "notes.project_id": null,
  "health_policies.organisation_id": null,
  "health_policies.project_id": null,
  "config_levels.project_id": null,
  // Nothing was deleted.
  "retained.raw_from_day": 0,
  "retained.rollups_from_day": 0,
  "unsealed.due_ms": Number.MAX_SAFE_INTEGER,
};

type Column = { name: string; type: string };
export type OldRows = Map<string, Record<string, unknown>>;

/** The first `version` steps. Returns the row of each table, by column; what a step has put in itself is left as it is. */
export function writeOldDatabase(path: string, version: number): OldRows {
  const db = new Database(path);
  db.pragma("foreign_keys = OFF");
  const written: OldRows = new Map();
  db.transaction(() => {
    for (const step of MIGRATIONS.slice(0, version)) db.exec(step);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${version}`);
    for (const table of tablesOf(db)) {
      if (db.prepare(`SELECT 1 FROM "${table}"`).get() !== undefined) continue;
      const columns = db.prepare<[string], Column>("SELECT name, type FROM pragma_table_info(?)").all(table);
      const row = Object.fromEntries(columns.map((column) => [column.name, valueOf(table, column)]));
      const names = columns.map(({ name }) => `"${name}"`).join(", ");
      const places = columns.map(() => "?").join(", ");
      db.prepare(`INSERT INTO "${table}" (${names}) VALUES (${places})`).run(...Object.values(row));
      written.set(table, row);
    }
  })();
  const broken = db.pragma("foreign_key_check") as object[];
  db.close();
  if (broken.length > 0) throw new Error(`say in VALUES what refers to what: ${JSON.stringify(broken)}`);
  return written;
}

export function tablesOf(db: Database.Database): string[] {
  return db
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all();
}

function valueOf(table: string, { name, type }: Column): unknown {
  const special = VALUES[`${table}.${name}`];
  if (special !== undefined) return special;
  if (type === "BLOB") return BLOB;
  // Much of what is text is JSON.
  if (type === "TEXT") return "{}";
  if (name === "id" || name === "number" || name.endsWith("_id") || name === "last_delivered") return ID;
  return type === "INTEGER" ? OLD_NUMBER : OLD_NUMBER + 0.5;
}
