/**
 * CBOR encoder (RFC 8949) into a fixed buffer: definite lengths and shortest heads only, which is the core deterministic
 * encoding but for the order of map keys, left to the caller. A write that does not fit sets `overflow`, leaves the
 * buffer's end untouched, and every later write does nothing.
 */
import { MajorType, SIMPLE_FALSE, SIMPLE_NULL, SIMPLE_TRUE } from "./format.ts";

export class CborWriter {
  /** Where the encoding begins. */
  start: usize = 0;
  private position: usize = 0;
  private end: usize = 0;
  /** Something did not fit: the encoding is not complete. */
  overflow: bool = false;

  /** Begins a new encoding in `capacity` bytes at `pointer`. */
  begin(pointer: usize, capacity: usize): void {
    this.start = pointer;
    this.position = pointer;
    this.end = pointer + capacity;
    this.overflow = false;
  }

  /** Bytes written so far. */
  get length(): i32 {
    return <i32>(this.position - this.start);
  }

  private reserve(sizeBytes: usize): bool {
    if (this.overflow || this.end - this.position < sizeBytes) {
      this.overflow = true;
      return false;
    }
    return true;
  }

  /** A head with a 32-bit argument (RFC 8949 section 3). */
  head(major: MajorType, argument: u32): void {
    const first = (<u32>major) << 5;
    if (argument < 24) {
      if (!this.reserve(1)) return;
      store<u8>(this.position, first | argument);
      this.position += 1;
    } else if (argument <= 0xff) {
      if (!this.reserve(2)) return;
      store<u8>(this.position, first | 24);
      store<u8>(this.position, argument, 1);
      this.position += 2;
    } else if (argument <= 0xffff) {
      if (!this.reserve(3)) return;
      store<u8>(this.position, first | 25);
      store<u8>(this.position, argument >> 8, 1);
      store<u8>(this.position, argument, 2);
      this.position += 3;
    } else {
      if (!this.reserve(5)) return;
      store<u8>(this.position, first | 26);
      this.word(this.position + 1, argument);
      this.position += 5;
    }
  }

  /** A head with a 64-bit argument. */
  head64(major: MajorType, argument: u64): void {
    if (argument <= 0xffffffff) {
      this.head(major, <u32>argument);
      return;
    }
    if (!this.reserve(9)) return;
    store<u8>(this.position, ((<u32>major) << 5) | 27);
    this.word(this.position + 1, <u32>(argument >> 32));
    this.word(this.position + 5, <u32>argument);
    this.position += 9;
  }

  private word(pointer: usize, value: u32): void {
    store<u8>(pointer, value >> 24);
    store<u8>(pointer, value >> 16, 1);
    store<u8>(pointer, value >> 8, 2);
    store<u8>(pointer, value, 3);
  }

  unsigned(value: u32): void {
    this.head(MajorType.Unsigned, value);
  }

  integer(value: i32): void {
    if (value < 0) this.head(MajorType.Negative, ~value);
    else this.head(MajorType.Unsigned, value);
  }

  array(items: u32): void {
    this.head(MajorType.Array, items);
  }

  /** A map of `pairs` keys, each to be followed by its value. */
  map(pairs: u32): void {
    this.head(MajorType.Map, pairs);
  }

  tag(number: u64): void {
    this.head64(MajorType.Tag, number);
  }

  boolean(value: bool): void {
    this.head(MajorType.Simple, value ? SIMPLE_TRUE : SIMPLE_FALSE);
  }

  nil(): void {
    this.head(MajorType.Simple, SIMPLE_NULL);
  }

  /** A simple value: 0 to 23, or 32 to 255. */
  simple(value: u32): void {
    this.head(MajorType.Simple, value);
  }

  bytes(pointer: usize, length: u32): void {
    this.head(MajorType.Bytes, length);
    this.raw(pointer, length);
  }

  /** A byte string that the caller fills in: where it begins; 0 = it does not fit. */
  blank(length: u32): usize {
    this.head(MajorType.Bytes, length);
    if (!this.reserve(length)) return 0;
    this.position += length;
    return this.position - length;
  }

  /** Text that is UTF-8 in memory already. */
  utf8(pointer: usize, length: u32): void {
    this.head(MajorType.Text, length);
    this.raw(pointer, length);
  }

  private raw(pointer: usize, length: u32): void {
    if (!this.reserve(length)) return;
    memory.copy(this.position, pointer, length);
    this.position += length;
  }

  /** ASCII text of the program itself: names and labels. */
  text(value: string): void {
    const length = value.length;
    this.head(MajorType.Text, length);
    if (!this.reserve(length)) return;
    for (let i = 0; i < length; i++) store<u8>(this.position + i, value.charCodeAt(i));
    this.position += length;
  }

  /** Text of four lowercase hexadecimal digits: a stream name. */
  hex16(value: u32): void {
    this.head(MajorType.Text, 4);
    if (!this.reserve(4)) return;
    for (let i: u32 = 0; i < 4; i++) {
      const digit = (value >> (12 - 4 * i)) & 15;
      store<u8>(this.position + i, digit < 10 ? 48 + digit : 87 + digit);
    }
    this.position += 4;
  }

  /** A single-precision number, in half precision where that is exact (RFC 8949 section 4.1). */
  float32(value: f32): void {
    const bits = reinterpret<u32>(value);
    const half = halfBits(bits);
    if (half >= 0) {
      if (!this.reserve(3)) return;
      store<u8>(this.position, 0xf9);
      store<u8>(this.position, half >> 8, 1);
      store<u8>(this.position, half, 2);
      this.position += 3;
      return;
    }
    if (!this.reserve(5)) return;
    store<u8>(this.position, 0xfa);
    this.word(this.position + 1, bits);
    this.position += 5;
  }

  /** A double-precision number, in the shortest form that is exact. */
  float64(value: f64): void {
    if (value != value || <f64>(<f32>value) == value) {
      this.float32(<f32>value);
      return;
    }
    if (!this.reserve(9)) return;
    const bits = reinterpret<u64>(value);
    store<u8>(this.position, 0xfb);
    this.word(this.position + 1, <u32>(bits >> 32));
    this.word(this.position + 5, <u32>bits);
    this.position += 9;
  }
}

/** IEEE 754 half-precision bits of a single-precision number, or -1 when it has none exactly. A NaN becomes 7e00. */
function halfBits(bits: u32): i32 {
  const sign = <i32>((bits >> 16) & 0x8000);
  const exponent = <i32>((bits >> 23) & 0xff);
  const fraction = bits & 0x7fffff;
  if (exponent == 0xff) return fraction != 0 ? 0x7e00 : sign | 0x7c00;
  if (exponent == 0) return fraction == 0 ? sign : -1;
  const half = exponent - 127 + 15;
  if (half > 30) return -1;
  if (half > 0) return (fraction & 0x1fff) == 0 ? sign | (half << 10) | <i32>(fraction >> 13) : -1;
  // Subnormal: the implied one joins the fraction and both move right.
  const shift = 14 - half;
  if (shift > 24) return -1;
  const whole = fraction | 0x800000;
  return (whole & (((<u32>1) << shift) - 1)) == 0 ? sign | <i32>(whole >> shift) : -1;
}
