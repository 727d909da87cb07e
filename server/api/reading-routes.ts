/** Readings of one stream by time. */
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import { EXPORT_STEP_ROWS, READINGS_DEFAULT_ROWS, READINGS_JSON_MAX_ROWS } from "../limits.ts";
import type { ReadingKey, ReadingRow } from "../store/reader.ts";
import { findDevice } from "./device-routes.ts";
import { cutPage, decodeNumbers } from "./page-cursor.ts";
import type { StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { CSV_TYPE, SENML_TYPE, showReading, writeCsv, writeSenml } from "./reading-formats.ts";
import { PROBLEM_RESPONSES, page, ReadingSchema, ReadingsQuery, StreamParams } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

type Format = "json" | "csv" | "senml";

const FORMAT_OF_TYPE: Record<string, Format> = {
  "application/json": "json",
  "application/*": "json",
  "*/*": "json",
  "text/csv": "csv",
  "text/*": "csv",
  "application/senml+json": "senml",
};

/** The last instant that `Date` knows (ECMA-262 21.4.1.1), ms. */
const TIME_END_MS = 8.64e15;

export function addReadingRoutes(app: ApiApp, store: StorePort): void {
  app.get(
    "/api/v1/devices/:mac/streams/:stream/readings",
    {
      schema: {
        summary: "Readings of a stream by time, oldest first",
        description: "JSON is paged. CSV and SenML stream everything in the range unless `limit` is given.",
        params: StreamParams,
        querystring: ReadingsQuery,
        response: {
          200: {
            description: "readings",
            content: {
              "application/json": { schema: page(ReadingSchema) },
              "text/csv": { schema: { type: "string" } },
              "application/senml+json": { schema: { type: "array", items: { type: "object" } } },
            },
          },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const format = query.format ?? formatOf(request.headers.accept);
      const device = findDevice(store, params.mac);
      const stream = store.stream(device.id, Number.parseInt(params.stream, 16));
      if (stream === undefined) {
        throw new Problem("streamUnknown", `device ${params.mac} has no stream ${params.stream}; see its streams`);
      }
      const range = {
        streamId: stream.id,
        fromMs: query.from === undefined ? 0 : parseTime("from", query.from),
        toMs: query.to === undefined ? TIME_END_MS : parseTime("to", query.to),
        after: query.cursor === undefined ? null : keyOfCursor(query.cursor),
      };
      reply.header("vary", "accept");
      if (format === "json") {
        const limit = Math.min(query.limit ?? READINGS_DEFAULT_ROWS, READINGS_JSON_MAX_ROWS);
        const { items, next } = cutPage(store.readings({ ...range, limit: limit + 1 }), limit, keyOfRow);
        return { items: items.map(showReading), next };
      }
      const rows = stepThrough(store, range, query.limit ?? Number.POSITIVE_INFINITY);
      const text = format === "csv" ? writeCsv(rows) : writeSenml(rows, params.mac, params.stream);
      // The response type of the schema is JSON; a stream goes out as it is.
      const raw: FastifyReply = reply;
      return raw.type(format === "csv" ? CSV_TYPE : SENML_TYPE).send(Readable.from(text, { objectMode: false }));
    },
  );
}

async function* stepThrough(
  store: StorePort,
  range: { streamId: number; fromMs: number; toMs: number; after: ReadingKey | null },
  limit: number,
): AsyncGenerator<ReadingRow[]> {
  let { after } = range;
  let left = limit;
  while (left > 0) {
    const wanted = Math.min(left, EXPORT_STEP_ROWS);
    const rows = store.readings({ ...range, after, limit: wanted });
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
  throw new Problem("notAcceptable", "accept application/json, text/csv or application/senml+json");
}

function parseTime(name: string, text: string): number {
  const timeMs = /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Math.abs(timeMs) <= TIME_END_MS) return timeMs;
  throw new Problem("timeInvalid", `\`${name}\` takes ISO 8601, as 2026-01-31T12:00:00Z, or Unix milliseconds`);
}

function keyOfRow(row: ReadingRow): number[] {
  return [row.timeMs, row.epochId, row.sequence];
}

function keyOfCursor(cursor: string): ReadingKey {
  const [timeMs = 0, epochId = 0, sequence = 0] = decodeNumbers(cursor, 3);
  return { timeMs, epochId, sequence };
}
