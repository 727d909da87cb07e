/**
 * Readings as a Parquet file, written group by group by hyparquet-writer: what is held is one group of rows and the file's
 * footer. Times are TIMESTAMP_MILLIS in UTC, values DOUBLE.
 */
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { PARQUET_GROUP_ROWS } from "../limits.ts";
import type { ReadingRow } from "../store/reading-source.ts";
import { type Rows, showClock } from "./reading-formats.ts";

/** Registered with IANA. */
export const PARQUET_TYPE = "application/vnd.apache.parquet";

const MAGIC_BYTES = 4;
/** Field 3, i64: 0; field 4, a list: empty. */
const NO_ROWS_NO_GROUPS = Buffer.from([0x16, 0x00, 0x19, 0x00]);
const THRIFT_STRUCT = 0x0c;

type Schema = ConstructorParameters<typeof ParquetWriter>[0]["schema"];

const SCHEMA: Schema = [
  { name: "readings", num_children: 6 },
  { name: "time", type: "INT64", converted_type: "TIMESTAMP_MILLIS", repetition_type: "REQUIRED" },
  { name: "value", type: "DOUBLE", repetition_type: "REQUIRED" },
  { name: "epoch", type: "INT64", repetition_type: "REQUIRED" },
  { name: "sequence", type: "INT64", repetition_type: "REQUIRED" },
  { name: "clock", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
  { name: "errorS", type: "INT64", repetition_type: "OPTIONAL" },
];

export async function* writeParquet(rows: Rows): AsyncGenerator<Uint8Array> {
  const sink = new PieceWriter();
  const file = new ParquetWriter({ writer: sink, schema: SCHEMA, createdBy: "lintel" });
  let waiting: ReadingRow[] = [];
  for await (const part of rows) {
    waiting = waiting.concat(part);
    if (waiting.length < PARQUET_GROUP_ROWS) continue;
    writeGroup(file, waiting);
    waiting = [];
    yield sink.take();
  }
  if (waiting.length > 0) writeGroup(file, waiting);
  const hasRows = sink.offset > MAGIC_BYTES;
  file.finish();
  const end = sink.take();
  if (!hasRows) nameGroups(end);
  yield end;
}

/**
 * The library writes an empty list as one of elements of type 0, which strict readers refuse: the list of row groups is one of
 * structs (parquet.thrift; Thrift compact protocol, "List and Set"). Before it stands the number of rows.
 */
function nameGroups(end: Uint8Array): void {
  const at = Buffer.from(end.buffer, end.byteOffset, end.length).indexOf(NO_ROWS_NO_GROUPS);
  if (at >= 0) end[at + NO_ROWS_NO_GROUPS.length - 1] = THRIFT_STRUCT;
}

function writeGroup(file: ParquetWriter, rows: ReadingRow[]): void {
  file.write({
    columnData: [
      { name: "time", data: rows.map((row) => BigInt(row.timeMs)) },
      { name: "value", data: Float64Array.from(rows, (row) => row.value) },
      { name: "epoch", data: rows.map((row) => BigInt(row.epoch)) },
      { name: "sequence", data: rows.map((row) => BigInt(row.sequence)) },
      { name: "clock", data: rows.map((row) => showClock(row.clock)) },
      { name: "errorS", data: rows.map((row) => (row.errorS === null ? null : BigInt(row.errorS))) },
    ],
    rowGroupSize: rows.length,
  });
}

/** Offsets go on counting when what was written is taken out. */
class PieceWriter extends ByteWriter {
  take(): Uint8Array {
    const piece = new Uint8Array(this.getBytes());
    this.index = 0;
    return piece;
  }
}
