/** What the API takes and gives of releases and rollouts. */
import type { TSchema } from "typebox";
import * as Type from "typebox/type";
import { DEVICE_TAGS_MAX, RELEASE_IMAGES_MAX, ROLLOUT_DEVICES_MAX } from "../limits.ts";
import { Tag } from "./registration-schemas.ts";
import { Instant, MacParams, Name, Nullable, PageQuery } from "./schemas.ts";
import { FLEET_PATTERN, PROJECT_PATTERN } from "./slugs.ts";

const strict = { additionalProperties: false };
const Id = Type.Integer({ minimum: 1 });
const ImageId = Type.String({ pattern: "^[0-9a-f]{16}$" });
const Percent = Type.Number({ minimum: 0, maximum: 100 });
const Minutes = Type.Number({ minimum: 0, maximum: 366 * 24 * 60 });
const Count = Type.Integer({ minimum: 0, maximum: 1_000_000 });
/** Null first: Fastify would make an empty text or a zero of it. */
const OrNull = <T extends TSchema>(schema: T) => Type.Union([Type.Null(), schema]);
const Clock = Type.String({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$", description: "as 22:30" });
export const DAY_NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

export const KeyParams = Type.Object({ keyId: Type.String({ pattern: "^[0-9a-f]{16}$" }) });
export const KeyBody = Type.Object({ pem: Type.String({ maxLength: 4000 }), name: Name }, strict);
export const KeySchema = Type.Object({ keyId: Type.String(), name: Type.String(), since: Instant });

export const PolicySchema = Type.Object(
  {
    needsApproval: Type.Boolean({
      description: "rollouts wait until somebody else than their maker has approved them",
    }),
  },
  strict,
);

export const ReleaseParams = Type.Object({ release: Id });
export const ReleaseBody = Type.Object(
  {
    version: Type.String({ pattern: "^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$", description: "of the release, as 1.2.0" }),
    notes: Type.Optional(Type.String({ maxLength: 10_000 })),
    images: Type.Array(ImageId, { minItems: 1, maxItems: RELEASE_IMAGES_MAX, description: "stored and signed images" }),
    draft: Type.Optional(
      Type.Boolean({ description: "not to be rolled out before it is published; false if not given" }),
    ),
  },
  strict,
);

export const ReleaseSchema = Type.Object({
  id: Id,
  organisation: Type.String(),
  version: Type.String(),
  notes: Type.String(),
  state: Type.String({ description: "draft, released, withdrawn" }),
  created: Instant,
  since: Instant,
  images: Type.Array(
    Type.Object({
      id: ImageId,
      product: Type.String(),
      version: Type.String(),
      arch: Type.String(),
      board: Type.Integer({ description: "0 = any" }),
    }),
  ),
});

const Target = Type.Object(
  {
    product: Type.Optional(Type.String({ maxLength: 32 })),
    board: Type.Optional(Type.Integer({ minimum: 0 })),
    version: Type.Optional(
      Type.String({ maxLength: 200, description: "of what runs: a range of semantic versions, as >=1.2.0 <2" }),
    ),
    project: Type.Optional(Type.Union([Id, Type.String({ pattern: PROJECT_PATTERN })], { description: "id, or slug" })),
    tags: Type.Optional(Type.Array(Tag, { maxItems: DEVICE_TAGS_MAX, description: "all of them" })),
    fleet: Type.Optional(
      Type.Union([Id, Type.String({ pattern: FLEET_PATTERN })], { description: "id, or slug; who is in it now" }),
    ),
    devices: Type.Optional(
      Type.Array(MacParams.properties.mac, { maxItems: ROLLOUT_DEVICES_MAX, description: "these and no others" }),
    ),
  },
  { ...strict, description: "what a device has to be; all that is given has to hold" },
);

export const DayWindow = Type.Object(
  { days: Type.Array(Type.Enum([...DAY_NAMES]), { minItems: 1, maxItems: 7 }), from: Clock, to: Clock },
  { ...strict, description: "`to` is not included; where it is before `from`, it is on the next day" },
);

const PlanFields = {
  target: Type.Optional(Target),
  canary: Type.Optional(
    Type.Union([
      Type.Object({ devices: Type.Integer({ minimum: 1 }) }, strict),
      Type.Object({ percent: Percent }, strict),
    ]),
  ),
  steps: Type.Optional(
    Type.Array(Percent, { maxItems: 20, description: "percent of all devices that each later group reaches; rising" }),
  ),
  error: Type.Optional(
    Type.Object(
      {
        devices: Type.Optional(Count),
        percent: Type.Optional(Percent),
        lostAfterMin: Type.Optional(Minutes),
        vitals: Type.Optional(
          Type.Object(
            {
              restarts: Type.Optional(Count),
              reconnects: Type.Optional(Count),
              readingsLost: Type.Optional(Count),
              freeBytesMin: Type.Optional(Count),
            },
            {
              ...strict,
              description: "beyond what the device's week before lets expect; what is left out is not looked at",
            },
          ),
        ),
        rollBack: Type.Optional(Type.Boolean({ description: "a rollout that has to stop is rolled back at once" })),
      },
      { ...strict, description: "more bad devices in all, or more percent of a group, stop the rollout" },
    ),
  ),
  success: Type.Optional(
    Type.Object(
      {
        percent: Type.Optional(Percent),
        soakMin: Type.Optional(Minutes),
        absentAfterMin: Type.Optional(Minutes),
      },
      { ...strict, description: "what opens the next group" },
    ),
  ),
  atOnce: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  bytesPerS: Type.Optional(OrNull(Type.Integer({ minimum: 100, maximum: 1_000_000_000 }))),
  zone: Type.Optional(Type.String({ maxLength: 60, description: "IANA time zone of the windows, as Europe/Rome" })),
  windows: Type.Optional(Type.Array(DayWindow, { maxItems: 20 })),
  startsAt: Type.Optional(OrNull(Type.String({ maxLength: 40, description: "ISO 8601, or Unix milliseconds" }))),
  expiresAt: Type.Optional(OrNull(Type.String({ maxLength: 40, description: "ISO 8601, or Unix milliseconds" }))),
  retry: Type.Optional(Type.Boolean({ description: "also where the image has failed before, once" })),
};

export const PlanBody = Type.Object(PlanFields, strict);
export const RolloutBody = Type.Object(
  { release: Id, name: Type.Optional(Name), draft: Type.Optional(Type.Boolean()), ...PlanFields },
  strict,
);

export const RolloutParams = Type.Object({ rollout: Id });
export const RolloutHeaders = Type.Object({
  "if-match": Type.Optional(Type.String({ maxLength: 100, description: "`ETag` of what was read; else 412" })),
});

const Counts = Type.Record(Type.String(), Type.Integer(), { description: "devices by state" });

export const RolloutSchema = Type.Object({
  id: Id,
  organisation: Type.String(),
  release: Id,
  version: Type.String(),
  name: Type.String(),
  state: Type.String({
    description: "draft, waiting, scheduled, running, paused, stopped, finished, aborted, rolling-back, rolled-back",
  }),
  reason: Nullable(Type.String({ description: "why it has stopped" })),
  revision: Type.Integer(),
  group: Type.Integer({ description: "that is open, counted from 1; 0: none yet" }),
  madeBy: Type.String(),
  approvedBy: Nullable(Type.String()),
  created: Instant,
  started: Nullable(Instant),
  since: Instant,
  touched: Type.Integer({ description: "devices that were offered the image" }),
  devices: Counts,
  groups: Type.Array(Type.Object({ devices: Counts, bad: Type.Integer() })),
  plan: Type.Unsafe<object>({ type: "object", additionalProperties: true }),
});

export const RolloutQuery = Type.Object({
  ...PageQuery.properties,
  state: Type.Optional(Type.String({ maxLength: 20, description: "of the device, as failed" })),
});

export const RolloutDeviceSchema = Type.Object({
  device: Type.String(),
  group: Type.Integer(),
  state: Type.String({
    description:
      "pending, offered, downloading, trial, confirmed, failed, skipped, expired, lost, returning, back, stayed",
  }),
  bad: Type.Boolean({ description: "it counts against the error condition" }),
  reason: Nullable(Type.String()),
  image: Type.String(),
  before: Nullable(Type.String({ description: "image that it ran when it was offered this one" })),
  beforeVersion: Nullable(Type.String()),
  running: Nullable(Type.String()),
  online: Type.Boolean(),
  since: Instant,
  confirmed: Nullable(Instant),
  restarts: Type.Integer({ description: "since it has confirmed the image, as what follows" }),
  reconnects: Type.Integer(),
  readingsLost: Type.Integer(),
});

export const RolloutLogSchema = Type.Object({
  time: Instant,
  state: Type.String(),
  group: Type.Integer(),
  reason: Nullable(Type.String()),
  who: Nullable(Type.String({ description: "null: the server" })),
});

export const DryRunSchema = Type.Object({
  fitting: Type.Integer(),
  groups: Type.Array(Type.Integer(), { description: "devices in each, the canary first" }),
  devices: Type.Array(
    Type.Object({ device: Type.String(), image: Nullable(Type.String()), reason: Nullable(Type.String()) }),
    {
      description: "all devices of the organisation: with the image that each would be offered, or why it would not",
    },
  ),
});
