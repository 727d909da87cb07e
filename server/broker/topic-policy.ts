/**
 * Who may say and hear what. Three kinds of client: a device, whose MQTT user name is its MAC address; an application, which has
 * been given a name; and, where nobody is asked who he is, an observer.
 *
 * | | publish | subscribe |
 * |---|---|---|
 * | device | its own `hello`, `data`, `state`, `update`, `result`, `log` | filters below its own topic |
 * | application | what it is granted, below `app/` (user-topics.ts) | what it is granted |
 * | observer | topics outside `lintel/` and `$SYS/`, never retained | anything |
 *
 * A denied publish is dropped in silence and counted; MQTT 3.1.1 knows no refusal but the end of the connection
 * ([MQTT-3.3.5-2]), and a faulty device that is thrown out only comes back. A denied subscription answers 0x80.
 */
import {
  CHANNEL_ACK,
  CHANNEL_CHUNK,
  CHANNEL_COMMAND,
  CHANNEL_CONFIG,
  CHANNEL_DATA,
  CHANNEL_GRAPH,
  CHANNEL_HELLO,
  CHANNEL_LOG,
  CHANNEL_OFFER,
  CHANNEL_RESULT,
  CHANNEL_STATE,
  CHANNEL_UPDATE,
  TOPIC_PREFIX,
} from "../../runtime/contract/topics.ts";
import type { DownChannel } from "../ingest/ingest.ts";
import { isMac, macToNumber } from "../mac-address.ts";

/** The topics of one device, spelled once a connection instead of once a message. */
export interface DeviceTopics {
  mac: number;
  below: string;
  hello: string;
  data: string;
  state: string;
  update: string;
  result: string;
  log: string;
  down: Readonly<Record<DownChannel, string>>;
}

/** Null for an observer. */
export function topicsOfUser(username: string | undefined): DeviceTopics | null {
  if (username === undefined || !isMac(username)) return null;
  const below = `${TOPIC_PREFIX}${username}/`;
  return {
    mac: macToNumber(username),
    below,
    hello: below + CHANNEL_HELLO,
    data: below + CHANNEL_DATA,
    state: below + CHANNEL_STATE,
    update: below + CHANNEL_UPDATE,
    result: below + CHANNEL_RESULT,
    log: below + CHANNEL_LOG,
    down: {
      ack: below + CHANNEL_ACK,
      offer: below + CHANNEL_OFFER,
      chunk: below + CHANNEL_CHUNK,
      config: below + CHANNEL_CONFIG,
      command: below + CHANNEL_COMMAND,
      graph: below + CHANNEL_GRAPH,
    },
  };
}

/** The level above the version: no client but a device may speak below it. */
export const DEVICES_ROOT = TOPIC_PREFIX.slice(0, TOPIC_PREFIX.indexOf("/") + 1);
const SYSTEM_ROOT = "$SYS/";

export function mayObserverPublish(topic: string): boolean {
  return !topic.startsWith(DEVICES_ROOT) && !topic.startsWith(SYSTEM_ROOT);
}

export function maySubscribe(topics: DeviceTopics | null, filter: string): boolean {
  return topics === null || filter.startsWith(topics.below);
}

/** Is the filter one of the topics that the server writes to this device, spelled out? Nobody else's messages are there. */
export function isOwnDownTopic(topics: DeviceTopics | null, filter: string): boolean {
  return topics !== null && Object.values(topics.down).includes(filter);
}

/** Channels whose messages Aedes does not see unless someone watches. */
const WATCHED_CHANNELS = new Set([
  ...[CHANNEL_DATA, CHANNEL_UPDATE, CHANNEL_RESULT, CHANNEL_LOG],
  ...[CHANNEL_ACK, CHANNEL_OFFER, CHANNEL_CHUNK, CHANNEL_COMMAND, CHANNEL_GRAPH],
]);

/** There are secrets in it: nobody hears it but the device. */
export function isSecret(channel: string): boolean {
  return channel === CHANNEL_CONFIG;
}

/** Could the filter match one of these topics of some device? Then their messages must be passed on. */
export function mayWatchDevices(filter: string): boolean {
  const wanted = filter.split("/");
  const fixed = TOPIC_PREFIX.split("/").slice(0, -1);
  for (const [i, level] of [...fixed, "+", "+"].entries()) {
    const given = wanted[i];
    if (given === "#") return true;
    if (given === undefined) return false;
    if (i < fixed.length && given !== "+" && given !== level) return false;
  }
  const channel = wanted[fixed.length + 1] ?? "";
  const isWatched = channel === "+" || WATCHED_CHANNELS.has(channel);
  return isWatched && (wanted.length === fixed.length + 2 || wanted[fixed.length + 2] === "#");
}
