/** Names of images: the first IMAGE_ID_BYTES of the SHA-256 of their headers. And where the slots lie. */
import { FLASH_BOOT_OFFSET, FLASH_SLOT_A_OFFSET, FLASH_SLOT_B_OFFSET, Slot } from "../../contract/flash-map.ts";

/** Where the image of a slot begins in flash. */
export function slotOffset(slot: u32): u32 {
  if (slot == Slot.A) return FLASH_SLOT_A_OFFSET;
  return slot == Slot.B ? FLASH_SLOT_B_OFFSET : FLASH_BOOT_OFFSET;
}

/** Ids come out of packets too, at any address: compared byte by byte. */
export function sameBytes(a: usize, b: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false;
  }
  return true;
}
