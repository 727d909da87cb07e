/**
 * How an update gets at patches, where it can: the recovery program has no image to start from and no room for the code. A
 * compressed image is a patch without a base: `baseBytes` is 0.
 */
import { UpdateFailure } from "../../contract/update-messages.ts";
import { SlotWriter } from "./slot-writer.ts";

export interface PatchSource {
  /** How much of a patch has to be there before it begins. */
  headBytes(baseBytes: u32): u32;
  /** Judges the head of a patch (contract/patch-format.ts), at an address aligned to words. */
  checkHead(head: usize, patchBytes: u32, baseId: usize, baseBytes: u32): UpdateFailure;
  /**
   * A patch for the image at this place of flash; `head`: its first `headBytes` bytes. The writer stands behind the header of
   * the new image or further on. Returns where in the patch to read on.
   */
  begin(writer: SlotWriter, baseOffset: u32, baseBytes: u32, head: usize): u32;
  /** Takes bytes of the patch, and writes what they make; returns how many. */
  load(writer: SlotWriter, pointer: usize, length: u32): u32;
  /** They make more than is written in one go: call `load` again, without bytes. */
  isBusy(): bool;
  /** The patch makes no sense. */
  isBad(): bool;
}
