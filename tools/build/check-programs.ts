/** The type check of the device dialect: compiles every program under firmware/ and test/programs/ and keeps nothing. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "./build-error.ts";
import { compileProgram } from "./compile-program.ts";
import { PACKAGE_ROOT } from "./package-root.ts";

const FOLDERS = ["firmware", "test/programs"];

for (const folder of FOLDERS) {
  if (!existsSync(join(PACKAGE_ROOT, folder))) continue;
  for (const program of readdirSync(join(PACKAGE_ROOT, folder))) {
    const path = join(folder, program);
    try {
      await compileProgram(path);
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      console.error(`${path}:\n${error.message}`);
      process.exitCode = 1;
    }
  }
}
