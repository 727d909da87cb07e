/** Where a program begins. */
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { BuildError } from "./build-error.ts";
import { PACKAGE_ROOT } from "./package-root.ts";

/** The entry file of the program at `path`: its folder, or the file. What does not exist here is looked up in the package. */
export function findEntry(path: string): string {
  for (const base of [process.cwd(), PACKAGE_ROOT]) {
    const candidate = resolve(base, path);
    if (!existsSync(candidate)) continue;
    const found = statSync(candidate);
    if (found.isFile()) return candidate;
    if (!found.isDirectory()) throw new BuildError(`${path} is a device or a pipe: name a program's folder`);
    const main = join(candidate, "main.ts");
    if (existsSync(main)) return main;
    throw new BuildError(`${path} has no main.ts: name a program's folder, as firmware/counter`);
  }
  throw new BuildError(`${path} does not exist: name a program's folder, as firmware/counter`);
}
