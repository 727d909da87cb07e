/**
 * Writes the JSON Schemas of board and product files, so that editors complete and check them, and what programs are told
 * of their settings. All of it is committed; a test says when a file is stale. `npm run generate` writes them.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { TSchema } from "typebox";
import { BoardFile } from "./board-schema.ts";
import { settingFiles } from "./generate-settings.ts";
import { PACKAGE_ROOT } from "./package-root.ts";
import { ProductFile } from "./product.ts";

const DIALECT = "http://json-schema.org/draft-07/schema#";

/** By path in the package. */
export const SCHEMA_FILES: Record<string, string> = {
  "boards/board.schema.json": schemaText(BoardFile),
  "boards/product.schema.json": schemaText(ProductFile),
};

function schemaText(schema: TSchema): string {
  return `${JSON.stringify({ $schema: DIALECT, ...schema }, null, 2)}\n`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = { ...SCHEMA_FILES, ...settingFiles() };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(PACKAGE_ROOT, path), text);
}
