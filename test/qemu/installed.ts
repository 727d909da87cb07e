/** What Debian has and npm has not: its emulator and compiler for this core, judges of native code, and a browser. */
import { spawnSync } from "node:child_process";

export const QEMU = "qemu-system-xtensa";
export const GCC = "xtensa-lx106-elf-gcc";
export const GXX = "xtensa-lx106-elf-g++";
/** The compiler of this machine itself. */
export const LOCAL_GXX = "g++";
export const CHROMIUM = "/usr/bin/chromium";

const PACKAGES: Record<string, string> = {
  [QEMU]: "qemu-system-misc",
  [GCC]: "gcc-xtensa-lx106",
  [GXX]: "gcc-xtensa-lx106",
  [CHROMIUM]: "chromium",
};

/** The Debian packages that are missing for these tools. */
export function missingPackages(tools: readonly string[]): string[] {
  return tools.filter((tool) => spawnSync(tool, ["--version"]).status !== 0).map((tool) => PACKAGES[tool] ?? tool);
}

/** False (and one line is printed) where a tool is missing; that is an error in CI. */
export function hasTools(what: string, tools: readonly string[]): boolean {
  return hasPackages(what, missingPackages(tools));
}

/** The same, where it is known what is missing. */
export function hasPackages(what: string, missingNames: readonly string[]): boolean {
  const missing = missingNames.join(" ");
  if (missing === "") return true;
  if (process.env["CI"]) throw new Error(`${missing} is not installed, and CI must not skip its tests`);
  console.log(`skipped: ${what} (install ${missing} to run it)`);
  return false;
}
