/** What the image of a host says of itself: the ROM's magic (esptool documentation, "Firmware Image Format") and Lintel's marker. */
import {
  HOST_MARKER,
  HOST_MARKER_ABI_OFFSET,
  HOST_MARKER_BYTES,
  HOST_MARKER_FLASH_OFFSET,
} from "../contract/host-marker.ts";
import { viewOf } from "./bytes.ts";

const MAGIC = 0xe9;
const WORD_BYTES = 4;

export interface HostFacts {
  abiVersion: number;
  /** That it was linked for; 0: for any, as the emulated host. */
  flashMiB: number;
}

/** undefined: these bytes are no host. */
export function readHostImage(image: Uint8Array): HostFacts | undefined {
  if (image[0] !== MAGIC) return undefined;
  const marker = Buffer.from(HOST_MARKER, "latin1");
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.length);
  for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) {
    if (at % WORD_BYTES !== 0 || at + HOST_MARKER_BYTES > image.length) continue;
    const view = viewOf(image);
    return {
      abiVersion: view.getUint32(at + HOST_MARKER_ABI_OFFSET, true),
      flashMiB: view.getUint32(at + HOST_MARKER_FLASH_OFFSET, true),
    };
  }
  return undefined;
}
