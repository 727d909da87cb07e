/**
 * How the mask ROM starts what is in flash: it loads the segments of the image at offset 0 into RAM, telling each on the
 * serial line, and jumps to the entry point if the checksum is right. Format of the image:
 * contract/rom-image.ts. The words: boot logs that the esp8266/Arduino project's issues are full of (9122, 8240, 2829).
 *
 * Assumed: where the image is none, or its checksum is wrong, the chip says so and stands still until its next reset.
 */
import {
  ROM_CHECKSUM_SEED,
  ROM_IMAGE_BLOCK_BYTES,
  ROM_IMAGE_HEADER_BYTES,
  ROM_IMAGE_MAGIC,
  ROM_SEGMENT_HEADER_BYTES,
  ROM_SEGMENTS_MAX,
} from "../../contract/rom-image.ts";
import type { FlashPort } from "../peripherals/flash-port.ts";

export interface FlashBootOptions {
  flash: FlashPort;
  /** Puts bytes into RAM; false where there is none. */
  fill: (address: number, bytes: Uint8Array) => boolean;
}

export interface BootResult {
  /** What the ROM says meanwhile. */
  text: string;
  /** undefined: there is nothing to start. */
  entry: number | undefined;
  /** Read from flash. */
  bytes: number;
}

export function bootFromFlash({ flash, fill }: FlashBootOptions): BootResult {
  const lines: string[] = [];
  let at = 0;
  const take = (sizeBytes: number): Uint8Array => {
    const bytes = new Uint8Array(sizeBytes).fill(0xff);
    flash.read(at, bytes.subarray(0, Math.max(0, Math.min(sizeBytes, flash.sizeBytes - at))));
    at += sizeBytes;
    return bytes;
  };
  const fail = (): BootResult => ({ text: [...lines, "ets_main.c ", ""].join("\r\n"), entry: undefined, bytes: at });
  const header = take(ROM_IMAGE_HEADER_BYTES);
  const segments = header[1] as number;
  if (header[0] !== ROM_IMAGE_MAGIC || segments > ROM_SEGMENTS_MAX) return fail();
  let checksum = ROM_CHECKSUM_SEED;
  for (let index = 0; index < segments; index++) {
    lines.push(...beforeHeader(at));
    const head = wordsOf(take(ROM_SEGMENT_HEADER_BYTES));
    const [address = 0, sizeBytes = 0] = head;
    lines.push(`load 0x${hex8(address)}, len ${sizeBytes}, room ${roomAt(at)} `);
    if (at + sizeBytes > flash.sizeBytes) return fail();
    const bytes = take(sizeBytes);
    if (!fill(address, bytes)) return fail();
    checksum = bytes.reduce((sum, byte) => sum ^ byte, checksum);
    lines.push(`tail ${at % ROM_IMAGE_BLOCK_BYTES}`, `chksum 0x${hex2(checksum)}`);
  }
  const rest = take(ROM_IMAGE_BLOCK_BYTES - (at % ROM_IMAGE_BLOCK_BYTES));
  lines.push(`csum 0x${hex2(checksum)}`);
  if (rest[rest.length - 1] !== checksum) {
    lines.push("csum err");
    return fail();
  }
  return { text: [...lines, ""].join("\r\n"), entry: wordsOf(header)[1], bytes: at };
}

/** The ROM reads blocks: a header of a segment may be in two of them. */
function beforeHeader(at: number): string[] {
  const tail = at % ROM_IMAGE_BLOCK_BYTES;
  const isSplit = tail + ROM_SEGMENT_HEADER_BYTES > ROM_IMAGE_BLOCK_BYTES;
  return isSplit ? [`ho 0 tail ${tail} room ${ROM_IMAGE_BLOCK_BYTES - tail}`] : [];
}

/** Bytes left in the block behind a segment's header; the first block counts as a whole one. */
function roomAt(at: number): number {
  if (at === ROM_IMAGE_HEADER_BYTES + ROM_SEGMENT_HEADER_BYTES) return ROM_IMAGE_BLOCK_BYTES;
  return (ROM_IMAGE_BLOCK_BYTES - (at % ROM_IMAGE_BLOCK_BYTES)) % ROM_IMAGE_BLOCK_BYTES;
}

function wordsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(4 * index, true));
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, "0");
}

function hex2(value: number): string {
  return value.toString(16).padStart(2, "0");
}
