/**
 * The writer thread seen from the main thread. A thread that dies is started again; what it had not committed was never
 * acknowledged, so the devices send it again.
 */
import type { Worker } from "node:worker_threads";
import { describe } from "../errors.ts";
import type { Batch } from "../ingest/batch.ts";
import type { FromWriter, ToWriter, WriterStart } from "../ingest/writer-messages.ts";
import type { WriterEvents, WriterPort } from "../ingest/writer-port.ts";
import { STORE_REQUESTS_MAX, WRITER_RETRY_MS } from "../limits.ts";
import type { Logger } from "../logger.ts";
import { startThread } from "../start-thread.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import type { Housekeeping } from "./housekeeper.ts";

const RESOURCE_LIMITS = {
  /** Most objects of the writer die with their commit; a small nursery keeps the process small. */
  maxYoungGenerationSizeMb: 8,
};

export class WriterClient implements WriterPort {
  onKept: (figures: Housekeeping) => void = () => {};
  readonly #start: WriterStart;
  readonly #logger: Logger;
  #events: WriterEvents | undefined;
  #worker: Worker | undefined;
  #isLiveWanted = false;
  #isStopping = false;
  #onReady: (() => void) | undefined;
  #onStartFailed: ((error: Error) => void) | undefined;
  #onStopped: (() => void) | undefined;
  #restart: NodeJS.Timeout | undefined;
  #nextRequestId = 1;
  #backup: { onPercent: (percent: number) => void; resolve: () => void; reject: (error: Error) => void } | undefined;
  readonly #requests = new Map<number, (answer: StoreAnswer) => void>();

  constructor(start: WriterStart, logger: Logger) {
    this.#start = start;
    this.#logger = logger;
  }

  /** Resolves when the thread has opened the database. */
  async start(events: WriterEvents): Promise<void> {
    this.#events = events;
    await new Promise<void>((resolve, reject) => {
      this.#onReady = resolve;
      this.#onStartFailed = reject;
      this.#spawn();
    });
    this.#onStartFailed = undefined;
  }

  post(id: number, batch: Batch): boolean {
    if (this.#worker === undefined) return false;
    this.#worker.postMessage({ type: "batch", id, batch } satisfies ToWriter, [batch.block]);
    return true;
  }

  /** Carried out and durable when it resolves, but for the outcome `unavailable`. */
  request(request: StoreRequest): Promise<StoreAnswer> {
    const worker = this.#worker;
    if (worker === undefined || this.#isStopping || this.#requests.size >= STORE_REQUESTS_MAX) {
      return Promise.resolve({ outcome: "unavailable" });
    }
    const id = this.#nextRequestId++;
    return new Promise((resolve) => {
      this.#requests.set(id, resolve);
      worker.postMessage({ type: "request", id, request } satisfies ToWriter);
    });
  }

  /** Resolves when the copy is on disk; rejects when there is none. One at a time. */
  backUp(path: string, onPercent: (percent: number) => void): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined || this.#isStopping || this.#backup !== undefined) {
      return Promise.reject(new Error("the writer cannot make a copy now"));
    }
    return new Promise((resolve, reject) => {
      this.#backup = { onPercent, resolve, reject };
      worker.postMessage({ type: "backup", path } satisfies ToWriter);
    });
  }

  /** Lets the thread do what is due of its housekeeping. */
  tellTime(nowMs: number, elapsedMs: number): void {
    this.#worker?.postMessage({ type: "time", nowMs, elapsedMs } satisfies ToWriter);
  }

  setLive(isWanted: boolean): void {
    this.#isLiveWanted = isWanted;
    this.#worker?.postMessage({ type: "live", isWanted } satisfies ToWriter);
  }

  /** After everything posted so far. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === undefined) return;
    await new Promise<void>((resolve) => {
      this.#onStopped = resolve;
      worker.postMessage({ type: "stop" } satisfies ToWriter);
    });
  }

  /** For tests: what happens when the thread dies. */
  async kill(): Promise<void> {
    await this.#worker?.terminate();
  }

  #spawn(): void {
    const worker = startThread("store/writer-thread", { workerData: this.#start, resourceLimits: RESOURCE_LIMITS });
    this.#worker = worker;
    worker.on("message", (message: FromWriter) => this.#hear(message));
    worker.on("error", (error) => {
      this.#onStartFailed?.(error);
      this.#logger.error({ error: describe(error) }, "the writer thread failed");
    });
    worker.on("exit", () => this.#onExit(worker));
  }

  #hear(message: FromWriter): void {
    switch (message.type) {
      case "ready":
        if (this.#isLiveWanted) this.setLive(true);
        this.#onReady?.();
        this.#onReady = undefined;
        this.#events?.onReady();
        break;
      case "committed":
        this.#events?.onCommitted(message);
        break;
      case "blocks":
        this.#events?.onBlocksBack(message.blocks);
        break;
      case "answer":
        if (message.answer.error !== undefined) {
          this.#logger.error({ error: message.answer.error }, "a change could not be stored");
        }
        this.#resolve(message.id, message.answer);
        break;
      case "failed":
        this.#events?.onFailed(message.batchId, message.error);
        break;
      case "backup":
        this.#hearOfBackup(message.percent, message.error);
        break;
      case "kept":
        if (message.error !== null)
          this.#logger.error({ error: message.error }, "readings could not be packed or deleted");
        this.onKept(message.figures);
        break;
      case "recovered":
        this.#events?.onReady();
        break;
      case "stopped":
        break;
    }
  }

  #resolve(id: number, answer: StoreAnswer): void {
    this.#requests.get(id)?.(answer);
    this.#requests.delete(id);
  }

  #hearOfBackup(percent: number, error: string | undefined): void {
    const backup = this.#backup;
    if (error === undefined && percent < 100) {
      backup?.onPercent(percent);
      return;
    }
    this.#backup = undefined;
    if (error === undefined) backup?.resolve();
    else backup?.reject(new Error(error));
  }

  #onExit(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const id of [...this.#requests.keys()]) this.#resolve(id, { outcome: "unavailable" });
    this.#hearOfBackup(0, "the writer thread ended");
    if (this.#isStopping) {
      this.#events?.onLost();
      this.#onStopped?.();
      return;
    }
    if (this.#onStartFailed !== undefined) {
      this.#onStartFailed(new Error("the writer thread ended before it was ready"));
      return;
    }
    this.#events?.onLost();
    this.#logger.error({ retryMs: WRITER_RETRY_MS }, "the writer thread ended; starting it again");
    this.#restart = setTimeout(() => this.#spawn(), WRITER_RETRY_MS);
  }
}
