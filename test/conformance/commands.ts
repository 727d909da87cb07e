/**
 * The commands of a wast2json file (WABT, docs/wast2json.md; wasm-tools' json-from-wast writes the same), checked by
 * hand: the file comes from outside.
 */
import type { ValType } from "../../tools/aot/read/module.ts";

export interface ExpectedValue {
  type: string;
  /** Bits in decimal, or `nan:canonical`, `nan:arithmetic`; undefined where any value of the type will do. */
  value?: string;
  /** Of type `either`: one of these. */
  values?: ExpectedValue[];
}

export interface Action {
  type: "invoke" | "get";
  /** Name of a module; the latest one where it is missing. */
  module?: string;
  field: string;
  args: ExpectedValue[];
}

export interface Command {
  type: string;
  line: number;
  name?: string;
  as?: string;
  filename?: string;
  moduleType?: string;
  text?: string;
  action?: Action;
  expected: ExpectedValue[];
}

/** The file cannot be understood. */
export class CommandFileError extends Error {}

const NUMBER_TYPES = ["i32", "i64", "f32", "f64"];

export function isNumberType(type: string): type is ValType {
  return NUMBER_TYPES.includes(type);
}

export function parseCommands(text: string): Command[] {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new CommandFileError(`not JSON: ${(error as Error).message}`);
  }
  const { commands } = object(file, "the file");
  return array(commands, "commands").map((item, index) => parseCommand(item, `commands[${index}]`));
}

function parseCommand(item: unknown, place: string): Command {
  const raw = object(item, place);
  const command: Command = {
    type: text(raw["type"], `${place}.type`),
    line: number(raw["line"] ?? 0, `${place}.line`),
    expected: values(raw["expected"], `${place}.expected`),
  };
  for (const key of ["name", "as", "filename", "text"] as const) {
    if (raw[key] !== undefined) command[key] = text(raw[key], `${place}.${key}`);
  }
  if (raw["module_type"] !== undefined) command.moduleType = text(raw["module_type"], `${place}.module_type`);
  if (raw["action"] !== undefined) command.action = parseAction(raw["action"], `${place}.action`);
  return command;
}

function parseAction(item: unknown, place: string): Action {
  const raw = object(item, place);
  const type = text(raw["type"], `${place}.type`);
  if (type !== "invoke" && type !== "get") throw new CommandFileError(`${place}.type is "${type}", not invoke or get`);
  const action: Action = {
    type,
    field: text(raw["field"], `${place}.field`),
    args: values(raw["args"], `${place}.args`),
  };
  if (raw["module"] !== undefined) action.module = text(raw["module"], `${place}.module`);
  return action;
}

function values(item: unknown, place: string): ExpectedValue[] {
  if (item === undefined) return [];
  return array(item, place).map((entry, index) => {
    const at = `${place}[${index}]`;
    const raw = object(entry, at);
    const value: ExpectedValue = { type: text(raw["type"], `${at}.type`) };
    if (raw["values"] !== undefined) value.values = values(raw["values"], `${at}.values`);
    // Vectors have a list of lanes.
    else if (raw["value"] !== undefined && !Array.isArray(raw["value"]))
      value.value = text(raw["value"], `${at}.value`);
    if (
      isNumberType(value.type) &&
      value.value !== undefined &&
      !/^(\d+|nan:(canonical|arithmetic))$/.test(value.value)
    ) {
      throw new CommandFileError(`${at}.value is "${value.value}", not the bits of a number`);
    }
    return value;
  });
}

function object(item: unknown, place: string): Record<string, unknown> {
  if (typeof item === "object" && item !== null && !Array.isArray(item)) return item as Record<string, unknown>;
  throw new CommandFileError(`${place} is not an object`);
}

function array(item: unknown, place: string): unknown[] {
  if (Array.isArray(item)) return item;
  throw new CommandFileError(`${place} is not an array`);
}

function text(item: unknown, place: string): string {
  if (typeof item === "string") return item;
  throw new CommandFileError(`${place} is not a string`);
}

function number(item: unknown, place: string): number {
  if (typeof item === "number") return item;
  throw new CommandFileError(`${place} is not a number`);
}
