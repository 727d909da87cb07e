/**
 * Boards that were refused because nobody knows them, or because what they showed does not let them in: kept in memory for
 * whoever wants to take one in. A board says its MAC address itself, so one is told from another by what it showed as well; that
 * is not kept, but a digest to let this very board in, and a mark that is worth nothing outside of this process.
 */
import { createHmac, randomBytes } from "node:crypto";
import { STRANGERS_MAX } from "../limits.ts";
import { digestOf } from "./secrets.ts";

const MARK_CHARS = 8;

export interface Stranger {
  mac: string;
  /** Tells apart what was shown; "none": an empty secret, as of a board that was flashed from a kit. */
  credential: string;
  /** SHA-256 of what was shown. */
  digest: Buffer;
  address: string | null;
  firstMs: number;
  lastMs: number;
  times: number;
}

export class Strangers {
  readonly #key = randomBytes(32);
  /** The one that came last is the last. */
  readonly #known = new Map<string, Stranger>();

  note(mac: string, password: Uint8Array, address: string | null, nowMs: number): void {
    const credential = password.length === 0 ? "none" : this.#mark(password);
    const key = `${mac} ${credential}`;
    const former = this.#known.get(key);
    this.#known.delete(key);
    if (this.#known.size >= STRANGERS_MAX) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(key, {
      mac,
      credential,
      digest: former?.digest ?? digestOf(password),
      address,
      firstMs: former?.firstMs ?? nowMs,
      lastMs: nowMs,
      times: (former?.times ?? 0) + 1,
    });
  }

  /** The one that came last is the first. */
  list(): Stranger[] {
    return [...this.#known.values()].reverse();
  }

  /** Those with this address, each with something else that it showed. */
  of(mac: string): Stranger[] {
    return this.list().filter((one) => one.mac === mac);
  }

  forget(mac: string): void {
    for (const [key, one] of this.#known) if (one.mac === mac) this.#known.delete(key);
  }

  #mark(password: Uint8Array): string {
    return createHmac("sha256", this.#key).update(password).digest("hex").slice(0, MARK_CHARS);
  }
}
