/** What the routes about events and notes take and give. */
import * as Type from "typebox/type";
import { EVENT_DATA_MAX_BYTES, NOTE_MAX_CHARS } from "../limits.ts";
import { FileName, EventKind as Kind } from "../shapes.ts";
import { Instant, MacParams, Nullable, PageQuery, StreamParams } from "./schemas.ts";

const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Time = Type.String({ maxLength: 40, description: "ISO 8601, or Unix milliseconds" });
const StreamId = StreamParams.properties.stream;

export const EventParams = Type.Object({ ...MacParams.properties, event: Id });
export const EventFileParams = Type.Object({
  ...EventParams.properties,
  name: FileName,
});

export const EventsQuery = Type.Object({
  ...PageQuery.properties,
  from: Type.Optional(Time),
  to: Type.Optional(Type.String({ ...Time, description: "not included; ISO 8601, or Unix milliseconds" })),
  kind: Type.Optional(Kind),
  stream: Type.Optional(StreamId),
});

export const NewEvent = Type.Object(
  {
    time: Type.Optional(Type.String({ ...Time, description: "now, when not given" })),
    kind: Kind,
    stream: Type.Optional(StreamId),
    data: Type.Optional(
      Type.Unknown({ description: `text or JSON, ${EVENT_DATA_MAX_BYTES} bytes at most; null if not given` }),
    ),
  },
  { additionalProperties: false },
);

export const EventFileSchema = Type.Object({
  name: Type.String(),
  mediaType: Type.String(),
  sizeBytes: Type.Integer(),
  sha256: Type.String(),
  created: Instant,
});

export const EventSchema = Type.Object({
  id: Id,
  device: Type.String({ description: "MAC address of the board that it happened to" }),
  time: Instant,
  kind: Kind,
  stream: Nullable(StreamId),
  data: Type.Unknown(),
  by: Type.String({ description: "who posted it" }),
  created: Instant,
  files: Type.Array(EventFileSchema),
});

export const NoteParams = Type.Object({ note: Id });
const Text = Type.String({ minLength: 1, maxLength: NOTE_MAX_CHARS });

export const NotesQuery = Type.Object({ ...PageQuery.properties, stream: Type.Optional(StreamId) });
export const NewDeviceNote = Type.Object(
  { text: Text, stream: Type.Optional(StreamId) },
  { additionalProperties: false },
);
export const NewNote = Type.Object({ text: Text }, { additionalProperties: false });

export const NoteSchema = Type.Object({
  id: Id,
  device: Nullable(Type.String({ description: "MAC address" })),
  stream: Nullable(StreamId),
  project: Nullable(Type.String({ description: "slug" })),
  text: Type.String(),
  by: Type.String(),
  created: Instant,
  changed: Nullable(Instant),
});
