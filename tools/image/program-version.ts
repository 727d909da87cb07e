/** The version that a program tells the server, as far as its source shows it: the constant `VERSION` of its `main.ts`. */
import { readFileSync } from "node:fs";
import { findEntry } from "../build/find-entry.ts";

const CONSTANT = /^(?:export )?const VERSION(?:: string)? = "([^"]*)";?$/m;

/** Undefined: it has no such constant. */
export function versionInSource(path: string): string | undefined {
  return CONSTANT.exec(readFileSync(findEntry(path), "utf8"))?.[1];
}

/** The same, or what a build without a version is called. */
export function programVersion(path: string): string {
  return versionInSource(path) ?? "0.0.0";
}
