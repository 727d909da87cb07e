/** Files that commands read and write; what goes wrong with one is told with its name. */
import { writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { makeFolders } from "../../server/make-folders.ts";
import { readFile } from "../build/read-file.ts";
import { CommandError } from "./command-error.ts";

/** More is no image, patch or payload. */
const FILE_MAX_BYTES = 1024 * 1024;

export function readBytes(file: string): Uint8Array {
  return readFile(file, FILE_MAX_BYTES, "that is no image");
}

export function writeFiles(files: [string, Uint8Array | string][]): void {
  for (const [file, contents] of files) {
    makeFolderOf(file);
    try {
      writeFileSync(file, contents);
    } catch (error) {
      throw new CommandError(`cannot write ${file}: ${reasonOf(error)}`);
    }
  }
}

/** For a file that is to be written. */
export function makeFolderOf(file: string): void {
  try {
    makeFolders(dirname(resolve(file)));
  } catch (error) {
    throw new CommandError(`cannot write ${file}: ${reasonOf(error)}`);
  }
}

/** As a person in this folder would name it. */
export function shown(file: string): string {
  return relative(".", file) || file;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
