/**
 * Aedes with our rules. Messages of devices go to ingest; they pass through Aedes' own delivery only when someone
 * watches, since matching every reading against subscriptions that do not exist would cost more than all the rest.
 *
 * Kept small in memory on purpose: no persistent sessions, retained messages only as `state`, bounded packets, and a
 * subscriber that does not read loses messages instead of holding up everyone (QoS 0 allows both).
 */
import type { Duplex } from "node:stream";
import { Aedes, type AuthErrorCode, type Client, type PublishPacket, type Subscription } from "aedes";
import type { MqttUser } from "../access/mqtt-user-requests.ts";
import { BatchKind } from "../ingest/batch.ts";
import type { DeviceLink, DownChannel } from "../ingest/ingest.ts";
import { encodeRegister } from "../ingest/register-record.ts";
import {
  LOG_LINES_PER_MINUTE,
  MQTT_CLIENT_ID_MAX,
  MQTT_CONNECT_MAX_MS,
  MQTT_INFLIGHT_MAX,
  MQTT_KEEP_ALIVE_MAX_S,
  MQTT_TOPIC_LEVELS_MAX,
  MQTT_UNSENT_MAX_BYTES,
  RETAINED_OF_DEVICES,
  RETAINED_OF_ORGANISATION,
  SUBSCRIPTIONS_MAX,
} from "../limits.ts";
import { LimitedLog, type Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { ConnectionGuard, type ConnectionLimits } from "./connection-guard.ts";
import { ConnackCode, type Door, type Entry } from "./door.ts";
import { encodePublish } from "./publish-packet.ts";
import { Refusals } from "./refusals.ts";
import { RetainedBook } from "./retained-book.ts";
import { persistenceOfBroker } from "./retained-store.ts";
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
import { mayUserHear, mayUserPublish, mayUserSubscribe, type OrganisationOf } from "./user-topics.ts";

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
  door: Door;
  organisationOf: OrganisationOf;
  limits: ConnectionLimits;
  metrics: Metrics;
  logger: Logger;
  nowMs: () => number;
  /** Since some beginning, milliseconds; never put back. */
  elapsedMs: () => number;
}

type Done = (error?: Error) => void;

/** What Aedes' publish really takes; its types leave the client out. */
type PublishOfClient = (this: Aedes, packet: PublishPacket, client: Client | null, done: Done) => void;

const publishOfAedes = Aedes.prototype.publish as unknown as PublishOfClient;

const AEDES_OPTIONS = {
  /** MQTT 3.1.0 allows no more than 23, 3.1.1 does; ours are short. */
  maxClientsIdLength: MQTT_CLIENT_ID_MAX,
  connectTimeout: MQTT_CONNECT_MAX_MS,
  /** Packets that a client sends before its CONNACK. */
  queueLimit: 100,
  /**
   * No limit on messages being delivered: at a limit, one client that does not read would hold up all the others, and the
   * queue behind it is let go by recursion (mqemitter 7), which a full queue turns into a stack overflow.
   */
  concurrency: 0,
  drainTimeout: 10_000,
  maxInflightInbound: MQTT_INFLIGHT_MAX,
  maxTopicLevels: MQTT_TOPIC_LEVELS_MAX,
};

export class DeviceBroker extends Aedes {
  readonly #sink: DeviceSink;
  readonly #updates: UpdateSink;
  readonly #logs: LogSink;
  readonly #door: Door;
  readonly #organisationOf: OrganisationOf;
  readonly #guard: ConnectionGuard;
  readonly #refusals: Refusals;
  readonly #stateBook = new RetainedBook(RETAINED_OF_DEVICES);
  readonly #userBook = new RetainedBook(RETAINED_OF_ORGANISATION);
  readonly #metrics: Metrics;
  readonly #log: LimitedLog;
  readonly #nowMs: () => number;
  readonly #sessions = new WeakMap<Client, Session>();
  /** Where each connection comes from. */
  readonly #addresses = new WeakMap<Client, string>();
  /** Clients without an id that want a session kept. */
  readonly #nameless = new WeakSet<Client>();
  /** The connection of each device. */
  readonly #current = new Map<number, Session>();
  /** Sessions whose subscriptions match device messages. */
  readonly #watching = new Set<Session>();
  /** Connections of applications. */
  readonly #ofUsers = new Set<Session>();
  readonly #streams = new Set<Duplex>();

