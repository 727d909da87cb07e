/** Policies of health as people write them, and as they are kept (server/health/health-policy.ts). */
import type { Static } from "typebox";
import type { Limits, PartialPolicy } from "../health/health-policy.ts";
import { REASONS, type Reason } from "../health/health-states.ts";
import { isZone } from "../rollouts/windows.ts";
import type { PolicyBody } from "./health-schemas.ts";
import { Problem } from "./problem.ts";
import { readWindows, showWindows } from "./rollout-plans.ts";

type Body = Static<typeof PolicyBody>;

/** Reasons where less is worse. */
const FALLING: readonly Reason[] = ["memory", "signal"];

export function readPolicy({ hours, ...limits }: Body): PartialPolicy {
  const policy: PartialPolicy = {};
  for (const reason of REASONS) {
    const given: Limits | undefined = limits[reason];
    if (given === undefined) continue;
    const { warning, failed } = given;
    if (warning !== null && failed !== null && (FALLING.includes(reason) ? failed > warning : failed < warning))
      throw refuse(`${reason}: what is a failure is a warning before; put the limits the other way round`);
    policy[reason] = { warning, failed };
  }
  if (hours === undefined) return policy;
  if (hours !== null && !isZone(hours.zone))
    throw refuse(`${hours.zone} is no time zone of the IANA; one is Europe/Rome`);
  return { ...policy, hours: hours && { zone: hours.zone, windows: readWindows(hours.windows) } };
}

/** In the form that it can be sent in again. */
export function showPolicy(policy: PartialPolicy): object {
  const { hours } = policy;
  return hours == null ? policy : { ...policy, hours: { ...hours, windows: showWindows(hours.windows) } };
}

function refuse(detail: string): Problem {
  return new Problem("policyRefused", detail);
}
