/**
 * What npm runs as `prepare`: after `npm ci`, and before each `npx lintel` in a clone. So nothing is built that is built already, and
 * whoever waits is told: npm keeps what such a script prints to itself, hence the terminal.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { isStale } from "./is-stale.ts";
import { PACKAGE_ROOT } from "./package-root.ts";

/** As in tsconfig.build.json. */
const SOURCES = ["runtime", "server", "tools", "test", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
const STAMP = join("dist", ".built");

if (isStale(PACKAGE_ROOT, SOURCES, STAMP)) {
  tell("lintel: the sources have changed, building; this takes up to a minute");
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const started = new Date();
  const args = [tsc, "-p", "tsconfig.build.json", "--pretty", "false"];
  const { status, stdout, error } = spawnSync(process.execPath, args, { cwd: PACKAGE_ROOT, encoding: "utf8" });
  if (status === 0) {
    mkdirSync(join(PACKAGE_ROOT, "dist"), { recursive: true });
    const stamp = join(PACKAGE_ROOT, STAMP);
    writeFileSync(stamp, "");
    // What was changed in the meantime may not be in it.
    utimesSync(stamp, started, started);
    tell(`lintel: built in ${((Date.now() - started.getTime()) / 1000).toFixed(0)} s`);
  } else {
    tell(`${stdout ?? ""}lintel: the build failed${error === undefined ? "" : `: ${error.message}`}`);
    process.exitCode = 1;
  }
}

function tell(text: string): void {
  try {
    if (process.stderr.isTTY) throw new Error("it is shown as it is");
    appendFileSync("/dev/tty", `${text}\n`);
  } catch {
    // Without a terminal npm shows it where the script fails.
    console.error(text);
  }
}
