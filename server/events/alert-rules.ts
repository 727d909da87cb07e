/**
 * Rules of an organisation: when somebody is to be told. A condition is about what is now, never about history: how a device
 * fares, the latest value of a stream, or a change as it happens. No clock, no database.
 */
import { HEALTH_NAMES, type Reason } from "../health/health-states.ts";
import type { ChangeKind } from "./change-kinds.ts";

export type Condition =
  /** As bad as `state`, or worse; of `reasons` only, if they are given. */
  | { kind: "health"; state: "warning" | "failed"; reasons?: Reason[] }
  /** Above or below; once it was, until it is back by `margin`. */
  | { kind: "value"; stream: number; above?: number; below?: number; margin: number }
  /** Has no end: an alert of it is opened and closed in one. */
  | { kind: "change"; changes: ChangeKind[] };

/** All that is given has to hold. */
export interface RuleScope {
  project?: number;
  /** MAC addresses. */
  devices?: string[];
  /** All of them. */
  tags?: string[];
}

export interface RuleBody {
  condition: Condition;
  scope: RuleScope;
  /** It has to last for so long before somebody is told. */
  holdS: number;
}

export interface ScopedDevice {
  mac: string;
  project: number | null;
  tags: readonly string[];
}

/** What a change of kind device.health says. */
export interface HealthDetail {
  state: string;
  reasons: ReadonlyArray<{ reason: string; level: string }>;
}

export function isInScope({ project, devices, tags = [] }: RuleScope, device: ScopedDevice | null): boolean {
  if (project !== undefined && device?.project !== project) return false;
  if (!tags.every((tag) => device?.tags.includes(tag) === true)) return false;
  return devices === undefined || (device !== null && devices.includes(device.mac));
}

export function matchesHealth(condition: Extract<Condition, { kind: "health" }>, detail: HealthDetail): boolean {
  const rank = (name: string) => HEALTH_NAMES.findIndex((one) => one === name);
  const needed = rank(condition.state);
  const { reasons } = condition;
  if (reasons === undefined) return rank(detail.state) >= needed;
  return detail.reasons.some(({ reason, level }) => rank(level) >= needed && reasons.some((one) => one === reason));
}

/** `isOver`: it was so before. */
export function matchesValue(
  { above, below, margin }: Extract<Condition, { kind: "value" }>,
  value: number,
  isOver: boolean,
): boolean {
  const slack = isOver ? margin : 0;
  return (above !== undefined && value > above - slack) || (below !== undefined && value < below + slack);
}
