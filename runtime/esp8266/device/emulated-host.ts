/**
 * What stands at offset 0 of the flash of an emulated board, where a real one has the host (runtime/native): an image as the ROM
 * loads it, whose few instructions go to an address behind the ROM. There the virtual board takes over (flashed-board.ts), for
 * the SDK that the real host is linked with runs on real chips only.
 */
import { HOST_ABI_VERSION } from "../../contract/host-abi.ts";
import { HOST_MARKER } from "../../contract/host-marker.ts";
import {
  ROM_CHECKSUM_SEED,
  ROM_IMAGE_BLOCK_BYTES,
  ROM_IMAGE_HEADER_BYTES,
  ROM_IMAGE_MAGIC,
  ROM_SEGMENT_HEADER_BYTES,
} from "../../contract/rom-image.ts";
import { IRAM_ADDRESS } from "../memory/address-map.ts";

/** Behind the functions that the host offers (native-machine.ts). */
export const EMULATED_HOST_ADDRESS = 0x40011000;

const ENTRY_OFFSET = 4;

/** The marker (contract/host-marker.ts) says that it is for a flash of any size. */
export const EMULATED_HOST_SOURCE: readonly string[] = `
  host: .word ${EMULATED_HOST_ADDRESS}
  l32r a0, host
  jx a0
  .byte 0, 0
  .ascii "${HOST_MARKER}"
  .word ${HOST_ABI_VERSION}
  .word 0
`
  .split("\n")
  .map((line) => line.trim())
  .filter((line) => line !== "");

/** The same, assembled. */
export const EMULATED_HOST_CODE = Uint8Array.of(
  ...[0x00, 0x10, 0x01, 0x40, 0x01, 0xff, 0xff, 0xa0, 0x00, 0x00, 0x00, 0x00],
  ...new TextEncoder().encode(HOST_MARKER),
  ...[HOST_ABI_VERSION, 0, 0, 0, 0, 0, 0, 0],
);

/** Mode and size of the flash are in its header as in that of any image: who flashes it sets them. */
export function emulatedHostImage(): Uint8Array {
  const end = ROM_IMAGE_HEADER_BYTES + ROM_SEGMENT_HEADER_BYTES + EMULATED_HOST_CODE.length;
  const image = new Uint8Array(Math.ceil((end + 1) / ROM_IMAGE_BLOCK_BYTES) * ROM_IMAGE_BLOCK_BYTES);
  const view = new DataView(image.buffer);
  image[0] = ROM_IMAGE_MAGIC;
  image[1] = 1;
  view.setUint32(4, IRAM_ADDRESS + ENTRY_OFFSET, true);
  view.setUint32(ROM_IMAGE_HEADER_BYTES, IRAM_ADDRESS, true);
  view.setUint32(ROM_IMAGE_HEADER_BYTES + 4, EMULATED_HOST_CODE.length, true);
  image.set(EMULATED_HOST_CODE, ROM_IMAGE_HEADER_BYTES + ROM_SEGMENT_HEADER_BYTES);
  image[image.length - 1] = EMULATED_HOST_CODE.reduce((sum, byte) => sum ^ byte, ROM_CHECKSUM_SEED);
  return image;
}
