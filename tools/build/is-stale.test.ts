/** What has to be built again, and what not. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isStale } from "./is-stale.ts";

const [BEFORE_S, MADE_S, AFTER_S] = [1000, 2000, 3000];

test("a file that changes, comes or goes makes it stale; nothing else does", () => {
  const root = mkdtempSync(join(tmpdir(), "lintel-stale-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const inner = join(root, "src", "inner");
  const file = join(inner, "a.ts");
  mkdirSync(inner, { recursive: true });
  for (const name of [file, join(root, "lock"), join(root, "other")]) writeFileSync(name, "");
  const paths = { src: join(root, "src"), inner, file, lock: join(root, "lock"), other: join(root, "other") };
  const stale = (changed?: string, timeS = AFTER_S) => {
    for (const path of Object.values(paths)) utimesSync(path, BEFORE_S, BEFORE_S);
    if (changed !== undefined) utimesSync(changed, timeS, timeS);
    return isStale(root, ["src", "lock", "gone"], "stamp");
  };
  expect(stale()).toBe(true);
  writeFileSync(join(root, "stamp"), "");
  utimesSync(join(root, "stamp"), MADE_S, MADE_S);
  expect(stale()).toBe(false);
  expect(stale(paths.other)).toBe(false);
  for (const path of [paths.file, paths.inner, paths.lock]) expect(stale(path)).toBe(true);
  // In the same instant: nobody knows which came first.
  expect(stale(paths.file, MADE_S)).toBe(true);
});
