/** Files that commands read and write; what goes wrong with one is told with its name. */
import { createWriteStream, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeFolders } from "../../server/make-folders.ts";
import { readFile } from "../build/read-file.ts";
import { CommandError } from "./command-error.ts";
import { isUserError } from "./user-errors.ts";

/** More is no image, patch or payload. */
const FILE_MAX_BYTES = 1024 * 1024;
/** As far as the umask lets them (POSIX, "open"). */
const EVERYBODY = 0o666;

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

/** Before anything is asked for that is to go there. */
export function demandFree(file: string, force: boolean): void {
  if (existsSync(file) && !force) throw new CommandError(`${file} is there already: name another file, or use --force`);
}

/** All of it or nothing: what was there before stays until the new file is whole. */
export async function writeWhole(
  file: string,
  content: AsyncIterable<Uint8Array | string>,
  mode = EVERYBODY,
): Promise<void> {
  makeFolderOf(file);
  const part = `${file}.part`;
  try {
    await pipeline(content, createWriteStream(part, { mode, flush: true }));
    renameSync(part, file);
  } catch (error) {
    try {
      rmSync(part, { force: true });
    } catch {
      // Where no file can be, there is none to remove.
    }
    if (isUserError(error)) throw error;
    throw new CommandError(`${file} could not be written: ${reasonOf(error)}`);
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
