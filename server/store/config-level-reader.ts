/** Questions about levels of configuration, on the reader's connection. */
import type Database from "better-sqlite3";
import type { SettingValue } from "../../runtime/product/setting.ts";
import type { LevelPlace } from "../orders/config-levels.ts";

export interface ConfigLevelRow {
  product: string;
  settings: Record<string, SettingValue>;
  version: number;
  changedMs: number;
  /** Devices below have not all been resolved. */
  isResolving: number;
}

type Stored = Omit<ConfigLevelRow, "settings"> & { settings: string };

export class ConfigLevelReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  levels({ organisation = null, project = null }: LevelPlaceOrNull): ConfigLevelRow[] {
    return this.#sql.levels.all({ organisation, project, product: null }).map(read);
  }

  level({ organisation = null, project = null }: LevelPlaceOrNull, product: string): ConfigLevelRow | undefined {
    const row = this.#sql.levels.get({ organisation, project, product });
    return row && read(row);
  }

  /** What stands against the settings that all levels give the device together; empty: nothing. */
  conflicts(deviceId: number): string[] {
    const row = this.#sql.conflicts.get(deviceId);
    return row === undefined ? [] : (JSON.parse(row.faults) as string[]);
  }

  isSweepDue(products: readonly string[]): boolean {
    return this.#sql.toSweep.get(JSON.stringify(products)) !== undefined;
  }
}

type LevelPlaceOrNull = { [Part in keyof LevelPlace]: LevelPlace[Part] | null };

function read({ settings, ...row }: Stored): ConfigLevelRow {
  return { ...row, settings: JSON.parse(settings) as Record<string, SettingValue> };
}

function prepare(db: Database.Database) {
  return {
    levels: db.prepare<[{ organisation: number | null; project: number | null; product: string | null }], Stored>(
      `SELECT product, settings, version, changed_ms AS changedMs, swept IS NOT NULL AS isResolving FROM config_levels
       WHERE organisation_id IS @organisation AND project_id IS @project AND (@product IS NULL OR product = @product)
       ORDER BY product`,
    ),
    conflicts: db.prepare<[number], { faults: string }>("SELECT faults FROM config_conflicts WHERE device_id = ?"),
    toSweep: db.prepare<[string]>(
      `SELECT 1 FROM config_levels WHERE swept IS NOT NULL AND product IN (SELECT value FROM json_each(?)) LIMIT 1`,
    ),
  };
}
