/**
 * Readings as JSON, CSV and SenML. CSV and SenML are written piece by piece: the store is asked for a few hundred rows at
 * a time, and between two pieces the event loop serves everyone else.
 */
import { SENML_TIME_ERROR, SENML_TIME_ESTIMATED } from "../../runtime/contract/senml.ts";
import { macToEui64 } from "../mac-address.ts";
import type { ReadingRow } from "../store/reading-source.ts";
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
    errorS: row.errorS,
  };
}

const CLOCKS = ["device", "arrival", "estimated"] as const;
const CLOCK_ESTIMATED = 2;

/** The values of `clock` in the store. */
export function showClock(clock: number): (typeof CLOCKS)[number] {
  return CLOCKS[clock] ?? "arrival";
}

/** RFC 4180: CRLF, a header; no value here needs quotes. */
export async function* writeCsv(rows: Rows): AsyncGenerator<string> {
  yield "time,value,epoch,sequence,clock,errorS\r\n";
  for await (const part of rows) {
    let text = "";
    for (const row of part) {
      const { value, epoch, sequence, errorS } = row;
      text += `${showTime(row.timeMs)},${value},${epoch},${sequence},${showClock(row.clock)},${errorS ?? ""}\r\n`;
    }
    yield text;
  }
}

/**
 * The base name is a MAC address as a URN (RFC 9039 section 4.1), so that names are globally unique (RFC 8428 4.5.1). How
 * sure a time is stands in fields of our own, as devices send them; others skip these (RFC 8428 4.4).
 */
export async function* writeSenml(rows: Rows, mac: string, stream: string): AsyncGenerator<string> {
  const baseName = `urn:dev:mac:${macToEui64(mac)}_`;
  let isFirst = true;
  yield "[";
  for await (const part of rows) {
    const records = part.map((row) => {
      const record: Record<string, unknown> = { n: stream, v: row.value, t: row.timeMs / 1000 };
      if (row.errorS !== null) record[SENML_TIME_ERROR] = row.errorS;
      if (row.clock === CLOCK_ESTIMATED) record[SENML_TIME_ESTIMATED] = true;
      const isBase = isFirst;
      isFirst = false;
      return JSON.stringify(isBase ? { bn: baseName, ...record } : record);
    });
    if (records.length > 0) yield (records[0]?.startsWith('{"bn"') ? "" : ",") + records.join(",\n");
  }
  yield "]\n";
}
