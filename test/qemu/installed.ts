/** What Debian has and npm has not: its emulator and compiler for this core, judges of native code, and a browser. */
import { spawnSync } from "node:child_process";

export const QEMU = "qemu-system-xtensa";
export const GCC = "xtensa-lx106-elf-gcc";
export const CHROMIUM = "/usr/bin/chromium";

const PACKAGES: Record<string, string> = {
  [QEMU]: "qemu-system-misc",
  [GCC]: "gcc-xtensa-lx106",
  [CHROMIUM]: "chromium",
};

/** The Debian packages that are missing for these tools. */
export function missingPackages(tools: readonly string[]): string[] {
  return tools.filter((tool) => spawnSync(tool, ["--version"]).status !== 0).map((tool) => PACKAGES[tool] ?? tool);
}

/** False (and one line is printed) where a tool is missing; that is an error in CI. */
export function hasTools(what: string, tools: readonly string[]): boolean {
  const missing = missingPackages(tools).join(" ");
  if (missing === "") return true;
  if (process.env["CI"]) throw new Error(`${missing} is not installed, and CI must not skip its tests`);
  console.log(`skipped: ${what} (install ${missing} to run it)`);
  return false;
}
