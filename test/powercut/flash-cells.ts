/** Cells of a flash, as no program sees them: what they hold for sure, and what age does to them. */
import type { Flash, FlashSnapshot } from "../../runtime/board/flash.ts";
import { FlashSector } from "../../runtime/board/flash-sector.ts";
import { FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";

/** Cells that cannot be cleared any more: masks, by offset of their byte. */
export type StuckCells = ReadonlyMap<number, number>;

/** The image stands at `offset`, and none of its cells is weak. */
export function holdsImage({ sectors }: FlashSnapshot, offset: number, image: Uint8Array): boolean {
  for (let at = 0; at < image.length; at += FLASH_SECTOR_BYTES) {
    const sector = sectors[(offset + at) / FLASH_SECTOR_BYTES];
    const piece = image.subarray(at, at + FLASH_SECTOR_BYTES);
    if (sector === undefined || Buffer.compare(piece, sector.bytes.subarray(0, piece.length)) !== 0) return false;
    if (sector.weak?.subarray(0, piece.length).some((mask) => mask !== 0) === true) return false;
  }
  return true;
}

/** The flash after the cells of a byte that are ones in `mask` have lost their charge: they read as ones. */
export function loseCharge(flash: FlashSnapshot, offset: number, mask: number): FlashSnapshot {
  const index = Math.floor(offset / FLASH_SECTOR_BYTES);
  const sectors = flash.sectors.slice();
  const sector = sectors[index]?.copy() ?? new FlashSector();
  sector.loosen(offset % FLASH_SECTOR_BYTES, mask, 0);
  sectors[index] = sector;
  return { ...flash, sectors };
}

/** Makes cells of a flash in use read as ones, whatever is written there. */
export function stick(flash: Flash, cells: StuckCells): void {
  const read = flash.read.bind(flash);
  flash.read = (offset, into) => {
    const result = read(offset, into);
    if (result < 0) return result;
    for (const [at, mask] of cells) {
      const place = at - offset;
      if (place >= 0 && place < into.length) into[place] = (into[place] ?? 0) | mask;
    }
    return result;
  };
}
