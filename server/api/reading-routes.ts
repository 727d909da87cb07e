/** Readings of one stream by time. */
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import * as Type from "typebox/type";
import { EXPORT_STEP_ROWS, READINGS_DEFAULT_ROWS, READINGS_JSON_MAX_ROWS } from "../limits.ts";
import type { ReadingKey, ReadingRow } from "../store/reading-source.ts";
import type { Series } from "../store/series.ts";
import { showTime } from "./device-routes.ts";
import { openSeries, parseTime, TIME_END_MS } from "./open-series.ts";
import { cutPage, decodeNumbers } from "./page-cursor.ts";
import { PARQUET_TYPE, writeParquet } from "./parquet-format.ts";
import type { SeriesPort, StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { CSV_TYPE, SENML_TYPE, showReading, writeCsv, writeSenml } from "./reading-formats.ts";
import { PROBLEM_RESPONSES, page, ReadingSchema, ReadingsQuery, StreamParams } from "./schemas.ts";
import { RawFrom } from "./series-schemas.ts";
import type { ApiApp } from "./typed-app.ts";

const ReadingsPage = Type.Object({ ...page(ReadingSchema).properties, rawFrom: RawFrom });

type Format = "json" | "csv" | "senml" | "parquet";

const FORMAT_OF_TYPE: Record<string, Format> = {
  "application/json": "json",
  "application/*": "json",
  "*/*": "json",
  "text/csv": "csv",
  "text/*": "csv",
  "application/senml+json": "senml",
  [PARQUET_TYPE]: "parquet",
};
/** Beside exports; a page of JSON says it in `rawFrom`. */
const RAW_FROM_HEADER = "lintel-raw-from";

export function addReadingRoutes(app: ApiApp, store: StorePort, port: SeriesPort): void {
  app.get(
    "/api/v1/devices/:mac/streams/:stream/readings",
    {
      config: { access: "read" },
      schema: {
        summary: "Readings of a stream by time, oldest first",
        description: "JSON is paged. CSV, SenML and Parquet stream everything in the range unless `limit` is given.",
        params: StreamParams,
        querystring: ReadingsQuery,
        response: {
          200: {
            description: "readings",
            content: {
              "application/json": { schema: ReadingsPage },
              "text/csv": { schema: { type: "string" } },
              "application/senml+json": { schema: { type: "array", items: { type: "object" } } },
              [PARQUET_TYPE]: { schema: { type: "string", format: "binary" } },
            },
          },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const format = query.format ?? formatOf(request.headers.accept);
      const series = openSeries(store, port, request.access, params.mac, params.stream);
      const range = {
        fromMs: query.from === undefined ? 0 : parseTime("from", query.from),
        toMs: query.to === undefined ? TIME_END_MS : parseTime("to", query.to),
        after: query.cursor === undefined ? null : keyOfCursor(query.cursor),
      };
      reply.header("vary", "accept");
      const rawFromMs = series.rawFromMs();
      const rawFrom = rawFromMs > range.fromMs ? showTime(rawFromMs) : undefined;
      if (format === "json") {
        const limit = Math.min(query.limit ?? READINGS_DEFAULT_ROWS, READINGS_JSON_MAX_ROWS);
        const { items, next } = cutPage(series.page({ ...range, limit: limit + 1 }), limit, keyOfRow);
        return { items: items.map(showReading), next, ...(rawFrom !== undefined && { rawFrom }) };
      }
      if (rawFrom !== undefined) reply.header(RAW_FROM_HEADER, rawFrom);
      const rows = stepThrough(series, range, query.limit ?? Number.POSITIVE_INFINITY);
      // The response type of the schema is JSON; a stream goes out as it is.
      const raw: FastifyReply = reply;
      if (format === "parquet") {
        return raw.type(PARQUET_TYPE).send(Readable.from(writeParquet(rows), { objectMode: false }));
      }
      const text = format === "csv" ? writeCsv(rows) : writeSenml(rows, params.mac, params.stream);
      return raw.type(format === "csv" ? CSV_TYPE : SENML_TYPE).send(Readable.from(text, { objectMode: false }));
    },
  );
}

async function* stepThrough(
  series: Series,
  range: { fromMs: number; toMs: number; after: ReadingKey | null },
  limit: number,
): AsyncGenerator<ReadingRow[]> {
  let { after } = range;
  let left = limit;
  while (left > 0) {
    const wanted = Math.min(left, EXPORT_STEP_ROWS);
    const rows = series.page({ ...range, after, limit: wanted });
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < wanted) return;
    after = last;
    left -= rows.length;
    await nextTurn();
  }
}

function formatOf(accept: string | undefined): Format {
  if (accept === undefined || accept === "") return "json";
  const offers = accept.split(",").map((part) => {
    const [type = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    return { format: FORMAT_OF_TYPE[type.toLowerCase()], quality: Number(quality ?? 1) };
  });
  offers.sort((a, b) => b.quality - a.quality);
  const best = offers.find((offer) => offer.format !== undefined && offer.quality > 0)?.format;
  if (best !== undefined) return best;
  throw new Problem("notAcceptable", `accept application/json, text/csv, application/senml+json or ${PARQUET_TYPE}`);
}

function keyOfRow(row: ReadingRow): number[] {
  return [row.timeMs, row.epochId, row.sequence];
}

function keyOfCursor(cursor: string): ReadingKey {
  const [timeMs = 0, epochId = 0, sequence = 0] = decodeNumbers(cursor, 3);
  return { timeMs, epochId, sequence };
}
