/**
 * Applies a patch (contract/patch-format.ts) as a whole: the reference for the device's reader, which does the same piece by
 * piece (runtime/device/update/patch-reader.ts).
 */
import { IMAGE_HEADER_BYTES, IMAGE_PAYLOAD_BYTES_OFFSET } from "../contract/image-header.ts";
import {
  PATCH_BASE_BYTES_OFFSET,
  PATCH_BASE_ID_OFFSET,
  PATCH_CORRECT_AGAIN_MAX,
  PATCH_CORRECT_MAX,
  PATCH_CORRECTION_BYTES,
  PATCH_IMAGE_HEADER_OFFSET,
  PATCH_INSERT_MAX,
  PATCH_MAGIC,
  PATCH_NUMBER_MAX_BYTES,
  PATCH_OPERATIONS_OFFSET,
  PATCH_RECENT_CORRECTIONS,
  PATCH_REPLACE_MAX,
  PATCH_SIZE_OFFSET,
  PATCH_VERSION,
  PATCH_VERSION_OFFSET,
  PatchOperation,
} from "../contract/patch-format.ts";
import { UpdateFailure } from "../contract/update-messages.ts";
import { viewOf } from "./bytes.ts";
import { checkImage, checkImageHeader, imageId } from "./image-header.ts";

const WORD_BYTES = 4;
const RECENT_SHIFT = 6;

/** The new image, or why there is none. Signatures are not looked at. */
export function applyPatch(base: Uint8Array, patch: Uint8Array): Uint8Array | UpdateFailure {
  const fault = checkPatchHeader(base, patch);
  if (fault !== UpdateFailure.None) return fault;
  const header = patch.subarray(PATCH_IMAGE_HEADER_OFFSET, PATCH_OPERATIONS_OFFSET);
  const payloadBytes = viewOf(header).getUint32(IMAGE_PAYLOAD_BYTES_OFFSET, true);
  const payload = applyOperations(base, patch.subarray(PATCH_OPERATIONS_OFFSET), payloadBytes);
  if (payload === undefined) return UpdateFailure.BadPatch;
  const image = new Uint8Array(IMAGE_HEADER_BYTES + payloadBytes);
  image.set(header);
  image.set(payload, IMAGE_HEADER_BYTES);
  const imageFault = checkImage(image);
  return imageFault === UpdateFailure.None ? image : imageFault;
}

function checkPatchHeader(base: Uint8Array, patch: Uint8Array): UpdateFailure {
  if (patch.length < WORD_BYTES) return UpdateFailure.NotAnImage;
  const view = viewOf(patch);
  if (view.getUint32(0, true) !== PATCH_MAGIC) return UpdateFailure.NotAnImage;
  if (patch.length < PATCH_OPERATIONS_OFFSET) return UpdateFailure.Truncated;
  if (view.getUint32(PATCH_VERSION_OFFSET, true) !== PATCH_VERSION) return UpdateFailure.HeaderVersion;
  const id = imageId(base);
  const isBase = id.every((byte, index) => byte === patch[PATCH_BASE_ID_OFFSET + index]);
  if (!isBase || view.getUint32(PATCH_BASE_BYTES_OFFSET, true) !== base.length) return UpdateFailure.WrongBase;
  if (view.getUint32(PATCH_SIZE_OFFSET, true) > patch.length) return UpdateFailure.Truncated;
  if (view.getUint32(PATCH_SIZE_OFFSET, true) < patch.length) return UpdateFailure.NotAsOffered;
  return checkImageHeader(patch.subarray(PATCH_IMAGE_HEADER_OFFSET));
}

/** The payload of `payloadBytes` that the operations make; undefined: they are no right operations for this base. */
export function applyOperations(
  base: Uint8Array,
  operations: Uint8Array,
  payloadBytes: number,
): Uint8Array | undefined {
  try {
    return new Applier(base, operations, payloadBytes).run();
  } catch (error) {
    if (error instanceof BadPatch) return undefined;
    throw error;
  }
}

class BadPatch extends Error {}

class Applier {
  readonly #base: Uint8Array;
  readonly #operations: Uint8Array;
  readonly #payload: Uint8Array;
  #at = 0;
  #done = 0;
  #place = IMAGE_HEADER_BYTES;
  #recent: number[] = new Array<number>(PATCH_RECENT_CORRECTIONS).fill(0);

  constructor(base: Uint8Array, operations: Uint8Array, payloadBytes: number) {
    this.#base = base;
    this.#operations = operations;
    this.#payload = new Uint8Array(payloadBytes);
  }

  run(): Uint8Array {
    while (this.#done < this.#payload.length) this.#operation(this.#byte());
    if (this.#at !== this.#operations.length) throw new BadPatch();
    return this.#payload;
  }

  #operation(byte: number): void {
    if (byte < PatchOperation.Correct) {
      this.#copy(this.#size(byte & PATCH_CORRECT_AGAIN_MAX, PATCH_CORRECT_AGAIN_MAX));
      const [correction = 0] = this.#recent.splice(byte >> RECENT_SHIFT, 1);
      this.#correct(correction);
    } else if (byte < PatchOperation.Insert) {
      const correction = this.#signed();
      this.#copy(byte & PATCH_CORRECT_MAX);
      this.#recent.pop();
      this.#correct(correction);
    } else if (byte < PatchOperation.Replace) {
      this.#insert(this.#size(byte & PATCH_INSERT_MAX, PATCH_INSERT_MAX) + 1);
    } else if (byte < PatchOperation.Copy) {
      const sizeBytes = this.#size(byte & PATCH_REPLACE_MAX, PATCH_REPLACE_MAX) + 1;
      this.#insert(sizeBytes);
      this.#seek(sizeBytes);
    } else if (byte === PatchOperation.Copy) this.#copy(this.#number());
    else if (byte === PatchOperation.Seek) this.#seek(this.#signed());
    else throw new BadPatch();
  }

  #copy(sizeBytes: number): void {
    const from = this.#place;
    this.#seek(sizeBytes);
    this.#put(this.#base.subarray(from, from + sizeBytes));
  }

  #correct(correction: number): void {
    const at = this.#done;
    this.#copy(PATCH_CORRECTION_BYTES);
    const view = viewOf(this.#payload);
    view.setUint16(at, view.getUint16(at, true) + correction, true);
    this.#recent.unshift(correction);
  }

  #insert(sizeBytes: number): void {
    if (this.#at + sizeBytes > this.#operations.length) throw new BadPatch();
    this.#put(this.#operations.subarray(this.#at, this.#at + sizeBytes));
    this.#at += sizeBytes;
  }

  #put(bytes: Uint8Array): void {
    if (this.#done + bytes.length > this.#payload.length) throw new BadPatch();
    this.#payload.set(bytes, this.#done);
    this.#done += bytes.length;
  }

  #seek(distance: number): void {
    this.#place += distance;
    if (this.#place < 0 || this.#place > this.#base.length) throw new BadPatch();
  }

  #size(inByte: number, most: number): number {
    return inByte < most ? inByte : most + this.#number();
  }

  #signed(): number {
    const folded = this.#number();
    return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
  }

  #number(): number {
    let value = 0;
    for (let index = 0; index < PATCH_NUMBER_MAX_BYTES; index++) {
      const byte = this.#byte();
      value += (byte & 0x7f) << (7 * index);
      if (byte < 0x80) return value;
    }
    throw new BadPatch();
  }

  #byte(): number {
    const byte = this.#operations[this.#at++];
    if (byte === undefined) throw new BadPatch();
    return byte;
  }
}
