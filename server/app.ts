/**
 * The server put together. The life of a reading: broker (MQTT) -> ingest (blocks of messages) -> store (writer thread,
 * group commit) -> ingest (acknowledgement) -> broker. The API reads the store on a connection of its own. Images go the other way: API -> writer,
 * then store -> updates (offers, pieces of images) -> broker; what devices are told, API -> writer -> orders -> broker.
 */
import type { Duplex } from "node:stream";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Server as TlsServer } from "node:tls";
import type { ProductSettings } from "../runtime/product/setting.ts";
import { beginFolder } from "./access/begin-folder.ts";
import { DeviceGate } from "./access/device-gate.ts";
import { invitationLink, makeFirstInvitation } from "./access/first-invitation.ts";
import { MqttUserDesk } from "./access/mqtt-user-desk.ts";
import { Passwords, type ScryptCost } from "./access/passwords.ts";
import type { RegistrationName } from "./access/registration.ts";
import { RegistrationDesk } from "./access/registration-desk.ts";
import { SecretDesk } from "./access/secret-desk.ts";
import { type ApiRoute, buildApi } from "./api/build-api.ts";
import { LiveHub } from "./api/live-hub.ts";
import { tellRollout } from "./api/show-rollout.ts";
import type { ApiApp } from "./api/typed-app.ts";
import type { ConnectionLimits } from "./broker/connection-guard.ts";
import { DeviceBroker } from "./broker/device-broker.ts";
import { Door } from "./broker/door.ts";
import { checkPort, type Listener, listenError, listenTcp, listenTls, listenWebSocket } from "./broker/listeners.ts";
import { type CertificateFiles, Certificates } from "./certificates.ts";
import { StartError } from "./errors.ts";
import { AlertDesk } from "./events/alert-desk.ts";
import { alertTopic } from "./events/alert-topic.ts";
import { type MailOptions, mailFault, mailOfAlerts, mailWriter } from "./events/send-mail.ts";
import { DeliveryError, sendWebhook } from "./events/send-webhook.ts";
import { HealthDesk } from "./health/health-desk.ts";
import { Ingest } from "./ingest/ingest.ts";
import { ReportDesk } from "./ingest/report-desk.ts";
import {
  HEALTH_TICK_MS,
  HOUSEKEEPING_EVERY_MS,
  MQTT_BYTES_BURST,
  MQTT_BYTES_PER_SECOND,
  MQTT_CONNECTIONS_MAX,
  MQTT_CONNECTIONS_OF_ADDRESS_MAX,
  MQTT_FLOOD_MAX_MS,
  MQTT_PACKETS_BURST,
  MQTT_PACKETS_PER_SECOND,
  ROLLOUT_TICK_MS,
  STOP_FLUSH_MS,
} from "./limits.ts";
import type { Logger } from "./logger.ts";
import { Metrics } from "./metrics.ts";
import { ConfigDesk } from "./orders/config-desk.ts";
import { LogHub } from "./orders/log-hub.ts";
import { OrderDesk } from "./orders/order-desk.ts";
import { RolloutDesk } from "./rollouts/rollout-desk.ts";
import { BackupShelf } from "./store/backup-shelf.ts";
import { openDataFolder } from "./store/open-database.ts";
import { Reader } from "./store/reader.ts";
import { KEEP_ALL, type RetentionOptions } from "./store/retention.ts";
import { WriterClient } from "./store/writer-client.ts";
import { ChunkDesk } from "./updates/chunk-desk.ts";
import { DownloadRates } from "./updates/download-rates.ts";
import { PatchMaker } from "./updates/patch-maker.ts";
import { SentOffers } from "./updates/sent-offers.ts";
import { UpdateDesk } from "./updates/update-desk.ts";

export interface ServerOptions {
  dataDir: string;
  host: string;
  /** 0 = any free port. */
  mqttPort: number;
  httpPort: number;
  /** With `tls`: MQTT over TLS, 0 = any free port. */
  mqttsPort?: number;
  /** The API over TLS, and MQTT at `mqttsPort`. */
  tls?: CertificateFiles;
  /** False: no MQTT without TLS, and so no boards; they speak none yet. */
  plainMqtt?: boolean;
  logger: Logger;
  /** Off: everybody who reaches the server may do everything, as in tests and at home behind a locked door. */
  login?: "required" | "off";
  /** Which boards the first project of a new data folder takes in. */
  registration?: RegistrationName;
  /** Addresses of proxies in front of the server, with commas; whose word is taken on who asks and by which protocol. */
  trustProxy?: string | undefined;
  /** For tests, where it is low; else today's. */
  passwordCost?: ScryptCost;
  /** Told every route of the API as it is added. */
  onRoute?: (route: ApiRoute) => void;
  /** Products whose settings can be changed; none if not given. */
  products?: readonly ProductSettings[];
  /** What is deleted one day; nothing if not given. */
  retention?: RetentionOptions;
  /** Instead of those of limits.ts, as for a load that no board could make. */
  connectionLimits?: Partial<ConnectionLimits>;
  /** Through whom mails go; none are sent if not given. */
  mail?: MailOptions;
  /** In [0, 1), for what is spread by chance. */
  random?: () => number;
  /** Webhooks may go to this machine and its own network too. */
  webhooksPrivate?: boolean;
  /** Unix time, ms. */
  nowMs?: () => number;
  /** Ms of a clock that nobody sets; where `nowMs` is given and this is not, that one. */
  elapsedMs?: () => number;
}

