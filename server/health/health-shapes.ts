/** Policies of health as the API takes them and as they are kept. */
import type { TSchema } from "typebox";
import * as Type from "typebox/type";
import { HEALTH_WINDOWS_MAX } from "../limits.ts";
import { KeptWindow } from "../rollouts/plan-shapes.ts";
import { isZone } from "../rollouts/windows.ts";
import { OrNull, strict, ZoneText } from "../shapes.ts";
import type { Limits, PartialPolicy } from "./health-policy.ts";
import { REASONS, type Reason } from "./health-states.ts";

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

/** `window` is written otherwise by people. */
export const policyOf = <W extends TSchema>(window: W) =>
  Type.Object(
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
            { zone: ZoneText, windows: Type.Array(window, { minItems: 1, maxItems: HEALTH_WINDOWS_MAX }) },
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

export const KeptPolicy = policyOf(KeptWindow);

/** Reasons where less is worse. */
const FALLING: readonly Reason[] = ["memory", "signal"];

/** Undefined: the policy makes sense. */
export function policyFault({ hours, ...policy }: PartialPolicy): string | undefined {
  const isTurned = (reason: Reason, { warning, failed }: Limits) =>
    warning !== null && failed !== null && (FALLING.includes(reason) ? failed > warning : failed < warning);
  for (const reason of REASONS) {
    const given = policy[reason];
    if (given !== undefined && isTurned(reason, given))
      return `${reason}: what is a failure is a warning before; put the limits the other way round`;
  }
  if (hours != null && !isZone(hours.zone)) return `${hours.zone} is no time zone of the IANA; one is Europe/Rome`;
  return undefined;
}
