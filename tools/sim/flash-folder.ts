/**
 * Keeps the flash of virtual boards: a file for each board, `<mac>.flash`, as a programmer would read the chip. Each write
 * and erase goes to the file at once and in order, so a process that is killed leaves what a power cut would leave; the
 * next one goes on from there. After a power cut of this machine the file may be older in parts: nothing is flushed.
 *
 * One process at a time has the folder. Two that run the same boards would give the same numbers to different readings.
 */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { Flash } from "../../runtime/board/flash.ts";
import { FLASH_REGION_BYTES, FLASH_REGION_MAX_BYTES, FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import { describe } from "../../server/errors.ts";
import { makeFolders } from "../../server/make-folders.ts";
import { type FileLock, takeLock } from "../../server/store/file-lock.ts";

const ERASED = 0xff;
const LOCK_FILE = "sim.lock";
/** Who has the lock, for the message of whoever comes second. */
const PID_FILE = "sim.pid";

/** The folder or a file in it cannot be used; the message says which. */
export class FlashFolderError extends Error {}

export class FlashFolder {
  readonly #folder: string;
  readonly #lock: FileLock;
  readonly #descriptors: number[] = [];

  /** Made if it is not there. */
  constructor(folder: string) {
    this.#folder = folder;
    let lock: FileLock | undefined;
    try {
      makeFolders(resolve(folder));
      lock = takeLock(join(folder, LOCK_FILE));
      if (lock !== undefined) writeFileSync(join(folder, PID_FILE), `${process.pid}\n`);
    } catch (error) {
      lock?.release();
      throw new FlashFolderError(`flash cannot be kept in ${folder}: ${describe(error)}`);
    }
    if (lock === undefined) {
      throw new FlashFolderError(
        `the boards in ${folder} run already, in process ${this.#owner()}: stop that one, or name another folder`,
      );
    }
    this.#lock = lock;
  }

  /** There is a board of an earlier run. */
  has(mac: string): boolean {
    return existsSync(this.#fileOf(mac));
  }

  /** The flash that the board had, or the new one if no such board has been here; kept from now on. */
  open(mac: string, makeNew: () => Flash): Flash {
    const file = this.#fileOf(mac);
    try {
      const flash = load(file) ?? create(file, makeNew());
      const descriptor = openSync(file, "r+");
      this.#descriptors.push(descriptor);
      flash.onChanged = (offset, sizeBytes) => writeThrough(flash, offset, sizeBytes, file, descriptor);
      return flash;
    } catch (error) {
      if (error instanceof FlashFolderError) throw error;
      throw new FlashFolderError(`cannot keep flash in ${file}: ${describe(error)}`);
    }
  }

  /** Gives the folder up. The boards must have stopped. */
  close(): void {
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor);
    rmSync(join(this.#folder, PID_FILE), { force: true });
    this.#lock.release();
  }

  #fileOf(mac: string): string {
    return join(this.#folder, `${mac}.flash`);
  }

  #owner(): string {
    try {
      return readFileSync(join(this.#folder, PID_FILE), "latin1").trim() || "unknown";
    } catch {
      return "unknown";
    }
  }
}

function load(file: string): Flash | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  check(file, found);
  const bytes = readFileSync(file);
  const flash = new Flash({ regionBytes: bytes.length });
  for (let offset = 0; offset < bytes.length; offset += FLASH_SECTOR_BYTES) {
    const sector = bytes.subarray(offset, offset + FLASH_SECTOR_BYTES);
    if (sector.some((byte) => byte !== ERASED)) flash.write(offset, sector);
  }
  return flash;
}

function check(file: string, found: Stats): void {
  if (!found.isFile()) throw new FlashFolderError(`${file} is no file, so no board's flash: remove it`);
  const { size } = found;
  const isRegion = size >= FLASH_REGION_BYTES && size <= FLASH_REGION_MAX_BYTES;
  if (!isRegion || size % FLASH_SECTOR_BYTES !== 0) {
    throw new FlashFolderError(`${file} has ${size} bytes, which no board's flash has: remove it`);
  }
}

/** In one step: a run that is killed meanwhile leaves no file, or a whole one. */
function create(file: string, flash: Flash): Flash {
  const unfinished = `${file}.new`;
  try {
    writeFileSync(unfinished, bytesOf(flash, 0, flash.regionBytes));
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  return flash;
}

/** What cannot be kept must not go on: the server would hear of readings that the next run knows nothing of. */
function writeThrough(flash: Flash, offset: number, sizeBytes: number, file: string, descriptor: number): void {
  const bytes = bytesOf(flash, offset, sizeBytes);
  try {
    for (let done = 0; done < sizeBytes; ) {
      done += writeSync(descriptor, bytes, done, sizeBytes - done, offset + done);
    }
  } catch (error) {
    throw new FlashFolderError(`cannot write ${file}, so the boards are stopped: ${describe(error)}`);
  }
}

function bytesOf(flash: Flash, offset: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  flash.read(offset, bytes);
  return bytes;
}
