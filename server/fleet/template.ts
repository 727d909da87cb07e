/**
 * Templates: what a kind of device has, by labels that people and programs use instead of stream numbers and settings. A value of
 * an attribute is static (written down), dynamic (the last reading of a stream), or what the device was told: an actuator can be
 * driven through it, a configuration only be read.
 */
import { METHOD_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { SETTING_NAME } from "../../runtime/product/setting.ts";
import { ATTRIBUTE_TEXT_MAX_CHARS } from "../limits.ts";

export const ATTRIBUTE_KINDS = ["static", "dynamic", "actuator", "configuration"] as const;
export type AttributeKind = (typeof ATTRIBUTE_KINDS)[number];

export const VALUE_TYPES = ["integer", "number", "boolean", "string"] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

export type AttributeValue = number | boolean | string;

export const LABEL_PATTERN = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$";

interface Described {
  label: string;
  type: ValueType;
  /** A name of the SenML units registry (RFC 8428 section 12.1), as Cel or %RH, or other words; null: it has none. */
  unit: string | null;
}

/** Null: each device says its own. */
export type StaticAttribute = Described & { kind: "static"; value: AttributeValue | null };
/** Four hexadecimal digits. */
export type DynamicAttribute = Described & { kind: "dynamic"; stream: string };
/** What it drives: a method of the product, whose argument the value is, or a setting of it. */
export type ActuatorAttribute = Described & { kind: "actuator" } & ({ command: string } | { setting: string });
export type ConfigurationAttribute = Described & { kind: "configuration"; setting: string };

export type Attribute = StaticAttribute | DynamicAttribute | ActuatorAttribute | ConfigurationAttribute;

/** As it was sent in. */
export interface AttributeWish {
  label: string;
  kind: AttributeKind;
  type: ValueType;
  unit?: string | null | undefined;
  value?: unknown;
  stream?: string | undefined;
  command?: string | undefined;
  setting?: string | undefined;
}

const STREAM = /^[0-9a-f]{4}$/;
const METHOD = new RegExp(`^[a-z][a-z0-9-]{0,${METHOD_MAX_BYTES - 1}}$`);
const SETTING = new RegExp(SETTING_NAME);
const I32_MAX = 0x7fffffff;

/** Which of the parts that depend on the kind it has, and may have. */
const PARTS = ["value", "stream", "command", "setting"] as const;
const PARTS_OF: Record<AttributeKind, readonly (typeof PARTS)[number][]> = {
  static: ["value"],
  dynamic: ["stream"],
  actuator: ["command", "setting"],
  configuration: ["setting"],
};

/** What is wrong with them, each with its label; or the attributes as they are kept. */
export function readAttributes(wishes: readonly AttributeWish[]): { attributes: Attribute[] } | { faults: string[] } {
  const seen = new Set<string>();
  const faults = wishes.flatMap((wish) => {
    const reasons = faultsOf(wish);
    if (seen.has(wish.label)) reasons.push("is there twice; labels are unique in a template");
    seen.add(wish.label);
    return reasons.map((reason) => `${wish.label} ${reason}`);
  });
  return faults.length > 0 ? { faults } : { attributes: wishes.map(kept) };
}

function faultsOf(wish: AttributeWish): string[] {
  const { kind, type, value, stream, command, setting } = wish;
  const strange = PARTS.filter((part) => wish[part] != null && !PARTS_OF[kind].includes(part));
  const faults = strange.map((part) => `is ${kind} and has no ${part}`);
  if (kind === "static") {
    const reason = value == null ? undefined : valueFault(type, value);
    if (reason !== undefined) faults.push(`has a value that ${reason}`);
  }
  if (kind === "dynamic") {
    if (stream === undefined || !STREAM.test(stream)) faults.push("needs a stream, four lowercase hex digits as 5001");
    if (type === "string") faults.push("cannot be a string: readings are numbers");
  }
  if (kind === "actuator" && (command === undefined) === (setting === undefined))
    faults.push("needs either the command or the setting that it drives");
  if (kind === "configuration" && setting === undefined) faults.push("needs the setting that it shows");
  if (command !== undefined && !METHOD.test(command)) faults.push(`has a command that is none: ${METHOD.source}`);
  if (command !== undefined && type !== "integer" && type !== "boolean")
    faults.push("drives a command, whose argument is an integer or a boolean");
  if (setting !== undefined && !SETTING.test(setting)) faults.push(`has a setting that is none: ${SETTING_NAME}`);
  if (setting !== undefined && type === "number") faults.push("drives a setting, and none takes fractions: integer");
  return faults;
}

function kept({ label, kind, type, unit = null, value, stream = "", command, setting = "" }: AttributeWish): Attribute {
  const described = { label, type, unit };
  switch (kind) {
    case "static":
      return { ...described, kind, value: (value ?? null) as AttributeValue | null };
    case "dynamic":
      return { ...described, kind, stream };
    case "actuator":
      return command === undefined ? { ...described, kind, setting } : { ...described, kind, command };
    case "configuration":
      return { ...described, kind, setting };
  }
}

/** Why the value is none of this type, as the end of a sentence; undefined: it is one. */
export function valueFault(type: ValueType, value: unknown): string | undefined {
  switch (type) {
    case "integer":
      return Number.isSafeInteger(value) ? undefined : "must be an integer";
    case "number":
      return Number.isFinite(value) ? undefined : "must be a number";
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "string":
      return typeof value === "string" && value.length <= ATTRIBUTE_TEXT_MAX_CHARS
        ? undefined
        : `must be text of ${ATTRIBUTE_TEXT_MAX_CHARS} characters at most`;
  }
}

/** What an actuator with a command sends: contract/command-messages.ts has room for a signed integer of 32 bits. */
export function argumentFault(value: AttributeValue): string | undefined {
  const argument = Number(value);
  return argument >= -I32_MAX - 1 && argument <= I32_MAX ? undefined : "must be within 32 bits, signed";
}
