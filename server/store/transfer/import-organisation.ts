/**
 * An exported organisation under a new one of this server, in one transaction: whole, or not at all, whatever ends it. Numbers are
 * given anew by adding, to all of a table, how far its numbers have gone here; so what refers to them is right by the same
 * addition, without a list of them in memory.
 *
 * People are known again by their e-mail address; those whom this server does not know come without a password, and an operator
 * gives them a link. Secrets of devices and digests of claim codes and of applications at the broker go along: boards and
 * applications go on. Tokens, sessions and invitations do not.
 */
import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import { ColumnDamage } from "../column-codec.ts";
import { openDataFolder, openForWriting } from "../open-database.ts";
import { MIGRATIONS } from "../schema.ts";
import { packSegment, unpackSegment } from "../segment-format.ts";
import { checkContents } from "./check-contents.ts";
import { checkReferences } from "./check-references.ts";
import { checkNames, checkValues } from "./check-values.ts";
import { columnsOf, EXPORT_APPLICATION_ID, tableOf } from "./export-organisation.ts";
import { EXPORTED, type ExportedTable, LOOSE, NUMBERED, NUMBERS_INSIDE, REFERENCES, ZERO_IS_NONE } from "./tables.ts";
import { TransferError } from "./transfer-error.ts";

export interface ImportOptions {
  file: string;
  dataDir: string;
  /** null: as it was called. */
  slug: string | null;
  name: string | null;
  onTable?: (table: string, done: number, all: number) => void;
}

export interface Imported {
  slug: string;
  devices: number;
  readings: number;
  /** Who came without a password. */
  newUsers: string[];
}

const CONFLICTS_TOLD_MAX = 20;
/** The last that a slug can be written of; numbers are given from 1. */
const NUMBER_OF_NOTHING = 0x7fffffff;
/** As they stand in text columns: `user:3`. Whoever is not a person that came along is somebody elsewhere. */
const MAKER_COLUMNS = ["maker", "approved_by"];

/** Throws TransferError, StartError for a folder where a server runs, and what SQLite throws; then nothing was changed. */
export function importOrganisation({ file, dataDir, slug, name, onTable }: ImportOptions): Imported {
  if (!existsSync(file)) throw new TransferError("notAnExport", file);
  const folder = openDataFolder(dataDir);
  try {
    const db = openForWriting(folder.databasePath);
    try {
      const found = inspect(db, file);
      const wanted = { slug: slug ?? found.slug, name: name ?? found.name };
      checkNames(wanted.slug, wanted.name);
      return db.transaction(() => take(db, wanted, onTable)).immediate();
    } finally {
      db.close();
    }
  } finally {
    folder.release();
  }
}

/** Attaches it as `inp`. */
function inspect(db: Database.Database, file: string): { slug: string; name: string } {
  try {
    db.prepare("ATTACH ? AS inp").run(file);
    if (db.pragma("inp.application_id", { simple: true }) !== EXPORT_APPLICATION_ID) {
      throw new TransferError("notAnExport", file);
    }
    const version = Number(db.pragma("inp.user_version", { simple: true }));
    if (version !== MIGRATIONS.length) {
      throw new TransferError("exportVersion", `${file} is of version ${version}, this server of ${MIGRATIONS.length}`);
    }
    // A view or another kind of table in its place would be asked as well.
    for (const table of EXPORTED) {
      if (tableOf(db, "inp", table) !== tableOf(db, "main", table)) throw new TransferError("notAnExport", file);
    }
    const finding = db.pragma("inp.quick_check(1)", { simple: true });
    if (finding !== "ok") throw new TransferError("exportDamaged", String(finding));
    const strange = db
      .prepare<[], number>(
        `SELECT count(*) FROM inp.sqlite_schema
         WHERE type NOT IN ('table', 'index') OR (type = 'index' AND sql IS NOT NULL) OR sql LIKE 'CREATE VIRTUAL%'`,
      )
      .pluck()
      .get();
    const found =
      strange === 0 && db.prepare<[], { slug: string; name: string }>("SELECT slug, name FROM inp.export").get();
    if (!found) throw new TransferError("notAnExport", file);
    checkReferences(db);
    checkContents(db);
    checkValues(db);
    return found;
  } catch (error) {
    if (error instanceof Error && "code" in error && /^SQLITE_(NOTADB|CORRUPT)/.test(String(error.code))) {
      throw new TransferError("exportDamaged", error.message);
    }
    throw error;
  }
}

