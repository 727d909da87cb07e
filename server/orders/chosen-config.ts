/** What was chosen of a configuration, by people for this device and at the levels above, and as the device takes it. */
import { CONFIG_MAX_BYTES, ConfigKey } from "../../runtime/contract/config-record.ts";
import type { Settings, SettingValue } from "../../runtime/product/setting.ts";
import { encodeSettings, faultsOf } from "../../runtime/product/settings-codec.ts";
import { encodeCbor } from "../ingest/cbor-codec.ts";
import type { Inherited } from "./config-levels.ts";
import { type ConnectionSettings, connectionFaults, encodeConnection } from "./connection-settings.ts";

/** What people have chosen; what is not named is as the levels above say, or else as the device has it. */
export interface Chosen {
  settings: Record<string, SettingValue>;
  connection: ConnectionSettings;
  /** No settings were ever chosen: the device keeps those that it was flashed with. */
  keepsProduct?: true;
  /** Of the levels above, as of when it was resolved; also what the device's own settings stand before. */
  inherited?: Record<string, Inherited>;
}

/** The entry ConfigKey.Version, at most, which the device adds. */
const VERSION_ENTRY_BYTES = 6;
const NOTHING: Chosen = { settings: {}, connection: {}, keepsProduct: true };

export function chosenOf(row: { chosen: string | null } | undefined): Chosen {
  return row?.chosen == null ? NOTHING : (JSON.parse(row.chosen) as Chosen);
}

/** Own settings before inherited ones. */
export function effectiveSettings({ settings, inherited = {} }: Chosen): Record<string, SettingValue> {
  const above = Object.entries(inherited).map(([name, { value }]) => [name, value]);
  return { ...Object.fromEntries(above), ...settings };
}

/** Faults, or the values as the device takes them. */
export function encodeConfig(schema: Settings, chosen: Chosen): Uint8Array | string[] {
  const settings = effectiveSettings(chosen);
  const faults = settingFaults(schema, settings);
  faults.push(...connectionFaults({ ...chosen.connection }));
  if (faults.length > 0) return faults;
  const entries = encodeConnection(chosen.connection);
  if (chosen.keepsProduct !== true) entries.set(ConfigKey.Product, encodeSettings(schema, settings));
  const content = encodeCbor(entries);
  const most = CONFIG_MAX_BYTES - VERSION_ENTRY_BYTES;
  return content.length <= most ? content : [`all of it takes ${content.length} bytes, a device keeps ${most}`];
}

export function settingFaults(schema: Settings, settings: Readonly<Record<string, unknown>>): string[] {
  return faultsOf(schema, settings).map(({ name, reason }) => `${name} ${reason}`);
}
