/** The line of a board: one direction of it carries so many bytes a second, for all connections together. */

export type Direction = "toPeer" | "toBoard";

/**
 * Bytes a second, of both directions or of each; absent: as many as there are. A serial line of 115,200 bit/s with a start and
 * a stop bit carries 11,520.
 */
export type LinkSpeed = number | Partial<Record<Direction, number>>;

export function linksOf(speed: LinkSpeed): Record<Direction, MemoryLink> {
  const { toPeer, toBoard } = typeof speed === "number" ? { toPeer: speed, toBoard: speed } : speed;
  return { toPeer: new MemoryLink(toPeer), toBoard: new MemoryLink(toBoard) };
}

export class MemoryLink {
  readonly #bytesPerS: number | undefined;
  /** When what was handed over so far has gone. */
  #freeAtMs = 0;

  constructor(bytesPerS: number | undefined) {
    if (bytesPerS !== undefined && !(bytesPerS > 0)) throw new RangeError(`A line of ${bytesPerS} bytes a second.`);
    this.#bytesPerS = bytesPerS;
  }

  /** When bytes that are ready at this time have gone. Nothing overtakes: that is so for 0 bytes, too. */
  goneAtMs(readyMs: number, sizeBytes: number): number {
    if (this.#bytesPerS === undefined) return readyMs;
    this.#freeAtMs = Math.max(readyMs, this.#freeAtMs) + (sizeBytes * 1000) / this.#bytesPerS;
    return this.#freeAtMs;
  }
}