const CONNECTION_LIMITS: ConnectionLimits = {
  connections: MQTT_CONNECTIONS_MAX,
  connectionsOfAddress: MQTT_CONNECTIONS_OF_ADDRESS_MAX,
  rates: {
    packets: { perSecond: MQTT_PACKETS_PER_SECOND, burst: MQTT_PACKETS_BURST },
    bytes: { perSecond: MQTT_BYTES_PER_SECOND, burst: MQTT_BYTES_BURST },
  },
  floodMs: MQTT_FLOOD_MAX_MS,
};

export interface LintelServer {
  /** 0: there is none without TLS. */
  readonly mqttPort: number;
  readonly httpPort: number;
  /** Null: there is none. */
  readonly mqttsPort: number | null;
  /** Of the HTTP API. */
  readonly url: string;
  /** Makes the first account; null: somebody has one, or nobody is asked. */
  readonly firstLink: string | null;
  /** Reads the certificate again; the connections that are open stay as they are. */
  reloadCertificate(): void;
  /** An MQTT connection that is not a socket. */
  handle(stream: Duplex): void;
  /**
   * Resolves when everything received so far is decoded, committed and answered. What is still in the operating
   * system's socket buffers has not been received.
   */
  idle(): Promise<void>;
  /** Does what is due by now, as it does each second. */
  tick(): void;
  /** Stops accepting, commits and acknowledges what was received, closes. */
  stop(): Promise<void>;
}

/** Turns of the event loop in a row without work before the broker counts as quiet: CONNECT takes a handful. */
const QUIET_TURNS = 8;
/** As a host to listen on; nobody is reached under it. */
const EVERY_ADDRESS = /0\.0\.0\.0|\[::\]/;
const FLUSH_POLL_MS = 5;

