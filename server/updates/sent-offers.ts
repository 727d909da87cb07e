/**
 * What each device was offered last, and whether it may still be at it. A device that connects again has left a download, and
 * its `hello` says what it runs: so the latter is known for a connection. All of it is in memory only.
 */
import { UpdateState } from "../../runtime/contract/update-messages.ts";
import type { DeviceLink } from "../ingest/ingest.ts";
import { OFFERS_KNOWN_MAX } from "../limits.ts";
import { idText, type Offer, type UpdateReport } from "./update-messages.ts";

interface Sent {
  offer: Offer;
  /** It has reported of this very offer. */
  hasBegun: boolean;
  isOver: boolean;
}

export class SentOffers {
  readonly #sent = new WeakMap<DeviceLink, Sent>();
  /** By MAC address, the oldest first. */
  readonly #last = new Map<number, Offer>();

  add(link: DeviceLink, offer: Offer): void {
    this.#sent.set(link, { offer, hasBegun: false, isOver: false });
    this.#last.delete(link.mac);
    this.#last.set(link.mac, offer);
    const [oldest] = this.#last.keys();
    if (this.#last.size > OFFERS_KNOWN_MAX && oldest !== undefined) this.#last.delete(oldest);
  }

  take(link: DeviceLink, { state, image }: UpdateReport): void {
    const sent = this.#sent.get(link);
    if (sent === undefined || image === null || idText(image) !== sent.offer.image) return;
    if (state >= UpdateState.Queued && state <= UpdateState.Restarting) sent.hasBegun = true;
    // After each hello a device tells its last failure: until a retry has begun, that is the one of the attempt before.
    else if (state >= UpdateState.RolledBack && (sent.hasBegun || !sent.offer.isRetry)) sent.isOver = true;
  }

  /** Another image is desired, or the same one anew. What the device is at is not over with that. */
  forgetLast(mac: number): void {
    this.#last.delete(mac);
  }

  /** Null: none, or none that is remembered. */
  last(mac: number): Offer | null {
    return this.#last.get(mac) ?? null;
  }

  /** The image that the device may be loading. */
  underWay(link: DeviceLink): string | null {
    const sent = this.#sent.get(link);
    return sent === undefined || sent.isOver ? null : sent.offer.image;
  }
}
