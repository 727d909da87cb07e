/** Values of settings, by name, against what product.json says of them; and as the device has them, by key. */

import { boundsOf, isList, type Setting, type Settings, type SettingValue } from "./setting.ts";
import { formFault } from "./setting-form.ts";

export interface SettingFault {
  /** Name of the setting. */
  name: string;
  /** What is wrong and what is allowed, as the end of a sentence about it. */
  reason: string;
}

/** What a device is sent: integers, booleans, text, bytes, and lists. */
export type EncodedValue = boolean | number | string | Uint8Array | number[] | string[];

/** Everything that does not fit; empty: it fits. */
export function faultsOf(settings: Settings, values: Readonly<Record<string, unknown>>): SettingFault[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    const known = Object.keys(settings).join(", ") || "none";
    const reason =
      setting === undefined
        ? `is no setting of it; those are ${known}`
        : (faultOf(setting, value) ?? sameFault(setting, value, values));
    return reason === undefined ? [] : [{ name, reason }];
  });
}

/** Two values that must not be the same; one of which the program decides cannot be looked at. */
function sameFault(
  { differsFrom, none }: Setting,
  value: unknown,
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  if (differsFrom === undefined || value === none || values[differsFrom] !== value) return undefined;
  return `must not be ${value} as ${differsFrom} is: give them different values, or unset one`;
}

/** By key. The values have no faults. */
export function encodeSettings(
  settings: Settings,
  values: Readonly<Record<string, SettingValue>>,
): Map<number, EncodedValue> {
  const encoded = new Map<number, EncodedValue>();
  for (const [name, setting] of Object.entries(settings)) {
    const value = values[name];
    if (value === undefined) continue;
    encoded.set(setting.key, setting.type === "bytes" ? Buffer.from(String(value), "hex") : value);
  }
  return encoded;
}

/** By name, of what a device has; without what is unknown or does not fit. */
export function decodeSettings(
  settings: Settings,
  values: ReadonlyMap<unknown, unknown>,
): Record<string, SettingValue> {
  const decoded: Record<string, SettingValue> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const value = values.get(setting.key);
    const told = value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
    const isBytes = value instanceof Uint8Array;
    if (isBytes === (setting.type === "bytes") && faultOf(setting, told) === undefined)
      decoded[name] = told as SettingValue;
  }
  return decoded;
}

export function nameOfKey(settings: Settings, key: number): string | undefined {
  return Object.keys(settings).find((name) => settings[name]?.key === key);
}

/** Why the value does not fit; undefined: it does. */
export function faultOf(setting: Setting, value: unknown): string | undefined {
  if (!isList(setting.type)) return itemFault(setting, value);
  const { maxItems = 0 } = setting;
  if (!Array.isArray(value)) return `must be a list: ${allowed(setting)}`;
  if (value.length > maxItems) return `has ${value.length} items, ${maxItems} are the most`;
  const at = value.findIndex((item) => itemFault(setting, item) !== undefined);
  if (at >= 0) return `has ${JSON.stringify(value[at])} as number ${at + 1}, which ${itemFault(setting, value[at])}`;
  return setting.form === undefined ? undefined : formFault(setting.form, value as number[]);
}

function itemFault(setting: Setting, value: unknown): string | undefined {
  switch (setting.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : `must be ${allowed(setting)}`;
    case "integer":
    case "integers":
      return isNumber(setting, value) ? undefined : `must be ${allowed(setting)}`;
    case "text":
    case "texts":
      return typeof value === "string" && isWithin(setting, Buffer.byteLength(value))
        ? undefined
        : `must be ${allowed(setting)}`;
    case "bytes":
      return typeof value === "string" && /^([0-9a-f]{2})*$/i.test(value) && isWithin(setting, value.length / 2)
        ? undefined
        : `must be ${allowed(setting)}`;
  }
}

function isNumber(setting: Setting, value: unknown): boolean {
  if (typeof value !== "number" || !Number.isInteger(value)) return false;
  return value === setting.none || (isWithin(setting, value) && !setting.except?.includes(value));
}

function isWithin(setting: Setting, value: number): boolean {
  const { least, most } = boundsOf(setting);
  return value >= least && value <= most;
}

/** What a value, or an item of a list, can be: "an integer from 1 to 86400 (s)". */
export function allowed(setting: Setting): string {
  const { least, most } = boundsOf(setting);
  const unit = setting.unit === undefined ? "" : ` (${setting.unit})`;
  switch (setting.type) {
    case "boolean":
      return "true or false";
    case "integer":
      return `an integer from ${least} to ${most}${unit}${exceptions(setting)}`;
    case "integers":
      return `an integer from ${least} to ${most}${unit}, ${setting.maxItems} of them at most`;
    case "text":
      return `text of ${least} to ${most} bytes`;
    case "texts":
      return `text of ${least} to ${most} bytes, ${setting.maxItems} of them at most`;
    case "bytes":
      return `${least} to ${most} bytes in hexadecimal`;
  }
}

function exceptions({ except, none }: Setting): string {
  return `${except === undefined ? "" : `, but not ${except.join(", ")}`}${none === undefined ? "" : `, or ${none} for none`}`;
}