export async function startServer(options: ServerOptions): Promise<LintelServer> {
  checkPort(options.mqttPort);
  checkPort(options.httpPort);
  const fault = options.mail && mailFault(options.mail);
  if (fault !== undefined) throw new StartError("E_MAIL", "mail", new Error(fault));
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

  const certificates = options.tls === undefined ? undefined : new Certificates(options.tls, logger);
  undo.push(() => certificates?.close());
  const folder = openDataFolder(options.dataDir);
  undo.push(() => folder.release());
  const retention = options.retention ?? KEEP_ALL;
  const products = options.products ?? [];
  const writer = new WriterClient({ databasePath: folder.databasePath, retention, products }, logger);
  writer.onKept = (figures) => metrics.keep(figures);
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
    onRolloutsDue: (due) => rollouts.take(due),
    onSecretDue: (mac) => secrets.give(mac),
  });
  await writer.start(ingest);
  const reader = new Reader(folder.databasePath);
  undo.push(() => reader.close());
  reader.series.onDamage = (damage) => {
    metrics.damagedSegments.inc();
    logger.error({ ...damage }, "packed readings are damaged and left out");
  };
  const keeping = setInterval(() => writer.tellTime(nowMs(), performance.now()), HOUSEKEEPING_EVERY_MS);
  undo.push(() => clearInterval(keeping));
  writer.tellTime(nowMs(), performance.now());

  await beginFolder(folder.path, {
    people: reader.people,
    request: (request) => writer.request(request),
    nowMs,
    ...options,
  });
  const backups = new BackupShelf({
    dataFolder: folder.path,
    backUp: (path, onPercent) => writer.backUp(path, onPercent),
    nowMs,
  });
  const isLoginRequired = options.login !== "off";
  const firstInvitation = isLoginRequired
    ? await makeFirstInvitation({
        hasUsers: reader.people.hasUsers(),
        change: (request) => writer.request(request),
        nowMs,
      })
    : null;
  const offers = new SentOffers();
  const rates = new DownloadRates(nowMs);
  const chunks = new ChunkDesk({ store: reader.updates, ingest, offers, rates, metrics });
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
  const rollouts = new RolloutDesk({
    store: reader.rollouts,
    request: (request) => writer.request(request),
    updates,
    setRates: (limits) => rates.set(limits),
    onNews: (rollout) => tellRollout(reader.rollouts, live, rollout),
    logger,
    nowMs,
  });
  undo.push(() => rollouts.stop());
  const health = new HealthDesk({
    store: reader.health,
    request: (request) => writer.request(request),
    isHealthy: () => ingest.isHealthy,
    logger,
    nowMs,
    elapsedMs: options.elapsedMs ?? options.nowMs ?? (() => performance.now()),
    onJump: () => alerts.jump(),
  });
  undo.push(() => health.stop());

  const orders = new OrderDesk({
    store: reader.orders,
    request: (request) => writer.request(request),
    linkOf: (mac) => ingest.linkOf(mac),
    products,
    metrics,
    nowMs,
  });
  const configs = new ConfigDesk({
    isSweepDue: () => reader.configLevels.isSweepDue(products.map(({ name }) => name)),
    request: (request) => writer.request(request),
    send: (due) => orders.send(due),
    logger,
    nowMs,
  });
  undo.push(() => configs.stop());
  const logs = new LogHub({ onMalformed: (mac, bytes) => ingest.malformed("log", mac, bytes), nowMs });
  undo.push(() => logs.close());

  const secrets = new SecretDesk({
    device: (mac) => reader.device(mac),
    changeConfig: (...change) => orders.changeConfig(...change),
    logger,
  });

  const gate = new DeviceGate(reader.registrations, nowMs);
  const broker = new DeviceBroker({
    sink: ingest,
    updates: chunks,
    logs,
    door: new Door({ gate, mqttUser: (name) => reader.registrations.mqttUser(name), isLoginRequired }),
    organisationOf: (mac) => gate.organisationOf(mac),
    limits: { ...CONNECTION_LIMITS, ...options.connectionLimits },
    metrics,
    logger,
    nowMs,
    elapsedMs: () => performance.now(),
  });
  await broker.listen();
  undo.push(() => new Promise<void>((resolve) => broker.close(resolve)));
  const accept = (stream: Duplex, address?: string) => broker.accept(stream, address);
  const writeMail = options.mail === undefined ? null : mailWriter(options.mail);
  const alerts = new AlertDesk({
    store: reader.alerts,
    request: (request) => writer.request(request),
    senders: {
      webhook: (channel, message) => {
        const { settings, secret } = channel;
        const webhook = {
          url: settings.url ?? "",
          secret: secret ?? "",
          id: message.id,
          body: JSON.stringify(message),
        };
        return sendWebhook({ ...webhook, nowMs: nowMs() }, { isPrivateAllowed: options.webhooksPrivate === true });
      },
      mqtt: ({ slug }, message) => broker.tell(alertTopic(slug), JSON.stringify(message)),
      mail: async ({ settings }, message) => {
        if (writeMail === null) throw new DeliveryError("this server sends no mail");
        await writeMail({ to: settings.to ?? [], id: message.id, ...mailOfAlerts(message) });
      },
    },
    writeMail,
    logger,
    nowMs,
    random: options.random ?? Math.random,
  });
  undo.push(() => alerts.stop());

  const api = await buildApi({
    store: reader,
    series: reader.series,
    derived: (request) => writer.request(request),
    eventStore: reader.events,
    changeEvents: (request) => writer.request(request),
    updateStore: reader.updates,
    updates,
    orderStore: reader.orders,
    orders,
    logs,
    rolloutStore: reader.rollouts,
    rollouts,
    alertStore: reader.alerts,
    alerts: {
      sendsMail: writeMail !== null,
      change: (request) => writer.request(request),
      test: (channel, message) => alerts.test(channel, message),
    },
    changes: reader.changes,
    fitness: reader.health,
    setHealthPolicy: (request) => writer.request(request),
    kitStore: reader.kits,
    kits: {
      set: (kit) => writer.request({ kind: "setFlashKit", kit, atMs: nowMs() }),
      delete: (board) => writer.request({ kind: "deleteFlashKit", board }),
    },
    people: reader.people,
    accounts: reader.accounts,
    change: (request) => writer.request(request),
    passwords: new Passwords(options.passwordCost),
    audit: { write: (entry) => writer.request({ kind: "audit", entry }) },
    backups,
    isLoginRequired,
    trustProxy: options.trustProxy,
    onRoute: options.onRoute,
    projects: {
      project: (id) => reader.people.project(id),
      firstProject: (organisation) => reader.registrations.firstProject(organisation),
      projectByName: (organisation, name) => reader.registrations.projectByName(organisation, name),
    },
    registrations: new RegistrationDesk({
      gate,
      request: (request) => writer.request(request),
      renewSecret: (mac) => secrets.renew(mac),
      adopt: async (from, to) => {
        const [former, latter] = [reader.device(from), reader.device(to)];
        if (former !== undefined && latter !== undefined) await orders.adopt(former, latter);
      },
      endDevice: (mac) => broker.endDevice(mac),
      forgetDevice: (mac) => broker.forgetDevice(mac),
      settled: () => ingest.settled(),
      nowMs,
    }),
    mqttUsers: new MqttUserDesk({
      store: reader.registrations,
      request: (request) => writer.request(request),
      endUser: (name) => broker.endUser(name),
      nowMs,
    }),
    configLevels: reader.configLevels,
    changeConfigLevel: (request) => configs.change(request),
    fleets: reader.fleets,
    changeFleets: (request) => writer.request(request),
    templates: reader.templates,
    changeTemplates: (request) => writer.request(request),
    reports: new ReportDesk({
      request: (request) => writer.request(request),
      tell: (committed) => live.tell(committed),
      metrics,
      nowMs,
    }),
    ...(certificates === undefined ? {} : { tls: certificates.options }),
    health: { isHealthy: () => ingest.isHealthy },
    metrics: {
      contentType: metrics.registry.contentType,
      text: () => {
        ingest.collect();
        metrics.tellHealth(reader.health.counts(null));
        return metrics.text();
      },
    },
    live,
    logger,
    nowMs,
  });
  undo.push(() => api.close());
  certificates?.follow(api.server as unknown as TlsServer);
  const mqtt = options.plainMqtt === false ? undefined : await listenTcp(host, options.mqttPort, accept);
  undo.push(() => mqtt?.close());
  const mqtts =
    certificates === undefined ? undefined : await listenTls(host, options.mqttsPort ?? 0, certificates, accept);
  undo.push(() => mqtts?.close());
  const httpPort = await listenHttp(api, host, options.httpPort);
  const closeWebSocket = listenWebSocket(api.server, accept);

  const tickOften = () => {
    rollouts.tick();
    alerts.tick();
    configs.tick();
    chunks.pump();
  };
  const timers = [setInterval(tickOften, ROLLOUT_TICK_MS), setInterval(() => health.tick(), HEALTH_TICK_MS)];
  for (const timer of timers) timer.unref();
  const endTicks = () => timers.forEach((timer) => void clearInterval(timer));
  undo.push(endTicks);

  const stop = async () => {
    endTicks();
    rollouts.stop();
    configs.stop();
    health.stop();
    alerts.stop();
    updates.stop();
    mqtt?.stopAccepting();
    mqtts?.stopAccepting();
    certificates?.close();
    closeWebSocket();
    await ingest.drain();
    await untilSent(broker);
    await new Promise<void>((resolve) => broker.close(resolve));
    broker.closeStreams();
    live.close();
    logs.close();
    await Promise.all([mqtt?.close(), mqtts?.close(), api.close(), patches.stop()]);
    clearInterval(keeping);
    await writer.stop();
    await backups.settled();
    reader.close();
    folder.release();
  };
  let stopping: Promise<void> | undefined;
  const url = `${certificates === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${httpPort}`;
  return {
    mqttPort: mqtt?.port ?? 0,
    mqttsPort: mqtts?.port ?? null,
    httpPort,
    reloadCertificate: () => certificates?.reload(),
    url,
    firstLink:
      firstInvitation === null ? null : invitationLink(url.replace(EVERY_ADDRESS, "localhost"), firstInvitation),
    handle: accept,
    tick: () => {
      health.tick();
      tickOften();
    },
    idle: () => untilIdle(broker, ingest, [updates, rollouts, health, alerts, configs]),
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

type Desk = Pick<UpdateDesk, "isIdle" | "settled">;

/** Input that stays unread is no work: its client does not take what it is sent, and waits for its time limit. */
async function untilIdle(broker: DeviceBroker, ingest: Ingest, desks: ReadonlyArray<Desk>): Promise<void> {
  let unreadBytes = broker.unreadBytes;
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    await nextTurn();
    const before = unreadBytes;
    unreadBytes = broker.unreadBytes;
    if (unreadBytes !== before || !ingest.isIdle || !desks.every((desk) => desk.isIdle)) quiet = 0;
    await ingest.settled();
    for (const desk of desks) await desk.settled();
  }
}

/** A client that does not read must not hold up the stop. */
async function untilSent(broker: DeviceBroker): Promise<void> {
  for (let waitedMs = 0; broker.hasUnsent && waitedMs < STOP_FLUSH_MS; waitedMs += FLUSH_POLL_MS) {
    await sleep(FLUSH_POLL_MS);
  }
}
