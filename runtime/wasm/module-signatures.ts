/**
 * Reads the types of a WebAssembly module's imports and exports out of its bytes. The JavaScript API tells the kinds of
 * imports but not their types, and would call a host function that takes three arguments with two.
 *
 * The module has been validated by WebAssembly.Module before, so this reader only finds its way; it checks nothing.
 *
 * Source: WebAssembly Core Specification 2.0, section 5.5 (sections 5.5.4 types, 5.5.5 imports, 5.5.6 functions, 5.5.10
 * exports), 5.2.2 (LEB128).
 */
import { ModuleReader, PREAMBLE_BYTES, Section } from "./module-reader.ts";

const VALUE_TYPE_NAMES = new Map([
  [0x7f, "i32"],
  [0x7e, "i64"],
  [0x7d, "f32"],
  [0x7c, "f64"],
  [0x7b, "v128"],
  [0x70, "funcref"],
  [0x6f, "externref"],
]);

/** The kinds of imports and exports, in the order of their binary codes. */
const KINDS = ["function", "table", "memory", "global"] as const;
type Kind = (typeof KINDS)[number];

export interface ModuleItem {
  /** Of an import; empty for an export. */
  module: string;
  name: string;
  kind: Kind;
  /** Of a function, as `(i32 i32) -> i32`; empty for other kinds. */
  signature: string;
}

export interface ModuleSignatures {
  imports: ModuleItem[];
  exports: ModuleItem[];
}

/** How a function type is written in `ModuleItem.signature`. */
export function signatureText(params: string[], results: string[]): string {
  return `(${params.join(" ")}) -> ${results.length === 0 ? "nothing" : results.join(" ")}`;
}

export function readSignatures(bytes: Uint8Array): ModuleSignatures {
  const reader = new ModuleReader(bytes, PREAMBLE_BYTES);
  const types: string[] = [];
  const functions: string[] = [];
  const imports: ModuleItem[] = [];
  const exports: ModuleItem[] = [];
  while (!reader.isAtEnd) {
    const section = reader.byte();
    const end = reader.unsigned() + reader.position;
    if (section === Section.Type) types.push(...reader.vector(() => readType(reader)));
    if (section === Section.Import) {
      imports.push(...reader.vector(() => readImport(reader, types)));
      functions.push(...imports.filter(({ kind }) => kind === "function").map(({ signature }) => signature));
    }
    if (section === Section.Function) functions.push(...reader.vector(() => types[reader.unsigned()] ?? ""));
    if (section === Section.Export) exports.push(...reader.vector(() => readExport(reader, functions)));
    reader.position = end;
  }
  return { imports, exports };
}

function readType(reader: ModuleReader): string {
  reader.byte();
  const params = reader.vector(() => readValueType(reader));
  const results = reader.vector(() => readValueType(reader));
  return signatureText(params, results);
}

function readValueType(reader: ModuleReader): string {
  return VALUE_TYPE_NAMES.get(reader.byte()) ?? "an unknown type";
}

function readImport(reader: ModuleReader, types: string[]): ModuleItem {
  const module = reader.text();
  const name = reader.text();
  const kind = KINDS[reader.byte()] ?? "global";
  let signature = "";
  if (kind === "function") signature = types[reader.unsigned()] ?? "";
  else if (kind === "global") reader.position += 2;
  else {
    if (kind === "table") reader.byte();
    const hasMaximum = (reader.byte() & 1) === 1;
    reader.unsigned();
    if (hasMaximum) reader.unsigned();
  }
  return { module, name, kind, signature };
}

function readExport(reader: ModuleReader, functions: string[]): ModuleItem {
  const name = reader.text();
  const kind = KINDS[reader.byte()] ?? "global";
  const index = reader.unsigned();
  return { module: "", name, kind, signature: kind === "function" ? (functions[index] ?? "") : "" };
}
