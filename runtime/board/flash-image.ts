/**
 * Images in flash as a host sees them: it runs what has a header that it understands. Whether an image is the right one, whole
 * and signed, is decided by the boot program, not here.
 */
import {
  FLASH_BOOT_BYTES,
  FLASH_BOOT_OFFSET,
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_B_OFFSET,
  FLASH_SLOT_BYTES,
  Slot,
} from "../contract/flash-map.ts";
import { HOST_ABI_VERSION } from "../contract/host-abi.ts";
import {
  IMAGE_ABI_OFFSET,
  IMAGE_ARCH_OFFSET,
  IMAGE_HEADER_BYTES,
  IMAGE_HEADER_VERSION,
  IMAGE_MAGIC,
  IMAGE_PAYLOAD_BYTES_OFFSET,
  IMAGE_RAM_BYTES_OFFSET,
  IMAGE_VERSION_OFFSET,
  ImageArch,
} from "../contract/image-header.ts";
import { PROGRAM_RESERVED_BYTES } from "../contract/native-image.ts";
import type { Flash } from "./flash.ts";

/** A part of flash that holds an image. */
interface ImageArea {
  slot: Slot;
  sizeBytes: number;
}

const AREAS = new Map<number, ImageArea>([
  [FLASH_BOOT_OFFSET, { slot: Slot.Boot, sizeBytes: FLASH_BOOT_BYTES }],
  [FLASH_SLOT_A_OFFSET, { slot: Slot.A, sizeBytes: FLASH_SLOT_BYTES }],
  [FLASH_SLOT_B_OFFSET, { slot: Slot.B, sizeBytes: FLASH_SLOT_BYTES }],
]);

export function imageAreaAt(offset: number): ImageArea | undefined {
  return AREAS.get(offset);
}

/** An image in flash: its payload and where it stands. */
export interface FlashImage {
  slot: Slot;
  payload: Uint8Array;
}

/** The image at this offset for an engine of this kind, or why there is none to run. */
export function readFlashImage(flash: Flash, offset: number, arch: ImageArch): FlashImage | string {
  const area = imageAreaAt(offset);
  if (area === undefined) return "no image can stand there";
  const header = new Uint8Array(IMAGE_HEADER_BYTES);
  if (flash.read(offset, header) < 0) return "the flash ends before";
  const view = new DataView(header.buffer);
  const word = (at: number) => view.getUint32(at, true);
  if (word(0) !== IMAGE_MAGIC) return "no image begins there";
  if (word(IMAGE_VERSION_OFFSET) !== IMAGE_HEADER_VERSION) {
    return `its header has version ${word(IMAGE_VERSION_OFFSET)}, not ${IMAGE_HEADER_VERSION}`;
  }
  if (word(IMAGE_ARCH_OFFSET) !== arch) {
    const found = ImageArch[word(IMAGE_ARCH_OFFSET)] ?? word(IMAGE_ARCH_OFFSET);
    return `it is for ${found}, not ${ImageArch[arch]}`;
  }
  if (word(IMAGE_ABI_OFFSET) > HOST_ABI_VERSION) {
    return `it needs host ABI ${word(IMAGE_ABI_OFFSET)}, this host has ${HOST_ABI_VERSION}`;
  }
  if (word(IMAGE_RAM_BYTES_OFFSET) > PROGRAM_RESERVED_BYTES) {
    return `it needs ${word(IMAGE_RAM_BYTES_OFFSET)} bytes of RAM, this host reserves ${PROGRAM_RESERVED_BYTES}`;
  }
  const sizeBytes = word(IMAGE_PAYLOAD_BYTES_OFFSET);
  if (sizeBytes === 0 || sizeBytes > area.sizeBytes - IMAGE_HEADER_BYTES) {
    return `its ${sizeBytes} bytes do not fit the ${area.sizeBytes - IMAGE_HEADER_BYTES} there`;
  }
  const payload = new Uint8Array(sizeBytes);
  if (flash.read(offset + IMAGE_HEADER_BYTES, payload) < 0) return "the flash ends within";
  return { slot: area.slot, payload };
}
