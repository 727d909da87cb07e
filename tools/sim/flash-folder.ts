/** Keeps the flash of virtual boards between runs: a file for each board, `<mac>.flash`, as a programmer would read the chip. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Flash } from "../../runtime/board/flash.ts";
import { FLASH_REGION_BYTES, FLASH_REGION_MAX_BYTES, FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import { makeFolders } from "../cli/make-folders.ts";

const ERASED = 0xff;

/** The folder or a file in it cannot be used; the message says which. */
export class FlashFolderError extends Error {}

export class FlashFolder {
  readonly #folder: string;

  /** Made if it is not there. */
  constructor(folder: string) {
    this.#folder = folder;
    try {
      makeFolders(resolve(folder));
    } catch (error) {
      throw new FlashFolderError(`flash cannot be kept in ${folder}: ${reasonOf(error)}`);
    }
  }

  /** Undefined: no such board has been here. */
  load(mac: string): Flash | undefined {
    const file = this.#fileOf(mac);
    if (!existsSync(file)) return undefined;
    const bytes = readFileSync(file);
    const isRegion = bytes.length >= FLASH_REGION_BYTES && bytes.length <= FLASH_REGION_MAX_BYTES;
    if (!isRegion || bytes.length % FLASH_SECTOR_BYTES !== 0) {
      throw new FlashFolderError(`${file} has ${bytes.length} bytes, which no board's flash has: remove it`);
    }
    const flash = new Flash({ regionBytes: bytes.length });
    for (let offset = 0; offset < bytes.length; offset += FLASH_SECTOR_BYTES) {
      const sector = bytes.subarray(offset, offset + FLASH_SECTOR_BYTES);
      if (sector.some((byte) => byte !== ERASED)) flash.write(offset, sector);
    }
    return flash;
  }

  save(mac: string, flash: Flash): void {
    const bytes = new Uint8Array(flash.regionBytes);
    flash.read(0, bytes);
    const file = this.#fileOf(mac);
    try {
      // In one step: a run that is ended meanwhile leaves the old file or the new one.
      writeFileSync(`${file}.new`, bytes);
      renameSync(`${file}.new`, file);
    } catch (error) {
      throw new FlashFolderError(`cannot write ${file}: ${reasonOf(error)}`);
    }
  }

  #fileOf(mac: string): string {
    return join(this.#folder, `${mac}.flash`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
