/** What the readers of patches and of compressed images share: output of a page of flash at a time, and the sizes in it. */

/** A page of flash. */
export const OUTPUT_BYTES = 256;

export class PageReader {
  protected made: u32 = 0;
  /** Payload that nothing read so far has spoken of. */
  protected unclaimed: u32 = 0;
  protected copyLeft: u32 = 0;
  protected literalLeft: u32 = 0;

  /** What was read has no meaning, or it would leave its bounds. Nothing more is done. */
  failed: bool = false;

  /** Readers that are not used at the same time may share a page; it has OUTPUT_BYTES. */
  constructor(private readonly page: StaticArray<u8>) {}

  protected restart(payloadBytes: u32): void {
    this.unclaimed = payloadBytes;
    this.made = 0;
    this.copyLeft = 0;
    this.literalLeft = 0;
    this.failed = false;
  }

  /** The whole payload is there; its last bytes may be in the output still. Bytes that follow belong to nothing. */
  get finished(): bool {
    return !this.failed && this.unclaimed == 0 && this.copyLeft == 0 && this.literalLeft == 0;
  }

  output(): usize {
    return changetype<usize>(this.page);
  }

  outputBytes(): u32 {
    return this.made;
  }

  /** The output has been used; its place is free. */
  taken(): void {
    this.made = 0;
  }

  protected get room(): u32 {
    return <u32>OUTPUT_BYTES - this.made;
  }

  protected claim(size: u32): void {
    if (size > this.unclaimed) this.failed = true;
    else this.unclaimed -= size;
  }

  /** Takes literal bytes, as many as there are, as are due and as there is room for; returns how many. */
  protected putLiteral(pointer: usize, length: u32): u32 {
    const size = min(min(this.room, this.literalLeft), length);
    memory.copy(this.output() + this.made, pointer, size);
    this.made += size;
    this.literalLeft -= size;
    return size;
  }
}
