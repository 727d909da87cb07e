/**
 * Finds the way through the bytes of a WebAssembly module that WebAssembly.Module has validated; checks nothing.
 *
 * Source: WebAssembly Core Specification 2.0, sections 5.2.2 (LEB128) and 5.5.2 (sections).
 */
export const PREAMBLE_BYTES = 8;

/** Ids of sections. */
export enum Section {
  Type = 1,
  Import = 2,
  Function = 3,
  Global = 6,
  Export = 7,
  Code = 10,
}

export class ModuleReader {
  position: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  get isAtEnd(): boolean {
    return this.position >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.position++] ?? 0;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const size = this.unsigned();
    this.position += size;
    return Buffer.from(this.#bytes.subarray(this.position - size, this.position)).toString("utf8");
  }

  vector<T>(read: () => T): T[] {
    return Array.from({ length: this.unsigned() }, read);
  }

  /** Steps over so many LEB128 numbers, of either sign. */
  skip(count: number): void {
    for (let left = count; left > 0; left--) while (this.byte() >= 0x80);
  }
}
