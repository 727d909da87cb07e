/**
 * Readings as JSON, CSV and SenML. CSV and SenML are written piece by piece: the store is asked for a few hundred rows at
 * a time, and between two pieces the event loop serves everyone else.
 */
import { macToEui64 } from "../mac-address.ts";
import type { ReadingRow } from "../store/reader.ts";
import { showTime } from "./device-routes.ts";

export type Rows = AsyncIterable<ReadingRow[]>;

export const CSV_TYPE = "text/csv; charset=utf-8; header=present";
/** RFC 8428 section 12.3.1. */
export const SENML_TYPE = "application/senml+json";

export function showReading(row: ReadingRow) {
  return {
    time: showTime(row.timeMs),
    value: row.value,
    epoch: row.epoch,
    sequence: row.sequence,
    clock: showClock(row.clock),
  };
}

/** The two values of `clock` in the store. */
export function showClock(clock: number): "device" | "arrival" {
  return clock === 0 ? "device" : "arrival";
}

/** RFC 4180: CRLF, a header; no value here needs quotes. */
export async function* writeCsv(rows: Rows): AsyncGenerator<string> {
  yield "time,value,epoch,sequence,clock\r\n";
  for await (const part of rows) {
    let text = "";
    for (const row of part) {
      text += `${showTime(row.timeMs)},${row.value},${row.epoch},${row.sequence},${showClock(row.clock)}\r\n`;
    }
    yield text;
  }
}

/** The base name is a MAC address as a URN (RFC 9039 section 4.1), so that names are globally unique (RFC 8428 4.5.1). */
export async function* writeSenml(rows: Rows, mac: string, stream: string): AsyncGenerator<string> {
  const baseName = `urn:dev:mac:${macToEui64(mac)}_`;
  let isFirst = true;
  yield "[";
  for await (const part of rows) {
    const records = part.map((row) => {
      const record = { n: stream, v: row.value, t: row.timeMs / 1000 };
      const isBase = isFirst;
      isFirst = false;
      return JSON.stringify(isBase ? { bn: baseName, ...record } : record);
    });
    if (records.length > 0) yield (records[0]?.startsWith('{"bn"') ? "" : ",") + records.join(",\n");
  }
  yield "]\n";
}
