/** One MQTT connection after CONNECT: who it is and what it listens to. */
import type { Client } from "aedes";
import type { DeviceLink, DownChannel } from "../ingest/ingest.ts";
import { type DeviceTopics, matchesFilter } from "./topic-policy.ts";

export class Session {
  readonly client: Client;
  /** Null for an observer. */
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

  constructor(client: Client, topics: DeviceTopics | null) {
    this.client = client;
    this.topics = topics;
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
