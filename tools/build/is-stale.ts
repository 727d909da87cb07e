/** Has anything changed since something was made of it? */
import { readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";

/** `sources`: files, and folders with all below them. A file that went away changes its folder. */
export function isStale(root: string, sources: readonly string[], stamp: string): boolean {
  const made = statSync(join(root, stamp), { throwIfNoEntry: false });
  return made === undefined || sources.some((source) => hasChanged(join(root, source), made.mtimeMs));
}

function hasChanged(path: string, sinceMs: number): boolean {
  const found: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.mtimeMs >= sinceMs) return true;
  if (!found.isDirectory()) return false;
  return readdirSync(path).some((name) => name !== "node_modules" && hasChanged(join(path, name), sinceMs));
}
