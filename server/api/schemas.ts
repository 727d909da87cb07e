/** What the API takes and gives. The OpenAPI document is generated from these. */
import type { TSchema } from "typebox";
import * as Type from "typebox/type";
import { FLASH_KIT_NAME, FLASH_KIT_PARTS_MAX, FLASH_KIT_TITLE_MAX } from "../../runtime/image/flash-kit.ts";
import {
  PAGE_DEFAULT_ROWS,
  PAGE_MAX_ROWS,
  READINGS_DEFAULT_ROWS,
  READINGS_JSON_MAX_ROWS,
  UPDATE_HISTORY_MAX,
} from "../limits.ts";
import { NAME_MAX_CHARS, Name, Slug, StreamId } from "../shapes.ts";
import { ProblemSchema } from "./problem.ts";
import { DEVICE_PATTERN, DEVICE_WORDS, STREAM_PATTERN } from "./slugs.ts";

export { NAME_MAX_CHARS, Name, Slug, StreamId };

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const Instant = Type.String({ format: "date-time", description: "ISO 8601, UTC, milliseconds" });

export const MacParams = Type.Object({
  mac: Type.String({
    pattern: DEVICE_PATTERN,
    description: DEVICE_WORDS,
  }),
});

const ImageId = Type.String({
  pattern: "^[0-9a-f]{16}$",
  description: "image id, sixteen lowercase hex digits: the beginning of the SHA-256 of the image's header",
});

export const StreamParams = Type.Object({
  ...MacParams.properties,
  stream: Type.String({
    pattern: STREAM_PATTERN,
    description: "stream id, four lowercase hex digits; or slug, as s--0000-0001--0000-5ccf-7f12-3456--5001",
  }),
});

/** Where something is. */
export const PlaceFields = {
  latitude: Type.Number({ minimum: -90, maximum: 90, description: "degrees, WGS 84" }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
  name: Nullable(Type.String()),
};

export const PageQuery = Type.Object({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: PAGE_MAX_ROWS, description: `rows; ${PAGE_DEFAULT_ROWS} when not given` }),
  ),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: "`next` of the page before" })),
});

export const OrganisationQuery = Type.Object({ organisation: Type.Optional(Slug) });

const Next = Nullable(Type.String({ description: "cursor of the next page; null at the end" }));

/** A page of `items`. */
export function page<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), next: Next });
}

export const DeviceSchema = Type.Object({
  mac: Type.String(),
  slug: Type.String(),
  name: Nullable(Type.String()),
  project: Nullable(Type.String({ description: "slug; null: it belongs to none yet" })),
  standing: Type.Enum(["waiting", "active", "revoked", "replaced"], {
    description: "waiting: it has said hello, and nothing else of it is taken until somebody approves it",
  }),
  health: Type.Enum(["normal", "warning", "failed", "none"], {
    description: "why: see its health; none: it has not said hello, or is not in use",
  }),
  secret: Type.Enum(["none", "own", "pending"], {
    description: "of its own; pending: it was given one, and has not said yet that it works with it",
  }),
  replacedBy: Nullable(Type.String({ description: "MAC address of the board in its place" })),
  product: Nullable(Type.String({ description: "a recovery program does not change it" })),
  version: Nullable(Type.String()),
  board: Nullable(Type.Integer()),
  abi: Nullable(Type.Integer()),
  slot: Nullable(Type.Integer()),
  resetReason: Nullable(Type.Integer({ description: "ResetReason of the host ABI" })),
  boots: Nullable(Type.Integer({ description: "starts since power was applied" })),
  epoch: Nullable(Type.Integer({ description: "epoch of the reading queue as of the last hello" })),
  watermark: Nullable(Type.Integer({ description: "every reading of that epoch up to this one is accounted for" })),
  image: Nullable(ImageId),
  trial: Type.Boolean({ description: "the program runs on trial, it has not confirmed itself yet" }),
  failedImage: Nullable(Type.String({ description: "id of the last image that failed there" })),
  failure: Nullable(Type.String({ description: "why, as in `update`" })),
  configVersion: Nullable(
    Type.Integer({ description: "version of the configuration in use; null: none of the server" }),
  ),
  tags: Type.Array(Type.String()),
  location: Nullable(
    Type.Object({
      ...PlaceFields,
      of: Type.Enum(["device", "project"], {
        description: "whose place it is: a device has its project's without one",
      }),
    }),
  ),
  firstSeen: Instant,
  lastSeen: Instant,
  lastHello: Nullable(Instant),
  online: Type.Boolean(),
  state: Nullable(
    Type.Object({
      time: Instant,
      rssiDbm: Nullable(Type.Integer()),
      freeBytes: Nullable(Type.Integer()),
      queued: Nullable(Type.Integer()),
      dropped: Nullable(Type.Integer()),
      reconnects: Nullable(Type.Integer()),
      uptimeS: Nullable(Type.Integer()),
      ignored: Nullable(Type.Integer()),
    }),
  ),
});

