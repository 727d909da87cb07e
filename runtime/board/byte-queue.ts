/** Bytes waiting to be read, kept in the chunks they came in. The owner keeps `size` below its window. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The queue keeps `chunk` itself, not a copy. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** Moves the oldest bytes into `into`, as many as fit; returns how many. */
  read(into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const part = chunk.subarray(0, into.length - done);
      into.set(part, done);
      done += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#size -= done;
    return done;
  }

  /** Takes up to `maxBytes` off the front. */
  take(maxBytes: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(maxBytes, this.#size));
    this.read(bytes);
    return bytes;
  }

  clear(): void {
    this.#chunks = [];
    this.#size = 0;
  }
}
