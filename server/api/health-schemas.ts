/** What the routes about the health of devices take and give. */
import * as Type from "typebox/type";
import { policyOf } from "../health/health-shapes.ts";
import { HEALTH_NAMES, NO_HEALTH, REASONS } from "../health/health-states.ts";
import { DayWindow } from "./rollout-schemas.ts";
import { Instant, Nullable, page } from "./schemas.ts";

export const PolicyBody = policyOf(DayWindow);

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
