/**
 * The server put together. The life of a reading: broker (MQTT) -> ingest (blocks of messages) -> store (writer thread,
 * group commit) -> ingest (acknowledgement) -> broker. The API reads the store on a connection of its own. Images go the other way: API -> writer,
 * then store -> updates (offers, pieces of images) -> broker; what devices are told, API -> writer -> orders -> broker.
 */
import type { Duplex } from "node:stream";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { ProductSettings } from "../runtime/product/setting.ts";
import { buildApi } from "./api/build-api.ts";
import { LiveHub } from "./api/live-hub.ts";
import type { ApiApp } from "./api/typed-app.ts";
import { DeviceBroker } from "./broker/device-broker.ts";
import { checkPort, type Listener, listenError, listenTcp, listenWebSocket } from "./broker/listeners.ts";
import { StartError } from "./errors.ts";
import { Ingest } from "./ingest/ingest.ts";
import { STOP_FLUSH_MS } from "./limits.ts";
import type { Logger } from "./logger.ts";
import { Metrics } from "./metrics.ts";
import { LogHub } from "./orders/log-hub.ts";
import { OrderDesk } from "./orders/order-desk.ts";
import { openDataFolder } from "./store/open-database.ts";
import { Reader } from "./store/reader.ts";
import { WriterClient } from "./store/writer-client.ts";
import { ChunkDesk } from "./updates/chunk-desk.ts";
import { PatchMaker } from "./updates/patch-maker.ts";
import { SentOffers } from "./updates/sent-offers.ts";
import { UpdateDesk } from "./updates/update-desk.ts";

export interface ServerOptions {
  dataDir: string;
  host: string;
  /** 0 = any free port. */
  mqttPort: number;
  httpPort: number;
  logger: Logger;
  /** Products whose settings can be changed; none if not given. */
  products?: readonly ProductSettings[];
  /** Unix time, ms. */
  nowMs?: () => number;
}

export interface LintelServer {
  readonly mqttPort: number;
  readonly httpPort: number;
  /** Of the HTTP API. */
  readonly url: string;
  /** An MQTT connection that is not a socket. */
  handle(stream: Duplex): void;
  /**
   * Resolves when everything received so far is decoded, committed and answered. What is still in the operating
   * system's socket buffers has not been received.
   */
  idle(): Promise<void>;
  /** Stops accepting, commits and acknowledges what was received, closes. */
  stop(): Promise<void>;
}

/** Turns of the event loop in a row without work before the broker counts as quiet: CONNECT takes a handful. */
const QUIET_TURNS = 8;
const FLUSH_POLL_MS = 5;

