/** Makes a folder and those above it that are missing. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** `mode`: of the last one, when it is made here. One by one: the `recursive` of Node 20 never returns where the system refuses with ENOENT, as below /proc. */
export function makeFolders(folder: string, mode = 0o777): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  mkdirSync(folder, { mode });
}
