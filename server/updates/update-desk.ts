/**
 * Images and what devices ought to run: carries out what the API asks, and offers images to devices that run another one.
 * An offer is sent after `hello` and when the desired image changes; one that is not answered is sent again after the next
 * `hello`, not before.
 *
 * A device that runs an image that the server has is offered a patch, when that is much shorter; other devices are offered
 * the image compressed. An offer waits until these are made; while too many are being made, it is for the image as it is.
 */
import type { DeviceLink } from "../ingest/ingest.ts";
import { macToNumber } from "../mac-address.ts";
import type { Metrics } from "../metrics.ts";
import { checkUpload, type ImageVerdict } from "./image-check.ts";
import type { SentOffers } from "./sent-offers.ts";
import type { StoreAnswer, UpdateDue } from "./store-requests.ts";
import { type SendableImage, UpdateFiles, type UpdateFilesOptions } from "./update-files.ts";
import { encodeOffer, type Offer } from "./update-messages.ts";

export interface UpdateDeskOptions extends UpdateFilesOptions {
  linkOf: (mac: number) => DeviceLink | undefined;
  offers: SentOffers;
  /** An image is gone. */
  onDeleted: () => void;
  metrics: Metrics;
}

export interface UpdateConnection {
  /** Unix time, ms. */
  sinceMs: number;
  /** The image that was offered in this connection, while the device may be loading it. */
  underWay: string | null;
}

export class UpdateDesk {
  readonly #options: UpdateDeskOptions;
  readonly #files: UpdateFiles;
  /** What each device is to be offered once it is made. */
  readonly #waiting = new Map<number, UpdateDue>();
  #isStopped = false;

  /** Goes on with what the last run of the server left to be made. */
  constructor(options: UpdateDeskOptions) {
    this.#options = options;
    this.#files = new UpdateFiles(options);
    this.#files.goOn();
  }

  get isIdle(): boolean {
    return this.#files.isIdle;
  }

  /** Resolves when nothing is being made, for an offer or for later. */
  settled(): Promise<void> {
    return this.#files.settled();
  }

  /** Nobody is offered anything any more, and the store is not asked. */
  stop(): void {
    this.#isStopped = true;
    this.#files.stop();
  }

  async addImage(
    bytes: Uint8Array,
    organisation: number,
  ): Promise<{ verdict: ImageVerdict; answer: StoreAnswer | null }> {
    const verdict = checkUpload(bytes);
    if (!verdict.ok) return { verdict, answer: null };
    const { request, nowMs } = this.#options;
    const answer = await request({ kind: "addImage", image: verdict.image, bytes, organisation, atMs: nowMs() });
    if (answer.outcome === "done") this.#files.goOn();
    return { verdict, answer };
  }

  async deleteImage(id: string, organisation: number): Promise<StoreAnswer> {
    const answer = await this.#options.request({ kind: "deleteImage", id, organisation });
    if (answer.outcome === "done") this.#options.onDeleted();
    return answer;
  }

  async setDesired(mac: string, image: string, isRetry: boolean): Promise<StoreAnswer> {
    const device = macToNumber(mac);
    const atMs = this.#options.nowMs();
    const answer = await this.#options.request({ kind: "setDesired", mac: device, image, isRetry, atMs });
    if (answer.outcome === "done") this.#forget(device);
    if (answer.due != null) this.offer(answer.due);
    return answer;
  }

  async clearDesired(mac: string): Promise<StoreAnswer> {
    const device = macToNumber(mac);
    const answer = await this.#options.request({ kind: "clearDesired", mac: device });
    if (answer.outcome === "done") this.#forget(device);
    return answer;
  }

  /** What the device ought to run was changed in the store. */
  tell(due: UpdateDue): void {
    this.#forget(due.mac);
    this.offer(due);
  }

  /** Nothing is wanted of the device any more; what it is at goes on. */
  withdraw(device: number): void {
    this.#forget(device);
  }

  /** Null: the device is not connected. */
  connection(mac: string): UpdateConnection | null {
    const { linkOf, offers } = this.#options;
    const link = linkOf(macToNumber(mac));
    if (link === undefined) return null;
    return { sinceMs: link.sinceMs, underWay: offers.underWay(link) };
  }

  /** What the device was offered since an image was desired of it. Null: nothing, as far as is remembered. */
  lastOffer(mac: string): Offer | null {
    return this.#options.offers.last(macToNumber(mac));
  }

  /** Nothing happens when the device is not connected: its next `hello` brings it here again. */
  offer(due: UpdateDue): void {
    if (this.#isStopped) return;
    const { store, linkOf } = this.#options;
    this.#waiting.delete(due.mac);
    const image = store.image(due.image);
    if (image === undefined || linkOf(due.mac) === undefined) return;
    const making = this.#files.toCome(due.running, image);
    if (making === undefined) {
      this.#send(due, image);
      return;
    }
    this.#waiting.set(due.mac, due);
    void making.then(() => {
      // Another image, or none, may be wanted by now.
      if (this.#waiting.get(due.mac) === due) this.offer(due);
    });
  }

  #forget(device: number): void {
    this.#waiting.delete(device);
    this.#options.offers.forgetLast(device);
  }

  #send({ mac, running, isRetry }: UpdateDue, image: SendableImage): void {
    const { linkOf, offers, metrics } = this.#options;
    const link = linkOf(mac);
    const patch = this.#files.shortest(running, image);
    const offer = { image: image.id, sizeBytes: image.sizeBytes, patch, isRetry };
    if (!link?.send("offer", encodeOffer(offer))) return;
    offers.add(link, offer);
    metrics.offers.inc();
  }
}
