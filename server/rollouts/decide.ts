/**
 * What a rollout does next, from what is known of it: no clock, no database. One action at a time; the ledger carries it out and
 * asks again until there is none, all in one transaction, so a server that ends anywhere goes on exactly there.
 */
import type { RolloutPlan } from "./rollout-plan.ts";
import { DeviceState, RolloutState, UNDER_WAY } from "./rollout-states.ts";
import { isWithin, nextChangeMs } from "./windows.ts";

export interface GroupFacts {
  /** Devices by DeviceState. */
  counts: Partial<Record<DeviceState, number>>;
  /** Failed, lost, or faring worse than before, since the rollout was last resumed. */
  bad: number;
  /** Failed or lost before that. */
  pardoned: number;
}

export interface RolloutFacts {
  state: RolloutState;
  plan: RolloutPlan;
  atMs: number;
  /** The last one that is open; -1: none. */
  openGroup: number;
  groups: readonly GroupFacts[];
  /** Of the open group: not begun, and away for longer than the plan waits for. */
  absent: number;
  /** Not begun, of open groups, and there. */
  ready: number;
  /** They may be at it just now: offered or heard of in the last minutes. */
  busy: number;
  /** Were offered and have not said anything of it since, for long. */
  unanswered: number;
  /** On trial, and not heard of for too long. */
  silent: number;
  /** Have the image, or may have, and are not on their way back; those that are away among them. */
  toReturn: number;
  toReturnAway: number;
  /** When the devices that the open group's success needs were all confirmed; null: they are not. */
  enoughMs: number | null;
  /** When the next device on trial will have been silent for too long; and the next offer unanswered. */
  silentAtMs: number | null;
  unansweredAtMs: number | null;
}

export type Action =
  | { do: "start" }
  | { do: "lose" }
  | { do: "stop"; reason: string }
  | { do: "openGroup" }
  | { do: "offer"; count: number }
  | { do: "repeatOffers" }
  /** Offers that no device has begun with. */
  | { do: "takeBack" }
  | { do: "expire" }
  | { do: "finish" }
  | { do: "return"; count: number }
  | { do: "endReturn" };

export interface Needs {
  /** Devices of the group that count. */
  counted: number;
  confirmed: number;
  /** So many have to be confirmed. */
  needed: number;
}

export function decide(facts: RolloutFacts): Action | null {
  switch (facts.state) {
    case RolloutState.Scheduled:
      return facts.atMs >= (facts.plan.startMs ?? 0) ? { do: "start" } : null;
    case RolloutState.Running:
      return decideRunning(facts);
    case RolloutState.RollingBack:
      return decideReturn(facts);
    default:
      // What was under way when it was paused, stopped or aborted still gets lost, which people want to see.
      return facts.silent > 0 ? { do: "lose" } : null;
  }
}

function decideRunning(facts: RolloutFacts): Action | null {
  const { plan, atMs, groups, openGroup } = facts;
  if (facts.silent > 0) return { do: "lose" };
  const reason = errorOf(facts);
  if (reason !== null) return { do: "stop", reason };
  const isExpired = plan.expiresMs !== null && atMs >= plan.expiresMs;
  const offered = total(facts, [DeviceState.Offered]);
  if (isExpired) {
    // Groups that were never opened expire with the rest.
    if (total(facts, [DeviceState.Pending]) + offered > 0) return { do: "expire" };
    return total(facts, UNDER_WAY) === 0 ? { do: "finish" } : null;
  }
  if (openGroup < 0) return groups.length === 0 ? { do: "finish" } : { do: "openGroup" };
  if (isPassed(facts)) {
    if (openGroup < groups.length - 1) return { do: "openGroup" };
    const isOpen = total(facts, [DeviceState.Pending, DeviceState.Lost, ...UNDER_WAY]) > 0;
    if (!isOpen) return { do: "finish" };
  } else if (isLost(facts)) return { do: "stop", reason: lossOf(facts) };
  if (!isWithin(plan, atMs)) return offered > 0 ? { do: "takeBack" } : null;
  if (facts.unanswered > 0) return { do: "repeatOffers" };
  const count = Math.min(facts.ready, plan.atOnce - facts.busy);
  return count > 0 ? { do: "offer", count } : null;
}

function decideReturn({ plan, toReturn, toReturnAway, busy, groups }: RolloutFacts): Action | null {
  const count = Math.max(0, Math.min(toReturn - toReturnAway, plan.atOnce - busy));
  // Those that are away take nobody's place: they are told when they come.
  if (count > 0 || toReturnAway > 0) return { do: "return", count };
  return toReturn === 0 && total({ groups }, [DeviceState.Returning]) === 0 ? { do: "endReturn" } : null;
}