export const StreamSchema = Type.Object({
  stream: StreamId,
  slug: Type.String(),
  count: Type.Integer(),
  firstTime: Instant,
  lastTime: Instant,
  lastValue: Type.Number(),
});

export const ReadingSchema = Type.Object({
  time: Instant,
  value: Type.Number(),
  epoch: Type.Integer(),
  sequence: Type.Integer(),
  clock: Type.Union([Type.Literal("device"), Type.Literal("arrival"), Type.Literal("estimated")], {
    description:
      "where the time is from: the device's clock, the server's at arrival, or an estimate of the device, which had no " +
      "clock when it measured",
  }),
  errorS: Nullable(Type.Integer({ description: "the time is no further from the truth, seconds; null: not known" })),
});

const Time = Type.String({ maxLength: 40, description: "ISO 8601, or Unix milliseconds" });

export const ReadingsQuery = Type.Object({
  from: Type.Optional(Time),
  to: Type.Optional(Type.String({ ...Time, description: "not included; ISO 8601, or Unix milliseconds" })),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: `rows; of json at most ${READINGS_JSON_MAX_ROWS}, ${READINGS_DEFAULT_ROWS} when not given; else all`,
    }),
  ),
  cursor: PageQuery.properties.cursor,
  format: Type.Optional(
    Type.Union([Type.Literal("json"), Type.Literal("csv"), Type.Literal("senml"), Type.Literal("parquet")], {
      description: "instead of an Accept header",
    }),
  ),
});

export const GapSchema = Type.Object({
  epoch: Type.Integer(),
  from: Type.Integer({ description: "first sequence number that the device dropped" }),
  to: Type.Integer({ description: "last one" }),
  noticed: Instant,
});

export const SignatureSchema = Type.Object({
  epoch: Type.Integer(),
  from: Type.Integer({ description: "first sequence number of readings that came signed" }),
  to: Type.Integer({ description: "last one" }),
  verdict: Type.Enum(["verified", "wrong", "unchecked"], {
    description: "unchecked: this server keeps no secret of the device, or one that the device has not confirmed yet",
  }),
  last: Instant,
});

export const RejectedSchema = Type.Object({
  epoch: Type.Integer(),
  sequence: Type.Integer(),
  reason: Type.String(),
  recordHex: Type.String({ description: "the record as CBOR, or of an IOTile report as it came, in hex" }),
  received: Instant,
});

export const GapPage = Type.Object({
  count: Type.Integer(),
  readings: Type.Integer({ description: "readings in all gaps" }),
  ...page(GapSchema).properties,
});

export const SignaturePage = page(SignatureSchema);

export const RejectedPage = Type.Object({ count: Type.Integer(), ...page(RejectedSchema).properties });

export const LiveQuery = Type.Object({
  device: Type.Optional(MacParams.properties.mac),
  stream: Type.Optional(StreamId),
});

export const ImageParams = Type.Object({ id: ImageId });

export const ImageSchema = Type.Object({
  id: ImageId,
  product: Type.String(),
  version: Type.String(),
  arch: Type.String({ description: "wasm32 or lx106" }),
  abi: Type.Integer({ description: "host ABI version needed" }),
  board: Type.Integer({ description: "0 = any" }),
  securityCounter: Type.Integer({ description: "devices refuse one below that of a program that they have confirmed" }),
  sizeBytes: Type.Integer({ description: "header and payload" }),
  payloadBytes: Type.Integer(),
  compressedBytes: Type.Union([Type.Integer(), Type.Null()], {
    description:
      "sent to a device that has nothing to patch; null: it gets the image as it is, for compressing is not worth while, " +
      "or not done yet",
  }),
  ramBytes: Type.Integer(),
  digest: Type.String({ description: "SHA-256 of the payload, hex" }),
  keyId: Type.String({ description: "of the key that signed it, hex" }),
  created: Instant,
});

