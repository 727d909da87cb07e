/**
 * What images are sent as beside the images themselves: patches, and compressed images. A thread takes up to seconds for one,
 * so each is made once; the store keeps it, or that none is worth while.
 *
 * One is made when an offer needs it. Images that no offer has needed yet are compressed while nothing else is to be made, one
 * after the other. Which ones these are is in the store, so nothing waits in a queue, and a start goes on where a stop was.
 *
 * What cannot be made, for the thread is stuck or dies or the database takes no writes, is left alone for a while.
 */
import { describe } from "../errors.ts";
import { FILE_RETRY_MS, FILES_POSTPONED_MAX, FILES_UNDER_WAY_MAX } from "../limits.ts";
import type { Logger } from "../logger.ts";
import type { StoreAnswer, StoredImage, StoreRequest } from "./store-requests.ts";
import { NO_BASE, type Offer } from "./update-messages.ts";

export type SendableImage = Pick<StoredImage, "id" | "product" | "arch" | "sizeBytes"> & {
  /** Null: not worth while, or not made yet. */
  compressedBytes: number | null;
  /** 0: not made yet. */
  compressTried: number;
};

export interface FileStore {
  image(id: string): SendableImage | undefined;
  imageBytes(id: string): Uint8Array | undefined;
  /** Ids of images that were never compressed. */
  uncompressed(): string[];
  /** `sizeBytes` null: it was made and is not worth having. */
  patch(base: string, image: string): { sizeBytes: number | null } | undefined;
}

export interface UpdateFilesOptions {
  store: FileStore;
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  /** Null: there is none. Undefined: not known, ask again another time. */
  makePatch: (base: Uint8Array, target: Uint8Array) => Promise<Uint8Array | null | undefined>;
  compress: (image: Uint8Array) => Promise<Uint8Array | null | undefined>;
  logger: Logger;
  nowMs: () => number;
}

/** A patch as long as this part of the image, or longer, saves too little for what can go wrong with it. */
const PATCH_WORTH = 1 / 2;
const COMPRESSED_WORTH = 9 / 10;

export class UpdateFiles {
  readonly #options: UpdateFilesOptions;
  /** Each by its key, which is base and image, `base>image`. */
  readonly #making = new Map<string, Promise<void>>();
  /** What could not be made, and when it may be tried again, Unix time in ms. */
  readonly #postponed = new Map<string, number>();
  #isStopped = false;

  constructor(options: UpdateFilesOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#making.size === 0;
  }

  /** Resolves when nothing is being made. */
  async settled(): Promise<void> {
    while (!this.isIdle) await Promise.all(this.#making.values());
  }

  /** Begins nothing any more, and asks nothing of the store. */
  stop(): void {
    this.#isStopped = true;
  }

  /** The shortest there is for a device that runs `running`; null: the image as it is. */
  shortest(running: string | null, image: SendableImage): Offer["patch"] {
    const patch = running === null ? undefined : this.#options.store.patch(running, image.id);
    if (running !== null && patch !== undefined && patch.sizeBytes !== null) {
      return { base: running, sizeBytes: patch.sizeBytes };
    }
    return image.compressedBytes === null ? null : { base: NO_BASE, sizeBytes: image.compressedBytes };
  }

  /** Resolves when there may be something shorter than now; undefined: nothing to wait for. */
  toCome(running: string | null, image: SendableImage): Promise<void> | undefined {
    const patch = running === null ? undefined : this.#options.store.patch(running, image.id);
    if (patch !== undefined && patch.sizeBytes !== null) return undefined;
    const isPatchToMake = running !== null && patch === undefined && this.#isPatchable(running, image);
    const making = isPatchToMake ? this.#start(running, image.id) : undefined;
    if (making !== undefined || image.compressTried !== 0) return making;
    return this.#start(NO_BASE, image.id);
  }

  /** Compresses the next image that nobody waits for, unless somebody waits for something else. */
  goOn(): void {
    if (this.#isStopped || !this.isIdle) return;
    try {
      const next = this.#options.store.uncompressed().find((image) => !this.#isPostponed(keyOf(NO_BASE, image)));
      if (next !== undefined) this.#start(NO_BASE, next);
    } catch (error) {
      this.#fail(error);
    }
  }

  #start(base: string, image: string): Promise<void> | undefined {
    const key = keyOf(base, image);
    const making = this.#making.get(key);
    if (making !== undefined) return making;
    if (this.#isStopped || this.#making.size >= FILES_UNDER_WAY_MAX || this.#isPostponed(key)) return undefined;
    const made = this.#make(base, image)
      .catch((error: unknown) => this.#fail(error))
      .then((isKept) => {
        if (!isKept) this.#postpone(key);
        this.#making.delete(key);
        this.goOn();
      });
    this.#making.set(key, made);
    return made;
  }

  /** True: the store has it, or knows that it is not worth while. */
  async #make(base: string, image: string): Promise<boolean> {
    const { store, request, makePatch, compress, nowMs } = this.#options;
    const target = store.imageBytes(image);
    const from = base === NO_BASE ? null : store.imageBytes(base);
    if (target === undefined || from === undefined) return false;
    const made = from === null ? await compress(target) : await makePatch(from, target);
    if (made === undefined) return false;
    const worth = from === null ? COMPRESSED_WORTH : PATCH_WORTH;
    const bytes = made !== null && made.length < target.length * worth ? made : null;
    const { outcome } = await request(
      from === null ? { kind: "addCompressed", image, bytes } : { kind: "addPatch", base, image, bytes, atMs: nowMs() },
    );
    return outcome === "done";
  }

  /** The database cannot be read: the server goes on without. */
  #fail(error: unknown): false {
    this.#options.logger.error({ error: describe(error) }, "no patch or compressed image was made");
    return false;
  }

  #isPatchable(base: string, image: SendableImage): boolean {
    const from = this.#options.store.image(base);
    return from !== undefined && from.product === image.product && from.arch === image.arch;
  }

  #isPostponed(key: string): boolean {
    const untilMs = this.#postponed.get(key);
    return untilMs !== undefined && this.#options.nowMs() < untilMs;
  }

  #postpone(key: string): void {
    this.#postponed.delete(key);
    this.#postponed.set(key, this.#options.nowMs() + FILE_RETRY_MS);
    const [oldest] = this.#postponed.keys();
    if (this.#postponed.size > FILES_POSTPONED_MAX && oldest !== undefined) this.#postponed.delete(oldest);
  }
}

function keyOf(base: string, image: string): string {
  return `${base}>${image}`;
}
