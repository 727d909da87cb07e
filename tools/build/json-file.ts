/** JSON files that a person writes: read, and checked against a schema; a message says what is wrong and where. */
import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { BuildError } from "./build-error.ts";
import { readFile } from "./read-file.ts";

const FILE_MAX_BYTES = 64 * 1024;

/** `what` is what the file ought to be, as "a board file". What cannot be read is a FileError. */
export function readJson<Schema extends TSchema>(path: string, schema: Schema, what: string): Static<Schema> {
  const text = Buffer.from(readFile(path, FILE_MAX_BYTES, `that is not ${what}`)).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BuildError(`${path} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  const [fault] = Value.Errors(schema, value);
  if (fault !== undefined)
    throw new BuildError(`${path} is not ${what}: ${fault.instancePath || "it"} ${reasonOf(fault)}`);
  return value as Static<Schema>;
}

function reasonOf(fault: { keyword: string; message: string; params: object }): string {
  if (fault.keyword === "boolean") return "is a name that there is not";
  if ("allowedValues" in fault.params) return `is none of: ${(fault.params.allowedValues as unknown[]).join(", ")}`;
  return fault.message;
}
