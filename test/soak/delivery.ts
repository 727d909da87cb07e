/**
 * Whether what one board gave is on the server once and in order. Readings of the sensor are known by their values, which
 * are random; between two of them in the store, the others and what was dropped are counted.
 */
import { STREAM_REBOOT } from "../../runtime/contract/stream-ids.ts";
import type { Given } from "./sensor-record.ts";
import type { StoredDevice, StoredGap, StoredReading } from "./stored-readings.ts";

/** As in test/programs/probe. */
const PROBE_STREAM = 0x5101;

export interface Delivery {
  /** Given, and held by the queue as it said. */
  committed: number;
  stored: number;
  /** Committed, not stored, and not in a gap that the server knows of either. */
  lost: number;
  duplicated: number;
  outOfOrder: number;
  /** Stored, and never given. */
  invented: number;
  /** Committed, and dropped since the queue was full. */
  dropped: number;
  /** Given among these when power went, so that the queue may have held them: they may count as dropped or not. */
  droppedPerhaps: number;
  /** What the server says was dropped. */
  droppedReported: number;
  /** By how much that is not what was dropped. */
  droppedMisreported: number;
  /** Sequence numbers up to the watermark that are not either stored or in a gap, and once. */
  misnumbered: number;
  rejected: number;
}

export interface Placed {
  reading: StoredReading;
  given: Given;
}

export interface BoardDelivery {
  delivery: Delivery;
  /** Stored readings with what they came from. */
  placed: Placed[];
}

type Item = { from: number; reading: StoredReading; gap?: never } | { from: number; gap: StoredGap; reading?: never };

export function deliveryOf(given: readonly Given[], stored: StoredDevice): BoardDelivery {
  return new Comparison(given, stored).run();
}

/** What stands between two readings of the sensor that are in the store. */
interface Between {
  reboots: StoredReading[];
  gapNumbers: number;
}

class Comparison {
  readonly #given: readonly Given[];
  readonly #stored: StoredDevice;
  readonly #places: Map<number, number[]>;
  readonly #used = new Set<number>();
  readonly #placed: Placed[] = [];
  readonly #delivery: Delivery;

  constructor(given: readonly Given[], stored: StoredDevice) {
    this.#given = given;
    this.#stored = stored;
    this.#places = placesOf(given);
    this.#delivery = {
      committed: given.filter(({ isCommitted }) => isCommitted).length,
      stored: stored.readings.length,
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
      invented: 0,
      dropped: 0,
      droppedPerhaps: 0,
      droppedReported: stored.gaps.reduce((sum, gap) => sum + sizeOf(gap), 0),
      droppedMisreported: 0,
      misnumbered: 0,
      rejected: stored.rejected,
    };
  }

  run(): BoardDelivery {
    let between: Between = { reboots: [], gapNumbers: 0 };
    /** Place of the last reading of the sensor that was in order. */
    let last = -1;
    for (const { reading, gap } of this.#items()) {
      if (gap !== undefined) between.gapNumbers += sizeOf(gap);
      else if (reading.stream === STREAM_REBOOT) between.reboots.push(reading);
      else if (reading.stream !== PROBE_STREAM) this.#delivery.invented++;
      else {
        const place = this.#placeOf(reading, last);
        if (place === undefined) continue;
        this.#judgeBetween(last + 1, place, between);
        between = { reboots: [], gapNumbers: 0 };
        last = place;
      }
    }
    this.#judgeBetween(last + 1, this.#given.length, between);
    return { delivery: this.#delivery, placed: this.#placed };
  }

  /** Readings and gaps in order of their numbers, which must follow each other. */
  #items(): Item[] {
    const { readings, gaps, epochs } = this.#stored;
    const ordered: Item[] = [];
    for (const { epochId, watermark } of epochs) {
      const items: Item[] = [
        ...readings.filter((row) => row.epochId === epochId).map((reading) => ({ from: reading.sequence, reading })),
        ...gaps.filter((row) => row.epochId === epochId).map((gap) => ({ from: gap.fromSequence, gap })),
      ].sort((a, b) => a.from - b.from);
      let next = 1;
      for (const { from, gap } of items) {
        this.#delivery.misnumbered += Math.abs(from - next);
        next = from + (gap === undefined ? 1 : sizeOf(gap));
      }
      this.#delivery.misnumbered += Math.abs(watermark + 1 - next);
      ordered.push(...items);
    }
    return ordered;
  }

  /** Where in `given` a reading is from, if it is behind the last one; counts it otherwise. */
  #placeOf(reading: StoredReading, last: number): number | undefined {
    const places = this.#places.get(reading.value) ?? [];
    const free = places.filter((place) => !this.#used.has(place));
    const place = free.find((candidate) => candidate > last) ?? free[0];
    if (place === undefined) {
      if (places.length === 0) this.#delivery.invented++;
      else this.#delivery.duplicated++;
      return undefined;
    }
    this.#use(place, reading);
    if (place > last) return place;
    this.#delivery.outOfOrder++;
    return undefined;
  }

  #use(place: number, reading: StoredReading): void {
    const given = this.#given[place];
    if (given === undefined) throw new RangeError("a place beyond what was given");
    this.#used.add(place);
    this.#placed.push({ reading, given });
  }

  /** What was given between two readings that are stored, against what is stored between them. */
  #judgeBetween(from: number, to: number, { reboots, gapNumbers }: Between): void {
    const delivery = this.#delivery;
    const places: number[] = [];
    for (let place = from; place < to; place++) if (!this.#used.has(place)) places.push(place);
    const isCommitted = (place: number) => this.#given[place]?.isCommitted === true;
    const isReboot = (place: number) => this.#given[place]?.value === undefined;
    const committed = places.filter(isCommitted).length;
    // What is not accounted for by the session's own readings; those can be no more than sessions began.
    const begun = places.filter(isReboot);
    delivery.duplicated += Math.max(0, reboots.length - begun.length);
    const missing = Math.max(0, committed - reboots.length);
    const perhaps = places.length - committed;
    if (gapNumbers === 0) {
      delivery.lost += missing;
      const surely = begun.filter(isCommitted);
      const paired = [begun, surely].find(({ length }) => length === reboots.length) ?? [];
      for (const [index, place] of paired.entries()) this.#use(place, reboots[index] as StoredReading);
      return;
    }
    delivery.lost += Math.max(0, missing - gapNumbers);
    delivery.dropped += Math.min(missing, gapNumbers);
    delivery.droppedPerhaps += perhaps;
    delivery.droppedMisreported += Math.max(0, gapNumbers - missing - perhaps);
  }
}

function placesOf(given: readonly Given[]): Map<number, number[]> {
  const places = new Map<number, number[]>();
  for (const [place, { value }] of given.entries()) {
    if (value === undefined) continue;
    const same = places.get(value);
    if (same === undefined) places.set(value, [place]);
    else same.push(place);
  }
  return places;
}

function sizeOf({ fromSequence, toSequence }: StoredGap): number {
  return toSequence - fromSequence + 1;
}
