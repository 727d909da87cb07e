/** Readings of one stream or of several as text: a table, one list of JSON, or CSV with the stream in front. */
import type { Range, SeriesClient, StoredReading } from "../client/series-client.ts";

export type Chunks = AsyncIterable<Uint8Array | string>;

export interface Wanted {
  mac: string;
  streams: readonly string[];
  /** Each row says of which stream it is. */
  hasNames: boolean;
}

/** As wide as times and most values are: of a table that is written as it comes no column is known before. */
const TIME_CHARS = 24;
const VALUE_CHARS = 12;

export async function* tableOf(
  series: SeriesClient,
  { mac, streams, hasNames }: Wanted,
  range: Range & { limit: number },
  note: (line: string) => void,
): AsyncGenerator<string> {
  const line = (name: string, time: string, value: string, clock: string) =>
    `${hasNames ? `${name.padEnd(6)}  ` : ""}${time.padEnd(TIME_CHARS)}  ${value.padEnd(VALUE_CHARS)}  ${clock}\n`;
  yield line("STREAM", "TIME", "VALUE", "CLOCK");
  for (const stream of streams) {
    let count = 0;
    // One more tells whether there are more.
    for await (const rows of rowsOf(series, mac, stream, { ...range, limit: range.limit + 1 })) {
      const shown = rows.slice(0, range.limit - count);
      yield shown.map((row) => line(stream, row.time, String(row.value), clockOf(row))).join("");
      const next = rows[shown.length];
      if (next !== undefined) note(`lintel: there are more of ${stream}: --from ${next.time}, or a higher --limit`);
      count += rows.length;
    }
  }
}

/** On one line, however long it is. */
export async function* jsonOf(
  series: SeriesClient,
  { mac, streams, hasNames }: Wanted,
  range: Range,
): AsyncGenerator<string> {
  let before = "[";
  for (const stream of streams) {
    for await (const rows of rowsOf(series, mac, stream, range)) {
      if (rows.length === 0) continue;
      yield before + rows.map((row) => JSON.stringify(hasNames ? { stream, ...row } : row)).join(",");
      before = ",";
    }
  }
  yield before === "[" ? "[]\n" : "]\n";
}

/** What the server exports, line by line (RFC 4180: CRLF; no value of it has quotes). */
export async function* csvOf(series: SeriesClient, { mac, streams }: Wanted, range: Range): AsyncGenerator<string> {
  let isHeadDue = true;
  for (const stream of streams) {
    let isHead = true;
    for await (const lines of linesOf(await series.exported(mac, stream, range, "csv"))) {
      const [head = "", ...rest] = isHead ? lines : ["", ...lines];
      if (isHead && isHeadDue) yield `stream,${head}\r\n`;
      isHeadDue = false;
      isHead = false;
      yield rest.map((line) => `${stream},${line}\r\n`).join("");
    }
  }
}

async function* rowsOf(
  series: SeriesClient,
  mac: string,
  stream: string,
  range: Range,
): AsyncGenerator<StoredReading[]> {
  let left = range.limit ?? Number.POSITIVE_INFINITY;
  for await (const page of series.readings(mac, stream, range)) {
    yield page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\r\n");
    rest = lines.pop() ?? "";
    if (lines.length > 0) yield lines;
  }
}

function clockOf({ clock, errorS }: StoredReading): string {
  return errorS === null ? clock : `${clock}, within ${errorS} s`;
}
