/**
 * Patches and compressed images, made one after the other in a thread that lives as long as there is work. What takes too
 * long or breaks the thread is not known: the machine may have been busy, or out of memory. Who asks sees to it that not
 * too many wait (updates/update-files.ts).
 */
import type { Worker } from "node:worker_threads";
import { FILE_MAKE_MAX_MS } from "../limits.ts";
import { startThread } from "../start-thread.ts";
import type { PatchOrder } from "./patch-order.ts";

const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 };

export class PatchMaker {
  readonly #maxMs: number;
  #worker: Worker | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isStopped = false;

  constructor(maxMs = FILE_MAKE_MAX_MS) {
    this.#maxMs = maxMs;
  }

  /** A patch; null when there is none, undefined when it is not known. */
  make(base: Uint8Array, target: Uint8Array): Promise<Uint8Array | null | undefined> {
    return this.#enqueue({ base, target });
  }

  /** A compressed image; otherwise as `make`. */
  compress(target: Uint8Array): Promise<Uint8Array | null | undefined> {
    return this.#enqueue({ base: null, target });
  }

  #enqueue(order: PatchOrder): Promise<Uint8Array | null | undefined> {
    this.#waiting++;
    const made = this.#queue.then(() => this.#run(order));
    this.#queue = made;
    return made;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#worker?.terminate();
  }

  async #run(order: PatchOrder): Promise<Uint8Array | null | undefined> {
    this.#waiting--;
    if (this.#isStopped) return undefined;
    this.#worker ??= startPatchThread();
    const worker = this.#worker;
    worker.postMessage(order);
    const patch = await answerOf(worker, this.#maxMs);
    if (patch === undefined || this.#waiting === 0) {
      this.#worker = undefined;
      await worker.terminate();
    }
    return this.#isStopped ? undefined : patch;
  }
}

function startPatchThread(): Worker {
  const worker = startThread("updates/patch-thread", { resourceLimits: RESOURCE_LIMITS });
  // An error that nobody listens to would end the process, also one that comes after its time.
  worker.on("error", () => {});
  return worker;
}

function answerOf(worker: Worker, maxMs: number): Promise<Uint8Array | null | undefined> {
  return new Promise((resolve) => {
    const finish = (patch: Uint8Array | null | undefined) => {
      clearTimeout(timer);
      worker.off("message", finish).off("error", fail).off("exit", fail);
      resolve(patch);
    };
    const fail = () => finish(undefined);
    const timer = setTimeout(fail, maxMs);
    worker.on("message", finish).on("error", fail).on("exit", fail);
  });
}
