/** For tests: an image as contract/image-header.ts has it, but for its digest and signature, which a host does not look at. */
import { FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
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
  type ImageArch,
} from "../contract/image-header.ts";
import { PROGRAM_RAM_BYTES } from "../contract/limits.ts";
import type { Flash } from "./flash.ts";

const WORD_BYTES = 4;

/** `words` overwrites words of the header, by offset. */
export function writeUnsignedImage(
  flash: Flash,
  offset: number,
  arch: ImageArch,
  payload: Uint8Array,
  words: Record<number, number> = {},
): void {
  const sizeBytes = IMAGE_HEADER_BYTES + Math.ceil(payload.length / WORD_BYTES) * WORD_BYTES;
  const image = new Uint8Array(sizeBytes);
  image.set(payload, IMAGE_HEADER_BYTES);
  const view = new DataView(image.buffer);
  const header: Record<number, number> = {
    0: IMAGE_MAGIC,
    [IMAGE_VERSION_OFFSET]: IMAGE_HEADER_VERSION,
    [IMAGE_ARCH_OFFSET]: arch,
    [IMAGE_ABI_OFFSET]: HOST_ABI_VERSION,
    [IMAGE_PAYLOAD_BYTES_OFFSET]: payload.length,
    [IMAGE_RAM_BYTES_OFFSET]: PROGRAM_RAM_BYTES,
    ...words,
  };
  for (const [at, word] of Object.entries(header)) view.setUint32(Number(at), word, true);
  for (let at = offset; at < offset + sizeBytes; at += FLASH_SECTOR_BYTES) flash.erase(at);
  flash.write(offset, image);
}
