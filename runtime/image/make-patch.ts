/** Makes a patch (contract/patch-format.ts): finds what of the old image is in the new one and writes down the rest. */
import { IMAGE_HEADER_BYTES } from "../contract/image-header.ts";
import {
  PATCH_BASE_BYTES_OFFSET,
  PATCH_BASE_ID_OFFSET,
  PATCH_CORRECTION_BYTES,
  PATCH_IMAGE_HEADER_OFFSET,
  PATCH_MAGIC,
  PATCH_OPERATIONS_OFFSET,
  PATCH_SIZE_OFFSET,
  PATCH_VERSION,
  PATCH_VERSION_OFFSET,
} from "../contract/patch-format.ts";
import { viewOf } from "./bytes.ts";
import { type Copy, findCopies } from "./find-copies.ts";
import { imageId } from "./image-header.ts";
import { OperationWriter } from "./patch-operations.ts";

/** Changed bytes belong to one run as long as fewer right ones than this are between them. */
const RUN_GAP_BYTES = 3;

/** A patch that makes the image `target` out of `base`; both are whole images with their headers. */
export function makePatch(base: Uint8Array, target: Uint8Array): Uint8Array {
  const operations = makeOperations(base, target.subarray(IMAGE_HEADER_BYTES));
  const patch = new Uint8Array(PATCH_OPERATIONS_OFFSET + operations.length);
  const view = viewOf(patch);
  view.setUint32(0, PATCH_MAGIC, true);
  view.setUint32(PATCH_VERSION_OFFSET, PATCH_VERSION, true);
  patch.set(imageId(base), PATCH_BASE_ID_OFFSET);
  view.setUint32(PATCH_BASE_BYTES_OFFSET, base.length, true);
  view.setUint32(PATCH_SIZE_OFFSET, patch.length, true);
  patch.set(target.subarray(0, IMAGE_HEADER_BYTES), PATCH_IMAGE_HEADER_OFFSET);
  patch.set(operations, PATCH_OPERATIONS_OFFSET);
  return patch;
}

/** The operations alone, which make `payload` out of the image `base`. */
export function makeOperations(base: Uint8Array, payload: Uint8Array): Uint8Array {
  const writer = new OperationWriter();
  let done = 0;
  let place = IMAGE_HEADER_BYTES;
  for (const copy of findCopies(base, payload)) {
    writer.insert(payload.subarray(done, copy.targetStart));
    writer.seek(copy.baseStart - place);
    writeCopy(writer, base, payload, copy);
    done = copy.targetStart + copy.sizeBytes;
    place = copy.baseStart + copy.sizeBytes;
  }
  writer.insert(payload.subarray(done));
  return writer.bytes();
}

/** A piece with what has changed in it: corrections, or the bytes themselves where that is shorter. */
function writeCopy(writer: OperationWriter, base: Uint8Array, target: Uint8Array, copy: Copy): void {
  const end = copy.targetStart + copy.sizeBytes;
  const shift = copy.baseStart - copy.targetStart;
  const isRight = (index: number) => target[index] === base[index + shift];
  let done = copy.targetStart;
  for (let at = done; at < end; at++) {
    if (isRight(at)) continue;
    const runEnd = endOfRun(at, end, isRight);
    const corrected = correctRun(writer.fork(), base, target, shift, done, at, runEnd, end);
    const replaced = writer.fork();
    replaceRun(replaced, target, done, at, runEnd);
    if (corrected.sizeBytes <= replaced.sizeBytes) {
      done = correctRun(writer, base, target, shift, done, at, runEnd, end).done;
    } else {
      replaceRun(writer, target, done, at, runEnd);
      done = runEnd;
    }
    at = done - 1;
  }
  writer.copy(end - done);
}

function endOfRun(start: number, end: number, isRight: (index: number) => boolean): number {
  let runEnd = start + 1;
  for (let at = runEnd; at < end && at < runEnd + RUN_GAP_BYTES; at++) if (!isRight(at)) runEnd = at + 1;
  return runEnd;
}

function correctRun(
  writer: OperationWriter,
  base: Uint8Array,
  target: Uint8Array,
  shift: number,
  copied: number,
  start: number,
  runEnd: number,
  end: number,
): { done: number; sizeBytes: number } {
  let done = copied;
  for (let at = start; at < runEnd; at++) {
    if (target[at] === base[at + shift]) continue;
    // A correction that would leave the piece: the byte by itself.
    if (at + PATCH_CORRECTION_BYTES > end) {
      replaceRun(writer, target, done, at, end);
      return { done: end, sizeBytes: writer.sizeBytes };
    }
    writer.correct(at - done, signed16(word(target, at) - word(base, at + shift)));
    done = at + PATCH_CORRECTION_BYTES;
    at = done - 1;
  }
  return { done, sizeBytes: writer.sizeBytes };
}

function replaceRun(writer: OperationWriter, target: Uint8Array, copied: number, start: number, end: number): void {
  writer.copy(start - copied);
  writer.replace(target.subarray(start, end));
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function signed16(value: number): number {
  return (value << 16) >> 16;
}
