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

export const VECTORS_PATH =
  process.env.LINTEL_CBOR_VECTORS ?? join(PACKAGE_ROOT, "../shared/cbor-vectors/appendix_a.json");

/** The vectors; none where the file is missing. */
export function readAppendixA(): Vector[] {
  return existsSync(VECTORS_PATH) ? (JSON.parse(readFileSync(VECTORS_PATH, "utf8")) as Vector[]) : [];
}