function take(
  db: Database.Database,
  wanted: { slug: string; name: string },
  onTable: ImportOptions["onTable"],
): Imported {
  refuseConflicts(db, wanted.slug);
  // Tables refer to each other in any order; the commit fails where something is missing.
  db.pragma("defer_foreign_keys = ON");
  const organisation = Number(
    db
      .prepare("INSERT INTO organisations (slug, name, created_ms) SELECT ?, ?, created_ms FROM inp.organisations")
      .run(wanted.slug, wanted.name).lastInsertRowid,
  );
  const newUsers = takeUsers(db);
  const offsets = offsetsOf(db);
  const movedEpochs = offsets.get("epochs") ?? 0;
  const epochs = db
    .prepare<[], { low: number; high: number }>("SELECT min(id) AS low, max(id) AS high FROM inp.epochs")
    .get();
  const isKnown = (id: number) => epochs !== undefined && id >= epochs.low && id <= epochs.high;
  db.function("lintel_moved_segment", (body, count) => moveEpochs(body as Buffer, Number(count), movedEpochs, isKnown));
  const tables = EXPORTED.filter((table) => table !== "organisations" && table !== "users");
  tables.forEach((table, at) => {
    onTable?.(table, at, tables.length);
    const columns = columnsOf(db, table);
    const values = columns.map((column) => valueOf(table, column, { organisation, slug: wanted.slug, offsets }));
    // An image has the same id everywhere, and is what the id says.
    const verb = table === "images" ? "INSERT OR IGNORE" : "INSERT";
    const names = columns.map((column) => `"${column}"`).join(", ");
    db.exec(`${verb} INTO main."${table}" (${names}) SELECT ${values.join(", ")} FROM inp."${table}"`);
  });
  db.exec("DROP TABLE temp.user_ids");
  const number = (sql: string) => db.prepare<[], number>(sql).pluck().get() ?? 0;
  return {
    slug: wanted.slug,
    devices: number("SELECT count(*) FROM inp.devices"),
    readings: number("SELECT coalesce(sum(reading_count), 0) FROM inp.streams"),
    newUsers,
  };
}

function refuseConflicts(db: Database.Database, slug: string): void {
  if (db.prepare("SELECT 1 FROM main.organisations WHERE slug = ?").get(slug) !== undefined) {
    throw new TransferError("organisationTaken", slug);
  }
  const both = (table: string, column: string, words: string) =>
    db
      .prepare<[], string>(
        `SELECT i."${column}" FROM inp."${table}" i JOIN main."${table}" m ON m."${column}" = i."${column}" ORDER BY 1`,
      )
      .pluck()
      .all()
      .map((one) => `${words} ${one}`);
  const conflicts = [
    ...both("devices", "mac", "device"),
    ...both("mqtt_users", "name", "MQTT user"),
    // The token lets boards in, so it is not told.
    ...both("projects", "claim_token", "a project with the claim token").map((one) =>
      one.replace(/ \S+$/, " of another one"),
    ),
  ];
  if (conflicts.length === 0) return;
  const more = conflicts.length > CONFLICTS_TOLD_MAX ? `, and ${conflicts.length - CONFLICTS_TOLD_MAX} more` : "";
  throw new TransferError("conflicts", `here are already ${conflicts.slice(0, CONFLICTS_TOLD_MAX).join(", ")}${more}`);
}

/** Fills `temp.user_ids`. Returns those whom this server did not know. */
function takeUsers(db: Database.Database): string[] {
  const added = db
    .prepare<[], string>(
      `INSERT INTO main.users (email, name, is_operator, is_disabled, created_ms)
       SELECT i.email, i.name, 0, i.is_disabled, i.created_ms FROM inp.users i
       WHERE NOT EXISTS (SELECT 1 FROM main.users m WHERE m.email = i.email) ORDER BY i.id RETURNING email`,
    )
    .pluck()
    .all();
  db.exec(
    `CREATE TEMP TABLE user_ids AS SELECT i.id AS old, m.id AS new FROM inp.users i JOIN main.users m ON m.email = i.email`,
  );
  return added;
}

