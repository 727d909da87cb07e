/**
 * Hears `update`: requests for pieces of images are answered here at once, on the main thread and without the writer;
 * reports go the way of all messages, so that they are durable.
 *
 * A device that asks for more than it reads has its requests dropped: it asks again when nothing comes. Where a rollout has a
 * limit of bytes a second, requests wait in line, the last one of each device; one that has waited too long has come again. And
 * however many thousands ask at once, one turn of the event loop answers a few: readings and their acknowledgements go between.
 */
import { PAYLOAD_UP_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { CHUNK_MAX_BYTES } from "../../runtime/contract/update-messages.ts";
import { BatchKind } from "../ingest/batch.ts";
import type { DeviceLink, Ingest } from "../ingest/ingest.ts";
import {
  CHUNKS_TURN_MAX_BYTES,
  CHUNKS_UNSENT_MAX_BYTES,
  DOWNLOADS_WAITING_MAX,
  IMAGE_CACHE_MAX_BYTES,
} from "../limits.ts";
import type { Metrics } from "../metrics.ts";
import { BlobCache } from "./blob-cache.ts";
import type { DownloadRates } from "./download-rates.ts";
import type { SentOffers } from "./sent-offers.ts";
import { type ChunkRequest, decodeUpdate, encodeChunk, NO_BASE } from "./update-messages.ts";

/** Where the bytes come from. */
export interface BlobStore {
  imageBytes(id: string): Uint8Array | undefined;
  compressed(id: string): Uint8Array | undefined;
  patchBytes(base: string, image: string): Uint8Array | undefined;
}

export interface ChunkDeskOptions {
  store: BlobStore;
  ingest: Pick<Ingest, "offer" | "malformed">;
  offers: SentOffers;
  rates: DownloadRates;
  metrics: Metrics;
}

const NOTHING = new Uint8Array(0);

export class ChunkDesk {
  readonly #options: ChunkDeskOptions;
  readonly #cache = new BlobCache(IMAGE_CACHE_MAX_BYTES);
  /** For a rollout's limit. */
  readonly #waiting = new Map<DeviceLink, ChunkRequest>();
  /** For the next turn of the event loop. */
  readonly #line = new Map<DeviceLink, ChunkRequest>();
  #turnBytes = 0;

  constructor(options: ChunkDeskOptions) {
    this.#options = options;
  }

  /** Nobody waits for a turn; who waits for a limit is not looked at. */
  get isIdle(): boolean {
    return this.#line.size === 0;
  }

  take(link: DeviceLink, payload: Uint8Array): void {
    const { ingest, offers } = this.#options;
    const isTooLong = payload.length > PAYLOAD_UP_MAX_BYTES;
    const message = isTooLong ? null : decodeUpdate(payload);
    if (message === null) ingest.malformed(isTooLong ? "tooLong" : "update", link.mac, payload.length);
    else if (message.kind === "report") {
      offers.take(link, message);
      ingest.offer(BatchKind.Update, link.mac, payload);
    } else this.#admit(link, message);
  }

  /** Requests that had to wait, as far as they may be answered by now. */
  pump(): void {
    for (const [link, request] of this.#waiting) {
      // Who is gone takes nothing from the others.
      if (!link.isOpen) {
        this.#waiting.delete(link);
        continue;
      }
      if (!this.#options.rates.take(request.image, request.lengthBytes)) continue;
      this.#waiting.delete(link);
      this.#serve(link, request);
    }
  }

  /** After an image has been deleted. */
  forget(): void {
    this.#cache.clear();
  }

  #admit(link: DeviceLink, request: ChunkRequest): void {
    const { metrics, rates } = this.#options;
    metrics.chunkRequests.inc();
    // Whoever is in line stays there: others would always be quicker.
    const isInLine = rates.isLimited(request.image) && this.#waiting.size > 0;
    if (!isInLine && rates.take(request.image, request.lengthBytes)) {
      this.#waiting.delete(link);
      this.#serve(link, request);
    } else if (this.#waiting.size < DOWNLOADS_WAITING_MAX || this.#waiting.has(link)) this.#waiting.set(link, request);
    else metrics.shed.inc({ cause: "chunks" });
  }

  /** Now, or in line for a later turn. */
  #serve(link: DeviceLink, request: ChunkRequest): void {
    if (this.#turnBytes === 0 && this.#line.size === 0) setImmediate(() => this.#turn());
    if (this.#turnBytes < CHUNKS_TURN_MAX_BYTES && this.#line.size === 0) this.#answer(link, request);
    else this.#line.set(link, request);
  }

  #turn(): void {
    this.#turnBytes = 0;
    for (const [link, request] of this.#line) {
      if (this.#turnBytes >= CHUNKS_TURN_MAX_BYTES) break;
      this.#line.delete(link);
      if (link.isOpen) this.#answer(link, request);
    }
    if (this.#turnBytes > 0) setImmediate(() => this.#turn());
  }

  #answer(link: DeviceLink, request: ChunkRequest): void {
    this.#turnBytes += request.lengthBytes;
    const { metrics } = this.#options;
    if (link.unsentBytes + request.lengthBytes > CHUNKS_UNSENT_MAX_BYTES) {
      metrics.shed.inc({ cause: "chunks" });
      return;
    }
    const blob = this.#blob(request);
    const end = Math.min(request.offset + request.lengthBytes, blob.length);
    let at = request.offset;
    do {
      const piece = blob.subarray(at, Math.min(at + CHUNK_MAX_BYTES, end));
      if (!link.send("chunk", encodeChunk(request, at, piece))) return;
      metrics.chunkBytes.inc(piece.length);
      at += CHUNK_MAX_BYTES;
    } while (at < end);
  }

  /** Empty when there is no such image or patch: so is then the answer. */
  #blob({ image, base }: ChunkRequest): Uint8Array {
    const { store } = this.#options;
    const fetch = () => {
      if (base === null) return store.imageBytes(image);
      return base === NO_BASE ? store.compressed(image) : store.patchBytes(base, image);
    };
    return this.#cache.get(`${base}>${image}`, fetch) ?? NOTHING;
  }
}
