/** A set of unordered pairs of numbers below 2^26: open addressing in one array of doubles. */
const FIRST_CAPACITY = 1024;
const PAIR_FACTOR = 2 ** 26;

export class PairSet {
  #keys = new Float64Array(FIRST_CAPACITY).fill(-1);
  #size = 0;

  /** False when it was there already. */
  add(a: number, b: number): boolean {
    if (this.#size * 2 > this.#keys.length) this.#grow();
    const key = a < b ? a * PAIR_FACTOR + b : b * PAIR_FACTOR + a;
    const place = this.#placeOf(key);
    if (this.#keys[place] === key) return false;
    this.#keys[place] = key;
    this.#size++;
    return true;
  }

  has(a: number, b: number): boolean {
    const key = a < b ? a * PAIR_FACTOR + b : b * PAIR_FACTOR + a;
    return this.#keys[this.#placeOf(key)] === key;
  }

  #placeOf(key: number): number {
    const mask = this.#keys.length - 1;
    const low = key % PAIR_FACTOR;
    let place = (Math.imul((key - low) / PAIR_FACTOR, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b)) >>> 0;
    place = (place ^ (place >>> 15)) & mask;
    while (this.#keys[place] !== key && this.#keys[place] !== -1) place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const old = this.#keys;
    this.#keys = new Float64Array(old.length * 2).fill(-1);
    for (const key of old) if (key !== -1) this.#keys[this.#placeOf(key)] = key;
  }
}
