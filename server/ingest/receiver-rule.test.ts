import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeIds, judgePack } from "./receiver-rule.ts";

describe("the receiver rule", () => {
  //            what                                   W  first n oldest  dup acc gap              lost   W'
  test.each<[string, number, number, number, number, number, number, [number, number] | null, boolean, number]>([
    ["the first pack of an epoch", 0, 1, 3, 1, 0, 3, null, false, 3],
    ["the next pack", 3, 4, 2, 1, 0, 2, null, false, 5],
    ["a pack sent twice", 5, 4, 2, 4, 2, 0, null, false, 5],
    ["an old pack, late", 9, 2, 2, 2, 2, 0, null, false, 9],
    ["a partial overlap", 5, 4, 4, 4, 2, 2, null, false, 7],
    ["a loss in transit", 5, 8, 2, 6, 0, 0, null, true, 5],
    ["the device dropped what is missing", 5, 8, 2, 8, 0, 2, [6, 7], false, 9],
    ["it dropped some, and some were lost", 5, 9, 2, 8, 0, 0, [6, 7], true, 7],
    ["no `ol` at all is never a gap", 5, 9, 2, 0, 0, 0, null, true, 5],
    ["`ol` behind the watermark says nothing", 5, 6, 1, 2, 0, 1, null, false, 6],
    ["the last number there is", 0xfffffffe, 0xffffffff, 1, 0xffffffff, 0, 1, null, false, 0xffffffff],
  ])("%s", (_what, watermark, first, count, oldest, duplicates, accepted, gap, isLostInTransit, after) => {
    expect(judgePack(watermark, first, count, oldest)).toEqual({
      duplicates,
      accepted,
      gap: gap === null ? null : { from: gap[0], to: gap[1] },
      isLostInTransit,
      watermark: after,
    });
  });

  test("every reading is stored once or known to be dropped, whatever the line does", () => {
    const step = fc.record({
      produce: fc.integer({ min: 0, max: 6 }),
      packSize: fc.integer({ min: 1, max: 5 }),
      /** Where in its queue the device starts to send. */
      skip: fc.integer({ min: 0, max: 4 }),
      fate: fc.constantFrom("arrives", "arrives", "lost", "twice", "late"),
      isAckLost: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 3, max: 12 }), (steps, queueLimit) => {
        const line = new Line(queueLimit);
        for (const { produce, packSize, skip, fate, isAckLost } of steps) {
          line.produce(produce);
          line.send(packSize, skip, fate, isAckLost);
        }
        line.finish();
        expect(line.counts()).toEqual({ wrong: 0, missing: 0 });
      }),
      { numRuns: 500, seed: 20 },
    );
  });
});

/** A device with a short queue, a line that loses, doubles and delays packs, and a server that only has the rule. */
class Line {
  readonly #queueLimit: number;
  #queue: number[] = [];
  #next = 1;
  #watermark = 0;
  readonly #stored = new Map<number, number>();
  readonly #dropped = new Set<number>();
  readonly #reportedGaps = new Set<number>();
  #late: Array<{ first: number; count: number; oldest: number }> = [];

  constructor(queueLimit: number) {
    this.#queueLimit = queueLimit;
  }

  produce(count: number): void {
    for (let i = 0; i < count; i++) {
      this.#queue.push(this.#next++);
      if (this.#queue.length > this.#queueLimit) this.#dropped.add(this.#queue.shift() as number);
    }
  }

  send(packSize: number, skip: number, fate: string, isAckLost: boolean): void {
    const from = Math.min(skip, Math.max(0, this.#queue.length - 1));
    const sequences = this.#queue.slice(from, from + packSize);
    const [first] = sequences;
    if (first === undefined) return;
    const pack = { first, count: sequences.length, oldest: this.#queue[0] as number };
    if (fate === "late") this.#late.push(pack);
    if (fate === "arrives" || fate === "twice") this.#receive(pack);
    if (fate === "twice") this.#receive(pack);
    const late = this.#late.length > 2 ? this.#late.shift() : undefined;
    if (late !== undefined) this.#receive(late);
    if (!isAckLost) this.#queue = this.#queue.filter((sequence) => sequence > this.#watermark);
  }

  /** The line is sound again. */
  finish(): void {
    for (const pack of this.#late) this.#receive(pack);
    for (let i = 0; i < 100 && this.#queue.length > 0; i++) this.send(3, 0, "arrives", false);
    this.produce(1);
    this.send(1, 0, "arrives", false);
  }

  /** Stored more than once, or reported as gone although stored; neither stored nor reported. */
  counts(): { wrong: number; missing: number } {
    let wrong = 0;
    let missing = 0;
    for (let sequence = 1; sequence < this.#next; sequence++) {
      const times = this.#stored.get(sequence) ?? 0;
      const isGone = this.#reportedGaps.has(sequence);
      if (times > 1 || (times === 1 && isGone) || (isGone && !this.#dropped.has(sequence))) wrong++;
      if (times === 0 && !isGone) missing++;
    }
    return { wrong, missing };
  }

  #receive({ first, count, oldest }: { first: number; count: number; oldest: number }): void {
    const verdict = judgePack(this.#watermark, first, count, oldest);
    for (let i = verdict.gap?.from ?? 1; i <= (verdict.gap?.to ?? 0); i++) this.#reportedGaps.add(i);
    for (let i = verdict.duplicates; i < verdict.duplicates + verdict.accepted; i++) {
      this.#stored.set(first + i, (this.#stored.get(first + i) ?? 0) + 1);
    }
    this.#watermark = verdict.watermark;
  }
}

test("of ids that rise with gaps, those above the watermark are new", () => {
  expect(judgeIds(0, [7, 8, 11])).toEqual({ duplicates: 0, watermark: 11 });
  expect(judgeIds(8, [7, 8, 11])).toEqual({ duplicates: 2, watermark: 11 });
  expect(judgeIds(11, [7, 8, 11])).toEqual({ duplicates: 3, watermark: 11 });
  expect(judgeIds(20, [7, 8, 11])).toEqual({ duplicates: 3, watermark: 20 });
  expect(judgeIds(5, [])).toEqual({ duplicates: 0, watermark: 5 });
});
