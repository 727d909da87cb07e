/** What boards were flashed with, of the settings of their product: as they have said, before a server told them any. */
import type Database from "better-sqlite3";
import type { Settings, SettingValue } from "../../runtime/product/setting.ts";
import { decodeSettings } from "../../runtime/product/settings-codec.ts";
import { decodeMap } from "../ingest/message-fields.ts";
import type { Inherited } from "../orders/config-levels.ts";

export class FlashedReader {
  readonly #flashed: Database.Statement<[number, string], { settings: Buffer }>;

  constructor(db: Database.Database) {
    this.#flashed = db.prepare("SELECT settings FROM flashed_settings WHERE device_id = ? AND product = ?");
  }

  /** Without what the product does not take: its program goes by its default there. */
  settings(deviceId: number, product: string, schema: Settings | undefined): Record<string, SettingValue> {
    const row = schema === undefined ? undefined : this.#flashed.get(deviceId, product);
    const map = row === undefined ? null : decodeMap(row.settings);
    return map === null ? {} : decodeSettings(schema ?? {}, map);
  }

  /** The same as what is below all levels. */
  inherited(deviceId: number, product: string, schema: Settings | undefined): Record<string, Inherited> {
    const settings = this.settings(deviceId, product, schema);
    return Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [name, { value, level: "flashed" as const }]),
    );
  }
}
