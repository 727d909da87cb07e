/** How many retained messages there are, and how long: of devices together, and of the applications of each organisation. */

export interface RetainedLimits {
  count: number;
  bytes: number;
}

interface Group {
  sizes: Map<string, number>;
  bytes: number;
}

export class RetainedBook {
  readonly #limits: RetainedLimits;
  readonly #groups = new Map<string, Group>();

  constructor(limits: RetainedLimits) {
    this.#limits = limits;
  }

  /** False: there is no more room, and the message is not to be retained. An empty payload takes one away (MQTT 3.1.1, 3.3.1.3). */
  take(group: string, topic: string, payloadBytes: number): boolean {
    const { sizes, bytes } = this.#groups.get(group) ?? { sizes: new Map<string, number>(), bytes: 0 };
    const former = sizes.get(topic);
    const isNew = former === undefined;
    const sizeBytes = payloadBytes === 0 ? 0 : payloadBytes + topic.length;
    const wouldTake = bytes - (former ?? 0) + sizeBytes;
    if (payloadBytes === 0) {
      sizes.delete(topic);
    } else {
      if ((isNew && sizes.size >= this.#limits.count) || wouldTake > this.#limits.bytes) return false;
      sizes.set(topic, sizeBytes);
    }
    if (sizes.size === 0) this.#groups.delete(group);
    else this.#groups.set(group, { sizes, bytes: wouldTake });
    return true;
  }
}
