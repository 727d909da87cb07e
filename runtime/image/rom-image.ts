/** An image as the mask ROM loads it (contract/rom-image.ts), read out of a file: is all of it there, and does it begin inside of itself? */
import {
  ROM_CHECKSUM_SEED,
  ROM_IMAGE_BLOCK_BYTES,
  ROM_IMAGE_ENTRY_OFFSET,
  ROM_IMAGE_HEADER_BYTES,
  ROM_IMAGE_SEGMENTS_OFFSET,
  ROM_SEGMENT_HEADER_BYTES,
  ROM_SEGMENT_SIZE_OFFSET,
  ROM_SEGMENTS_MAX,
} from "../contract/rom-image.ts";
import { viewOf } from "./bytes.ts";

export interface RomImage {
  /** Behind its checksum, from the start of the file. */
  endOffset: number;
  /** That it should have, and the one that it has. */
  madeChecksum: number;
  storedChecksum: number;
}

/** What is wrong with it, as a sentence goes on behind the name of the file. */
export interface RomFault {
  isCutOff: boolean;
  text: string;
}

/** `at`: where its header begins; who calls has looked at the magic. */
export function readRomImage(file: Uint8Array, at: number): RomImage | RomFault {
  const view = viewOf(file);
  const cutOff = (endOffset: number, what: string): RomFault => ({
    isCutOff: true,
    text: `is cut off: ${what} of the image at 0x${at.toString(16)} ends at byte ${endOffset}, and the file has ${file.length}`,
  });
  const damaged = (text: string): RomFault => ({
    isCutOff: false,
    text: `is damaged: the image at 0x${at.toString(16)} ${text}`,
  });
  let end = at + ROM_IMAGE_HEADER_BYTES;
  if (end > file.length) return cutOff(end, "the header");
  const segments = view.getUint8(at + ROM_IMAGE_SEGMENTS_OFFSET);
  if (segments < 1 || segments > ROM_SEGMENTS_MAX) {
    return damaged(`says that it has ${segments} segments, and there are 1 to ${ROM_SEGMENTS_MAX}`);
  }
  const entry = view.getUint32(at + ROM_IMAGE_ENTRY_OFFSET, true);
  let isEntryInside = false;
  let checksum = ROM_CHECKSUM_SEED;
  for (let index = 1; index <= segments; index++) {
    const head = end;
    end += ROM_SEGMENT_HEADER_BYTES;
    if (end > file.length) return cutOff(end, `the head of segment ${index}`);
    const address = view.getUint32(head, true);
    const sizeBytes = view.getUint32(head + ROM_SEGMENT_SIZE_OFFSET, true);
    end += sizeBytes;
    if (end > file.length) return cutOff(end, `segment ${index}`);
    checksum = file.subarray(end - sizeBytes, end).reduce((sum, byte) => sum ^ byte, checksum);
    if (entry >= address && entry < address + sizeBytes) isEntryInside = true;
  }
  // The checksum has a byte even where the segments end a block.
  end += ROM_IMAGE_BLOCK_BYTES - ((end - at) % ROM_IMAGE_BLOCK_BYTES);
  if (end > file.length) return cutOff(end, "the checksum");
  if (!isEntryInside) return damaged(`starts at 0x${entry.toString(16)}, where it loads nothing`);
  return { endOffset: end, madeChecksum: checksum, storedChecksum: view.getUint8(end - 1) };
}
