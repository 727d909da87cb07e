/** One MQTT connection after CONNECT: who it is and what it listens to. */
import type { Client } from "aedes";
import type { MqttUser } from "../access/mqtt-user-requests.ts";
import { Standing } from "../access/registration.ts";
import type { DeviceLink, DownChannel } from "../ingest/ingest.ts";
import type { RegisterRecord } from "../ingest/register-record.ts";
import { matchesFilter } from "./topic-filters.ts";
import type { DeviceTopics } from "./topic-policy.ts";

export type Who =
  /** `register`: it is new, and is to be stored before anything that it says. */
  | { kind: "device"; topics: DeviceTopics; standing: Standing; register: RegisterRecord | null }
  | { kind: "user"; user: MqttUser }
  | { kind: "observer" };

export class Session {
  readonly client: Client;
  readonly who: Who;
  /** Of a device. */
  readonly topics: DeviceTopics | null;
  readonly filters = new Set<string>();
  /** A device's, once it is registered with ingest. */
  link: DeviceLink | null = null;
  /** What its filters match of what the server tells it; a message that was not asked for would break the protocol. */
  readonly wanted: Record<DownChannel, boolean> = {
    ...{ ack: false, offer: false, chunk: false },
    ...{ config: false, command: false, graph: false },
  };
  /** The device has a newer connection. */
  isReplaced = false;

  constructor(client: Client, who: Who) {
    this.client = client;
    this.who = who;
    this.topics = who.kind === "device" ? who.topics : null;
  }

  /** A device that waits for approval: it is known, and not listened to. */
  get isWaiting(): boolean {
    return this.who.kind === "device" && this.who.standing !== Standing.Active;
  }

  subscribe(filter: string): void {
    this.filters.add(filter);
    this.#look();
  }

  unsubscribe(filters: readonly string[]): void {
    for (const filter of filters) this.filters.delete(filter);
    this.#look();
  }

  #look(): void {
    const { topics } = this;
    if (topics === null) return;
    for (const [channel, topic] of Object.entries(topics.down) as [DownChannel, string][]) {
      this.wanted[channel] = [...this.filters].some((filter) => matchesFilter(filter, topic));
    }
  }
}
