/** What the API takes and gives of releases and rollouts. */
import * as Type from "typebox/type";
import { RELEASE_IMAGES_MAX } from "../limits.ts";
import {
  AtOnce,
  BytesPerS,
  Canary,
  ERROR_FIELDS,
  ERROR_LIMITS,
  Steps,
  SUCCESS_FIELDS,
  targetOf,
  WINDOWS_MAX,
} from "../rollouts/plan-shapes.ts";
import { OrNull, ReleaseVersion, strict, ZoneText } from "../shapes.ts";
import { Instant, MacParams, Name, Nullable, PageQuery } from "./schemas.ts";
import { FLEET_PATTERN, PROJECT_PATTERN } from "./slugs.ts";

const Id = Type.Integer({ minimum: 1 });
const ImageId = Type.String({ pattern: "^[0-9a-f]{16}$" });
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
    version: ReleaseVersion,
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

const Target = targetOf(
  Type.Union([Id, Type.String({ pattern: PROJECT_PATTERN })], { description: "id, or slug" }),
  Type.Union([Id, Type.String({ pattern: FLEET_PATTERN })], { description: "id, or slug; who is in it now" }),
  MacParams.properties.mac,
);

export const DayWindow = Type.Object(
  { days: Type.Array(Type.Enum([...DAY_NAMES]), { minItems: 1, maxItems: 7 }), from: Clock, to: Clock },
  { ...strict, description: "`to` is not included; where it is before `from`, it is on the next day" },
);

const PlanFields = {
  target: Type.Optional(Target),
  canary: Type.Optional(Canary),
  steps: Type.Optional(Steps),
  error: Type.Optional(
    Type.Partial(Type.Object({ ...ERROR_LIMITS, ...ERROR_FIELDS }), {
      ...strict,
      description: "more bad devices in all, or more percent of a group, stop the rollout",
    }),
  ),
  success: Type.Optional(
    Type.Partial(Type.Object(SUCCESS_FIELDS), { ...strict, description: "what opens the next group" }),
  ),
  atOnce: Type.Optional(AtOnce),
  bytesPerS: Type.Optional(BytesPerS),
  zone: Type.Optional({ ...ZoneText, description: "IANA time zone of the windows, as Europe/Rome" }),
  windows: Type.Optional(Type.Array(DayWindow, { maxItems: WINDOWS_MAX })),
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
    Type.Object({
      device: Type.String(),
      image: Nullable(Type.String()),
      reason: Nullable(Type.String()),
      returns: Nullable(
        Type.Boolean({ description: "a roll-back would bring it back: the server has the image that it runs now" }),
      ),
    }),
    {
      description: "all devices of the organisation: with the image that each would be offered, or why it would not",
    },
  ),
});
