/**
 * The server put together. The life of a reading: broker (MQTT) -> ingest (blocks of messages) -> store (writer thread,
 * group commit) -> ingest (acknowledgement) -> broker. The API reads the store on a connection of its own. Images go the other way: API -> writer,
 * then store -> updates (offers, pieces of images) -> broker; what devices are told, API -> writer -> orders -> broker.
 */
import type { Duplex } from "node:stream";
import type { Server as TlsServer } from "node:tls";
import { beginFolder } from "./access/begin-folder.ts";
import { DeviceGate } from "./access/device-gate.ts";
import { invitationLink, makeFirstInvitation } from "./access/first-invitation.ts";
import { MqttUserDesk } from "./access/mqtt-user-desk.ts";
import { Passwords } from "./access/passwords.ts";
import { RegistrationDesk } from "./access/registration-desk.ts";
import { SecretDesk } from "./access/secret-desk.ts";
import { buildApi } from "./api/build-api.ts";
import { LiveHub } from "./api/live-hub.ts";
import { tellRollout } from "./api/show-rollout.ts";
import type { ApiApp } from "./api/typed-app.ts";
import type { ConnectionLimits } from "./broker/connection-guard.ts";
import { DeviceBroker } from "./broker/device-broker.ts";
import { Door } from "./broker/door.ts";
import { checkPort, type Listener, listenError, listenTcp, listenTls, listenWebSocket } from "./broker/listeners.ts";
import { Certificates } from "./certificates.ts";
import { StartError } from "./errors.ts";
import { AlertDesk } from "./events/alert-desk.ts";
import { alertSenders } from "./events/alert-senders.ts";
import { mailFault, mailWriter } from "./events/send-mail.ts";
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
} from "./limits.ts";
import { Metrics } from "./metrics.ts";
import { ConfigDesk } from "./orders/config-desk.ts";
import { LogHub } from "./orders/log-hub.ts";
import { OrderDesk } from "./orders/order-desk.ts";
import { untilIdle, untilSent } from "./quiet.ts";
import { RolloutDesk } from "./rollouts/rollout-desk.ts";
import type { LintelServer, ServerOptions } from "./server-options.ts";
import { BackupShelf } from "./store/backup-shelf.ts";
import { openDataFolder } from "./store/open-database.ts";
import { Reader } from "./store/reader.ts";
import { faultOfRetention, KEEP_ALL } from "./store/retention.ts";
import { WriterClient } from "./store/writer-client.ts";
import { ChunkDesk } from "./updates/chunk-desk.ts";
import { DownloadRates } from "./updates/download-rates.ts";
import { PatchMaker } from "./updates/patch-maker.ts";
import { SentOffers } from "./updates/sent-offers.ts";
import { UpdateDesk } from "./updates/update-desk.ts";

const CONNECTION_LIMITS: ConnectionLimits = {
  connections: MQTT_CONNECTIONS_MAX,
  connectionsOfAddress: MQTT_CONNECTIONS_OF_ADDRESS_MAX,
  rates: {
    packets: { perSecond: MQTT_PACKETS_PER_SECOND, burst: MQTT_PACKETS_BURST },
    bytes: { perSecond: MQTT_BYTES_PER_SECOND, burst: MQTT_BYTES_BURST },
  },
  floodMs: MQTT_FLOOD_MAX_MS,
};

/** As a host to listen on; nobody is reached under it. */
const EVERY_ADDRESS = /0\.0\.0\.0|\[::\]/;

export async function startServer(options: ServerOptions): Promise<LintelServer> {
  checkPort(options.mqttPort);
  checkPort(options.httpPort);
  const fault = options.mail && mailFault(options.mail);
  if (fault !== undefined) throw new StartError("E_MAIL", "mail", new Error(fault));
  const unkept = faultOfRetention(options.retention ?? KEEP_ALL);
  if (unkept !== undefined) throw new StartError("E_RETENTION", "readings", new Error(unkept));
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
    elapsedMs: options.elapsedMs ?? options.nowMs ?? (() => performance.now()),
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
  const isPrivateAllowed = options.webhooksPrivate === true;
  const writeMail = options.mail === undefined ? null : mailWriter(options.mail);
  const alerts = new AlertDesk({
    store: reader.alerts,
    request: (request) => writer.request(request),
    senders: alertSenders({
      tell: (topic, text) => broker.tell(topic, text),
      writeMail,
      isPrivateAllowed,
      nowMs,
    }),
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
      isPrivateAllowed,
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
        return former === undefined || latter === undefined ? [] : orders.adopt(former, latter);
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
    facts: { retention, products: products.map(({ name }) => name) },
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
    idle: () => untilIdle(broker, ingest, [updates, chunks, rollouts, health, alerts, configs]),
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
