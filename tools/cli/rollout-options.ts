/** What `lintel rollout create` is told, as the plan that the API takes. */
import { InvalidArgumentError } from "commander";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

type Size = { devices: number } | { percent: number };

export interface Window {
  days: string[];
  from: string;
  to: string;
}

export interface PlanOptions {
  name?: string;
  product?: string;
  board?: number;
  running?: string;
  project?: number;
  fleet?: string;
  tag?: string[];
  device?: string[];
  canary?: Size;
  steps?: number[];
  stopAbove?: Size;
  lostAfter?: number;
  soak?: number;
  atOnce?: number;
  rate?: number;
  window?: Window[];
  zone?: string;
  starts?: string;
  expires?: string;
  retry?: boolean;
  rollBack?: boolean;
  draft?: boolean;
}

interface Plan {
  target?: object;
  error?: object;
  success?: object;
}

/** Options count more than `read`; what neither says is left to the server. */
export function planOf(read: Plan, options: PlanOptions): object {
  const { name, canary, steps, atOnce, rate, window, zone, starts, expires, retry, draft } = options;
  const { product, board, running, project, fleet, tag, device } = options;
  return {
    ...read,
    ...given({ name, canary, steps, atOnce, bytesPerS: rate, windows: window, zone, retry, draft }),
    ...given({ startsAt: starts, expiresAt: expires }),
    target: {
      ...read.target,
      ...given({ product, board, version: running, project, fleet, tags: tag, devices: device }),
    },
    error: {
      ...read.error,
      ...options.stopAbove,
      ...given({ lostAfterMin: options.lostAfter, rollBack: options.rollBack }),
    },
    success: { ...read.success, ...given({ soakMin: options.soak }) },
  };
}

/** As 10, or 5%. */
export function parseCanary(text: string): Size {
  const size = parseLimit(text);
  if (("devices" in size ? size.devices : size.percent) === 0)
    throw new InvalidArgumentError("A first group needs a device: a number above zero, or percent, as 5%.");
  return size;
}

export function parseLimit(text: string): Size {
  const [, number, isPercent] = /^(\d{1,6}(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const value = Number(number);
  if (number === undefined || (isPercent === "%" ? value > 100 : !Number.isInteger(value)))
    throw new InvalidArgumentError("A number of devices is expected, or percent, as 5%.");
  return isPercent === "%" ? { percent: value } : { devices: value };
}

export function parseSteps(text: string): number[] {
  const steps = text.split(",").map(Number);
  if (steps.some((percent, at) => !(percent > (steps[at - 1] ?? 0) && percent <= 100)))
    throw new InvalidArgumentError("Rising percent with commas between them are expected, as 25,50,100.");
  return steps;
}

/** As "mon-fri 22:00-05:00" or "sat,sun 00:00-23:59"; may be given several times. */
export function parseWindow(text: string, before: Window[] = []): Window[] {
  const [, days = "", from, to] = /^(\S+) (\d\d:\d\d)-(\d\d:\d\d)$/.exec(text) ?? [];
  const named = days.split(",").flatMap(daysOf);
  if (from === undefined || to === undefined || named.length === 0 || named.includes(undefined))
    throw new InvalidArgumentError('Days and hours are expected, as "mon-fri 22:00-05:00".');
  return [...before, { days: named as string[], from, to }];
}

/** As mon, or fri-mon. */
function daysOf(text: string): Array<string | undefined> {
  const [first = "", last = first] = text.split("-");
  const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)];
  if (from < 0 || to < 0) return [undefined];
  const count = ((to - from + DAYS.length) % DAYS.length) + 1;
  return Array.from({ length: count }, (_, at) => DAYS[(from + at) % DAYS.length]);
}

function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