export const DesiredImageBody = Type.Object(
  {
    image: ImageId,
    retry: Type.Optional(
      Type.Boolean({
        description: "try again an image that has failed on this device before, once; false if not given",
      }),
    ),
  },
  { additionalProperties: false },
);

const Failure = Nullable(Type.String({ description: "why, as `bad-signature`; with rolled-back and failed" }));
const Percent = Nullable(Type.Integer({ description: "downloaded so far; with downloading" }));

const UpdateStepSchema = Type.Object({
  atMs: Type.Integer({ description: "Unix time when the server heard of it, or of the beginning of a download, ms" }),
  state: Type.String(),
  image: Nullable(ImageId),
  percent: Percent,
  failure: Failure,
});

export const UpdateSchema = Type.Object({
  desired: Nullable(ImageId),
  retry: Type.Boolean({ description: "the device may try again an image that failed there" }),
  givenUp: Type.Boolean({
    description: "the desired image failed or was refused; it is not offered again until it is set again",
  }),
  confirmed: Type.Boolean({
    description: "the device runs the desired image and has confirmed it, and no other image can have come since",
  }),
  online: Type.Boolean({ description: "connected, and has said in this connection what it runs" }),
  running: Nullable(ImageId),
  trial: Type.Boolean({ description: "what runs has not confirmed itself yet" }),
  underWay: Nullable(
    Type.String({ description: "id of another image, which the device is loading or about to start" }),
  ),
  offer: Nullable(
    Type.Object(
      {
        image: ImageId,
        kind: Type.Union([Type.Literal("patch"), Type.Literal("compressed"), Type.Literal("image")]),
        bytes: Type.Integer({ description: "what the device has to load for it" }),
      },
      {
        description:
          "what the device was sent since the image is desired; null also where the server was restarted since",
      },
    ),
  ),
  image: Nullable(Type.String({ description: "what state, percent and failure are about" })),
  state: Type.String({
    description:
      "idle, queued, downloading, downloaded, verified, restarting, confirmed, rolled-back, failed; idle if never told",
  }),
  percent: Percent,
  failure: Failure,
  history: Type.Array(UpdateStepSchema, {
    maxItems: UPDATE_HISTORY_MAX,
    description: `the last ${UPDATE_HISTORY_MAX} steps, oldest first`,
  }),
});

export const KitParams = Type.Object({
  board: Type.String({ pattern: FLASH_KIT_NAME, description: "lowercase letters, digits and hyphens, 32 at most" }),
});

const KitPart = {
  name: Type.String({ pattern: FLASH_KIT_NAME }),
  offset: Type.Integer({ minimum: 0, description: "of the flash chip, bytes; the beginning of a sector" }),
};

export const KitBody = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: FLASH_KIT_TITLE_MAX, description: "of the board, for people" }),
    flashMiB: Type.Integer({ minimum: 1, maximum: 16, description: "size of the board's flash" }),
    parts: Type.Array(
      Type.Object(
        {
          ...KitPart,
          content: Type.String({ minLength: 4, pattern: "^[A-Za-z0-9+/]+={0,2}$", description: "base64" }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: FLASH_KIT_PARTS_MAX },
    ),
  },
  { additionalProperties: false },
);

export const KitSchema = Type.Object({
  board: Type.String(),
  title: Type.String(),
  product: Type.String(),
  version: Type.String(),
  flashMiB: Type.Integer(),
  stored: Instant,
  parts: Type.Array(
    Type.Object({
      ...KitPart,
      sizeBytes: Type.Integer(),
      digest: Type.String({ description: "SHA-256, hex" }),
    }),
  ),
});

/** The responses of every route beside its own. */
export const PROBLEM_RESPONSES = {
  "4xx": { description: "problem", content: { "application/problem+json": { schema: ProblemSchema } } },
  "5xx": {
    description: "problem; `busy` comes with Retry-After",
    content: { "application/problem+json": { schema: ProblemSchema } },
  },
};
