/**
 * The settings of a product: what its product.json says of each (`settings`). The one source of what the device checks
 * (tools/build/generate-settings.ts), what the server checks (settings-codec.ts), and what people are shown.
 */
import type { Static } from "typebox";
import * as Type from "typebox/type";
import { SETTING_ITEMS_MAX, SETTING_KEY_MAX, SettingKind } from "../contract/setting-table.ts";
import { SETTING_FORMS } from "./setting-form.ts";

const I32_MAX = 0x7fffffff;
const number = (description: string) =>
  Type.Optional(Type.Integer({ minimum: -I32_MAX - 1, maximum: I32_MAX, description }));

/** By the word that product.json has for it. */
export const SETTING_KINDS = {
  boolean: SettingKind.Boolean,
  integer: SettingKind.Integer,
  text: SettingKind.Text,
  bytes: SettingKind.Bytes,
  integers: SettingKind.Integers,
  texts: SettingKind.Texts,
} as const;

export type SettingType = keyof typeof SETTING_KINDS;
export const SETTING_TYPES = Object.keys(SETTING_KINDS) as SettingType[];

export const SETTING_NAME = "^[a-z][A-Za-z0-9]*$";

/** Bytes are hexadecimal text. */
const Value = Type.Union([
  Type.Boolean(),
  Type.Integer(),
  Type.String(),
  Type.Array(Type.Integer()),
  Type.Array(Type.String()),
]);
export type SettingValue = Static<typeof Value>;

export const SettingSchema = Type.Object(
  {
    key: Type.Integer({
      minimum: 0,
      maximum: SETTING_KEY_MAX,
      description: "on the wire and in flash; never reused for another meaning",
    }),
    title: Type.String({ minLength: 1, description: "as a person calls it: length of a period" }),
    type: Type.Enum(SETTING_TYPES, { description: "bytes are written as hexadecimal text" }),
    unit: Type.Optional(Type.String({ minLength: 1, description: "of the number: s, ms, dBm" })),
    minimum: number("least value; of a text or bytes: least length, bytes; in a list: of each item"),
    maximum: number("greatest value; of a text or bytes: greatest length, bytes; in a list: of each item"),
    none: number("of an integer: a value outside of the bounds which means that there is none"),
    except: Type.Optional(
      Type.Array(Type.Integer(), {
        minItems: 1,
        description: "of an integer: values within the bounds that do not fit",
      }),
    ),
    differsFrom: Type.Optional(
      Type.String({
        pattern: SETTING_NAME,
        description: "of an integer: another one that must not have the same value",
      }),
    ),
    form: Type.Optional(Type.Enum([...SETTING_FORMS], { description: "of integers: what their digits stand for" })),
    maxItems: Type.Optional(Type.Integer({ minimum: 1, maximum: SETTING_ITEMS_MAX, description: "of a list" })),
    default: Type.Optional({ ...Value, description: "what the program takes without the setting; absent: it decides" }),
    description: Type.Optional(Type.String({ minLength: 1 })),
  },
  { additionalProperties: false },
);

export const SettingsSchema = Type.Record(Type.String({ pattern: SETTING_NAME }), SettingSchema, {
  additionalProperties: false,
  description: "what a configuration from the server can change, by name",
});

export type Setting = Static<typeof SettingSchema>;
export type Settings = Static<typeof SettingsSchema>;

/** A product that the server can configure. */
export interface ProductSettings {
  name: string;
  settings: Settings;
}

export interface SettingBounds {
  least: number;
  most: number;
}

const NATURAL_BOUNDS: Record<SettingType, SettingBounds> = {
  boolean: { least: 0, most: 1 },
  integer: { least: -I32_MAX - 1, most: I32_MAX },
  integers: { least: -I32_MAX - 1, most: I32_MAX },
  text: { least: 0, most: 255 },
  texts: { least: 0, most: 255 },
  bytes: { least: 0, most: 255 },
};

export function boundsOf({ type, minimum, maximum }: Setting): SettingBounds {
  const natural = NATURAL_BOUNDS[type];
  return { least: minimum ?? natural.least, most: maximum ?? natural.most };
}

export function isList(type: SettingType): boolean {
  return type === "integers" || type === "texts";
}