  constructor(options: BrokerOptions) {
    super({
      ...AEDES_OPTIONS,
      persistence: persistenceOfBroker(),
      preConnect: (client, packet, done) => {
        // [MQTT-3.1.3-8]; what is refused is answered in `authenticate`.
        if (packet.clientId === "" && packet.clean !== true) this.#nameless.add(client);
        // Every session is a clean one: the server keeps nothing for a client that is away.
        packet.clean = true;
        const keepAliveS = packet.keepalive ?? 0;
        packet.keepalive = keepAliveS === 0 ? MQTT_KEEP_ALIVE_MAX_S : Math.min(keepAliveS, MQTT_KEEP_ALIVE_MAX_S);
        done(null, true);
      },
      authenticate: (client, username, password, done) => {
        const code = this.#letIn(client, username, password);
        if (code === null) done(null, true);
        else done(Object.assign(new Error("refused"), { returnCode: code as number as AuthErrorCode }), false);
      },
      // Publishing is judged in `publish`, where a denial does not end the connection.
      authorizePublish: (_client, packet, done) => done(faultOf(packet)),
      authorizeSubscribe: (client, subscription, done) => {
        if (isText(subscription.topic)) done(null, this.#judgeSubscription(client, subscription));
        else done(new Error("filter is no text"));
      },
      authorizeForward: (client, packet) => (this.#mayHear(client, packet.topic) ? packet : null),
    });
    this.#sink = options.sink;
    this.#updates = options.updates;
    this.#logs = options.logs;
    this.#door = options.door;
    this.#organisationOf = options.organisationOf;
    this.#metrics = options.metrics;
    this.#log = new LimitedLog(options.logger, options.nowMs, LOG_LINES_PER_MINUTE);
    this.#nowMs = options.nowMs;
    this.#refusals = new Refusals(options.metrics, this.#log, options.nowMs);
    this.#guard = new ConnectionGuard(options.limits, this.#refusals, options.elapsedMs, () =>
      options.metrics.oversized.inc(),
    );
    this.on("client", (client) => this.#onClient(client));
    this.on("clientDisconnect", (client) => this.#onGone(client));
    this.on("unsubscribe", (filters, client) => this.#onUnsubscribe(filters, client));
    this.on("clientError", (client, error) => this.#onError(client, error));
    this.on("connectionError", (client, error) => this.#onError(client, error));
  }

  /** A connection; `address`: where it comes from, undefined = from this process. */
  accept(stream: Duplex, address?: string): void {
    if (address !== undefined && !this.#guard.admit(stream, address)) return;
    this.#streams.add(stream);
    stream.once("close", () => this.#streams.delete(stream));
    const client = this.handle(stream);
    if (address !== undefined) this.#addresses.set(client, address);
    this.#guard.watch(client, stream, address);
  }

  /** Ends the connection of a device, so that it is judged anew when it comes back. */
  endDevice(mac: number): void {
    this.#current.get(mac)?.client.close();
  }

  /** Ends the connections of an application. */
  endUser(name: string): void {
    for (const { client, who } of this.#ofUsers) {
      if (who.kind === "user" && who.user.name === name) client.close();
    }
  }

  /** Takes away what the broker has kept of a device. */
  forgetDevice(mac: string): void {
    const topic = topicsOfUser(mac)?.state ?? "";
    this.#stateBook.take(DEVICES, topic, 0);
    publishOfAedes.call(
      this,
      { cmd: "publish", topic, payload: Buffer.alloc(0), qos: 0, dup: false, retain: true },
      null,
      noop,
    );
  }

  /** To whoever listens there: the server itself says something. Resolves when it was passed on. */
  tell(topic: string, payload: string): Promise<void> {
    const packet = { cmd: "publish", topic, payload: Buffer.from(payload), qos: 1, dup: false, retain: false } as const;
    return new Promise((resolve, reject) => {
      publishOfAedes.call(this, packet, null, (error?: Error | null) => (error ? reject(error) : resolve()));
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

  /** Null: it may come in; else the return code of CONNACK. */
  #letIn(client: Client, username: string | undefined, password: Buffer | undefined): ConnackCode | null {
    const address = this.#addresses.get(client) ?? null;
    const entry: Entry = this.#nameless.has(client)
      ? { reason: "clientIdEmpty", code: ConnackCode.IdentifierRejected }
      : client.id.length > MQTT_CLIENT_ID_MAX
        ? { reason: "clientIdLong", code: ConnackCode.IdentifierRejected }
        : this.#door.judge(client.id, username, password, address);
    if ("reason" in entry) {
      this.#refusals.note(entry.reason, username ?? address ?? client.id, { address });
      return entry.code;
    }
    client.id = entry.id;
    const session = new Session(client, entry.who);
    this.#sessions.set(client, session);
    this.#judgeWill(client, session);
    return null;
  }

  /** A will that it may not say is taken away: it would be published when nobody is there to be told. */
  #judgeWill(client: Client, session: Session): void {
    const holder = client as unknown as { _will?: PublishPacket | null };
    const will = holder._will;
    if (!will) return;
    const { who } = session;
    const isAllowed =
      who.kind === "device"
        ? will.topic === who.topics.state
        : who.kind === "user"
          ? mayUserPublish(who.user, will.topic)
          : mayObserverPublish(will.topic);
    if (isAllowed) return;
    holder._will = null;
    this.#deny("publish", client, will.topic);
  }

  #mayHear(client: Client, topic: string): boolean {
    if (isBehind(client.conn)) return false;
    const who = this.#sessions.get(client)?.who;
    if (who?.kind === "user") return mayUserHear(who.user, topic, this.#organisationOf);
    if (who?.kind === "device") return topic.startsWith(who.topics.below);
    return who !== undefined;
  }

  /** Takes in what a client says; true when Aedes is to pass it on. */
  #judgePublish(client: Client, packet: PublishPacket): boolean {
    const session = this.#sessions.get(client);
    if (session === undefined) return false;
    const { topics, who } = session;
    if (who.kind === "user") return this.#judgeUser(client, who.user, packet);
    if (topics === null) {
      packet.retain = false;
      if (mayObserverPublish(packet.topic)) return true;
      return this.#deny("publish", client, packet.topic);
    }
    const payload = packet.payload as Buffer;
    if (session.isWaiting && packet.topic !== topics.hello) {
      this.#metrics.shed.inc({ cause: "waiting" });
      return false;
    }
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
      if (payload.length > MQTT_STATE_RETAINED_MAX_BYTES) return false;
      if (packet.retain) this.#keep(this.#stateBook, DEVICES, client, packet);
      return true;
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

  #judgeUser(client: Client, user: MqttUser, packet: PublishPacket): boolean {
    if (!mayUserPublish(user, packet.topic)) return this.#deny("publish", client, packet.topic);
    if (packet.retain) this.#keep(this.#userBook, user.slug, client, packet);
    return true;
  }

  /** Retains the message if there is room; it goes out to who listens in any case. */
  #keep(book: RetainedBook, group: string, client: Client, packet: PublishPacket): void {
    const payload = packet.payload as Buffer;
    packet.retain = book.take(group, packet.topic, payload.length);
    // What was read is a part of a larger block, which would stay in memory with it.
    if (packet.retain) packet.payload = Buffer.from(payload);
    else this.#refusals.note("retained", client.id, { topic: packet.topic });
  }

  #judgeSubscription(client: Client, subscription: Subscription): Subscription | null {
    const session = this.#sessions.get(client);
    const filter = subscription.topic;
    const who = session?.who;
    const isAllowed =
      who?.kind === "user" ? mayUserSubscribe(who.user, filter) : maySubscribe(session?.topics ?? null, filter);
    if (session === undefined || !isAllowed) {
      this.#deny("subscribe", client, filter);
      return null;
    }
    if (session.filters.size >= SUBSCRIPTIONS_MAX && !session.filters.has(filter)) {
      this.#metrics.denied.inc({ what: "subscribe" });
      this.#refusals.note("subscriptions", client.id, { topic: filter });
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
    if (session?.who.kind === "user") this.#ofUsers.add(session);
    if (session?.topics == null) return;
    const { mac } = session.topics;
    const former = this.#current.get(mac);
    this.#current.set(mac, session);
    // A device has one connection, the newest: the former one is a line that died unnoticed.
    if (former !== undefined && former !== session) {
      former.isReplaced = true;
      former.client.close();
    }
    if (session.who.kind === "device" && session.who.register !== null) {
      this.#sink.offer(BatchKind.Register, mac, encodeRegister(session.who.register));
    }
    session.link = this.#linkOf(session, session.topics);
    this.#sink.connect(session.link);
  }

  #onGone(client: Client): void {
    this.#metrics.connections.set(this.connectedClients);
    const session = this.#sessions.get(client);
    if (session === undefined) return;
    this.#watching.delete(session);
    this.#ofUsers.delete(session);
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
      get isOpen() {
        return !conn.destroyed;
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
    // Told already, with its reason.
    if ("returnCode" in error) return;
    this.#metrics.protocolErrors.inc();
    const name = client.id ?? this.#addresses.get(client) ?? "this process";
    this.#refusals.note(reasonOf(error), name, { error: error.message });
  }

  #deny(what: "publish" | "subscribe", client: Client, topic: string): false {
    this.#metrics.denied.inc({ what });
    this.#refusals.note(`${what}Denied`, client.id, { topic });
    return false;
  }
}

const DEVICES = "devices";
/** A state longer than any device sends is counted by ingest and not kept for observers, bytes. */
const MQTT_STATE_RETAINED_MAX_BYTES = 256;
/** What a device has not read, bytes, before it is spared more. Above CHUNKS_UNSENT_MAX_BYTES, or answers were cut. */
const DOWN_UNSENT_MAX_BYTES = 24 * 1024;

/** Does it hear messages of devices that are not written to itself? */
function isWatching(session: Session, filter: string): boolean {
  return !isOwnDownTopic(session.topics, filter) && mayWatchDevices(filter);
}

/** What ends the connection though Aedes and its parser let it pass. */
function faultOf(packet: PublishPacket): Error | null {
  if (!isText(packet.topic)) return new Error("topic is no text");
  // [MQTT-2.3.1-1]
  return packet.qos > 0 && (packet as { messageId?: number }).messageId === 0 ? new Error("packet id 0") : null;
}

/** [MQTT-1.5.3-1], [MQTT-1.5.3-2]: the parser has put U+FFFD where the bytes were no UTF-8. */
function isText(topic: string): boolean {
  return !topic.includes("\0") && !topic.includes("\ufffd");
}

/** Of the errors of Aedes and its parser, those that have a name of their own. */
function reasonOf({ message }: Error): string {
  if (message === "connect did not arrive in time") return "connectLate";
  if (message === "keep alive timeout") return "keepAlive";
  if (message.startsWith("maxInflightInbound")) return "inflight";
  return message === "topic has too many levels" ? "topicLevels" : "protocol";
}

/** Aedes waits for a connection that is full; a subscriber in that state loses messages instead. */
function isBehind(conn: Duplex): boolean {
  return conn.writableNeedDrain || conn.writableLength > MQTT_UNSENT_MAX_BYTES;
}

function noop(): void {}
