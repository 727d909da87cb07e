/**
 * The Lintel region of a NOR flash: erasing sets a sector of 4 KiB to ones, writing only clears bits (W25Q32JV datasheet,
 * sections 8.2.13 and 8.2.15). It outlives resets and power cuts, so it belongs to the composer, not to a start. Assumption:
 * what a write or an erase takes is the typical time of such chips, whatever the chip's age.
 *
 * Power may go before, inside or after every write and erase: `onOperation` says so, and the operation throws PowerCut.
 * What is left in the cells is in flash-cut.ts and flash-sector.ts.
 *
 * Sectors that were never written take no memory, and snapshots share what has not changed since: a fleet of thousands
 * fits, and a search through power cuts can go back to any point cheaply.
 */
import { HostError } from "../contract/error-codes.ts";
import { FLASH_REGION_BYTES, FLASH_REGION_MAX_BYTES, FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import { type Cut, cutErase, cutWord, type FlashOperation, type WriteCut } from "./flash-cut.ts";
import { FlashSector } from "./flash-sector.ts";
import { PowerCut } from "./power.ts";
import { type RandomSource, SeededRandom } from "./random.ts";

export type { Cut, FlashOperation } from "./flash-cut.ts";

const WORD_BYTES = 4;
const PAGE_BYTES = 256;
const ERASED = 0xff;
const ERASE_MS = 50;
const PROGRAM_PAGE_MS = 0.7;
const NOTHING = new Uint8Array(0);

export interface FlashCounts {
  reads: number;
  writes: number;
  erases: number;
  bytesWritten: number;
}

export interface FlashOptions {
  /** Size of the region: whole sectors, up to FLASH_REGION_MAX_BYTES. Absent: that of a board of 1 MB. */
  regionBytes?: number;
  /** What weak cells show. */
  random?: RandomSource;
}

/** A flash at one moment; it does not change with the flash it was taken of. */
export interface FlashSnapshot {
  readonly regionBytes: number;
  readonly sectors: readonly (FlashSector | undefined)[];
  readonly sectorErases: Uint32Array;
}

export class Flash {
  readonly regionBytes: number;
  readonly counts: FlashCounts = { reads: 0, writes: 0, erases: 0, bytesWritten: 0 };
  /** Erases of each sector: its wear. */
  readonly sectorErases: Uint32Array;
  /** Asked before each write and erase. */
  onOperation: ((operation: FlashOperation) => Cut | undefined) | undefined;
  /** Told after each write and erase where the cells may have changed; after a cut too. */
  onChanged: ((offset: number, sizeBytes: number) => void) | undefined;
  readonly #random: RandomSource;
  readonly #sectors: (FlashSector | undefined)[];
  #operations = 0;
  #busyMs = 0;

  constructor(options: FlashOptions = {}) {
    this.regionBytes = options.regionBytes ?? FLASH_REGION_BYTES;
    const count = this.regionBytes / FLASH_SECTOR_BYTES;
    if (!Number.isInteger(count) || count < 1 || this.regionBytes > FLASH_REGION_MAX_BYTES) {
      throw new RangeError(
        `A flash region of ${this.regionBytes} bytes: it has sectors of 4096, ${FLASH_REGION_MAX_BYTES} at most.`,
      );
    }
    this.#random = options.random ?? new SeededRandom(0);
    this.sectorErases = new Uint32Array(count);
    this.#sectors = new Array<FlashSector | undefined>(count).fill(undefined);
  }

  /** A flash that begins as the snapshot; counts of operations begin at 0, wear goes on. */
  static from(snapshot: FlashSnapshot, random?: RandomSource): Flash {
    const flash = new Flash({ regionBytes: snapshot.regionBytes, ...(random === undefined ? {} : { random }) });
    snapshot.sectors.forEach((sector, index) => {
      flash.#sectors[index] = sector;
    });
    flash.sectorErases.set(snapshot.sectorErases);
    return flash;
  }

  snapshot(): FlashSnapshot {
    for (const sector of this.#sectors) if (sector !== undefined) sector.isShared = true;
    return {
      regionBytes: this.regionBytes,
      sectors: this.#sectors.slice(),
      sectorErases: this.sectorErases.slice(),
    };
  }

  /** Writes and erases so far; the next one has this index. */
  get operations(): number {
    return this.#operations;
  }

  /** Time that writes and erases have taken so far, milliseconds. */
  get busyMs(): number {
    return this.#busyMs;
  }

  read(offset: number, into: Uint8Array): number {
    if (!this.#isInside(offset, into.length)) return HostError.OutOfRange;
    this.counts.reads++;
    for (const { index, start, from, to } of pieces(offset, into.length)) {
      const sector = this.#sectors[index];
      const target = into.subarray(from, to);
      if (sector === undefined) target.fill(ERASED);
      else sector.read(start, target, this.#random);
    }
    return 0;
  }

  write(offset: number, bytes: Uint8Array): number {
    if (!this.#isInside(offset, bytes.length)) return HostError.OutOfRange;
    if (offset % WORD_BYTES !== 0 || bytes.length % WORD_BYTES !== 0) return HostError.Unaligned;
    if (bytes.length === 0) return 0;
    const cut = this.#begin("write", offset, bytes.length, bytes);
    this.counts.writes++;
    this.counts.bytesWritten += bytes.length;
    this.#busyMs += PROGRAM_PAGE_MS * pagesOf(offset, bytes.length);
    if (cut?.at === "inside") this.#writePart(offset, bytes, writeCutOf(cut));
    else this.#program(offset, bytes);
    this.onChanged?.(offset, bytes.length);
    if (cut !== undefined) throw new PowerCut();
    return 0;
  }

  /** Erases the sector that starts at `offset`. */
  erase(offset: number): number {
    if (!this.#isInside(offset, 1)) return HostError.OutOfRange;
    if (offset % FLASH_SECTOR_BYTES !== 0) return HostError.Unaligned;
    const cut = this.#begin("erase", offset, FLASH_SECTOR_BYTES, NOTHING);
    const index = offset / FLASH_SECTOR_BYTES;
    this.counts.erases++;
    this.sectorErases[index] = (this.sectorErases[index] ?? 0) + 1;
    this.#busyMs += ERASE_MS;
    if (cut?.at === "inside") {
      if (!("seed" in cut)) throw new Error("A cut inside an erase has a seed.");
      // A sector that was never written is all ones, whatever becomes of the erase.
      if (this.#sectors[index] !== undefined) cutErase(this.#own(index), cut);
    } else this.#sectors[index] = undefined;
    this.onChanged?.(offset, FLASH_SECTOR_BYTES);
    if (cut !== undefined) throw new PowerCut();
    return 0;
  }

  #begin(kind: "write" | "erase", offset: number, bytes: number, data: Uint8Array): Cut | undefined {
    const cut = this.onOperation?.({ index: this.#operations, kind, offset, bytes, data });
    this.#operations++;
    if (cut?.at === "before") throw new PowerCut();
    return cut;
  }

  #program(offset: number, bytes: Uint8Array): void {
    for (const { index, start, from, to } of pieces(offset, bytes.length)) {
      this.#own(index).program(start, bytes.subarray(from, to));
    }
  }

  #writePart(offset: number, bytes: Uint8Array, cut: WriteCut): void {
    const whole = Math.min(bytes.length, cut.words * WORD_BYTES);
    this.#program(offset, bytes.subarray(0, whole));
    if (whole === bytes.length) return;
    const at = offset + whole;
    const sector = this.#own(Math.floor(at / FLASH_SECTOR_BYTES));
    cutWord(sector, at % FLASH_SECTOR_BYTES, bytes.subarray(whole, whole + WORD_BYTES), cut);
  }

  /** The sector, to be changed. */
  #own(index: number): FlashSector {
    const sector = this.#sectors[index];
    if (sector !== undefined && !sector.isShared) return sector;
    const own = sector?.copy() ?? new FlashSector();
    this.#sectors[index] = own;
    return own;
  }

  #isInside(offset: number, sizeBytes: number): boolean {
    return offset >= 0 && offset + sizeBytes <= this.regionBytes;
  }
}

function writeCutOf(cut: Cut): WriteCut {
  if ("words" in cut) return cut;
  throw new Error("A cut inside a write has words, clears and weak.");
}

function pagesOf(offset: number, sizeBytes: number): number {
  return Math.floor((offset + sizeBytes - 1) / PAGE_BYTES) - Math.floor(offset / PAGE_BYTES) + 1;
}

interface Piece {
  /** Of the sector. */
  index: number;
  /** In the sector. */
  start: number;
  /** In the bytes. */
  from: number;
  to: number;
}

/** A range taken apart at the borders of sectors. */
function pieces(offset: number, sizeBytes: number): Piece[] {
  const found: Piece[] = [];
  for (let from = 0; from < sizeBytes; ) {
    const start = (offset + from) % FLASH_SECTOR_BYTES;
    const to = Math.min(sizeBytes, from + FLASH_SECTOR_BYTES - start);
    found.push({ index: Math.floor((offset + from) / FLASH_SECTOR_BYTES), start, from, to });
    from = to;
  }
  return found;
}
