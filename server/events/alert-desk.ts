/**
 * Tells people: has the store open what has lasted, and make deliveries of what has gathered; sends them, again after a while where
 * that fails, and gives one up after about a day. All of it is in the store, so a start goes on where a stop, or a power cut, was; what had
 * been sent and not been ended is sent again as the same. While the store takes no writes, what came of a delivery is kept here and
 * told to the store again and again: nobody gets it each second because a disk is full.
 */
import { setTimeout as pass } from "node:timers/promises";
import { describe } from "../errors.ts";
import {
  DELIVERIES_AT_ONCE,
  DELIVERY_ATTEMPTS_MAX,
  DELIVERY_END_FIRST_MS,
  DELIVERY_END_MAX_MS,
  DELIVERY_MAX_MS,
  DELIVERY_RETRY_FIRST_MS,
  DELIVERY_RETRY_MAX_MS,
} from "../limits.ts";
import type { Logger } from "../logger.ts";
import type { DeliveryRow } from "../store/alert-reader.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import type { AlertChannel, AlertMessage, AlertRequest, ChannelKind, ClockNews } from "./alert-requests.ts";
import type { WriteMail } from "./send-mail.ts";

/** Resolves when it was taken; rejects with why it was not. */
export type Send = (channel: AlertChannel, message: AlertMessage) => Promise<void>;

export interface AlertDeskOptions {
  store: {
    isDue(nowMs: number): boolean;
    dueDeliveries(nowMs: number, limit: number): DeliveryRow[];
    channel(id: number): AlertChannel | undefined;
    ownersOf(organisation: number): string[];
    damaged(): Array<{ table: string; number: number }>;
  };
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  senders: Record<ChannelKind, Send>;
  /** Null: this server sends no mail. */
  writeMail: WriteMail | null;
  logger: Logger;
  nowMs: () => number;
  /** In [0, 1). */
  random: () => number;
  /** Of one attempt; for tests, else DELIVERY_MAX_MS. */
  maxMs?: number;
}

/** What came of a delivery, and when the store is told next. */
interface Sent {
  channel: AlertChannel;
  ended: Extract<AlertRequest, { kind: "endDelivery" }>;
  waitMs: number;
  dueMs: number;
}

export class AlertDesk {
  readonly #options: AlertDeskOptions;
  readonly #underWay = new Map<string, Promise<void>>();
  /** Those that the store has not been told of yet; they keep their place among DELIVERIES_AT_ONCE. */
  readonly #sent = new Map<string, Sent>();
  #step: Promise<void> | undefined;
  #clock: ClockNews = "start";
  #isStopped = false;
  #isDamageTold = false;

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
    this.#clock = "jump";
    for (const sent of this.#sent.values()) sent.dueMs = 0;
  }

  tick(): void {
    if (this.#isStopped) return;
    const { store, nowMs, logger } = this.#options;
    try {
      if (!this.#isDamageTold)
        for (const row of store.damaged()) logger.error(row, "a rule or a delivery is damaged and left out");
      this.#isDamageTold = true;
      if (this.#clock !== "none" || store.isDue(nowMs())) this.#step ??= this.#stepAll();
      else this.#deliver();
    } catch (error) {
      logger.error({ error: describe(error) }, "alerts could not be looked at");
    }
  }

  /** At once, and once: the answer is for whoever tries the channel. Null: it was taken. */
  async test(channel: AlertChannel, message: AlertMessage): Promise<string | null> {
    return await this.#limit(() => this.#options.senders[channel.kind](channel, message));
  }

  /** Always comes to an end. Null: it was done; else why not. */
  async #limit(work: () => Promise<void>): Promise<string | null> {
    const { maxMs = DELIVERY_MAX_MS } = this.#options;
    const limit = new AbortController();
    const late = pass(maxMs, "it took too long", { signal: limit.signal, ref: false });
    try {
      return await Promise.race([work().then(() => null, describe), late]);
    } catch (error) {
      return describe(error);
    } finally {
      late.catch(() => {});
      limit.abort();
    }
  }

  async #stepAll(): Promise<void> {
    const { request, nowMs, logger } = this.#options;
    try {
      for (let more = true; more && !this.#isStopped; ) {
        const clock = this.#clock;
        const answer = await request({ kind: "stepAlerts", atMs: nowMs(), clock });
        if (answer.outcome !== "done") break;
        if (this.#clock === clock) this.#clock = "none";
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
    if (this.#isStopped) return;
    for (const [id, sent] of this.#sent) {
      if (sent.dueMs <= nowMs() && !this.#underWay.has(id)) this.#begin(id, this.#end(sent));
    }
    // Those that are under way, or were sent, are due still.
    const taken = new Set([...this.#underWay.keys(), ...this.#sent.keys()]);
    if (taken.size >= DELIVERIES_AT_ONCE) return;
    for (const delivery of store.dueDeliveries(nowMs(), DELIVERIES_AT_ONCE + taken.size)) {
      if (taken.size >= DELIVERIES_AT_ONCE) break;
      if (taken.has(delivery.id)) continue;
      taken.add(delivery.id);
      this.#begin(delivery.id, this.#deliverOne(delivery));
    }
  }

  #begin(id: string, work: Promise<void>): void {
    const ended = work.finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, ended);
  }

  async #deliverOne({ id, channel: channelId, attempts, body }: DeliveryRow): Promise<void> {
    const { store, nowMs, random, logger } = this.#options;
    let channel: AlertChannel | undefined;
    try {
      channel = store.channel(channelId);
    } catch (error) {
      logger.error({ delivery: id, error: describe(error) }, "a delivery could not be looked at; it is tried again");
    }
    if (channel === undefined) return;
    const error = await this.test(channel, body);
    const retryMs = error === null ? null : retryAfterMs(attempts + 1, random());
    if (error !== null) logger.warn({ channel: channelId, delivery: id, error, retryMs }, "alerts were not delivered");
    const ended = { kind: "endDelivery", delivery: id, error, retryMs, atMs: nowMs() } as const;
    const sent = { channel, ended, waitMs: DELIVERY_END_FIRST_MS, dueMs: 0 };
    this.#sent.set(id, sent);
    await this.#end(sent);
  }

  async #end(sent: Sent): Promise<void> {
    const { request, nowMs, logger } = this.#options;
    const { channel, ended } = sent;
    const { delivery } = ended;
    const { outcome, disabledChannel, error } = await request(ended).catch((reason: unknown) => ({
      outcome: "unavailable" as const,
      disabledChannel: undefined,
      error: describe(reason),
    }));
    if (outcome !== "done") {
      sent.dueMs = nowMs() + sent.waitMs;
      logger.error({ delivery, error, retryMs: sent.waitMs }, "what came of a delivery could not be stored");
      sent.waitMs = Math.min(DELIVERY_END_MAX_MS, sent.waitMs * 2);
      return;
    }
    this.#sent.delete(delivery);
    if (disabledChannel === undefined) return;
    const untold = await this.#limit(() => this.#tellOwners(channel, delivery, ended.error ?? ""));
    if (untold !== null) logger.error({ channel: channel.id, error: untold }, "its owners could not be told");
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
