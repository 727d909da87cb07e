/** What becomes of an order for an image: asks the server until it is known, and tells the progress. */
import { setTimeout as sleep } from "node:timers/promises";
import { TRIAL_ATTEMPTS, TRIAL_DEADLINE_MS } from "../../runtime/contract/slot-record.ts";
import {
  type ApiClient,
  ApiError,
  type Device,
  type UpdateOffer,
  type UpdateStatus,
  type UpdateStep,
} from "../client/api-client.ts";
import { namedFailureText } from "../image/failure-texts.ts";

export const POLL_MS = 500;
/** A server that is busy answers well within this time. */
const ANSWER_MAX_MS = 10_000;
/** A server that is silent for longer is told of: it may be restarting. */
const SILENT_MS = 5000;
/** The time that a program on trial has to confirm itself, all starts together. */
export const TRIAL_MIN = (TRIAL_ATTEMPTS * TRIAL_DEADLINE_MS) / 60_000;

export interface Order {
  /** As the server knew it before. */
  device: Device;
  image: string;
  imageBytes: number;
  retry: boolean;
  /** As of the order. */
  status: UpdateStatus;
  /** Where to look for what becomes of it. */
  url: URL;
}

export interface OrderEnd {
  /** `confirmed`, `rolled-back` or `failed` by the device; `replaced`, `timeout`, `interrupted`; `cancelled` with --cancel. */
  state: string;
  failure: string | null;
  /** Null when all is well. */
  reason: string | null;
  offered: Pick<UpdateOffer, "kind" | "bytes"> | null;
}

const ENDS = ["confirmed", "rolled-back", "failed"];

/** Real time, but for tests. */
interface Clock {
  nowMs(): number;
  sleep(ms: number, stop: AbortSignal): Promise<void>;
}

const CLOCK: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
};

export class OrderWatch {
  readonly #api: Pick<ApiClient, "update" | "device">;
  readonly #order: Order;
  readonly #say: (line: string) => void;
  readonly #clock: Clock;
  readonly #told = new Set<string>();
  #last = "";
  #status: UpdateStatus;
  #offer: UpdateOffer | null = null;

  constructor(
    api: Pick<ApiClient, "update" | "device">,
    order: Order,
    say: (line: string) => void,
    clock: Clock = CLOCK,
  ) {
    this.#api = api;
    this.#order = order;
    this.#say = say;
    this.#clock = clock;
    this.#status = order.status;
    this.#look(order.status);
  }

  /** Without waiting for anything. */
  get present(): OrderEnd {
    return this.#status.confirmed ? this.#end("confirmed", null) : this.#end("ordered", null);
  }

