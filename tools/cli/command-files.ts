/** Files that commands read and write; what goes wrong with one is told with its name. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { CommandError } from "./command-error.ts";
import { makeFolders } from "./make-folders.ts";

/** More is no image, patch or payload. */
const FILE_MAX_BYTES = 1024 * 1024;

export function readBytes(file: string): Uint8Array {
  try {
    if (statSync(file).isDirectory()) throw new CommandError(`${file} is a folder: name a file`);
    const { size } = statSync(file);
    if (size > FILE_MAX_BYTES) throw new CommandError(`${file} has ${size} bytes: that is no image`);
    return Uint8Array.from(readFileSync(file));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`cannot read ${file}: ${reasonOf(error)}`);
  }
}

export function writeFiles(files: [string, Uint8Array | string][]): void {
  for (const [file, contents] of files) {
    try {
      makeFolders(dirname(resolve(file)));
      writeFileSync(file, contents);
    } catch (error) {
      throw new CommandError(`cannot write ${file}: ${reasonOf(error)}`);
    }
  }
}

/** As a person in this folder would name it. */
export function shown(file: string): string {
  return relative(".", file) || file;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
