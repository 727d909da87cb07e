/** Policies of health as people write them, and as they are kept (server/health/health-policy.ts). */
import type { Static } from "typebox";
import type { Limits, PartialPolicy } from "../health/health-policy.ts";
import { policyFault } from "../health/health-shapes.ts";
import type { Reason } from "../health/health-states.ts";
import type { PolicyBody } from "./health-schemas.ts";
import { Problem } from "./problem.ts";
import { readWindows, showWindows } from "./rollout-plans.ts";

type Body = Static<typeof PolicyBody>;

export function readPolicy({ hours, ...limits }: Body): PartialPolicy {
  const policy: PartialPolicy = { ...(limits as Partial<Record<Reason, Limits>>) };
  if (hours !== undefined) policy.hours = hours && { zone: hours.zone, windows: readWindows(hours.windows) };
  const fault = policyFault(policy);
  if (fault !== undefined) throw new Problem("policyRefused", fault);
  return policy;
}

/** In the form that it can be sent in again. */
export function showPolicy(policy: PartialPolicy): object {
  const { hours } = policy;
  return hours == null ? policy : { ...policy, hours: { ...hours, windows: showWindows(hours.windows) } };
}
