/** Runs every file of a folder of wast2json output. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ChipSettings } from "../native/program-on-chip.ts";
import { CommandFileError, parseCommands } from "./commands.ts";
import { CommandRun, type Tally } from "./run-commands.ts";

/** There is nothing to run: what was given is no such folder. */
export class FolderError extends Error {}

export interface FileTally extends Tally {
  file: string;
}

export function* runFolder(folder: string, settings: ChipSettings): Generator<FileTally> {
  if (!existsSync(folder)) throw new FolderError(`there is no folder ${folder}`);
  if (!statSync(folder).isDirectory()) throw new FolderError(`${folder} is not a folder`);
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  if (files.length === 0) throw new FolderError(`${folder} holds no .json file as wast2json writes them`);
  for (const file of files.sort()) yield { file, ...runFile(folder, file, settings) };
}

function runFile(folder: string, file: string, settings: ChipSettings): Tally {
  const readModule = (filename: string) => {
    const path = join(folder, filename);
    if (!existsSync(path)) throw new CommandFileError(`the module ${filename} is missing`);
    return readFileSync(path);
  };
  const run = new CommandRun(file, readModule, settings);
  try {
    for (const command of parseCommands(readFileSync(join(folder, file), "utf8"))) run.run(command);
  } catch (error) {
    if (!(error instanceof CommandFileError)) throw error;
    run.tally.failures.push(`${file}: ${error.message}`);
  }
  return run.tally;
}