/** Why it has to stop; null: it need not. */
function errorOf({ plan, groups, openGroup }: RolloutFacts): string | null {
  const { devices, percent } = plan.error;
  const open = groups.slice(0, openGroup + 1);
  const bad = open.reduce((sum, group) => sum + group.bad, 0);
  if (devices !== undefined && bad > devices) return `${bad} devices, more than ${devices}`;
  if (percent === undefined) return null;
  const at = open.findIndex((group) => group.bad > (sizeOf(group) * percent) / 100);
  const group = open[at];
  return group === undefined
    ? null
    : `${group.bad} of ${sizeOf(group)} devices in group ${at + 1}, more than ${percent} %`;
}

/** Nobody is left of the open group who could make it a success. */
function isLost(facts: RolloutFacts): boolean {
  const counts = facts.groups[facts.openGroup]?.counts ?? {};
  const { counted, confirmed, needed } = needsOf(facts);
  const hope = [DeviceState.Pending, DeviceState.Lost, ...UNDER_WAY].some((state) => (counts[state] ?? 0) > 0);
  return counted > 0 && !hope && confirmed < Math.max(1, needed);
}

function lossOf(facts: RolloutFacts): string {
  const { counted, confirmed, needed } = needsOf(facts);
  return `${confirmed} of ${counted} devices in group ${facts.openGroup + 1} are confirmed, ${Math.max(1, needed)} are needed`;
}

/** Those that were not left out before they began. */
function sizeOf({ counts }: GroupFacts): number {
  const left = (counts[DeviceState.Skipped] ?? 0) + (counts[DeviceState.Expired] ?? 0);
  return Object.values(counts).reduce((sum, count) => sum + count, 0) - left;
}

/** How far the open group is. */
export function needsOf({
  plan,
  groups,
  openGroup,
  absent,
}: Pick<RolloutFacts, "plan" | "groups" | "openGroup" | "absent">): Needs {
  const group = groups[openGroup] ?? { counts: {}, bad: 0, pardoned: 0 };
  const counted = sizeOf(group) - absent - group.pardoned;
  const confirmed = group.counts[DeviceState.Confirmed] ?? 0;
  return { counted, confirmed, needed: Math.ceil((counted * plan.success.percent) / 100) };
}

function isPassed(facts: RolloutFacts): boolean {
  const { counted, confirmed, needed } = needsOf(facts);
  const everConfirmed = facts.groups.some(({ counts }) => (counts[DeviceState.Confirmed] ?? 0) > 0);
  // A group that nobody is left of proves nothing; then an earlier one has to have.
  if (counted === 0) return everConfirmed || total(facts, [DeviceState.Pending]) === 0 || facts.absent === 0;
  return confirmed >= Math.max(1, needed) && facts.enoughMs !== null && facts.atMs >= soakedMs(facts, facts.enoughMs);
}

function soakedMs({ plan }: RolloutFacts, enoughMs: number): number {
  return enoughMs + plan.success.soakMin * MINUTE_MS;
}

const MINUTE_MS = 60_000;
/** Who is away is looked at again now and then: nobody says that he stays away. */
const ABSENT_LOOK_MS = 10 * MINUTE_MS;

/** When something is due without anybody saying anything; null: never. */
export function nextDueMs(facts: RolloutFacts): number | null {
  const { plan, atMs, state } = facts;
  const times: Array<number | null> = [facts.silentAtMs];
  if (state === RolloutState.Scheduled) times.push(plan.startMs ?? atMs);
  if (state === RolloutState.Running) {
    times.push(plan.expiresMs, nextChangeMs(plan, atMs), facts.unansweredAtMs);
    if (facts.enoughMs !== null) times.push(soakedMs(facts, facts.enoughMs));
    times.push(atMs + ABSENT_LOOK_MS);
  }
  if (state === RolloutState.RollingBack && facts.toReturn > 0) times.push(atMs + ABSENT_LOOK_MS);
  const ahead = times.filter((time): time is number => time !== null && time > atMs);
  return ahead.length === 0 ? null : Math.min(...ahead);
}

function total({ groups }: Pick<RolloutFacts, "groups">, states: readonly DeviceState[]): number {
  return groups.reduce((sum, { counts }) => sum + states.reduce((part, state) => part + (counts[state] ?? 0), 0), 0);
}
