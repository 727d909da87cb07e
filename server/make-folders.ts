/** Makes a folder and those above it that are missing. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** One by one: the `recursive` of Node 20 never returns where the system refuses with ENOENT, as below /proc. */
export function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  mkdirSync(folder);
}
