/**
 * CBOR decoder (RFC 8949) that pulls one item after another out of memory and allocates nothing.
 *
 * Left out: indefinite lengths (section 3.2), answered with CborError.Unsupported. A text is not checked to be UTF-8.
 * The first error sticks: every later read answers a zero value and leaves `error` as it is, so a caller may read a
 * whole message and look at `error` once.
 */
import { CborError, MajorType, SIMPLE_FALSE, SIMPLE_TRUE } from "./format.ts";

export class CborReader {
  private position: usize = 0;
  private end: usize = 0;
  error: CborError = CborError.None;

  /** Major type of the last head. */
  major: MajorType = MajorType.Unsigned;
  /** Argument of the last head: number, length, count, tag, simple value or the bits of a float. */
  argument: u64 = 0;
  /** Size of the argument of the last head: 0 (in the head itself), 1, 2, 4 or 8 bytes. */
  argumentBytes: i32 = 0;

  begin(pointer: usize, length: usize): void {
    this.position = pointer;
    this.end = pointer + length;
    this.error = CborError.None;
  }

  /** Everything has been read, and without error. */
  get finished(): bool {
    return this.error == CborError.None && this.position == this.end;
  }

  /** Address of the next byte. */
  get at(): usize {
    return this.position;
  }

  fail(error: CborError): bool {
    if (this.error == CborError.None) this.error = error;
    return false;
  }

  /** Reads a head into `major`, `argument` and `argumentBytes`. */
  head(): bool {
    if (this.error != CborError.None) return false;
    if (this.position >= this.end) return this.fail(CborError.Truncated);
    const first = <u32>load<u8>(this.position);
    const info = first & 31;
    this.position += 1;
    this.major = first >> 5;
    if (info < 24) {
      this.argument = info;
      this.argumentBytes = 0;
      return true;
    }
    if (info == 31) return this.fail(this.indefiniteError());
    if (info > 27) return this.fail(CborError.Malformed);
    const size = (<usize>1) << (info - 24);
    if (this.end - this.position < size) return this.fail(CborError.Truncated);
    let argument: u64 = 0;
    for (let i: usize = 0; i < size; i++) argument = (argument << 8) | load<u8>(this.position + i);
    this.position += size;
    this.argument = argument;
    this.argumentBytes = <i32>size;
    if (this.major == MajorType.Simple && size == 1 && argument < 32) return this.fail(CborError.Malformed);
    return true;
  }

  /** Strings, arrays and maps have an indefinite form; numbers and tags have none, and a break stands alone. */
  private indefiniteError(): CborError {
    const major = this.major;
    return major >= MajorType.Bytes && major <= MajorType.Map ? CborError.Unsupported : CborError.Malformed;
  }

  private expect(major: MajorType): bool {
    if (!this.head()) return false;
    return this.major == major || this.fail(CborError.WrongType);
  }

  /** Items that follow. */
  array(): u32 {
    return this.expect(MajorType.Array) ? this.small() : 0;
  }

  /** Pairs that follow. */
  map(): u32 {
    return this.expect(MajorType.Map) ? this.small() : 0;
  }

  unsigned(): u32 {
    return this.expect(MajorType.Unsigned) ? this.small() : 0;
  }

  integer(): i32 {
    if (!this.head()) return 0;
    if (this.major != MajorType.Unsigned && this.major != MajorType.Negative) {
      this.fail(CborError.WrongType);
      return 0;
    }
    if (this.argument > 0x7fffffff) {
      this.fail(CborError.Range);
      return 0;
    }
    const value = <i32>this.argument;
    return this.major == MajorType.Negative ? ~value : value;
  }

  boolean(): bool {
    if (!this.expect(MajorType.Simple)) return false;
    if (this.argumentBytes == 0 && this.argument == SIMPLE_TRUE) return true;
    if (this.argumentBytes != 0 || this.argument != SIMPLE_FALSE) this.fail(CborError.WrongType);
    return false;
  }

  private small(): u32 {
    if (this.argument > 0xffffffff) {
      this.fail(CborError.Range);
      return 0;
    }
    return <u32>this.argument;
  }

  /** Reads a text; its bytes are at `stringPointer`, `stringLength` of them. */
  text(): bool {
    return this.expect(MajorType.Text) && this.take();
  }

  bytes(): bool {
    return this.expect(MajorType.Bytes) && this.take();
  }

  stringPointer: usize = 0;
  stringLength: u32 = 0;

  /** Takes the bytes of the string whose head was read. */
  take(): bool {
    if (this.argument > <u64>(this.end - this.position)) return this.fail(CborError.Truncated);
    this.stringPointer = this.position;
    this.stringLength = <u32>this.argument;
    this.position += <usize>this.stringLength;
    return true;
  }

  /** The float whose head was read: half, single or double precision. */
  float(): f64 {
    if (this.argumentBytes == 8) return reinterpret<f64>(this.argument);
    if (this.argumentBytes == 4) return reinterpret<f32>(<u32>this.argument);
    return halfToDouble(<u32>this.argument);
  }

  /** Steps over one whole item, whatever it is, however deep. */
  skip(): bool {
    let items: u64 = 1;
    while (items > 0) {
      if (!this.head()) return false;
      items--;
      const major = this.major;
      if (major == MajorType.Bytes || major == MajorType.Text) {
        if (!this.take()) return false;
      } else if (major == MajorType.Tag) {
        items++;
      } else if (major == MajorType.Array || major == MajorType.Map) {
        // Every item takes at least one byte, so a count beyond what is left cannot be true.
        if (this.argument > <u64>(this.end - this.position)) return this.fail(CborError.Truncated);
        items += major == MajorType.Map ? this.argument * 2 : this.argument;
      }
    }
    return true;
  }
}

/** RFC 8949 appendix D, by moving the exponent into a single-precision number. */
function halfToDouble(bits: u32): f64 {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent == 31) return reinterpret<f32>(sign | 0x7f800000 | (fraction << 13));
  if (exponent != 0) return reinterpret<f32>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const magnitude = <f64>fraction * (1.0 / 16777216.0);
  return sign != 0 ? -magnitude : magnitude;
}
