/** Plans of rollouts as the API takes them and as they are kept. */
import type { TSchema } from "typebox";
import * as Type from "typebox/type";
import { DEVICE_TAGS_MAX, ROLLOUT_DEVICES_MAX } from "../limits.ts";
import { MacText, OrNull, strict, Tag, ZoneText } from "../shapes.ts";
import type { RolloutPlan } from "./rollout-plan.ts";
import { isVersionRange } from "./target.ts";
import { isZone } from "./windows.ts";

export const Percent = Type.Number({ minimum: 0, maximum: 100 });
const Minutes = Type.Number({ minimum: 0, maximum: 366 * 24 * 60 });
const Count = Type.Integer({ minimum: 0, maximum: 1_000_000 });
/** As many digits as the API takes. */
const Id = Type.Integer({ minimum: 1, maximum: 9_999_999_999 });
const MINUTES_OF_DAY = 24 * 60;
const Minute = Type.Integer({ minimum: 0, maximum: MINUTES_OF_DAY - 1 });
/** The last instant that `Date` knows (ECMA-262 21.4.1.1), ms. */
const Time = Type.Integer({ minimum: -8.64e15, maximum: 8.64e15 });

/** As people write it a window has names of days, and times as 22:30. */
export const KeptWindow = Type.Object(
  {
    days: Type.Array(Type.Integer({ minimum: 0, maximum: 6 }), { minItems: 1, maxItems: 7 }),
    fromMin: Minute,
    toMin: Minute,
  },
  strict,
);

/** Which project, fleet and devices: people write slugs too. */
export const targetOf = <P extends TSchema, F extends TSchema, D extends TSchema>(project: P, fleet: F, device: D) =>
  Type.Object(
    {
      product: Type.Optional(Type.String({ maxLength: 32 })),
      board: Type.Optional(Type.Integer({ minimum: 0 })),
      version: Type.Optional(
        Type.String({ maxLength: 200, description: "of what runs: a range of semantic versions, as >=1.2.0 <2" }),
      ),
      project: Type.Optional(project),
      tags: Type.Optional(Type.Array(Tag, { maxItems: DEVICE_TAGS_MAX, description: "all of them" })),
      fleet: Type.Optional(fleet),
      devices: Type.Optional(Type.Array(device, { maxItems: ROLLOUT_DEVICES_MAX, description: "these and no others" })),
    },
    { ...strict, description: "what a device has to be; all that is given has to hold" },
  );

export const Canary = Type.Union([
  Type.Object({ devices: Type.Integer({ minimum: 1 }) }, strict),
  Type.Object({ percent: Percent }, strict),
]);
export const Steps = Type.Array(Percent, {
  maxItems: 20,
  description: "percent of all devices that each later group reaches; rising",
});
export const Vitals = Type.Object(
  {
    restarts: Type.Optional(Count),
    reconnects: Type.Optional(Count),
    readingsLost: Type.Optional(Count),
    freeBytesMin: Type.Optional(Count),
  },
  { ...strict, description: "beyond what the device's week before lets expect; what is left out is not looked at" },
);
export const ERROR_LIMITS = { devices: Type.Optional(Count), percent: Type.Optional(Percent) };
export const ERROR_FIELDS = {
  lostAfterMin: Minutes,
  vitals: Vitals,
  rollBack: Type.Boolean({ description: "a rollout that has to stop is rolled back at once" }),
};
export const SUCCESS_FIELDS = { percent: Percent, soakMin: Minutes, absentAfterMin: Minutes };
export const AtOnce = Type.Integer({ minimum: 1, maximum: 10_000 });
export const BytesPerS = OrNull(Type.Integer({ minimum: 100, maximum: 1_000_000_000 }));
export const WINDOWS_MAX = 20;

export const KeptPlan = Type.Object(
  {
    target: targetOf(Id, Id, MacText),
    canary: Canary,
    steps: Steps,
    error: Type.Object({ ...ERROR_LIMITS, ...ERROR_FIELDS }, strict),
    success: Type.Object(SUCCESS_FIELDS, strict),
    atOnce: AtOnce,
    bytesPerS: BytesPerS,
    zone: ZoneText,
    windows: Type.Array(KeptWindow, { maxItems: WINDOWS_MAX }),
    startMs: OrNull(Time),
    expiresMs: OrNull(Time),
    retry: Type.Boolean(),
  },
  strict,
);

/** Undefined: the plan makes sense. */
export function planFault({ target, zone, steps, error, startMs, expiresMs }: RolloutPlan): string | undefined {
  if (target.version !== undefined && !isVersionRange(target.version))
    return `${target.version} is no range of versions; one is ">=1.2.0 <2.0.0" or "1.x"`;
  if (target.project === 0) return "there is no project with such a number";
  if (target.fleet === 0) return "there is no fleet with such a number";
  if (!isZone(zone)) return `${zone} is no time zone of the IANA; one is Europe/Rome`;
  if (steps.some((percent, at) => percent <= (steps[at - 1] ?? 0)))
    return "steps are percent of all devices, each more than the one before, as 10, 50, 100";
  if (error.devices === undefined && error.percent === undefined)
    return "say how many devices, or which percent of them, may go wrong before it stops";
  if (startMs !== null && expiresMs !== null && expiresMs <= startMs) return "it would expire before it starts";
  return undefined;
}
