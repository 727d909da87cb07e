/** SLIP (RFC 1055): packets over a serial line. */
const END = 0xc0;
const ESC = 0xdb;
const ESC_END = 0xdc;
const ESC_ESC = 0xdd;

export function slipPacket(bytes: Uint8Array): number[] {
  const packet = [END];
  for (const byte of bytes) {
    if (byte === END) packet.push(ESC, ESC_END);
    else if (byte === ESC) packet.push(ESC, ESC_ESC);
    else packet.push(byte);
  }
  return [...packet, END];
}

export class SlipReader {
  readonly #maxBytes: number;
  #bytes: number[] = [];
  #isInside = false;
  #isEscaped = false;

  /** Packets that are longer are dropped. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  reset(): void {
    this.#bytes = [];
    this.#isInside = false;
    this.#isEscaped = false;
  }

  /** A packet, when this byte ends one that is not empty. What stands before the first end of a packet is noise. */
  take(byte: number): Uint8Array | undefined {
    if (byte === END) {
      const packet = this.#isInside && this.#bytes.length > 0 ? Uint8Array.from(this.#bytes) : undefined;
      this.reset();
      this.#isInside = packet === undefined;
      return packet;
    }
    if (!this.#isInside) return undefined;
    if (byte === ESC && !this.#isEscaped) {
      this.#isEscaped = true;
      return undefined;
    }
    let meant = byte;
    if (this.#isEscaped) {
      this.#isEscaped = false;
      meant = byte === ESC_END ? END : byte === ESC_ESC ? ESC : -1;
    }
    if (meant < 0 || this.#bytes.length >= this.#maxBytes) this.reset();
    else this.#bytes.push(meant);
    return undefined;
  }
}
