/**
 * What one board gave to its queue, in order, as its program (build-soak-images.ts) says it: the truth that the server's
 * store is compared with. It is heard by the simulation and shares nothing with the code that is tested.
 */
export interface Given {
  /** undefined: the reading with which a session begins; its value is not told. */
  value: number | undefined;
  /** The queue has said that it holds it. Otherwise power went before it did, and it may be there or not. */
  isCommitted: boolean;
  /** When it was given, Unix ms of the simulation. */
  unixMs: number;
}

export class SensorRecord {
  readonly given: Given[] = [];

  /** True when the sensor has given a reading, which is not yet committed. */
  hear(text: string, unixMs: number): boolean {
    const isReading = text.startsWith("take ");
    if (isReading) this.given.push({ value: Number(text.slice(5)), isCommitted: false, unixMs });
    else if (text.startsWith("begin ")) this.given.push({ value: undefined, isCommitted: false, unixMs });
    else if (text.startsWith("have ") || text.startsWith("begun ")) this.#commit();
    return isReading;
  }

  #commit(): void {
    const last = this.given.at(-1);
    if (last === undefined || last.isCommitted) throw new Error("a reading was committed that was not given");
    last.isCommitted = true;
  }
}
