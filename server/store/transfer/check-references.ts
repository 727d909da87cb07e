/**
 * Every number and id in an export is of something in the same export. A file can be made by anybody: one that names something
 * else would, by the numbers that things have here, write into an organisation that it has nothing to do with.
 */
import type Database from "better-sqlite3";
import { columnsOf } from "./export-organisation.ts";
import { EXPORTED, type ExportedTable, LOOSE, NUMBERED, REFERENCES, ZERO_IS_NONE } from "./tables.ts";
import { TransferError } from "./transfer-error.ts";

/** Numbers of a table lie within so many: those that are given here add up, and stay what a double holds. */
const NUMBERS_SPREAD_MAX = 2 ** 40;

interface Key {
  /** Column there, by column here. */
  columns: Array<[string, string]>;
  target: ExportedTable;
}

/** The export is attached as `inp`. Throws TransferError that names the first place. */
export function checkReferences(db: Database.Database): void {
  const isAny = (sql: string) => db.prepare(`SELECT 1 ${sql} LIMIT 1`).get() !== undefined;
  const organisations = db.prepare<[], number>("SELECT count(*) FROM inp.organisations").pluck().get();
  if (organisations !== 1) throw new TransferError("exportRefused", `it has ${organisations} organisations`);
  for (const table of EXPORTED) {
    const key = NUMBERED[table];
    if (key !== undefined && columnsOf(db, table).includes(key) && table !== "commands") {
      const spread = db
        .prepare<[], { low: number | null; high: number | null }>(
          `SELECT min("${key}") AS low, max("${key}") AS high FROM inp."${table}"`,
        )
        .get();
      const { low = null, high = null } = spread ?? {};
      if (
        low !== null &&
        high !== null &&
        (low < 1 || high > Number.MAX_SAFE_INTEGER || high - low > NUMBERS_SPREAD_MAX)
      )
        throw new TransferError("exportRefused", `${table}.${key} goes from ${low} to ${high}`);
    }
    for (const { columns, target } of keysOf(db, table)) {
      const given = columns.map(([, here]) => `t."${here}" IS NOT NULL${orZero(table, here)}`).join(" AND ");
      const same = columns.map(([there, here]) => `o."${there}" = t."${here}"`).join(" AND ");
      const outside = `FROM inp."${table}" t WHERE ${given} AND NOT EXISTS (SELECT 1 FROM inp."${target}" o WHERE ${same})`;
      if (!isAny(outside)) continue;
      const names = columns.map(([, here]) => here).join(", ");
      throw new TransferError("exportRefused", `${table}.${names} names something of ${target} that is not in it`);
    }
    // A row of nobody would be of the whole server.
    const owners = keysOf(db, table).flatMap(({ columns }) => columns.map(([, here]) => `t."${here}"`));
    if (owners.length > 0 && isAny(`FROM inp."${table}" t WHERE coalesce(${owners.join(", ")}, NULL) IS NULL`))
      throw new TransferError("exportRefused", `${table} has a row that belongs to nothing`);
  }
}

function orZero(table: ExportedTable, column: string): string {
  return ZERO_IS_NONE.some(([of, one]) => of === table && one === column) ? ` AND t."${column}" <> 0` : "";
}

/** Those of the schema, and those that only the name tells of; but for those without which a row goes along. */
function keysOf(db: Database.Database, table: ExportedTable): Key[] {
  const rows = db
    .prepare<[string], { id: number; from: string; to: string | null; table: ExportedTable }>(
      `SELECT id, "from", "to", "table" FROM pragma_foreign_key_list(?) ORDER BY id, seq`,
    )
    .all(table);
  const keys = new Map<number, Key>();
  for (const { id, from, to, table: target } of rows) {
    const key = keys.get(id) ?? { columns: [], target };
    key.columns.push([to ?? "id", from]);
    keys.set(id, key);
  }
  const told = [...keys.values()];
  const isTold = (column: string) => told.some(({ columns }) => columns.some(([, here]) => here === column));
  for (const column of columnsOf(db, table)) {
    const target = REFERENCES[column];
    if (target !== undefined && !isTold(column)) told.push({ columns: [[NUMBERED[target] ?? "id", column]], target });
  }
  const isLoose = (column: string) => LOOSE.some(([of, one]) => of === table && one === column);
  return told.filter(({ columns }) => !columns.some(([, here]) => isLoose(here)));
}
