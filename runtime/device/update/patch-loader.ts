/** Loads an image by a patch from the image that runs: the reader makes pieces of it, the slot writer takes them. */
import { FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { checkPatchHead } from "./patch-header.ts";
import { PATCH_OUTPUT_BYTES, PatchReader } from "./patch-reader.ts";
import { PatchSource } from "./patch-source.ts";
import { SlotWriter } from "./slot-writer.ts";

/** Sectors written in one go: an erase takes up to 100 ms. */
const SECTORS_AT_ONCE: u32 = 2;

export class PatchLoader implements PatchSource {
  private readonly reader: PatchReader = new PatchReader();
  private hasMore: bool = false;

  checkHead(head: usize, patchBytes: u32, baseId: usize, baseBytes: u32): UpdateFailure {
    return checkPatchHead(head, patchBytes, baseId, baseBytes);
  }

  begin(baseOffset: u32, baseBytes: u32, payloadBytes: u32): void {
    this.reader.begin(baseOffset, baseBytes, payloadBytes);
    this.hasMore = false;
  }

  isBusy(): bool {
    return this.hasMore;
  }

  isBad(): bool {
    return this.reader.failed;
  }

  load(writer: SlotWriter, pointer: usize, length: u32): u32 {
    const reader = this.reader;
    const limit = (writer.position / FLASH_SECTOR_BYTES + SECTORS_AT_ONCE) * FLASH_SECTOR_BYTES;
    let used: u32 = 0;
    this.hasMore = true;
    while (writer.position < limit && !writer.isWhole && !writer.failed && !reader.failed) {
      used += reader.feed(pointer + used, length - used);
      const made = reader.outputBytes();
      // Only its last output is not a whole one.
      if (made < <u32>PATCH_OUTPUT_BYTES && !reader.finished) {
        this.hasMore = false;
        break;
      }
      for (let put: u32 = 0; put < made && !writer.failed; ) put += writer.put(reader.output() + put, made - put);
      reader.taken();
    }
    return used;
  }
}
