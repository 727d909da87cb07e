/**
 * Tells people: has the store open what has lasted, and make deliveries of what has gathered; sends them, again after a while where
 * that fails, and gives one up after about a day. All of it is in the store, so a start goes on where a stop, or a power cut, was; what had
 * been sent and not been ended is sent again as the same.
 */
import { describe } from "../errors.ts";
import {
  DELIVERIES_AT_ONCE,
  DELIVERY_ATTEMPTS_MAX,
  DELIVERY_RETRY_FIRST_MS,
  DELIVERY_RETRY_MAX_MS,
} from "../limits.ts";
import type { Logger } from "../logger.ts";
import type { DeliveryRow } from "../store/alert-reader.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import type { AlertChannel, AlertMessage, ChannelKind } from "./alert-requests.ts";
import type { WriteMail } from "./send-mail.ts";

/** Resolves when it was taken; rejects with why it was not. */
export type Send = (channel: AlertChannel, message: AlertMessage) => Promise<void>;

export interface AlertDeskOptions {
  store: {
    isDue(nowMs: number): boolean;
    dueDeliveries(nowMs: number, limit: number): DeliveryRow[];
    channel(id: number): AlertChannel | undefined;
    ownersOf(organisation: number): string[];
  };
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  senders: Record<ChannelKind, Send>;
  /** Null: this server sends no mail. */
  writeMail: WriteMail | null;
  logger: Logger;
  nowMs: () => number;
  /** In [0, 1). */
  random: () => number;
}

export class AlertDesk {
  readonly #options: AlertDeskOptions;
  readonly #underWay = new Map<string, Promise<void>>();
  #step: Promise<void> | undefined;
  #isJump = true;
  #isStopped = false;

  constructor(options: AlertDeskOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#step === undefined && this.#underWay.size === 0;
  }

  /** Resolves when what was begun has ended. */
  async settled(): Promise<void> {
    while (!this.isIdle) await Promise.all([this.#step, ...this.#underWay.values()]);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Due times are of a clock that was wrong. */
  jump(): void {
    this.#isJump = true;
  }

  tick(): void {
    if (this.#isStopped) return;
    const { store, nowMs, logger } = this.#options;
    try {
      if (this.#isJump || store.isDue(nowMs())) this.#step ??= this.#stepAll();
      else this.#deliver();
    } catch (error) {
      logger.error({ error: describe(error) }, "alerts could not be looked at");
    }
  }

  /** At once, and once: the answer is for whoever tries the channel. Null: it was taken. */
  async test(channel: AlertChannel, message: AlertMessage): Promise<string | null> {
    try {
      await this.#options.senders[channel.kind](channel, message);
      return null;
    } catch (error) {
      return describe(error);
    }
  }

  async #stepAll(): Promise<void> {
    const { request, nowMs, logger } = this.#options;
    try {
      for (let more = true; more && !this.#isStopped; ) {
        const isJump = this.#isJump;
        const answer = await request({ kind: "stepAlerts", atMs: nowMs(), isJump });
        if (answer.outcome !== "done") break;
        if (isJump) this.#isJump = false;
        more = answer.isMore === true;
      }
      this.#deliver();
    } catch (error) {
      logger.error({ error: describe(error) }, "alerts could not be told; it is tried again");
    }
    this.#step = undefined;
  }

  #deliver(): void {
    const { store, nowMs } = this.#options;
    if (this.#isStopped || this.#underWay.size >= DELIVERIES_AT_ONCE) return;
    // Those that are under way are due still.
    for (const delivery of store.dueDeliveries(nowMs(), DELIVERIES_AT_ONCE + this.#underWay.size)) {
      if (this.#underWay.size >= DELIVERIES_AT_ONCE) break;
      if (this.#underWay.has(delivery.id)) continue;
      const work = this.#deliverOne(delivery).finally(() => this.#underWay.delete(delivery.id));
      this.#underWay.set(delivery.id, work);
    }
  }

  async #deliverOne({ id, channel: channelId, attempts, body }: DeliveryRow): Promise<void> {
    const { store, request, senders, nowMs, random, logger } = this.#options;
    try {
      const channel = store.channel(channelId);
      if (channel === undefined) return;
      const error = await senders[channel.kind](channel, body).then(
        () => null,
        (reason: unknown) => describe(reason),
      );
      const retryMs = error === null ? null : retryAfterMs(attempts + 1, random());
      if (error !== null)
        logger.warn({ channel: channelId, delivery: id, error, retryMs }, "alerts were not delivered");
      const ended = { kind: "endDelivery", delivery: id, error, retryMs, atMs: nowMs() } as const;
      const { disabledChannel } = await request(ended);
      if (disabledChannel !== undefined) await this.#tellOwners(channel, id, error ?? "");
    } catch (error) {
      logger.error({ error: describe(error) }, "a delivery could not be ended; it is sent again");
    }
  }

  async #tellOwners({ organisation, name }: AlertChannel, id: string, error: string): Promise<void> {
    const { store, writeMail, logger } = this.#options;
    logger.warn(
      { organisation, channel: name, error },
      "nothing could be delivered for a day: the channel is disabled",
    );
    const to = store.ownersOf(organisation);
    if (writeMail === null || to.length === 0) return;
    const text = `Nothing could be delivered through the channel "${name}" for a day: ${error}.\n\nIt is disabled now. Mend it, and enable it again.\n`;
    await writeMail({ to, id: `${id}.disabled`, subject: `Channel ${name} is disabled`, text });
  }
}

/** Twice as long each time, a part of it by chance so that many do not come together; null: it is given up. */
export function retryAfterMs(attempts: number, chance: number): number | null {
  if (attempts >= DELIVERY_ATTEMPTS_MAX) return null;
  const fullMs = Math.min(DELIVERY_RETRY_MAX_MS, DELIVERY_RETRY_FIRST_MS * 2 ** (attempts - 1));
  return Math.round(fullMs * (0.75 + 0.5 * chance));
}
