/** What the routes of series take and give: readings, aggregates, derived streams. */
import * as Type from "typebox/type";
import { AGGREGATE_BUCKETS_MAX, AGGREGATE_POINTS } from "../limits.ts";
import { derivedOf } from "../store/derived-shapes.ts";
import { Instant, MacParams, Nullable, StreamId } from "./schemas.ts";

const Time = Type.String({ maxLength: 40, description: "ISO 8601, or Unix milliseconds" });

export const RawFrom = Type.Optional(
  Type.String({
    format: "date-time",
    description: "readings before this time have been deleted; there if the range begins earlier",
  }),
);

export const AggregatesQuery = Type.Object({
  from: Type.Optional(
    Type.String({ ...Time, description: "where the bucket of the first reading begins, if not given" }),
  ),
  to: Type.Optional(Type.String({ ...Time, description: "not included; after the last reading if not given" })),
  resolution: Type.Optional(
    Type.String({
      maxLength: 10,
      description:
        "auto (if not given), raw, minute, hour, day, or a number with s, m, h or d, as 15m; above a day whole days",
    }),
  ),
  points: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: AGGREGATE_BUCKETS_MAX,
      description: `with auto, as many buckets at most; ${AGGREGATE_POINTS} if not given`,
    }),
  ),
  fill: Type.Optional(
    Type.Enum(["none", "null", "zero", "previous", "linear"], {
      description: "what stands in empty buckets; none: they are left out",
    }),
  ),
  tz: Type.Optional(
    Type.String({ maxLength: 64, description: "time zone of days, as Europe/Berlin; UTC if not given" }),
  ),
});

const Figure = Nullable(Type.Number());

export const AggregatesSchema = Type.Object({
  from: Instant,
  to: Instant,
  resolution: Type.String({ description: "raw, or as 15m" }),
  tz: Type.String(),
  unit: Nullable(Type.String({ description: "of a derived stream" })),
  approximate: Type.Boolean({
    description: "readings are deleted, and an edge runs through what is left: it counts where its first reading is",
  }),
  rawFrom: RawFrom,
  rollupsFrom: Type.Optional(
    Type.String({ format: "date-time", description: "nothing is left from before this time" }),
  ),
  buckets: Type.Array(
    Type.Object({
      time: Type.String({ format: "date-time", description: "its beginning, or that of the range" }),
      count: Type.Integer(),
      sum: Figure,
      mean: Figure,
      min: Figure,
      max: Figure,
      first: Figure,
      last: Figure,
    }),
  ),
});

export const LastSchema = Type.Object({ time: Instant, value: Type.Number(), unit: Nullable(Type.String()) });

const Source = {
  device: MacParams.properties.mac,
  stream: StreamId,
};

export const DerivedBody = derivedOf(
  MacParams.properties.mac,
  (unit) => Type.Optional(unit),
  (offset) => Type.Optional(offset),
  { from: Type.Optional(Time), to: Type.Optional(Time) },
);

export const DerivedSchema = Type.Object({
  stream: StreamId,
  kind: Type.Enum(["linear", "difference", "alias"]),
  source: Type.Optional(Type.Object(Source)),
  factor: Type.Optional(Type.Number()),
  offset: Type.Optional(Type.Number()),
  sections: Type.Optional(
    Type.Array(Type.Object({ ...Source, from: Type.Optional(Type.String()), to: Type.Optional(Type.String()) })),
  ),
  unit: Nullable(Type.String()),
  created: Instant,
});
