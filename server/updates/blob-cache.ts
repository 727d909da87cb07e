/**
 * Images and patches in memory while devices download them. Bounded by bytes; what was used least recently goes first.
 * A Map keeps the order of insertion, so the first entry is the oldest one.
 */
export class BlobCache {
  readonly #maxBytes: number;
  readonly #blobs = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** From memory, else from `load`, which is asked each time for what is not there. */
  get(key: string, load: () => Uint8Array | undefined): Uint8Array | undefined {
    const known = this.#blobs.get(key);
    if (known !== undefined) {
      this.#blobs.delete(key);
      this.#blobs.set(key, known);
      return known;
    }
    const loaded = load();
    if (loaded === undefined || loaded.length > this.#maxBytes) return loaded;
    this.#blobs.set(key, loaded);
    this.#bytes += loaded.length;
    for (const oldest of this.#blobs.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
    return loaded;
  }

  delete(key: string): void {
    this.#bytes -= this.#blobs.get(key)?.length ?? 0;
    this.#blobs.delete(key);
  }

  clear(): void {
    this.#blobs.clear();
    this.#bytes = 0;
  }
}
