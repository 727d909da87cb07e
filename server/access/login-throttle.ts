/**
 * Guessing passwords takes time: after a few attempts that failed, whoever tries again waits, longer each time. Counted by
 * account, so that many addresses do not help, and by address, so that many accounts do not; an account waits less, since
 * otherwise a stranger could lock somebody out for long. Unknown accounts are counted like known ones.
 *
 * An attempt counts as failed when it begins, so that many at once gain nothing. Nothing of this outlasts a restart.
 */
import { THROTTLED_KEPT_MAX } from "../limits.ts";

interface Rule {
  /** Attempts that cost nothing. */
  free: number;
  /** The longest wait. */
  waitMaxMs: number;
}

const ACCOUNT: Rule = { free: 5, waitMaxMs: 60_000 };
const ADDRESS: Rule = { free: 20, waitMaxMs: 15 * 60_000 };
/** The first wait; it doubles. */
const WAIT_MS = 1000;
/** Who has not tried for so long begins anew. */
const FORGET_MS = 60 * 60_000;

interface Failures {
  count: number;
  lastMs: number;
}

export class LoginThrottle {
  readonly #accounts = new Map<string, Failures>();
  readonly #addresses = new Map<string, Failures>();

  /** How long to wait before an attempt, 0: it may be made, and is counted. */
  begin(account: string, address: string, nowMs: number): number {
    const waitMs = Math.max(
      waitOf(this.#accounts.get(account), ACCOUNT, nowMs),
      waitOf(this.#addresses.get(networkOf(address)), ADDRESS, nowMs),
    );
    if (waitMs > 0) return waitMs;
    count(this.#accounts, account, nowMs);
    count(this.#addresses, networkOf(address), nowMs);
    return 0;
  }

  /** The attempt was right: what failed at this account before is forgotten, and of its address this one. */
  succeed(account: string, address: string): void {
    this.#accounts.delete(account);
    const failures = this.#addresses.get(networkOf(address));
    if (failures !== undefined) failures.count--;
  }
}

function waitOf(failures: Failures | undefined, { free, waitMaxMs }: Rule, nowMs: number): number {
  if (failures === undefined || failures.count < free || nowMs - failures.lastMs >= FORGET_MS) return 0;
  const waitMs = Math.min(WAIT_MS * 2 ** (failures.count - free), waitMaxMs);
  return Math.max(0, failures.lastMs + waitMs - nowMs);
}

function count(kept: Map<string, Failures>, key: string, nowMs: number): void {
  const before = kept.get(key);
  const isFresh = before !== undefined && nowMs - before.lastMs < FORGET_MS;
  // At the end again: the first one is the one that was quiet for longest, and goes first.
  kept.delete(key);
  kept.set(key, { count: isFresh ? before.count + 1 : 1, lastMs: nowMs });
  if (kept.size > THROTTLED_KEPT_MAX) for (const oldest of kept.keys()) return void kept.delete(oldest);
}

/** Of IPv6 whoever has one address has a /64 of them (RFC 6177), so that counts as one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = (address.split("%")[0] ?? "").split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === "" ? [] : tail.split(":");
  const zeros = address.includes("::") ? Array.from({ length: 8 - first.length - last.length }, () => "0") : [];
  return `${[...first, ...zeros, ...last].slice(0, 4).join(":")}::/64`;
}
