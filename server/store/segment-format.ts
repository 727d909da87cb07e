/**
 * Readings of one day of one stream, packed: the content of `segments.body`. What deflate in the zlib format (RFC 1950, which
 * ends with a checksum) unpacks to:
 *
 * | what | how (store/column-codec.ts) |
 * |---|---|
 * | 1 | the version, a byte |
 * | count | varint |
 * | times, ms; ids of epochs; sequence numbers | whole numbers, a column each |
 * | values | numbers |
 * | clocks; errors in seconds and 1, 0 = not known | whole numbers, a column each |
 *
 * In the order of (time, epoch, sequence), each once. A value is a double, bit for bit.
 */
import { deflateSync, inflateSync } from "node:zlib";
import { SEGMENT_MAX_READINGS } from "../limits.ts";
import { ColumnDamage, ColumnReader, ColumnWriter } from "./column-codec.ts";

const VERSION = 1;
/** Six columns of eight bytes, and what stands before them. */
const BODY_MAX_BYTES = SEGMENT_MAX_READINGS * 6 * 8 + 64;

/** The same index is the same reading. */
export interface ReadingColumns {
  timesMs: Float64Array;
  epochIds: Float64Array;
  sequences: Float64Array;
  values: Float64Array;
  clocks: Float64Array;
  /** -1: not known. */
  errorsS: Float64Array;
}

export function emptyColumns(count: number): ReadingColumns {
  return {
    timesMs: new Float64Array(count),
    epochIds: new Float64Array(count),
    sequences: new Float64Array(count),
    values: new Float64Array(count),
    clocks: new Float64Array(count),
    errorsS: new Float64Array(count),
  };
}

export function packSegment(columns: ReadingColumns): Buffer {
  const writer = new ColumnWriter();
  writer.byte(VERSION);
  writer.varint(columns.timesMs.length);
  writer.integers(columns.timesMs);
  writer.integers(columns.epochIds);
  writer.integers(columns.sequences);
  writer.numbers(columns.values);
  writer.integers(columns.clocks);
  writer.integers(columns.errorsS.map((errorS) => errorS + 1));
  return deflateSync(writer.written());
}

/** Throws ColumnDamage when these are not `count` readings as they were packed. */
export function unpackSegment(body: Uint8Array, count: number): ReadingColumns {
  const reader = new ColumnReader(inflate(body, BODY_MAX_BYTES));
  const version = reader.byte();
  if (version !== VERSION) throw new ColumnDamage(`a segment of version ${version}`);
  const found = reader.varint();
  if (found !== count || count > SEGMENT_MAX_READINGS) throw new ColumnDamage(`${found} readings in place of ${count}`);
  const columns = {
    timesMs: reader.integers(count),
    epochIds: reader.integers(count),
    sequences: reader.integers(count),
    values: reader.numbers(count),
    clocks: reader.integers(count),
    errorsS: reader.integers(count).map((error) => error - 1),
  };
  if (!reader.isAtEnd) throw new ColumnDamage("bytes after the last column");
  return columns;
}

export function inflate(body: Uint8Array, maxBytes: number): Buffer {
  try {
    return inflateSync(body, { maxOutputLength: maxBytes });
  } catch (error) {
    throw new ColumnDamage(error instanceof Error ? error.message : String(error));
  }
}
