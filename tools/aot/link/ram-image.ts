/** What RAM holds at the start besides zeros: words at addresses, grouped into runs for the image. */

export interface Run {
  address: number;
  words: number[];
}

/** Gaps of so many zero words cost less inside a run than a new run does. */
const GAP_MAX_WORDS = 2;

export class RamImage {
  readonly #words = new Map<number, number>();

  setWord(address: number, value: number): void {
    if (address % 4 !== 0) throw new Error(`A word stands at ${address}, which is not a multiple of four.`);
    this.#words.set(address, value | 0);
  }

  setBytes(address: number, bytes: Uint8Array): void {
    bytes.forEach((byte, index) => {
      const at = address + index;
      const word = at - (at % 4);
      const shift = 8 * (at % 4);
      const before = this.#words.get(word) ?? 0;
      this.#words.set(word, (before & ~(0xff << shift)) | (byte << shift));
    });
  }

  /** Behind the last byte that is set; 0 if there is none. */
  get end(): number {
    return [...this.#words.keys()].reduce((end, address) => Math.max(end, address + 4), 0);
  }

  runs(): Run[] {
    const runs: Run[] = [];
    const entries = [...this.#words].filter(([, value]) => value !== 0).sort(([a], [b]) => a - b);
    for (const [address, value] of entries) {
      const last = runs.at(-1);
      const gap = last === undefined ? Number.POSITIVE_INFINITY : (address - last.address) / 4 - last.words.length;
      if (last === undefined || gap > GAP_MAX_WORDS) runs.push({ address, words: [value] });
      else last.words.push(...new Array<number>(gap).fill(0), value);
    }
    return runs;
  }
}
