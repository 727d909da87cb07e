/** Plans of rollouts as people write them, and as they are kept (server/rollouts/rollout-plan.ts). */
import type { Static, TSchema } from "typebox";
import { planFault } from "../rollouts/plan-shapes.ts";
import { DEFAULT_PLAN, type RolloutPlan, type TimeWindow } from "../rollouts/rollout-plan.ts";
import { showTime } from "./device-routes.ts";
import { Problem } from "./problem.ts";
import { DAY_NAMES, type DayWindow, type PlanBody } from "./rollout-schemas.ts";
import { fleetId, macOf, projectId } from "./slugs.ts";

type Body = Static<typeof PlanBody>;
const HOUR_MIN = 60;

export function readPlan(body: Body): RolloutPlan {
  const {
    target = {},
    canary,
    steps,
    error,
    success,
    atOnce,
    bytesPerS,
    zone,
    windows,
    startsAt,
    expiresAt,
    retry,
  } = body;
  const startMs = readTime("startsAt", startsAt);
  const expiresMs = readTime("expiresAt", expiresAt);
  const plan: RolloutPlan = {
    target: readTarget(target),
    canary: canary ?? DEFAULT_PLAN.canary,
    steps: steps ?? DEFAULT_PLAN.steps,
    error: readError(error),
    success: { ...DEFAULT_PLAN.success, ...success } as RolloutPlan["success"],
    atOnce: atOnce ?? DEFAULT_PLAN.atOnce,
    bytesPerS: bytesPerS ?? null,
    zone: zone ?? DEFAULT_PLAN.zone,
    windows: readWindows(windows ?? []),
    startMs,
    expiresMs,
    retry: retry ?? DEFAULT_PLAN.retry,
  };
  const fault = planFault(plan);
  if (fault !== undefined) throw new Problem("planRefused", fault);
  return plan;
}

/** Ids in place of slugs. */
function readTarget({ project, fleet, devices, ...target }: NonNullable<Body["target"]>): RolloutPlan["target"] {
  const read = { ...target } as RolloutPlan["target"];
  if (project !== undefined) read.project = projectId(String(project)) ?? 0;
  if (fleet !== undefined) read.fleet = fleetId(String(fleet)) ?? 0;
  if (devices !== undefined) read.devices = devices.map((mac) => macOf(mac) ?? mac);
  return read;
}

/** In the form that it can be sent in again. */
export function showPlan({ startMs, expiresMs, windows, ...plan }: RolloutPlan): Body {
  return {
    ...plan,
    windows: showWindows(windows),
    startsAt: startMs === null ? null : showTime(startMs),
    expiresAt: expiresMs === null ? null : showTime(expiresMs),
  };
}

export function readWindows(windows: readonly Static<typeof DayWindow>[]): TimeWindow[] {
  return windows.map(({ days, from, to }) => ({
    days: days.map((day) => DAY_NAMES.indexOf(day)),
    fromMin: readClock(from),
    toMin: readClock(to),
  }));
}

export function showWindows(windows: readonly TimeWindow[]): Static<typeof DayWindow>[] {
  return windows.map(({ days, fromMin, toMin }) => ({
    days: days.map((day) => DAY_NAMES[day] ?? "sun"),
    from: showClock(fromMin),
    to: showClock(toMin),
  }));
}

/** The first name in what came that the schema does not have, as `error.vitals.restart`; Fastify drops those without a word. */
export function unknownName(schema: TSchema, value: unknown, path = ""): string | undefined {
  const { properties } = schema as { properties?: Record<string, TSchema> };
  if (properties === undefined || typeof value !== "object" || value === null) return undefined;
  for (const [name, part] of Object.entries(value)) {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const found = own === undefined ? path + name : unknownName(own, part, `${path}${name}.`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readError(given: Body["error"] = {}): RolloutPlan["error"] {
  const { percent, ...rest } = DEFAULT_PLAN.error;
  // A number of devices stands in place of the percent that nobody has asked for.
  const limit = given.devices === undefined && percent !== undefined ? { percent } : {};
  return { ...rest, ...limit, ...given } as RolloutPlan["error"];
}

function readTime(name: string, text: string | null | undefined): number | null {
  if (text == null) return null;
  const timeMs = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(timeMs))
    throw new Problem("timeInvalid", `${name} is ISO 8601 or Unix milliseconds, not "${text}"`);
  return timeMs;
}

function readClock(text: string): number {
  const [hour = 0, minute = 0] = text.split(":").map(Number);
  return hour * HOUR_MIN + minute;
}

function showClock(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / HOUR_MIN))}:${two(minutes % HOUR_MIN)}`;
}
