/**
 * The Lintel region of a NOR flash: erasing sets a sector of 4 KiB to ones, writing only clears bits (W25Q32JV datasheet,
 * sections 8.2.13 and 8.2.15). It outlives resets and power cuts, so it belongs to the composer, not to a start.
 *
 * Sectors that were never written take no memory: a fleet of thousands fits. A write goes word by word through one place,
 * `#program`, which is where a power cut in the middle of a write will tear it.
 */
import { HostError } from "../contract/error-codes.ts";
import { FLASH_REGION_BYTES, FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";

const SECTORS = FLASH_REGION_BYTES / FLASH_SECTOR_BYTES;
const WORD_BYTES = 4;
const ERASED = 0xff;

export interface FlashCounts {
  reads: number;
  writes: number;
  erases: number;
  bytesWritten: number;
}

export class Flash {
  readonly counts: FlashCounts = { reads: 0, writes: 0, erases: 0, bytesWritten: 0 };
  /** Erases of each sector: its wear. */
  readonly sectorErases = new Uint32Array(SECTORS);
  readonly #sectors: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(SECTORS).fill(undefined);

  read(offset: number, into: Uint8Array): number {
    if (!isInside(offset, into.length)) return HostError.OutOfRange;
    this.counts.reads++;
    let done = 0;
    while (done < into.length) {
      const { sector, start } = locate(offset + done);
      const size = Math.min(FLASH_SECTOR_BYTES - start, into.length - done);
      const source = this.#sectors[sector];
      const target = into.subarray(done, done + size);
      if (source === undefined) target.fill(ERASED);
      else target.set(source.subarray(start, start + size));
      done += size;
    }
    return 0;
  }

  write(offset: number, bytes: Uint8Array): number {
    if (!isInside(offset, bytes.length)) return HostError.OutOfRange;
    if (offset % WORD_BYTES !== 0 || bytes.length % WORD_BYTES !== 0) return HostError.Unaligned;
    this.counts.writes++;
    this.counts.bytesWritten += bytes.length;
    for (let done = 0; done < bytes.length; done += WORD_BYTES) {
      this.#program(offset + done, bytes.subarray(done, done + WORD_BYTES));
    }
    return 0;
  }

  /** Erases the sector that starts at `offset`. */
  erase(offset: number): number {
    if (!isInside(offset, 0) || offset === FLASH_REGION_BYTES) return HostError.OutOfRange;
    const { sector, start } = locate(offset);
    if (start !== 0) return HostError.Unaligned;
    this.counts.erases++;
    this.sectorErases[sector] = (this.sectorErases[sector] ?? 0) + 1;
    this.#sectors[sector] = undefined;
    return 0;
  }

  #program(offset: number, word: Uint8Array): void {
    const { sector, start } = locate(offset);
    const target = this.#sectors[sector] ?? new Uint8Array(FLASH_SECTOR_BYTES).fill(ERASED);
    this.#sectors[sector] = target;
    for (let index = 0; index < word.length; index++) {
      target[start + index] = (target[start + index] ?? ERASED) & (word[index] ?? ERASED);
    }
  }
}

function isInside(offset: number, sizeBytes: number): boolean {
  return offset >= 0 && offset + sizeBytes <= FLASH_REGION_BYTES;
}

function locate(offset: number): { sector: number; start: number } {
  return { sector: Math.floor(offset / FLASH_SECTOR_BYTES), start: offset % FLASH_SECTOR_BYTES };
}
