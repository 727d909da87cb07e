/** Reads the primitive encodings of the WebAssembly binary format (core specification 5.2). */
import { CompileError } from "../errors.ts";

const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  offset: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.offset >= this.end;
  }

  fail(what: string): never {
    throw new CompileError(`not a valid module: ${what} at byte ${this.offset}`);
  }

  byte(): number {
    if (this.offset >= this.end) this.fail("it ends too early,");
    return this.bytes[this.offset++] as number;
  }

  /** A part of this reader's bytes, which it skips. */
  take(sizeBytes: number): ByteReader {
    if (sizeBytes > this.end - this.offset) this.fail(`${sizeBytes} bytes are announced and not there,`);
    const part = new ByteReader(this.bytes, this.offset, this.offset + sizeBytes);
    this.offset += sizeBytes;
    return part;
  }

  u32(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      result = (result | ((byte & 0x7f) << shift)) >>> 0;
      if (byte < 0x80) return result;
    }
    return this.fail("a number is too long");
  }

  s32(): number {
    return Number(this.#signed(35));
  }

  s33(): number {
    return Number(this.#signed(35));
  }

  s64(): bigint {
    return BigInt.asIntN(64, this.#signed(70));
  }

  #signed(maxBits: number): bigint {
    let result = 0n;
    for (let shift = 0; shift < maxBits; shift += 7) {
      const byte = this.byte();
      result |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) return BigInt.asIntN(shift + 7, result);
    }
    return this.fail("a number is too long");
  }

  /** The four bytes of an f32 or a half of an f64, as a signed word. */
  word(): number {
    if (this.end - this.offset < 4) this.fail("it ends too early,");
    const word = this.#view.getInt32(this.offset, true);
    this.offset += 4;
    return word;
  }

  name(): string {
    const part = this.take(this.u32());
    try {
      return TEXT.decode(this.bytes.subarray(part.offset, part.end));
    } catch {
      return this.fail("a name is not UTF-8");
    }
  }

  list<T>(item: () => T): T[] {
    const count = this.u32();
    if (count > this.end - this.offset) this.fail(`${count} entries are announced and not there,`);
    return Array.from({ length: count }, item);
  }
}
