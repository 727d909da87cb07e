/** What was compiled before is taken again only where nothing that asc asked for has changed. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { compileOnce } from "./compile-cache.ts";
import { compileProgram } from "./compile-program.ts";

let folder: string;
let made: number;
const at = (name: string) => join(folder, name);
const kept = () => at("kept");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lintel-compiled-"));
  made = 0;
  writeFileSync(at("main.ts"), "one");
  return () => rmSync(folder, { recursive: true });
});

/** As asc looks for `import "./main"`: the file, or what shadows it. */
function compile(...args: string[]): Promise<{ wasm: Uint8Array; text: string }> {
  const files = [at("shadow.ts"), at("main.ts")];
  return compileOnce(
    args,
    async (read) => {
      made++;
      const text = files.map(read).find((source) => source !== null) ?? "nothing";
      return { wasm: Uint8Array.from([...Buffer.from(text), 0xff]), text: `${args.join()} ${text}` };
    },
    kept(),
  );
}

test("the same again is not made again", async () => {
  const first = await compile("a");
  expect(await compile("a")).toEqual(first);
  expect(first).toEqual({ wasm: Uint8Array.of(0x6f, 0x6e, 0x65, 0xff), text: "a one" });
  expect(made).toBe(1);
});

test.each<[string, () => unknown, string[], string]>([
  ["a source that changed", () => writeFileSync(at("main.ts"), "two"), ["a"], "a two"],
  ["a source that came", () => writeFileSync(at("shadow.ts"), "three"), ["a"], "a three"],
  ["a source that went", () => rmSync(at("main.ts")), ["a"], "a nothing"],
  ["other options", () => {}, ["a", "b"], "a,b one"],
  ["what was kept and is damaged", () => damage(), ["a"], "a one"],
])("%s: made anew", async (_, change, args, text) => {
  await compile("a");
  change();
  expect((await compile(...args)).text).toBe(text);
  expect(made).toBe(2);
  await compile(...args);
  expect(made).toBe(2);
});

function damage(): void {
  for (const name of readdirSync(kept())) writeFileSync(join(kept(), name), '{"sources":[]');
}

test("what does not compile is not kept", async () => {
  const fails = () => compileOnce(["a"], () => Promise.reject(new Error("no")), kept());
  await expect(fails()).rejects.toThrow("no");
  expect((await compile("a")).text).toBe("a one");
});

test("the oldest ones go, and nothing unfinished stays", async () => {
  for (let index = 0; index < 40; index++) await compile(String(index));
  expect(readdirSync(kept())).toHaveLength(32);
  expect(readdirSync(kept()).every((name) => /^[0-9a-f]{64}\.json$/.test(name))).toBe(true);
});

test("where nothing can be kept it is made each time", async () => {
  writeFileSync(kept(), "a file");
  for (let turn = 1; turn <= 2; turn++) {
    expect((await compile("a")).text).toBe("a one");
    expect(made).toBe(turn);
  }
});

test("a program is the same from what was kept as from asc", { timeout: 120_000 }, async () => {
  // With an edit asc always runs.
  const fresh = await compileProgram("firmware/boot", "lx106", { edit: (_, text) => text });
  for (let turn = 0; turn < 2; turn++) expect(await compileProgram("firmware/boot", "lx106")).toEqual(fresh);
});
