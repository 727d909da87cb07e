/**
 * Retained messages, found without looking at all of them. Aedes holds every filter of a SUBSCRIBE against every retained topic: when
 * thousands of devices come back at once, that is millions of comparisons, and acknowledgements wait for them. Here topics that
 * have their first levels in common (`lintel/1/<mac>`) lie together, and a filter that names these looks no further.
 */
import { Readable } from "node:stream";
import type { PublishPacket } from "aedes";
import memory from "aedes-persistence";
import { matchesFilter } from "./topic-filters.ts";

const PLACE_LEVELS = 3;

type Retained = Pick<PublishPacket, "topic" | "payload">;

/** Its types have it below `default`; it is the module itself. */
const makeMemory = memory as unknown as () => object;

/** Aedes' own store for all but retained messages. */
export function persistenceOfBroker() {
  const retained = new RetainedStore();
  return Object.assign(makeMemory(), {
    storeRetained: async (packet: Retained) => retained.store(packet),
    createRetainedStream: (filter: string) => Readable.from(retained.find([filter])),
    createRetainedStreamCombi: (filters: string[]) => Readable.from(retained.find(filters)),
  });
}

export class RetainedStore {
  /** By the first levels of the topic, then by topic. */
  readonly #places = new Map<string, Map<string, Retained>>();

  store(packet: Retained): void {
    const { topic, payload } = packet;
    const place = placeOf(topic);
    const there = this.#places.get(place);
    if (payload.length > 0) {
      if (there === undefined) this.#places.set(place, new Map([[topic, { ...packet }]]));
      else there.set(topic, { ...packet });
    } else if (there?.delete(topic) === true && there.size === 0) this.#places.delete(place);
  }

  /** Of each filter for itself, as the standard has it (MQTT 3.1.1, 3.8.4). */
  find(filters: readonly string[]): Retained[] {
    return filters.flatMap((filter) => this.#matching(filter));
  }

  #matching(filter: string): Retained[] {
    const place = placeOf(filter);
    if (!hasWildcard(place)) return matching(filter, this.#places.get(place));
    // [MQTT-4.7.2-1]
    const isOfServer = hasWildcard(filter.charAt(0));
    return [...this.#places].flatMap(([name, there]) =>
      isOfServer && name.startsWith("$") ? [] : matching(filter, there),
    );
  }
}

function matching(filter: string, there: ReadonlyMap<string, Retained> = new Map()): Retained[] {
  if (!hasWildcard(filter)) {
    const packet = there.get(filter);
    return packet === undefined ? [] : [packet];
  }
  return [...there.values()].filter(({ topic }) => matchesFilter(filter, topic));
}

function placeOf(topic: string): string {
  return topic.split("/", PLACE_LEVELS).join("/");
}

function hasWildcard(filter: string): boolean {
  return filter.includes("+") || filter.includes("#");
}
