/**
 * Columns of numbers as bytes, made so that deflate finds much in them. Whole numbers are differences from the one before, as
 * zigzag varints (the low seven bits of each byte first; Protocol Buffers, "Encoding"). Numbers are, whichever is shortest:
 *
 * | form | what follows |
 * |---|---|
 * | 0 | differences |
 * | 1 | the numbers themselves, as zigzag varints |
 * | 2 | float64, little-endian: the first bytes of all, then the second ones ... |
 *
 * The byte before a column of numbers is the form, and 16 times the decimal places by which they were made whole.
 */
const FORM_DELTA = 0;
const FORM_PLAIN = 1;
const FORM_FLOAT = 2;
const FORM_MASK = 15;
const PLACES_SHIFT = 4;
const PLACES_MAX = 6;
/** The zigzag of the difference of two of these is a whole number that a double holds. */
const WHOLE_MAX = 2 ** 51;
const FLOAT_BYTES = 8;
const VARINT_MAX_BYTES = 8;

/** The bytes are not those of a column. */
export class ColumnDamage extends Error {}

export class ColumnWriter {
  #bytes = Buffer.alloc(4096);
  #at = 0;

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  /** Not negative, below 2^53. */
  varint(value: number): void {
    this.#room(VARINT_MAX_BYTES);
    let left = value;
    while (left >= 0x80) {
      this.#bytes[this.#at++] = (left % 0x80) | 0x80;
      left = Math.floor(left / 0x80);
    }
    this.#bytes[this.#at++] = left;
  }

  /** Whole numbers of at most 2^51, as differences. */
  integers(values: ArrayLike<number>): void {
    let before = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      this.varint(zigzag(value - before));
      before = value;
    }
  }

  numbers(values: ArrayLike<number>): void {
    const places = decimalPlaces(values);
    if (places < 0) {
      this.byte(FORM_FLOAT);
      this.#floats(values);
      return;
    }
    const whole = scaled(values, places);
    const start = this.#at;
    this.byte(FORM_DELTA | (places << PLACES_SHIFT));
    this.integers(whole);
    const deltaEnd = this.#at;
    this.byte(FORM_PLAIN | (places << PLACES_SHIFT));
    for (let i = 0; i < whole.length; i++) this.varint(zigzag(whole[i] as number));
    // The shorter of the two stays; both begin with their form.
    if (this.#at - deltaEnd < deltaEnd - start) {
      this.#bytes.copyWithin(start, deltaEnd, this.#at);
      this.#at = start + this.#at - deltaEnd;
    } else this.#at = deltaEnd;
  }

  /** Valid until the next byte is written. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #floats(values: ArrayLike<number>): void {
    const count = values.length;
    this.#room(count * FLOAT_BYTES);
    const one = Buffer.alloc(FLOAT_BYTES);
    for (let i = 0; i < count; i++) {
      one.writeDoubleLE(values[i] as number);
      for (let plane = 0; plane < FLOAT_BYTES; plane++)
        this.#bytes[this.#at + plane * count + i] = one[plane] as number;
    }
    this.#at += count * FLOAT_BYTES;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** Throws ColumnDamage where the bytes end early or say what no writer says. */
export class ColumnReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new ColumnDamage("the columns end early");
    return value;
  }

  varint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (let i = 1; i < VARINT_MAX_BYTES; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new ColumnDamage("a varint of more than eight bytes");
  }

  integers(count: number): Float64Array {
    const values = new Float64Array(count);
    let value = 0;
    for (let i = 0; i < count; i++) {
      value += unzigzag(this.varint());
      values[i] = value;
    }
    return values;
  }

  numbers(count: number): Float64Array {
    const head = this.byte();
    const form = head & FORM_MASK;
    const places = head >> PLACES_SHIFT;
    if (form === FORM_FLOAT && places === 0) return this.#floats(count);
    if (form > FORM_FLOAT || places > PLACES_MAX) throw new ColumnDamage(`a column of form ${head}`);
    let values: Float64Array;
    if (form === FORM_DELTA) values = this.integers(count);
    else {
      values = new Float64Array(count);
      for (let i = 0; i < count; i++) values[i] = unzigzag(this.varint());
    }
    if (places > 0) {
      const scale = 10 ** places;
      for (let i = 0; i < count; i++) values[i] = (values[i] as number) / scale;
    }
    return values;
  }

  #floats(count: number): Float64Array {
    const start = this.#at;
    this.#at += count * FLOAT_BYTES;
    if (this.#at > this.#bytes.length) throw new ColumnDamage("the columns end early");
    const values = new Float64Array(count);
    const one = Buffer.alloc(FLOAT_BYTES);
    for (let i = 0; i < count; i++) {
      for (let plane = 0; plane < FLOAT_BYTES; plane++) one[plane] = this.#bytes[start + plane * count + i] as number;
      values[i] = one.readDoubleLE();
    }
    return values;
  }
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : (value + 1) / -2;
}

/** How many make every number whole, exactly; -1: none. */
function decimalPlaces(values: ArrayLike<number>): number {
  let places = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    while (!isExact(value, places)) if (++places > PLACES_MAX) return -1;
  }
  if (places === 0) return 0;
  for (let i = 0; i < values.length; i++) if (!isExact(values[i] as number, places)) return -1;
  return places;
}

function isExact(value: number, places: number): boolean {
  const scale = 10 ** places;
  const whole = Math.round(value * scale);
  // A negative zero has no place in a varint.
  return Math.abs(whole) <= WHOLE_MAX && whole / scale === value && !Object.is(value, -0);
}

function scaled(values: ArrayLike<number>, places: number): ArrayLike<number> {
  if (places === 0) return values;
  const scale = 10 ** places;
  return Float64Array.from(values, (value) => Math.round(value * scale));
}
