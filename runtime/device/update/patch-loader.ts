/**
 * Loads an image by a patch from the image that runs, or compressed: a reader makes pieces of it, the slot writer takes them.
 */
import { COMPRESSED_STREAMS_OFFSET, COMPRESSED_STREAMS_TABLE_OFFSET } from "../../contract/compressed-format.ts";
import { FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../contract/image-header.ts";
import { PATCH_OPERATIONS_OFFSET } from "../../contract/patch-format.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { Decompressor } from "./decompressor.ts";
import { OUTPUT_BYTES, PageReader } from "./page-reader.ts";
import { checkPatchHead } from "./patch-header.ts";
import { PatchReader } from "./patch-reader.ts";
import { PatchSource } from "./patch-source.ts";
import { SlotWriter } from "./slot-writer.ts";

/** Sectors written in one go: an erase takes up to 100 ms. */
const SECTORS_AT_ONCE: u32 = 2;

export class PatchLoader implements PatchSource {
  private readonly patch: PatchReader;
  private readonly decompressor: Decompressor;
  private isCompressed: bool = false;
  private hasMore: bool = false;

  constructor() {
    const page = new StaticArray<u8>(OUTPUT_BYTES);
    this.patch = new PatchReader(page);
    this.decompressor = new Decompressor(page);
  }

  headBytes(baseBytes: u32): u32 {
    return baseBytes == 0 ? COMPRESSED_STREAMS_OFFSET : PATCH_OPERATIONS_OFFSET;
  }

  checkHead(head: usize, patchBytes: u32, baseId: usize, baseBytes: u32): UpdateFailure {
    return checkPatchHead(head, patchBytes, baseId, baseBytes);
  }

  begin(writer: SlotWriter, baseOffset: u32, baseBytes: u32, head: usize): u32 {
    this.hasMore = false;
    this.isCompressed = baseBytes == 0;
    if (!this.isCompressed) {
      // A patch is read from its beginning, whatever of it is written already.
      writer.position = IMAGE_HEADER_BYTES;
      this.patch.begin(baseOffset, baseBytes, writer.imageBytes - IMAGE_HEADER_BYTES);
      return PATCH_OPERATIONS_OFFSET;
    }
    this.decompressor.begin(writer.offset, writer.position, writer.imageBytes);
    const entry = head + COMPRESSED_STREAMS_TABLE_OFFSET + 2 * (writer.position / FLASH_SECTOR_BYTES);
    return load<u8>(entry) | (load<u8>(entry + 1) << 8);
  }

  isBusy(): bool {
    return this.hasMore;
  }

  isBad(): bool {
    return this.isCompressed ? this.decompressor.failed : this.patch.failed;
  }

  load(writer: SlotWriter, pointer: usize, length: u32): u32 {
    const decompressor = this.decompressor;
    const patch = this.patch;
    const isCompressed = this.isCompressed;
    const reader = isCompressed ? <PageReader>decompressor : <PageReader>patch;
    const limit = (writer.position / FLASH_SECTOR_BYTES + SECTORS_AT_ONCE) * FLASH_SECTOR_BYTES;
    let used: u32 = 0;
    this.hasMore = true;
    while (writer.position < limit && !writer.isWhole && !writer.failed && !reader.failed) {
      const from = pointer + used;
      used += isCompressed ? decompressor.feed(from, length - used) : patch.feed(from, length - used);
      const made = reader.outputBytes();
      // Only its last output is not a whole one.
      if (made < <u32>OUTPUT_BYTES && !reader.finished) {
        this.hasMore = false;
        break;
      }
      for (let put: u32 = 0; put < made && !writer.failed; ) put += writer.put(reader.output() + put, made - put);
      reader.taken();
    }
    return used;
  }
}