export async function startServer(options: ServerOptions): Promise<LintelServer> {
  checkPort(options.mqttPort);
  checkPort(options.httpPort);
  // Undone in reverse when a later step fails.
  const undo: Array<() => unknown> = [];
  try {
    return await compose(options, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    if (error instanceof StartError) throw error;
    throw new StartError("E_START_FAILED", "the server", error);
  }
}

async function compose(options: ServerOptions, undo: Array<() => unknown>): Promise<LintelServer> {
  const { host, logger, nowMs = Date.now } = options;
  const metrics = new Metrics();

  const folder = openDataFolder(options.dataDir);
  undo.push(() => folder.release());
  const writer = new WriterClient({ databasePath: folder.databasePath }, logger);
  undo.push(() => writer.stop());
  const live = new LiveHub({
    onWanted: (isWanted) => writer.setLive(isWanted),
    onViewers: (count) => metrics.liveViewers.set(count),
    onDropped: () => metrics.liveDropped.inc(),
  });
  const ingest = new Ingest({
    writer,
    metrics,
    logger,
    nowMs,
    onLive: (committed) => live.tell(committed),
    onUpdateDue: (due) => updates.offer(due),
    onOrdersDue: (due) => orders.send(due),
  });
  await writer.start(ingest);
  const reader = new Reader(folder.databasePath);
  undo.push(() => reader.close());

  const offers = new SentOffers();
  const chunks = new ChunkDesk({ store: reader.updates, ingest, offers, metrics });
  const patches = new PatchMaker();
  undo.push(() => patches.stop());
  const updates = new UpdateDesk({
    store: reader.updates,
    request: (request) => writer.request(request),
    linkOf: (mac) => ingest.linkOf(mac),
    offers,
    makePatch: (base, target) => patches.make(base, target),
    compress: (image) => patches.compress(image),
    onDeleted: () => chunks.forget(),
    metrics,
    logger,
    nowMs,
  });
  undo.push(() => updates.stop());

  const orders = new OrderDesk({
    store: reader.orders,
    request: (request) => writer.request(request),
    linkOf: (mac) => ingest.linkOf(mac),
    products: options.products ?? [],
    metrics,
    nowMs,
  });
  const logs = new LogHub({ onMalformed: (mac, bytes) => ingest.malformed("log", mac, bytes), nowMs });
  undo.push(() => logs.close());

  const broker = new DeviceBroker({ sink: ingest, updates: chunks, logs, metrics, logger, nowMs });
  await broker.listen();
  undo.push(() => new Promise<void>((resolve) => broker.close(resolve)));
  const accept = (stream: Duplex) => broker.accept(stream);

  const api = await buildApi({
    store: reader,
    updateStore: reader.updates,
    updates,
    orderStore: reader.orders,
    orders,
    logs,
    kitStore: reader.kits,
    kits: {
      set: (kit) => writer.request({ kind: "setFlashKit", kit, atMs: nowMs() }),
      delete: (board) => writer.request({ kind: "deleteFlashKit", board }),
    },
    health: { isHealthy: () => ingest.isHealthy },
    metrics: {
      contentType: metrics.registry.contentType,
      text: () => {
        ingest.collect();
        return metrics.text();
      },
    },
    live,
    logger,
    nowMs,
  });
  undo.push(() => api.close());
  const mqtt = await listenTcp(host, options.mqttPort, accept);
  undo.push(() => mqtt.close());
  const httpPort = await listenHttp(api, host, options.httpPort);
  const closeWebSocket = listenWebSocket(api.server, accept);

  const stop = async () => {
    updates.stop();
    mqtt.stopAccepting();
    closeWebSocket();
    await ingest.drain();
    await untilSent(broker);
    await new Promise<void>((resolve) => broker.close(resolve));
    broker.closeStreams();
    live.close();
    logs.close();
    await Promise.all([mqtt.close(), api.close(), patches.stop()]);
    await writer.stop();
    reader.close();
    folder.release();
  };
  let stopping: Promise<void> | undefined;
  return {
    mqttPort: mqtt.port,
    httpPort,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${httpPort}`,
    handle: accept,
    idle: () => untilIdle(broker, ingest, updates),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

async function listenHttp(api: ApiApp, host: string, port: number): Promise<number> {
  try {
    await api.listen({ host, port });
  } catch (error) {
    throw listenError(error, port, host);
  }
  const address = api.server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** Input that stays unread is no work: its client does not take what it is sent, and waits for its time limit. */
async function untilIdle(broker: DeviceBroker, ingest: Ingest, updates: UpdateDesk): Promise<void> {
  let unreadBytes = broker.unreadBytes;
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    await nextTurn();
    const before = unreadBytes;
    unreadBytes = broker.unreadBytes;
    if (unreadBytes !== before || !ingest.isIdle || !updates.isIdle) quiet = 0;
    await ingest.settled();
    await updates.settled();
  }
}

/** A client that does not read must not hold up the stop. */
async function untilSent(broker: DeviceBroker): Promise<void> {
  for (let waitedMs = 0; broker.hasUnsent && waitedMs < STOP_FLUSH_MS; waitedMs += FLUSH_POLL_MS) {
    await sleep(FLUSH_POLL_MS);
  }
}
