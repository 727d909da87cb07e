/**
 * Aedes with our rules. Messages of devices go to ingest; they pass through Aedes' own delivery only when someone
 * watches, since matching every reading against subscriptions that do not exist would cost more than all the rest.
 *
 * Kept small in memory on purpose: no persistent sessions, retained messages only as `state`, bounded packets, and a
 * subscriber that does not read loses messages instead of holding up everyone (QoS 0 allows both).
 */
import type { Duplex } from "node:stream";
import { Aedes, type Client, type PublishPacket, type Subscription } from "aedes";
import { BatchKind } from "../ingest/batch.ts";
import type { DeviceLink, DownChannel } from "../ingest/ingest.ts";
import { LOG_LINES_PER_MINUTE, MQTT_PACKET_MAX_BYTES, MQTT_UNSENT_MAX_BYTES, SUBSCRIPTIONS_MAX } from "../limits.ts";
import { LimitedLog, type Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { encodePublish } from "./publish-packet.ts";
import { Session } from "./session.ts";
import {
  type DeviceTopics,
  isOwnDownTopic,
  isSecret,
  mayObserverPublish,
  maySubscribe,
  mayWatchDevices,
  topicsOfUser,
} from "./topic-policy.ts";

/** Where device messages go. */
export interface DeviceSink {
  connect(link: DeviceLink): void;
  disconnect(link: DeviceLink): void;
  offer(kind: BatchKind, mac: number, payload: Uint8Array): void;
}

/** Where `update` messages go: some are answered at once. */
export interface UpdateSink {
  take(link: DeviceLink, payload: Uint8Array): void;
}

/** Where lines of log go; they are not stored. */
export interface LogSink {
  take(mac: number, payload: Uint8Array): void;
}

export interface BrokerOptions {
  sink: DeviceSink;
  updates: UpdateSink;
  logs: LogSink;
  metrics: Metrics;
  logger: Logger;
  nowMs: () => number;
}

type Done = (error?: Error) => void;

/** What Aedes' publish really takes; its types leave the client out. */
type PublishOfClient = (this: Aedes, packet: PublishPacket, client: Client | null, done: Done) => void;

const publishOfAedes = Aedes.prototype.publish as unknown as PublishOfClient;

const AEDES_OPTIONS = {
  /** MQTT 3.1.0 allows no more than 23, 3.1.1 does; ours are short. */
  maxClientsIdLength: 64,
  /** Packets that a client sends before its CONNACK. */
  queueLimit: 100,
  /**
   * No limit on messages being delivered: at a limit, one client that does not read would hold up all the others, and the
   * queue behind it is let go by recursion (mqemitter 7), which a full queue turns into a stack overflow.
   */
  concurrency: 0,
  drainTimeout: 10_000,
  /** No client needs QoS 2 here. */
  maxInflightInbound: 16,
  maxTopicLevels: 16,
};

export class DeviceBroker extends Aedes {
  readonly #sink: DeviceSink;
  readonly #updates: UpdateSink;
  readonly #logs: LogSink;
  readonly #metrics: Metrics;
  readonly #log: LimitedLog;
  readonly #nowMs: () => number;
  readonly #sessions = new WeakMap<Client, Session>();
  /** The connection of each device. */
  readonly #current = new Map<number, Session>();
  /** Sessions whose subscriptions match device messages. */
  readonly #watching = new Set<Session>();
  readonly #streams = new Set<Duplex>();

  constructor(options: BrokerOptions) {
    super({
      ...AEDES_OPTIONS,
      preConnect: (_client, packet, done) => {
        // Every session is a clean one: the server keeps nothing for a client that is away.
        packet.clean = true;
        done(null, true);
      },
      authenticate: (client, username, _password, done) => {
        this.#sessions.set(client, new Session(client, topicsOfUser(username)));
        done(null, true);
      },
      // Publishing is judged in `publish`, where a denial does not end the connection.
      authorizePublish: (_client, _packet, done) => done(null),
      authorizeSubscribe: (client, subscription, done) => done(null, this.#judgeSubscription(client, subscription)),
      authorizeForward: (client, packet) => (isBehind(client.conn) ? null : packet),
    });
    this.#sink = options.sink;
    this.#updates = options.updates;
    this.#logs = options.logs;
    this.#metrics = options.metrics;
    this.#log = new LimitedLog(options.logger, options.nowMs, LOG_LINES_PER_MINUTE);
    this.#nowMs = options.nowMs;
    this.on("client", (client) => this.#onClient(client));
    this.on("clientDisconnect", (client) => this.#onGone(client));
    this.on("unsubscribe", (filters, client) => this.#onUnsubscribe(filters, client));
    this.on("clientError", (client, error) => this.#onError(client, error));
    this.on("connectionError", (client, error) => this.#onError(client, error));
  }

  /** A connection, from wherever it comes. */
  accept(stream: Duplex): void {
    this.#streams.add(stream);
    stream.once("close", () => this.#streams.delete(stream));
    const client = this.handle(stream);
    // Aedes listens first, so the parser has seen what has arrived. Its size limit is the protocol's, 256 MiB.
    stream.on("readable", () => {
      if (announcedBytes(client) <= MQTT_PACKET_MAX_BYTES) return;
      this.#metrics.oversized.inc();
      stream.destroy();
    });
  }

  /** What has arrived and no handler has taken. */
  get unreadBytes(): number {
    let bytes = 0;
    for (const stream of this.#streams) if (!stream.destroyed) bytes += stream.readableLength;
    return bytes;
  }

  /** Every connection's output has left, as far as can be seen. */
  get hasUnsent(): boolean {
    for (const stream of this.#streams) if (stream.writableLength > 0 && !stream.destroyed) return true;
    return false;
  }

  /** Also the connections that never became clients. */
  closeStreams(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  override publish(packet: PublishPacket, callback: Done): void;
  override publish(packet: PublishPacket, client: Client | null, done: Done): void;
  override publish(packet: PublishPacket, clientOrDone: Client | null | Done, done?: Done): void {
    if (typeof clientOrDone === "function") {
      publishOfAedes.call(this, packet, null, clientOrDone);
      return;
    }
    const client = clientOrDone;
    const finish = done ?? noop;
    if (client === null) {
      publishOfAedes.call(this, packet, null, finish);
      return;
    }
    // Never in this turn: the parser is still at work, and Aedes would start it again from within.
    if (!this.#judgePublish(client, packet)) process.nextTick(finish);
    else publishOfAedes.call(this, packet, client, finish);
  }

  /** Takes in what a client says; true when Aedes is to pass it on. */
  #judgePublish(client: Client, packet: PublishPacket): boolean {
    const session = this.#sessions.get(client);
    if (session === undefined) return false;
    const { topics } = session;
    if (topics === null) {
      packet.retain = false;
      if (mayObserverPublish(packet.topic)) return true;
      return this.#deny("publish", client, packet.topic);
    }
    const payload = packet.payload as Buffer;
    const isWatched = this.#watching.size > 0;
    if (packet.topic === topics.data) {
      this.#sink.offer(BatchKind.Data, topics.mac, payload);
      packet.retain = false;
      return isWatched;
    }
    if (packet.topic === topics.hello) {
      this.#sink.offer(BatchKind.Hello, topics.mac, payload);
      packet.retain = false;
      return true;
    }
    if (packet.topic === topics.state) {
      // A will of a connection that was replaced says nothing about the device.
      if (session.isReplaced) return false;
      this.#sink.offer(BatchKind.State, topics.mac, payload);
      return payload.length <= MQTT_STATE_RETAINED_MAX_BYTES;
    }
    if (packet.topic === topics.update) {
      if (session.link !== null) this.#updates.take(session.link, payload);
      packet.retain = false;
      return isWatched;
    }
    if (packet.topic === topics.result) {
      this.#sink.offer(BatchKind.Result, topics.mac, payload);
      packet.retain = false;
      return isWatched;
    }
    if (packet.topic === topics.log) {
      this.#logs.take(topics.mac, payload);
      packet.retain = false;
      return isWatched;
    }
    return this.#deny("publish", client, packet.topic);
  }

  #judgeSubscription(client: Client, subscription: Subscription): Subscription | null {
    const session = this.#sessions.get(client);
    const filter = subscription.topic;
    if (session === undefined || !maySubscribe(session.topics, filter) || session.filters.size >= SUBSCRIPTIONS_MAX) {
      this.#deny("subscribe", client, filter);
      return null;
    }
    session.subscribe(filter);
    if (isWatching(session, filter)) this.#watching.add(session);
    return subscription;
  }

  #onUnsubscribe(filters: string[], client: Client): void {
    const session = this.#sessions.get(client);
    if (session === undefined) return;
    session.unsubscribe(filters);
    if (![...session.filters].some((filter) => isWatching(session, filter))) this.#watching.delete(session);
  }

  #onClient(client: Client): void {
    this.#metrics.connections.set(this.connectedClients);
    const session = this.#sessions.get(client);
    if (session?.topics == null) return;
    const { mac } = session.topics;
    const former = this.#current.get(mac);
    this.#current.set(mac, session);
    // A device has one connection, the newest: the former one is a line that died unnoticed.
    if (former !== undefined && former !== session) {
      former.isReplaced = true;
      former.client.close();
    }
    session.link = this.#linkOf(session, session.topics);
    this.#sink.connect(session.link);
  }

  #onGone(client: Client): void {
    this.#metrics.connections.set(this.connectedClients);
    const session = this.#sessions.get(client);
    if (session === undefined) return;
    this.#watching.delete(session);
    if (session.link === null || session.topics === null) return;
    if (this.#current.get(session.topics.mac) === session) this.#current.delete(session.topics.mac);
    this.#sink.disconnect(session.link);
  }

  #linkOf(session: Session, topics: DeviceTopics): DeviceLink {
    const { conn } = session.client;
    return {
      mac: topics.mac,
      sinceMs: this.#nowMs(),
      get unsentBytes() {
        return conn.writableLength;
      },
      send: (channel, payload) => this.#send(session, channel, topics.down[channel], payload),
    };
  }

  #send(session: Session, channel: DownChannel, topic: string, payload: Uint8Array): boolean {
    const { conn } = session.client;
    if (this.#watching.size > 0 && !isSecret(channel)) {
      publishOfAedes.call(
        this,
        { cmd: "publish", topic, payload: Buffer.from(payload), qos: 0, dup: false, retain: false },
        null,
        noop,
      );
      return session.wanted[channel];
    }
    // Not subscribed, or so far behind that it will have to ask again.
    if (!session.wanted[channel] || conn.destroyed || conn.writableLength > DOWN_UNSENT_MAX_BYTES) return false;
    conn.write(encodePublish(topic, payload));
    return true;
  }

  #onError(client: Client, error: Error): void {
    this.#metrics.protocolErrors.inc();
    this.#log.warn({ client: client.id, error: error.message }, "a connection ended with an error");
  }

  #deny(what: "publish" | "subscribe", client: Client, topic: string): false {
    this.#metrics.denied.inc({ what });
    this.#log.warn({ client: client.id, what, topic }, "denied");
    return false;
  }
}

/** A state longer than any device sends is counted by ingest and not kept for observers, bytes. */
const MQTT_STATE_RETAINED_MAX_BYTES = 256;
/** What a device has not read, bytes, before it is spared more. Above CHUNKS_UNSENT_MAX_BYTES, or answers were cut. */
const DOWN_UNSENT_MAX_BYTES = 24 * 1024;

/** Does it hear messages of devices that are not written to itself? */
function isWatching(session: Session, filter: string): boolean {
  return !isOwnDownTopic(session.topics, filter) && mayWatchDevices(filter);
}

/** Length of the packet that Aedes' parser is collecting, bytes, -1 when it has none. */
function announcedBytes(client: Client): number {
  const { _parser: parser } = client as unknown as { _parser?: { packet?: { length?: number } } };
  return parser?.packet?.length ?? -1;
}

/** Aedes waits for a connection that is full; a subscriber in that state loses messages instead. */
function isBehind(conn: Duplex): boolean {
  return conn.writableNeedDrain || conn.writableLength > MQTT_UNSENT_MAX_BYTES;
}

function noop(): void {}
