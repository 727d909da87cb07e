/**
 * Is a file a host that will start, and what does it say of itself? The ROM loads the image at offset 0, and nothing without its
 * checksum. Of the Arduino core that is a loader (eboot), and it loads the image at 0x1000, the sketch, with Lintel's marker in it
 * (esp8266/Arduino: tools/elf2bin.py, bootloaders/eboot). The sketch's checksum is none: the core writes a CRC into it afterwards.
 */
import {
  HOST_MARKER,
  HOST_MARKER_ABI_OFFSET,
  HOST_MARKER_BYTES,
  HOST_MARKER_FLASH_OFFSET,
} from "../contract/host-marker.ts";
import { ROM_IMAGE_MAGIC } from "../contract/rom-image.ts";
import { viewOf } from "./bytes.ts";
import { type RomFault, readRomImage } from "./rom-image.ts";

/** Of the Arduino core's sketch, behind its loader. */
const SKETCH_OFFSET = 0x1000;
const WORD_BYTES = 4;
const NO_HOST = "is not a host of Lintel: take the firmware.bin that PlatformIO made of runtime/native";
const ANEW = "copy firmware.bin again, or build the host anew";

export interface HostFacts {
  ok: true;
  abiVersion: number;
  /** That it was linked for; 0: for any, as the emulated host. */
  flashMiB: number;
}

/** `reason`: what is wrong and what to do, to stand behind the name of the file. */
export type HostVerdict = HostFacts | { ok: false; reason: string };

export function readHostImage(file: Uint8Array): HostVerdict {
  if (file[0] !== ROM_IMAGE_MAGIC) return { ok: false, reason: NO_HOST };
  const fault = faultOf(file);
  const at = markerIn(file);
  // The marker may be in what was cut off; whatever else is without it is somebody else's.
  if (at === undefined && fault?.isCutOff !== true) return { ok: false, reason: NO_HOST };
  if (at === undefined || fault !== undefined) return { ok: false, reason: `${fault?.text}: ${ANEW}` };
  const view = viewOf(file);
  return {
    ok: true,
    abiVersion: view.getUint32(at + HOST_MARKER_ABI_OFFSET, true),
    flashMiB: view.getUint32(at + HOST_MARKER_FLASH_OFFSET, true),
  };
}

function faultOf(file: Uint8Array): RomFault | undefined {
  const first = readRomImage(file, 0);
  if ("text" in first) return first;
  const { endOffset, madeChecksum, storedChecksum } = first;
  if (storedChecksum !== madeChecksum) {
    const text = `is damaged: the checksum of its first image is ${hex(storedChecksum)}, its bytes make ${hex(madeChecksum)}`;
    return { isCutOff: false, text };
  }
  if (file.length === endOffset) return undefined;
  if (file.length <= SKETCH_OFFSET) {
    return {
      isCutOff: true,
      text: `is cut off: it ends at byte ${file.length}, before the image at ${hex(SKETCH_OFFSET)}`,
    };
  }
  if (endOffset > SKETCH_OFFSET || file[SKETCH_OFFSET] !== ROM_IMAGE_MAGIC) {
    return { isCutOff: false, text: `is damaged: no image begins at ${hex(SKETCH_OFFSET)}, behind its loader` };
  }
  const sketch = readRomImage(file, SKETCH_OFFSET);
  return "text" in sketch ? sketch : undefined;
}

function markerIn(file: Uint8Array): number | undefined {
  const marker = Buffer.from(HOST_MARKER, "latin1");
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) {
    if (at % WORD_BYTES === 0 && at + HOST_MARKER_BYTES <= file.length) return at;
  }
  return undefined;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}
