/** Graph files: read from a path, or from standard input where the path is a hyphen. */
import { readFileSync } from "node:fs";
import { readFile } from "../build/read-file.ts";
import { CommandError } from "./command-error.ts";
import { shown } from "./command-files.ts";

/** A graph of more is none; the language has its own limit. */
const FILE_MAX_BYTES = 256 * 1024;
const TOO_LONG = `no graph is longer than ${FILE_MAX_BYTES}`;

const STANDARD_INPUT = "standard input";

export interface GraphSource {
  /** As faults name it. */
  readonly file: string;
  readonly source: string;
}

export function isStandardInput(file: string): boolean {
  return file === "-";
}

export function readGraphSource(file: string): GraphSource {
  if (!isStandardInput(file)) return { file, source: textOf(file, readFile(file, FILE_MAX_BYTES, TOO_LONG)) };
  const bytes = readFileSync(process.stdin.fd);
  if (bytes.length > FILE_MAX_BYTES) throw new CommandError(`standard input has ${bytes.length} bytes: ${TOO_LONG}`);
  return { file: STANDARD_INPUT, source: textOf(STANDARD_INPUT, bytes) };
}

/** The name of a source as people read it. */
export function shownGraph(file: string): string {
  return file === STANDARD_INPUT ? file : shown(file);
}

function textOf(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new CommandError(`${file} is not text in UTF-8`);
  }
}
