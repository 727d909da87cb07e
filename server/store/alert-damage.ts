/**
 * Rules and deliveries whose JSON is not theirs: a file that was changed, a disk that failed. One of them must not keep the server from
 * starting, nor the others from what they are for, so it is left out of what is read, and told once at the start.
 */
import type Database from "better-sqlite3";

export interface DamagedRow {
  table: "alert_rules" | "deliveries";
  number: number;
}

const isList = (path: string) => `coalesce(json_type(body, '${path}'), 'array') = 'array'`;

/** Of `alert_rules`. SQLite asks the second part of a CASE only where the first holds. */
export const IS_RULE = `CASE WHEN json_valid(body) THEN json_type(body, '$.scope') = 'object'
  AND json_type(body, '$.holdS') = 'integer'
  AND ${["$.scope.devices", "$.scope.tags", "$.condition.reasons"].map(isList).join(" AND ")}
  AND CASE json_extract(body, '$.condition.kind')
    WHEN 'health' THEN json_type(body, '$.condition.state') = 'text'
    WHEN 'value' THEN json_type(body, '$.condition.stream') = 'integer'
    WHEN 'change' THEN json_type(body, '$.condition.changes') = 'array' END END IS 1`;

/** Of `deliveries`. */
export const IS_MESSAGE = `CASE WHEN json_valid(body) THEN json_type(body, '$.alerts') = 'array' END IS 1`;

/** What is shown or told of something, and is nothing where it is damaged: the rest of it is still worth telling. */
export function wholeDetail(column: string): string {
  return `iif(json_valid(${column}), ${column}, '{}')`;
}

export function prepareDamage(db: Database.Database) {
  return db.prepare<[], DamagedRow>(
    `SELECT 'alert_rules' AS "table", id AS number FROM alert_rules WHERE NOT (${IS_RULE})
     UNION ALL SELECT 'deliveries', number FROM deliveries WHERE NOT (${IS_MESSAGE}) LIMIT 100`,
  );
}
