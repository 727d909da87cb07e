/** Where the files of this package are, whether it runs from its sources or from `dist`. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

export const PACKAGE_ROOT = findRoot(import.meta.dirname);

function findRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${start}`);
  }
}
