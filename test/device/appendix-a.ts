/**
 * The examples of RFC 8949 appendix A as data (github.com/cbor/test-vectors). They are not part of this repository:
 * LINTEL_CBOR_VECTORS names the file, or it lies beside the repository.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";

export interface Vector {
  hex: string;
  roundtrip: boolean;
  /** The value, where JSON has it. */
  decoded?: unknown;
  /** The value in diagnostic notation, where JSON has it not. */
  diagnostic?: string;
}

/** The vectors; none, and one line that says so, where the file is missing. With CI set that is an error. */
export function readAppendixA(): Vector[] {
  const path = process.env.LINTEL_CBOR_VECTORS ?? join(PACKAGE_ROOT, "../shared/cbor-vectors/appendix_a.json");
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Vector[];
  const message = `no RFC 8949 vectors at ${path}: set LINTEL_CBOR_VECTORS to appendix_a.json of cbor/test-vectors`;
  if (process.env.CI !== undefined) throw new Error(message);
  console.log(message);
  return [];
}
