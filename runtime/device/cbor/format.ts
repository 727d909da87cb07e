/** Names of the CBOR format (RFC 8949 sections 3.1 and 3.3) that writer and reader share. */
export enum MajorType {
  Unsigned = 0,
  Negative = 1,
  Bytes = 2,
  Text = 3,
  Array = 4,
  Map = 5,
  Tag = 6,
  Simple = 7,
}

export const SIMPLE_FALSE = 20;
export const SIMPLE_TRUE = 21;
export const SIMPLE_NULL = 22;

/** Why a reader stopped. */
export enum CborError {
  None = 0,
  /** The bytes end inside an item. */
  Truncated = 1,
  /** A reserved head, or a simple value written in a way that RFC 8949 section 3.3 forbids. */
  Malformed = 2,
  /** Well-formed, but beyond this reader: an indefinite length. */
  Unsupported = 3,
  /** The item is not of the type that was asked for. */
  WrongType = 4,
  /** The number does not fit the type that was asked for. */
  Range = 5,
}
