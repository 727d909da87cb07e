/**
 * Images and what devices ought to run: carries out what the API asks, and offers images to devices that run another one.
 * An offer is sent after `hello` and when the desired image changes; one that is not answered is sent again after the next
 * `hello`, not before.
 *
 * A device that runs an image that the server has is offered a patch, when that is much shorter. It is made when it is
 * first needed, and the offer waits for it; while many are being made, and to other devices, images are offered compressed.
 */
import type { DeviceLink } from "../ingest/ingest.ts";
import { PATCHES_UNDER_WAY_MAX } from "../limits.ts";
import { macToNumber } from "../mac-address.ts";
import type { Metrics } from "../metrics.ts";
import { checkUpload, type ImageVerdict } from "./image-check.ts";
import type { StoreAnswer, StoredImage, StoreRequest, UpdateDue } from "./store-requests.ts";
import { encodeOffer, NO_BASE, type Offer } from "./update-messages.ts";

interface ImageStore {
  image(
    id: string,
  ): (Pick<StoredImage, "id" | "product" | "arch" | "sizeBytes"> & { compressedBytes: number | null }) | undefined;
  imageBytes(id: string): Uint8Array | undefined;
  /** `sizeBytes` null: it was made and is not worth having. */
  patch(base: string, image: string): { sizeBytes: number | null } | undefined;
}

export interface UpdateDeskOptions {
  store: ImageStore;
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  linkOf: (mac: number) => DeviceLink | undefined;
  /** Null: there is none. Undefined: not known, ask again another time. */
  makePatch: (base: Uint8Array, target: Uint8Array) => Promise<Uint8Array | null | undefined>;
  compress: (image: Uint8Array) => Promise<Uint8Array | null | undefined>;
  /** An image is gone. */
  onDeleted: () => void;
  metrics: Metrics;
  nowMs: () => number;
}

type Target = NonNullable<ReturnType<ImageStore["image"]>>;

/** A patch as long as this part of the image, or longer, saves too little for what can go wrong with it. */
const PATCH_WORTH = 1 / 2;
const COMPRESSED_WORTH = 9 / 10;

export class UpdateDesk {
  readonly #options: UpdateDeskOptions;
  /** What each device is to be offered once its patch is there. */
  readonly #waiting = new Map<number, UpdateDue>();
  readonly #making = new Map<string, Promise<void>>();

  constructor(options: UpdateDeskOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#making.size === 0;
  }

  /** Resolves when no offer waits for its patch. */
  async settled(): Promise<void> {
    while (this.#making.size > 0) await Promise.all(this.#making.values());
  }

  async addImage(bytes: Uint8Array): Promise<{ verdict: ImageVerdict; answer: StoreAnswer | null }> {
    const verdict = checkUpload(bytes);
    if (!verdict.ok) return { verdict, answer: null };
    const { image } = verdict;
    const { store, compress, request, nowMs } = this.#options;
    const made = store.image(image.id) === undefined ? await compress(bytes) : null;
    const compressed = made != null && made.length < bytes.length * COMPRESSED_WORTH ? made : null;
    return { verdict, answer: await request({ kind: "addImage", image, bytes, compressed, atMs: nowMs() }) };
  }

  async deleteImage(id: string): Promise<StoreAnswer> {
    const answer = await this.#options.request({ kind: "deleteImage", id });
    if (answer.outcome === "done") this.#options.onDeleted();
    return answer;
  }

  async setDesired(mac: string, image: string, isRetry: boolean): Promise<StoreAnswer> {
    const device = macToNumber(mac);
    const atMs = this.#options.nowMs();
    const answer = await this.#options.request({ kind: "setDesired", mac: device, image, isRetry, atMs });
    if (answer.outcome === "done") this.#waiting.delete(device);
    if (answer.due != null) this.offer(answer.due);
    return answer;
  }

  async clearDesired(mac: string): Promise<StoreAnswer> {
    const device = macToNumber(mac);
    const answer = await this.#options.request({ kind: "clearDesired", mac: device });
    if (answer.outcome === "done") this.#waiting.delete(device);
    return answer;
  }

  /** Nothing happens when the device is not connected: its next `hello` brings it here again. */
  offer(due: UpdateDue): void {
    const { store, linkOf } = this.#options;
    const image = store.image(due.image);
    if (image === undefined || linkOf(due.mac) === undefined) return;
    const making = due.running === null ? undefined : this.#patchToCome(due.running, image);
    if (making === undefined) {
      this.#send(due, image);
      return;
    }
    this.#waiting.set(due.mac, due);
    void making.then(() => {
      // Another image, or none, may be wanted by now.
      if (this.#waiting.get(due.mac) !== due) return;
      this.#waiting.delete(due.mac);
      this.#send(due, image);
    });
  }

  #send(due: UpdateDue, image: Target): void {
    const { store, linkOf, metrics } = this.#options;
    const { running, isRetry } = due;
    const { compressedBytes } = image;
    let patch: Offer["patch"] = compressedBytes === null ? null : { base: NO_BASE, sizeBytes: compressedBytes };
    if (running !== null) {
      const sizeBytes = store.patch(running, image.id)?.sizeBytes ?? null;
      if (sizeBytes !== null) patch = { base: running, sizeBytes };
    }
    const payload = encodeOffer({ image: image.id, sizeBytes: image.sizeBytes, patch, isRetry });
    if (linkOf(due.mac)?.send("offer", payload)) metrics.offers.inc();
  }

  /** Resolves when the store has the patch or knows that there is none; undefined when there is nothing to wait for. */
  #patchToCome(base: string, image: Target): Promise<void> | undefined {
    const { store } = this.#options;
    const key = `${base}>${image.id}`;
    const making = this.#making.get(key);
    if (making !== undefined) return making;
    if (store.patch(base, image.id) !== undefined || this.#making.size >= PATCHES_UNDER_WAY_MAX) return undefined;
    const from = store.image(base);
    if (from === undefined || from.product !== image.product || from.arch !== image.arch) return undefined;
    const made = this.#make(base, image.id).finally(() => this.#making.delete(key));
    this.#making.set(key, made);
    return made;
  }

  async #make(base: string, image: string): Promise<void> {
    const { store, makePatch, request, nowMs } = this.#options;
    const from = store.imageBytes(base);
    const to = store.imageBytes(image);
    if (from === undefined || to === undefined) return;
    const patch = await makePatch(from, to);
    if (patch === undefined) return;
    const bytes = patch !== null && patch.length < to.length * PATCH_WORTH ? patch : null;
    await request({ kind: "addPatch", base, image, bytes, atMs: nowMs() });
  }
}