/** How far the numbers of each table have gone here, beyond the first one there. */
function offsetsOf(db: Database.Database): Map<ExportedTable, number> {
  const isCounted = db.prepare<[string], number>("SELECT seq FROM main.sqlite_sequence WHERE name = ?").pluck();
  const offsets = new Map<ExportedTable, number>();
  for (const table of EXPORTED) {
    const key = NUMBERED[table];
    if (key === undefined || !columnsOf(db, table).includes(key)) continue;
    const number = (schema: string, what: string) =>
      db.prepare<[], number | null>(`SELECT ${what}("${key}") FROM ${schema}."${table}"`).pluck().get() ?? 0;
    const given = Math.max(number("main", "max"), isCounted.get(table) ?? 0);
    offsets.set(table, given - Math.max(0, number("inp", "min") - 1));
  }
  return offsets;
}

/** What it named may be gone; then it names nothing here either. */
function moveInside(json: string, path: string, target: ExportedTable, offset: number | undefined): string {
  const found = `json_extract(${json}, '${path}')`;
  const moved = `iif(${found} IN (SELECT id FROM inp."${target}"), ${found} + ${offset}, ${NUMBER_OF_NOTHING})`;
  return `iif(${found} IS NULL, ${json}, json_set(${json}, '${path}', ${moved}))`;
}

/** Topics of an organisation have its slug in them, which is a word of letters, digits and hyphens. */
function movedTopics(json: string, slug: string): string {
  const before = "(SELECT slug FROM inp.organisations)";
  const app = `replace(${json}, '"app/' || ${before} || '/', '"app/${slug}/')`;
  return `replace(${app}, '"lintel/1/alerts/' || ${before} || '"', '"lintel/1/alerts/${slug}"')`;
}

/** Packed readings name their epochs inside. What is damaged stays so, and is told when it is read. */
function moveEpochs(body: Buffer, count: number, offset: number, isKnown: (id: number) => boolean): Buffer {
  try {
    const columns = unpackSegment(body, count);
    if (!columns.epochIds.every(isKnown))
      throw new TransferError("exportRefused", "segments.body names something of epochs that is not in it");
    if (offset === 0) return body;
    return packSegment({ ...columns, epochIds: columns.epochIds.map((id) => id + offset) });
  } catch (error) {
    if (error instanceof ColumnDamage) return body;
    throw error;
  }
}

interface Moved {
  organisation: number;
  slug: string;
  offsets: ReadonlyMap<ExportedTable, number>;
}

function valueOf(table: ExportedTable, column: string, { organisation, slug, offsets }: Moved): string {
  const name = `"${column}"`;
  // What has none is of a project or a device.
  if (column === "organisation_id") return `iif(${name} IS NULL, NULL, ${organisation})`;
  if (column === "user_id") return `(SELECT new FROM temp.user_ids WHERE old = ${name})`;
  if (table === "devices" && column === "online") return "0";
  if (table === "audit" && column === "actor_id")
    return "CASE WHEN actor_kind = 0 THEN (SELECT new FROM temp.user_ids WHERE old = actor_id) END";
  // Packed anew from the bytes, which are known to be what the id says.
  if (table === "images" && column === "compressed") return "NULL";
  if (table === "images" && column === "compress_tried") return "0";
  if (table === "segments" && column === "body") return "lintel_moved_segment(body, count)";
  if (table === "mqtt_users" && column === "topics") return movedTopics(name, slug);
  if (MAKER_COLUMNS.includes(column)) {
    return `CASE WHEN ${name} IS NOT NULL THEN
      coalesce((SELECT 'user:' || new FROM temp.user_ids WHERE 'user:' || old = ${name}), 'elsewhere') END`;
  }
  const inside = NUMBERS_INSIDE.filter(([of, one]) => of === table && one === column);
  if (inside.length > 0)
    return inside.reduce((json, [, , path, of]) => moveInside(json, path, of, offsets.get(of)), name);
  const target = REFERENCES[column];
  const isLoose = LOOSE.some(([of, loose]) => of === table && loose === column);
  if (target !== undefined) {
    const moved = `${name} + ${offsets.get(target)}`;
    if (ZERO_IS_NONE.some(([of, one]) => of === table && one === column)) return `iif(${name} = 0, 0, ${moved})`;
    return isLoose
      ? `CASE WHEN ${name} IN (SELECT "${NUMBERED[target]}" FROM inp."${target}") THEN ${moved} END`
      : moved;
  }
  const isNumber = NUMBERED[table] === column && offsets.has(table) && table !== "commands";
  return isNumber ? `${name} + ${offsets.get(table)}` : name;
}
