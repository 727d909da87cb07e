/**
 * Decompresses an image (contract/compressed-format.ts) as it arrives: streams in, in pieces of any size; the payload out,
 * a page at a time. What was made before is read from the slot that it is written to, so the page is all the memory it takes.
 */
import { COMPRESSED_NUMBER_MAX } from "../../contract/compressed-format.ts";
import { FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../contract/image-header.ts";
import { flash_read } from "../imports/host.ts";
import { PageReader } from "./page-reader.ts";

enum Step {
  /** The bit that says what comes. */
  Start = 0,
  AfterLiterals = 1,
  /** A whole byte. */
  DistanceLow = 2,
  /** What was begun last ends the sector. */
  LastOfSector = 3,
  /** Those from here on read a number. */
  LiteralSize = 4,
  DistanceHigh = 5,
  CopySize = 6,
  RepeatSize = 7,
}

/** A one behind eight bits that are all used up. */
const NO_BITS: u32 = 0x100;

export class Decompressor extends PageReader {
  private slotOffset: u32 = 0;
  private imageBytes: u32 = 0;
  private step: Step = Step.Start;
  /** Bits not used yet stand below bit 8; the lowest one that is set is a mark behind them. */
  private bits: u32 = NO_BITS;
  private value: u32 = 0;
  /** The next bit is one of the number. */
  private isValueBit: bool = false;
  private distance: u32 = 0;

  /** Goes on at `position` of the image in a slot: behind its header or at the start of a sector. All before it is there. */
  begin(slotOffset: u32, position: u32, imageBytes: u32): void {
    this.restart(imageBytes - position);
    this.slotOffset = slotOffset;
    this.imageBytes = imageBytes;
    this.beginStream();
  }

  private beginStream(): void {
    this.step = Step.Start;
    this.bits = NO_BITS;
    this.distance = 0;
  }

  /** Place in the image of what comes next. */
  private get position(): u32 {
    return this.imageBytes - this.unclaimed;
  }

  /** Takes bytes until there are no more or the output is full; returns how many. See PatchReader#feed. */
  feed(pointer: usize, length: u32): u32 {
    let at: u32 = 0;
    while (!this.failed) {
      if (this.copyLeft > 0) {
        if (this.room == 0) break;
        this.copy();
      } else if (this.literalLeft > 0) {
        const size = this.putLiteral(pointer + at, length - at);
        if (size == 0) break;
        at += size;
      } else if (this.unclaimed == 0) {
        break;
      } else if (this.step == Step.LastOfSector) {
        this.beginStream();
      } else if (this.step != Step.DistanceLow && this.bits != NO_BITS) {
        this.takeBit();
      } else {
        if (at == length) break;
        const byte: u32 = load<u8>(pointer + at++);
        if (this.step == Step.DistanceLow) {
          this.distance = ((this.value - 1) << 8) + byte + 1;
          this.beginNumber(Step.CopySize);
        } else this.bits = (byte << 1) | 1;
      }
    }
    return at;
  }

  /** A piece of what the copy is to take that is either all in flash or all in the page, and does not run into itself. */
  private copy(): void {
    const from = this.position - this.copyLeft - this.distance;
    const pageStart = this.position - this.copyLeft - this.made;
    const into = this.output() + this.made;
    let size = min(min(this.room, this.copyLeft), this.distance);
    if (from < pageStart) {
      size = min(size, pageStart - from);
      this.failed = flash_read(this.slotOffset + from, into, size) < 0;
    } else memory.copy(into, this.output() + (from - pageStart), size);
    this.made += size;
    this.copyLeft -= size;
  }

  private beginNumber(step: Step): void {
    this.step = step;
    this.value = 1;
    this.isValueBit = false;
  }

  private takeBit(): void {
    const bit = (this.bits >>> 8) & 1;
    this.bits = (this.bits << 1) & 0x1ff;
    const step = this.step;
    if (step <= Step.AfterLiterals) {
      if (bit != 0) this.beginNumber(Step.DistanceHigh);
      else this.beginNumber(step == Step.Start ? Step.LiteralSize : Step.RepeatSize);
    } else if (this.isValueBit) {
      this.value = this.value * 2 + bit;
      this.isValueBit = false;
      if (this.value > <u32>COMPRESSED_NUMBER_MAX) this.failed = true;
    } else if (bit == 0) this.isValueBit = true;
    else this.takeNumber();
  }

  private takeNumber(): void {
    let size = this.value;
    if (this.step == Step.DistanceHigh) {
      this.step = Step.DistanceLow;
      return;
    }
    if (this.step == Step.LiteralSize) {
      this.step = Step.AfterLiterals;
      this.literalLeft = size;
    } else {
      if (this.step == Step.CopySize) size++;
      this.step = Step.Start;
      this.copyLeft = size;
      if (this.distance == 0 || this.distance > this.position - IMAGE_HEADER_BYTES) this.failed = true;
    }
    const sectorLeft = <u32>FLASH_SECTOR_BYTES - (this.position % FLASH_SECTOR_BYTES);
    if (size > sectorLeft) this.failed = true;
    this.claim(size);
    if (size == sectorLeft) this.step = Step.LastOfSector;
  }
}
