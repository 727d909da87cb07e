/** Values of config entries: whether they fit their type, and what of them goes into the graph. */
import { GraphConfigType } from "../../../runtime/contract/graph-format.ts";
import { CONFIG_TYPES } from "../language/parse-parts.ts";
import type { SetStatement } from "../language/syntax.ts";
import type { ConfigValue } from "../model.ts";

/** An array is written as a string, "[1, 2, -3]". */
const LIST = /^\s*\[([^\]]*)\]\s*$/;
const NUMBER = /^\s*(0x[0-9a-fA-F]+|[+-]?\d+)\s*$/;

export function configTypeText(type: GraphConfigType): string {
  const element = type & ~GraphConfigType.Array;
  const name = Object.entries(CONFIG_TYPES).find(([, code]) => code === element)?.[0] ?? `type-${type}`;
  return type & GraphConfigType.Array ? `${name}[]` : name;
}

/** Bytes of a number of this type. */
export function numberBytes(type: GraphConfigType): number {
  return 1 << ((type & ~GraphConfigType.Array) >> 1);
}

/** Numbers that a type holds, least and most. */
export function numberRange(type: GraphConfigType): [number, number] {
  const span = 2 ** (8 * numberBytes(type));
  return type & 1 ? [-span / 2, span / 2 - 1] : [0, span - 1];
}

export function configFault(type: GraphConfigType, value: SetStatement["value"]): string | undefined {
  const name = configTypeText(type);
  if (type === GraphConfigType.Text) return value.kind === "text" ? undefined : `${name} takes a string, as "shop"`;
  if (type === GraphConfigType.Binary) return value.kind === "bytes" ? undefined : `${name} takes hex:, as hex:01FF`;
  const numbers = numbersOf(type, value);
  if (numbers === undefined) {
    return type & GraphConfigType.Array ? `${name} takes a list in a string, as "[1, 2]"` : `${name} takes a number`;
  }
  const [least, most] = numberRange(type);
  const wrong = numbers.find((number) => number < least || number > most);
  return wrong === undefined ? undefined : `${name} is from ${least} to ${most}, not ${wrong}`;
}

export function configValue(type: GraphConfigType, value: SetStatement["value"]): ConfigValue {
  if (value.kind !== "text") return value.value;
  return type & GraphConfigType.Array ? (numbersOf(type, value) ?? []) : value.value;
}

function numbersOf(type: GraphConfigType, value: SetStatement["value"]): number[] | undefined {
  if (!(type & GraphConfigType.Array)) return value.kind === "number" ? [value.value] : undefined;
  const list = value.kind === "text" ? LIST.exec(value.value)?.[1] : undefined;
  if (list === undefined) return undefined;
  const items = list.trim() === "" ? [] : list.split(",").map((item) => NUMBER.exec(item)?.[1]);
  return items.some((item) => item === undefined) ? undefined : items.map(Number);
}
