/** The commands of `lintel` where they are listed: in the README, in its help, and in what shells complete, asked of the shells. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { makeProgram } from "../../tools/cli/program.ts";
import { runLintel } from "./run-lintel.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** Words of the command line, the last of which is being typed; what has to be among the answers, and what not. */
const QUESTIONS = [
  [["log"], ["log", "login", "logout"], ["users"]],
  [["users", "re"], ["remove", "reset"], ["login"]],
  [["tokens", "add", "x", "--or"], ["--organisation"], ["add"]],
  [["health", "policy", "s"], ["show", "set"], ["clear-all"]],
  [["readings", "024c4e540001", "--f"], ["--from", "--format", "--force"], ["readings"]],
] as const;

/** Asks for what stands behind `lintel` and these words. */
const ASK: Record<Shell, (script: string, words: readonly string[]) => string> = {
  bash: (script, words) =>
    `. ${script}; COMP_WORDS=(lintel ${words.join(" ")}); COMP_CWORD=${words.length}; _lintel; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // zsh completes inside of its line editor alone: its own function that would offer the names prints them.
  zsh: (script, words) =>
    `compdef() { :; }; _files() { :; }; _describe() { print -rl -- "\${(@P)2}"; }; . ${script}; ` +
    `words=(lintel ${words.join(" ")}); CURRENT=${words.length + 1}; _lintel`,
  fish: (script, words) => `source ${script}; complete -C 'lintel ${words.join(" ")}'`,
};
const OPTIONS: Record<Shell, string[]> = { bash: ["--norc"], zsh: ["-f"], fish: ["--no-config"] };

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lintel-completion-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe.each(SHELLS)("%s", (shell) => {
  const isHere = spawnSync(shell, ["--version"]).error === undefined;
  if (!isHere && process.env["CI"]) throw new Error(`${shell} is not installed, and CI must not skip its test`);
  if (!isHere) console.log(`${shell} is not installed: what it completes is not tested`);

  test.skipIf(!isHere)("completes commands, those below them, and options", async () => {
    const script = join(folder, `lintel.${shell}`);
    const { stdout } = await runLintel("completion", shell);
    writeFileSync(script, stdout);
    for (const [words, some, none] of QUESTIONS) {
      const { stdout: answer, stderr } = spawnSync(shell, [...OPTIONS[shell], "-c", ASK[shell](script, words)]);
      expect(stderr.toString()).toBe("");
      // zsh and fish say what each is for, behind a colon or a tab.
      const names = answer
        .toString()
        .split("\n")
        .map((line) => line.split(/[:\t]/)[0]);
      const typed = words.at(-1) ?? "";
      const fitting = names.filter((name) => name?.startsWith(typed));
      for (const name of some) expect(fitting).toContain(name);
      for (const name of none) expect(fitting).not.toContain(name);
    }
  });
});

test("every command is in the README's table, and what is there is one", () => {
  const readme = readFileSync(join(PACKAGE_ROOT, "README.md"), "utf8");
  const [, rows = ""] = /\| command \| what it does \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(readme) ?? [];
  const cells = rows.split("\n").map((row) => row.split(/(?<!\\)\|/)[1] ?? "");
  const names = cells.flatMap((cell) => {
    const words = [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
    // Behind the first of a row its short forms, as `logout`; options and what is below a command are none.
    return words.flatMap((text) => (/^lintel ([a-z-]+)/.exec(text) ?? /^([a-z][a-z-]+)$/.exec(text))?.[1] ?? []);
  });
  const commands = makeProgram().commands.map((command) => command.name());
  expect(commands.filter((name) => !names.includes(name))).toEqual([]);
  expect(names.filter((name) => !commands.includes(name))).toEqual([]);
});

test("help has every command in a group, with what it does", () => {
  const program = makeProgram();
  const help = program.helpInformation();
  for (const command of program.commands) {
    expect(command.description(), command.name()).not.toBe("");
    expect(command.helpGroup(), command.name()).toMatch(/^[A-Z].*:$/);
    expect(help).toContain(`\n  ${command.name()} `);
  }
});
