/** Reads a file that a person has named. A device or a pipe may have no end, so neither is opened. */
import { readFileSync, statSync } from "node:fs";

/** What is wrong with the file, as one line that names it. */
export class FileError extends Error {}

/** `tooLong` says what a file of more than `maxBytes` means. */
export function readFile(file: string, maxBytes: number, tooLong: string): Uint8Array {
  try {
    const found = statSync(file);
    if (found.isDirectory()) throw new FileError(`${file} is a folder: name a file`);
    if (!found.isFile()) throw new FileError(`${file} is a device or a pipe: name a file`);
    if (found.size > maxBytes) throw new FileError(`${file} has ${found.size} bytes: ${tooLong}`);
    return Uint8Array.from(readFileSync(file));
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
}