  /**
   * Until the device runs the image and has confirmed it, has given it up, it is `deadlineMs`, or `stop` is aborted.
   * `timeoutS` is what was asked for.
   */
  async wait(timeoutS: number, deadlineMs: number, stop: AbortSignal): Promise<OrderEnd> {
    const { device, url } = this.#order;
    const clock = this.#clock;
    const stopped = new Promise<undefined>((resolve) => stop.addEventListener("abort", () => resolve(undefined)));
    let answeredMs = clock.nowMs();
    let silence: string | undefined;
    for (;;) {
      const end = await this.#endOf(this.#status);
      if (end !== undefined) return end;
      const why = silence ?? this.#waitingFor();
      if (stop.aborted) return this.#end("interrupted", `the order for ${device.mac} stands (${why}): see ${url}`);
      if (clock.nowMs() > deadlineMs) {
        const reason = `${device.mac} has not confirmed the image within ${timeoutS} s (${why}); the order stands: see ${url}`;
        return this.#end("timeout", reason);
      }
      await clock.sleep(POLL_MS, stop);
      try {
        const status = await Promise.race([this.#api.update(device.mac, ANSWER_MAX_MS), stopped]);
        if (status === undefined) continue;
        this.#status = status;
        answeredMs = clock.nowMs();
        silence = undefined;
        this.#look(this.#status);
      } catch (error) {
        // A server that is being restarted comes back.
        if (!(error instanceof ApiError)) throw error;
        silence = error.message;
        if (clock.nowMs() - answeredMs > SILENT_MS) this.#sayOnce(`${silence}; the order stands, and is waited for`);
      }
    }
  }

  #look(status: UpdateStatus): void {
    const { image, imageBytes } = this.#order;
    if (status.offer?.image === image) {
      this.#offer = status.offer;
      this.#sayOnce(`offered ${offerText(status.offer, imageBytes)}`);
    }
    const line = this.#progress();
    if (line !== undefined && line !== this.#last) this.#say(line);
    this.#last = line ?? this.#last;
  }

  #sayOnce(line: string): void {
    if (!this.#told.has(line)) this.#say(line);
    this.#told.add(line);
  }

  /** What has happened since the order. */
  get #news(): UpdateStep[] {
    const known = JSON.stringify(this.#order.status.history.at(-1));
    const { history } = this.#status;
    return history.slice(history.findLastIndex((step) => JSON.stringify(step) === known) + 1);
  }

  #progress(): string | undefined {
    const { image, device } = this.#order;
    const { underWay } = this.#status;
    const last = this.#news.at(-1);
    if (underWay !== null && underWay !== image) return `image ${underWay} is still under way to ${device.mac}`;
    if (last?.image !== image || ENDS.includes(last.state)) return undefined;
    if (last.state === "restarting") {
      return `restarting: the new program is on trial, and given up unless it reaches the server within ${TRIAL_MIN} minutes`;
    }
    if (last.percent === null) return last.state;
    const why = last.failure === null ? "" : ` without the patch: ${namedFailureText(last.failure)}`;
    return `${last.state} ${last.percent} %${why}`;
  }

  #waitingFor(): string {
    const { online, running, trial } = this.#status;
    if (!online) return "it is not connected";
    if (running === this.#order.image && trial) return "the image is on trial there";
    return this.#progress()?.split(":")[0] ?? "it has not begun with it";
  }

  async #endOf({ confirmed, desired, givenUp }: UpdateStatus): Promise<OrderEnd | undefined> {
    const { image, device } = this.#order;
    if (confirmed && desired === image) return this.#end("confirmed", null);
    if (desired !== image) return this.#end("replaced", `another order for ${device.mac} has replaced this one`);
    return givenUp ? await this.#failed() : undefined;
  }

  async #failed(): Promise<OrderEnd> {
    const { image, device, retry } = this.#order;
    const { mac } = device;
    const last = this.#status.history.filter((step) => step.image === image).at(-1);
    const isTold = last !== undefined && ENDS.includes(last.state);
    const { state, failure } = isTold ? last : { state: "failed", failure: (await this.#api.device(mac)).failure };
    const why = namedFailureText(failure);
    const hasBegun = this.#news.some((step) => step.image === image && !ENDS.includes(step.state));
    const wasOnRecord = device.failedImage === image && device.failure === failure;
    if (wasOnRecord && !hasBegun && !retry) {
      const reason = `${mac} does not take the image again, for it has failed there before: ${why} (--retry has it tried once more)`;
      return this.#end(state, reason, failure);
    }
    const what = state === "rolled-back" ? "has tried the image and went back" : "refuses the image";
    return this.#end(state, `${mac} ${what}: ${why}`, failure);
  }

  #end(state: string, reason: string | null, failure: string | null = null): OrderEnd {
    const offered = this.#offer && { kind: this.#offer.kind, bytes: this.#offer.bytes };
    return { state, failure, reason, offered };
  }
}

function offerText({ kind, bytes }: UpdateOffer, imageBytes: number): string {
  if (kind === "image") return `as it is, ${bytes} bytes`;
  return kind === "patch"
    ? `as a patch of ${bytes} bytes, instead of ${imageBytes}`
    : `compressed, ${bytes} bytes instead of ${imageBytes}`;
}
