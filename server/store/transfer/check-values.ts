/** Values of an export are what the API would have taken: the server reads them back without asking again. */
import type Database from "better-sqlite3";
import { EXPORTED } from "./tables.ts";
import { TransferError } from "./transfer-error.ts";
import { ANY_TEXT, VALUES } from "./values.ts";

/** The export is attached as `inp`. Throws TransferError that names the first column with something else. */
export function checkValues(db: Database.Database): void {
  const columns = db.prepare<[string], { name: string; type: string }>("SELECT name, type FROM pragma_table_info(?)");
  for (const table of EXPORTED) {
    for (const { name, type } of columns.all(table)) {
      const refuse = () =>
        new TransferError("exportRefused", `${table}.${name} has a value that the API does not take`);
      // The tables of readings are not STRICT.
      if (type === "NUMERIC") {
        const isOther = `typeof("${name}") NOT IN ('integer', 'real')`;
        if (db.prepare(`SELECT 1 FROM inp."${table}" WHERE ${isOther} LIMIT 1`).get() !== undefined) throw refuse();
      }
      const check = VALUES[`${table}.${name}`] ?? (type === "TEXT" ? ANY_TEXT : undefined);
      if (check === undefined) continue;
      const values = db
        .prepare<[], unknown>(`SELECT "${name}" FROM inp."${table}" WHERE "${name}" IS NOT NULL`)
        .pluck();
      for (const value of values.iterate()) if (!check(value)) throw refuse();
    }
  }
  // A derived stream names devices by their addresses: one that is somebody else's here would be read through it.
  const elsewhere = db
    .prepare<[], string>(
      `SELECT j.value FROM inp.derived_streams d, json_tree(d.definition) j JOIN main.devices m ON m.mac = j.value
       WHERE j.key = 'device' AND j.value NOT IN (SELECT mac FROM inp.devices) LIMIT 1`,
    )
    .pluck()
    .get();
  if (elsewhere !== undefined)
    throw new TransferError("exportRefused", `derived_streams.definition names ${elsewhere}, which is not in it`);
}

/** Of the organisation: as it is in the file, or as it was asked for. */
export function checkNames(slug: unknown, name: unknown): void {
  for (const [column, value] of [
    ["slug", slug],
    ["name", name],
  ] as const)
    if (VALUES[`organisations.${column}`]?.(value) !== true) throw new TransferError("nameRefused", column);
}
