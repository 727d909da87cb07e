/**
 * Applies a patch (contract/patch-format.ts) as it arrives: operations in, in pieces of any size; the new payload out,
 * a page at a time. What is copied is read from flash straight into the output, so that is all the memory it takes.
 * An operation is checked as a whole before anything of it is done.
 */
import { IMAGE_HEADER_BYTES } from "../../contract/image-header.ts";
import {
  PATCH_CORRECT_AGAIN_MAX,
  PATCH_CORRECT_MAX,
  PATCH_CORRECTION_BYTES,
  PATCH_INSERT_MAX,
  PATCH_NUMBER_MAX_BYTES,
  PATCH_REPLACE_MAX,
  PatchOperation,
} from "../../contract/patch-format.ts";
import { flash_read } from "../imports/host.ts";
import { PageReader } from "./page-reader.ts";

export class PatchReader extends PageReader {
  private baseOffset: u32 = 0;
  private baseBytes: u32 = 0;
  /** In the base. */
  private place: u32 = 0;

  /** The operation whose number is being read. */
  private operation: i32 = 0;
  private value: u32 = 0;
  /** Bits of the number that are there; below zero: an operation is expected. */
  private numberBits: i32 = -1;

  /** What the last two bytes of the copy take, and then the carry between them. */
  private correction: u32 = 0;
  private recent0: u32 = 0;
  private recent1: u32 = 0;
  private recent2: u32 = 0;

  /** `baseOffset`: where in flash the base image begins, its header included in `baseBytes`. */
  begin(baseOffset: u32, baseBytes: u32, targetPayloadBytes: u32): void {
    this.restart(targetPayloadBytes);
    this.baseOffset = baseOffset;
    this.baseBytes = baseBytes;
    this.place = IMAGE_HEADER_BYTES;
    this.numberBits = -1;
    this.recent0 = 0;
    this.recent1 = 0;
    this.recent2 = 0;
    this.failed = baseBytes < <u32>IMAGE_HEADER_BYTES;
  }

  /**
   * Takes bytes of the patch's operations, until there are no more or the output is full; returns how many. Full output
   * may be followed by more without any input: after `taken`, call it again, with length 0 if need be.
   */
  feed(pointer: usize, length: u32): u32 {
    let at: u32 = 0;
    while (!this.failed) {
      if (this.copyLeft > 0) {
        if (this.room == 0) break;
        this.copy(min(this.room, this.copyLeft));
      } else if (this.literalLeft > 0) {
        const size = this.putLiteral(pointer + at, length - at);
        if (size == 0) break;
        at += size;
      } else {
        if (this.unclaimed == 0 || at == length) break;
        this.take(load<u8>(pointer + at++));
      }
    }
    return at;
  }

  private copy(size: u32): void {
    const into = this.output() + this.made;
    this.failed = flash_read(this.baseOffset + this.place, into, size) < 0;
    this.place += size;
    this.made += size;
    for (let i: u32 = 0; i < size; i++) {
      if (this.copyLeft-- > <u32>PATCH_CORRECTION_BYTES) continue;
      this.correction += load<u8>(into + i);
      store<u8>(into + i, this.correction);
      this.correction >>>= 8;
    }
  }

  /** One byte of an operation, its literal bytes apart. */
  private take(byte: i32): void {
    if (this.numberBits < 0) {
      this.operation = byte;
      let most = 0;
      if (byte < PatchOperation.Correct) most = PATCH_CORRECT_AGAIN_MAX;
      else if (byte >= PatchOperation.Insert) {
        if (byte < PatchOperation.Replace) most = PATCH_INSERT_MAX;
        else if (byte < PatchOperation.Copy) most = PATCH_REPLACE_MAX;
      }
      this.value = byte & most;
      if (this.value == most) this.numberBits = 0;
      else this.begun();
      return;
    }
    this.value += (byte & 0x7f) << this.numberBits;
    this.numberBits += 7;
    if (byte < 0x80) {
      this.numberBits = -1;
      this.begun();
    } else if (this.numberBits == 7 * PATCH_NUMBER_MAX_BYTES) this.failed = true;
  }

  /** The operation and its number are there. */
  private begun(): void {
    const operation = this.operation;
    const value = this.value;
    this.correction = 0;
    if (operation < PatchOperation.Correct) {
      this.correctWith(operation >>> 6);
      this.claimCopy(value + PATCH_CORRECTION_BYTES);
    } else if (operation < PatchOperation.Insert) {
      this.correction = unfold(value) & 0xffff;
      this.correctWith(3);
      this.claimCopy((operation & PATCH_CORRECT_MAX) + PATCH_CORRECTION_BYTES);
    } else if (operation < PatchOperation.Copy) {
      this.literalLeft = value + 1;
      this.claim(value + 1);
      if (operation >= PatchOperation.Replace) this.seek(value + 1);
    } else if (operation == PatchOperation.Copy) this.claimCopy(value);
    else if (operation == PatchOperation.Seek) this.seek(unfold(value));
    else this.failed = true;
  }

  /** Puts recent correction `index`, or a new one (3), before the others. */
  private correctWith(index: u32): void {
    const used = index == 0 ? this.recent0 : index == 1 ? this.recent1 : index == 2 ? this.recent2 : this.correction;
    if (index > 1) this.recent2 = this.recent1;
    if (index > 0) this.recent1 = this.recent0;
    this.recent0 = used;
    this.correction = used;
  }

  private claimCopy(size: u32): void {
    this.copyLeft = size;
    if (size > this.baseBytes - this.place) this.failed = true;
    this.claim(size);
  }

  private seek(distance: i32): void {
    this.place += distance;
    // Below zero is a large number.
    if (this.place > this.baseBytes) this.failed = true;
  }
}

/** 0, 1, 2, 3 to 0, -1, 1, -2. */
function unfold(value: u32): i32 {
  return (value >>> 1) ^ -(value & 1);
}
