/** What the routes about the health of devices take and give. */
import type { TSchema } from "typebox";
import * as Type from "typebox/type";
import { HEALTH_NAMES, NO_HEALTH, REASONS } from "../health/health-states.ts";
import { HEALTH_WINDOWS_MAX } from "../limits.ts";
import { DayWindow } from "./rollout-schemas.ts";
import { Instant, Nullable, page } from "./schemas.ts";

const strict = { additionalProperties: false };
/** Null first: Fastify would make something of it. */
const OrNull = <T extends TSchema>(schema: T) => Type.Union([Type.Null(), schema]);

const limits = (description: string, minimum: number, maximum: number) => {
  // As one type: of two, Fastify would make null of a zero.
  const Limit = Type.Unsafe<number | null>({ type: ["number", "null"], minimum, maximum });
  return Type.Optional(
    Type.Object(
      { warning: Limit, failed: Limit },
      { ...strict, description: `${description}; null: nothing is so bad` },
    ),
  );
};

const DAYS_31_MIN = 31 * 24 * 60;

export const PolicyBody = Type.Object(
  {
    silence: limits("minutes since the device was heard", 1, DAYS_31_MIN),
    restarts: limits("starts in 24 hours", 1, 10_000),
    memory: limits("bytes of program memory that are left: fewer", 1, 1_000_000),
    signal: limits("dBm: weaker", -127, 0),
    queue: limits("readings that wait on the device", 1, 10_000_000),
    clock: limits("minutes for which it has had no clock", 1, DAYS_31_MIN),
    hours: Type.Optional(
      OrNull(
        Type.Object(
          {
            zone: Type.String({ maxLength: 60, description: "IANA time zone, as Europe/Rome" }),
            windows: Type.Array(DayWindow, { minItems: 1, maxItems: HEALTH_WINDOWS_MAX }),
          },
          { ...strict, description: "when devices are on; they are not silent at other times. Null: always" },
        ),
      ),
    ),
  },
  {
    ...strict,
    description: "what is left out is as the next one says: device, its templates, project, organisation, server",
  },
);

const Policy = Type.Unsafe<object>({ type: "object", additionalProperties: true });

export const PolicyAnswer = Type.Object({
  own: Policy,
  effective: Type.Unsafe<object>({
    type: "object",
    additionalProperties: true,
    description: "with what those above it and the server say",
  }),
});

const Findings = Type.Array(
  Type.Object({
    reason: Type.Enum([...REASONS]),
    level: Type.Enum(["warning", "failed"]),
    value: Type.Number({ description: "when it came to this level, in the unit of the policy" }),
  }),
);
const State = Type.Enum([...HEALTH_NAMES, NO_HEALTH]);

export const DeviceHealth = Type.Object({
  state: State,
  since: Nullable(Instant),
  reasons: Findings,
  history: page(Type.Object({ time: Instant, state: State, reasons: Findings })),
});

const Count = Type.Integer();
export const HealthCounts = Type.Object({
  devices: Type.Object({ normal: Count, warning: Count, failed: Count, none: Count }),
  reasons: Type.Record(Type.String(), Type.Object({ warning: Count, failed: Count }), {
    description: "devices by reason; one may have several",
  }),
});
