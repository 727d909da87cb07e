/**
 * Direction from two light barriers, A outside and B inside. A passage begins when one beam is broken while both were
 * clear, and ends when both are clear again. It counts as in when A broke first and B cleared last, as out when B broke
 * first and A cleared last. Someone who turns back clears the beam that broke first last, and is not counted.
 *
 * Barriers far apart are clear in between; so after a beam alone was broken and cleared, the other one may
 * still follow within GAP_MS and belongs to the same passage. Two people who walk so close that no moment
 * of both beams clear lies between them count as one.
 */
export enum Passage {
  None = 0,
  In = 1,
  Out = 2,
}

const A: u32 = 1;
const B: u32 = 2;

/** Longest time between clearing one beam and breaking the other, milliseconds: barriers up to 1 m apart at a stroll. */
export const GAP_MS: i32 = 1500;

export class Direction {
  /** Beams broken now: A, B or both. */
  private broken: u32 = 0;
  /** Beam that broke first in this passage; 0 = no passage under way. */
  private first: u32 = 0;
  /** Beams that were broken during this passage. */
  private seen: u32 = 0;
  private clearedAtMs: u32 = 0;

  /** A beam was broken or cleared at `atMs`; returns what that completes. */
  edge(inner: bool, isBroken: bool, atMs: u32): Passage {
    const beam = inner ? B : A;
    if (isBroken) {
      if (this.broken == 0) this.beginAt(beam, atMs);
      this.broken |= beam;
      this.seen |= beam;
      return Passage.None;
    }
    if ((this.broken & beam) == 0) return Passage.None;
    this.broken &= ~beam;
    if (this.broken != 0) return Passage.None;
    this.clearedAtMs = atMs;
    if (this.seen != (A | B)) return Passage.None;
    const first = this.first;
    this.first = 0;
    if (beam == first) return Passage.None;
    return first == A ? Passage.In : Passage.Out;
  }

  /** A beam breaks while both are clear: the other half of a passage just begun, or a new one. */
  private beginAt(beam: u32, atMs: u32): void {
    const follows = this.first != 0 && this.first != beam && <i32>(atMs - this.clearedAtMs) <= GAP_MS;
    if (follows) return;
    this.first = beam;
    this.seen = 0;
  }
}
