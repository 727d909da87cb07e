/**
 * A few words in RTC memory, which survives restarts but not power loss. A CRC tells kept words from the noise that the
 * memory holds after power comes.
 */
import { rtc_read, rtc_write } from "../imports/host.ts";
import { crc32 } from "./crc32.ts";

export class RtcRecord {
  private readonly words: StaticArray<u32>;

  /** `offset` in RTC memory, bytes; takes 4 * (`count` + 1) bytes there. */
  constructor(
    private readonly offset: u32,
    private readonly count: i32,
  ) {
    this.words = new StaticArray<u32>(count + 1);
  }

  get(index: i32): u32 {
    return unchecked(this.words[index]);
  }

  set(index: i32, value: u32): void {
    unchecked((this.words[index] = value));
  }

  private get pointer(): usize {
    return changetype<usize>(this.words);
  }

  private check(): u32 {
    // Not the bare CRC: that of a few zero words could be taken for a record in blank memory.
    return crc32(0x4c494e54, this.pointer, 4 * this.count);
  }

  /** Reads the words; all zero, and false, when there is no valid record. */
  load(): bool {
    const sizeBytes = 4 * (this.count + 1);
    if (rtc_read(this.offset, this.pointer, sizeBytes) >= 0 && this.get(this.count) == this.check()) return true;
    memory.fill(this.pointer, 0, sizeBytes);
    return false;
  }

  save(): void {
    this.set(this.count, this.check());
    rtc_write(this.offset, this.pointer, 4 * (this.count + 1));
  }
}
