/** Writes the operations of a patch (contract/patch-format.ts). */
import {
  PATCH_CORRECT_AGAIN_MAX,
  PATCH_CORRECT_MAX,
  PATCH_INSERT_MAX,
  PATCH_RECENT_CORRECTIONS,
  PATCH_REPLACE_MAX,
  PatchOperation,
} from "../contract/patch-format.ts";

const RECENT_SHIFT = 6;

export class OperationWriter {
  #bytes: number[] = [];
  /** The correction used last comes first. */
  #recent: number[] = new Array<number>(PATCH_RECENT_CORRECTIONS).fill(0);

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** A writer that stands where this one does, to see what something would take. */
  fork(): OperationWriter {
    const other = new OperationWriter();
    other.#recent = [...this.#recent];
    return other;
  }

  copy(sizeBytes: number): void {
    if (sizeBytes === 0) return;
    this.#bytes.push(PatchOperation.Copy);
    this.#number(sizeBytes);
  }

  /** Copies so many bytes, then corrects the next two. `correction` is of 16 bits, signed. */
  correct(sizeBytes: number, correction: number): void {
    const index = this.#recent.indexOf(correction);
    if (index >= 0) {
      this.#recent.splice(index, 1);
      this.#sized(index << RECENT_SHIFT, sizeBytes, PATCH_CORRECT_AGAIN_MAX);
    } else {
      this.#recent.pop();
      const isNear = sizeBytes <= PATCH_CORRECT_MAX;
      if (!isNear) this.copy(sizeBytes);
      this.#bytes.push(PatchOperation.Correct + (isNear ? sizeBytes : 0));
      this.#signed(correction);
    }
    this.#recent.unshift(correction);
  }

  insert(literal: Uint8Array): void {
    if (literal.length === 0) return;
    this.#sized(PatchOperation.Insert, literal.length - 1, PATCH_INSERT_MAX);
    for (const byte of literal) this.#bytes.push(byte);
  }

  replace(literal: Uint8Array): void {
    this.#sized(PatchOperation.Replace, literal.length - 1, PATCH_REPLACE_MAX);
    for (const byte of literal) this.#bytes.push(byte);
  }

  seek(distance: number): void {
    if (distance === 0) return;
    this.#bytes.push(PatchOperation.Seek);
    this.#signed(distance);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #sized(operation: number, size: number, most: number): void {
    this.#bytes.push(operation + Math.min(size, most));
    if (size >= most) this.#number(size - most);
  }

  #signed(value: number): void {
    this.#number(value < 0 ? -2 * value - 1 : 2 * value);
  }

  #number(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes.push((rest & 0x7f) | 0x80);
    this.#bytes.push(rest);
  }
}
