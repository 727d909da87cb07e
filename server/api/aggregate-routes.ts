/** Readings of a stream summed up over stretches of time, and the last one. */
import type { FastifyRequest } from "fastify";
import { AGGREGATE_BUCKETS_MAX, AGGREGATE_POINTS, QUERIES_MAX } from "../limits.ts";
import { addReading, emptyBucket } from "../store/bucket.ts";
import { keyAt, type Series } from "../store/series.ts";
import { autoStep, bucketEdges, bucketStart, parseStep, showStep, TimeZone } from "./bucket-edges.ts";
import { showTime } from "./device-routes.ts";
import { type Fill, type Neighbours, type ShownBucket, showBuckets } from "./fill-buckets.ts";
import { openSeries, parseTime } from "./open-series.ts";
import type { SeriesPort, StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { PROBLEM_RESPONSES, StreamParams } from "./schemas.ts";
import { AggregatesQuery, AggregatesSchema, LastSchema } from "./series-schemas.ts";
import type { ApiApp } from "./typed-app.ts";

interface Question {
  fromMs: number;
  /** `fromMs` is the first reading, not asked for: the first bucket begins where one does, as all others. */
  isFromFirst: boolean;
  toMs: number;
  zone: TimeZone;
  fill: Fill;
  points: number;
}

interface Answer {
  fromMs: number;
  resolution: string;
  isApproximate: boolean;
  buckets: ShownBucket[];
}

/** No reading is of a later year than 9999 (server/ingest/senml-pack.ts), and none from before 1970. */
const READINGS_END_MS = 253_402_300_800_000;
const MINUTE_MS = 60_000;
const LEAST_STEP_MS = 1000;

export function addAggregateRoutes(app: ApiApp, store: StorePort, port: SeriesPort): void {
  let underWay = 0;

  app.get(
    "/api/v1/devices/:mac/streams/:stream/aggregates",
    {
      config: { access: "read" },
      schema: {
        summary: "Readings of a stream, summed up over stretches of time",
        description:
          "Exact at every moment, late readings included. Where readings were deleted, from the minutes, hours or days that are left.",
        params: StreamParams,
        querystring: AggregatesQuery,
        response: { 200: AggregatesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { params, query, access } = request;
      const series = openSeries(store, port, access, params.mac, params.stream);
      const zone = zoneOf(query.tz ?? "UTC");
      const span = series.span() ?? { firstMs: 0, lastMs: 0 };
      const fromMs = query.from === undefined ? span.firstMs : Math.max(0, parseTime("from", query.from));
      const toMs =
        query.to === undefined
          ? Math.max(span.lastMs, fromMs) + 1
          : Math.min(READINGS_END_MS, parseTime("to", query.to));
      if (fromMs >= toMs) throw new Problem("timeInvalid", "`from` must be before `to`");
      if (underWay >= QUERIES_MAX) throw new Problem("tooManyQueries", "ask again in a moment, or for less at a time");
      underWay++;
      try {
        const { fill = "none", points = AGGREGATE_POINTS, resolution = "auto" } = query;
        const question = { fromMs, isFromFirst: query.from === undefined, toMs, zone, fill, points };
        const answer = await ask(series, question, resolution, () => isOpen(request));
        const limits = { rawFrom: series.rawFromMs(), rollupsFrom: series.rollupsFromMs() };
        return {
          from: showTime(answer.fromMs),
          to: showTime(toMs),
          resolution: answer.resolution,
          tz: query.tz ?? "UTC",
          unit: port.derivedOne({ device: params.mac, stream: params.stream })?.definition.unit ?? null,
          approximate: answer.isApproximate,
          ...(limits.rawFrom > fromMs && { rawFrom: showTime(limits.rawFrom) }),
          ...(limits.rollupsFrom > fromMs && { rollupsFrom: showTime(limits.rollupsFrom) }),
          buckets: answer.buckets,
        };
      } finally {
        underWay--;
      }
    },
  );

  app.get(
    "/api/v1/devices/:mac/streams/:stream/last",
    {
      config: { access: "read" },
      schema: {
        summary: "The newest reading of a stream, by its time",
        params: StreamParams,
        response: { 200: LastSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => {
      const last = openSeries(store, port, access, params.mac, params.stream).last();
      if (last === null) throw new Problem("streamEmpty", "ask again when its device has sent something");
      const unit = port.derivedOne({ device: params.mac, stream: params.stream })?.definition.unit ?? null;
      return { time: showTime(last.timeMs), value: last.value, unit };
    },
  );
}

async function ask(series: Series, question: Question, resolution: string, isWanted: () => boolean): Promise<Answer> {
  const { fromMs, isFromFirst, toMs, zone, points } = question;
  const isRawGone = series.rawFromMs() > fromMs;
  if (resolution === "raw" || resolution === "auto") {
    const limit = resolution === "raw" ? AGGREGATE_BUCKETS_MAX : points;
    const raw = isRawGone ? null : readingsAsBuckets(series, question, limit);
    if (raw !== null) return { fromMs, resolution: "raw", isApproximate: false, buckets: raw };
    if (resolution === "raw" && !isRawGone) throw tooMany();
  }
  const isAuto = resolution === "auto" || resolution === "raw";
  const leastMs = isRawGone ? MINUTE_MS : LEAST_STEP_MS;
  const wanted = resolution === "raw" ? AGGREGATE_BUCKETS_MAX : points;
  const stepMs = isAuto ? autoStep(toMs - fromMs, wanted, leastMs) : parseStep(resolution);
  if (stepMs === null) {
    throw new Problem(
      "resolutionInvalid",
      "take auto, raw, minute, hour, day, or a number with s, m, h or d, as 15m or 7d",
    );
  }
  const firstMs = isFromFirst ? bucketStart(fromMs, stepMs, zone) : fromMs;
  const edges = bucketEdges(firstMs, toMs, stepMs, zone, isAuto ? AGGREGATE_BUCKETS_MAX + 1 : AGGREGATE_BUCKETS_MAX);
  if (edges === null) throw tooMany();
  const { buckets, isApproximate } = await series.sumUp(edges, isWanted);
  const shown = showBuckets(buckets, edges, question.fill, neighbours(series, question));
  return { fromMs: firstMs, resolution: showStep(stepMs), isApproximate, buckets: shown };
}

/** Null: there are more. */
function readingsAsBuckets(series: Series, { fromMs, toMs }: Question, limit: number): ShownBucket[] | null {
  const rows = series.page({ fromMs, toMs, after: null, limit: limit + 1 });
  if (rows.length > limit) return null;
  return rows.flatMap(({ timeMs, value }) => {
    const bucket = emptyBucket();
    addReading(bucket, timeMs, value);
    return showBuckets([bucket], [timeMs, timeMs + 1], "none", { before: null, after: null });
  });
}

function neighbours(series: Series, { fromMs, toMs, fill }: Question): Neighbours {
  const before = fill === "previous" || fill === "linear" ? series.before(keyAt(fromMs)) : undefined;
  const after =
    fill === "linear"
      ? series.page({ fromMs: toMs, toMs: Number.MAX_SAFE_INTEGER, after: null, limit: 1 })[0]
      : undefined;
  return { before: before ?? null, after: after ?? null };
}

function zoneOf(name: string): TimeZone {
  try {
    return new TimeZone(name);
  } catch {
    throw new Problem("zoneUnknown", "`tz` takes a name of the IANA database, as Europe/Berlin");
  }
}

function tooMany(): Problem {
  const detail = `an answer has ${AGGREGATE_BUCKETS_MAX} buckets at most: take a coarser resolution, or a shorter range`;
  return new Problem("tooManyBuckets", detail);
}

function isOpen(request: FastifyRequest): boolean {
  return !request.raw.socket.destroyed;
}
