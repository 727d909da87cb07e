/** The HTTP API: Fastify, its schemas and its routes. Listening is up to the composition. */
import type { SecureContextOptions } from "node:tls";
import swagger from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify from "fastify";
import { Logins } from "../access/logins.ts";
import type { Passwords } from "../access/passwords.ts";
import { describe } from "../errors.ts";
import type { ChangeLogPort } from "../events/change-kinds.ts";
import { HTTP_CHECK_EVERY_MS, HTTP_CONNECTIONS_MAX, HTTP_HEADERS_MAX_MS, HTTP_REQUEST_MAX_MS } from "../limits.ts";
import type { Logger } from "../logger.ts";
import type { LogHub } from "../orders/log-hub.ts";
import { type Access, addAccessGate, addWhoAsks } from "./access-gate.ts";
import { addAggregateRoutes } from "./aggregate-routes.ts";
import { addAlertRoutes, addAlertRuleRoutes } from "./alert-routes.ts";
import { Askers } from "./asker.ts";
import { addAttributeRoutes } from "./attribute-routes.ts";
import { addAuditHook } from "./audit-hook.ts";
import { addAuditRoutes } from "./audit-routes.ts";
import { addBackupRoutes } from "./backup-routes.ts";
import { addChangeRoutes } from "./change-routes.ts";
import { addChannelRoutes } from "./channel-routes.ts";
import { addCommandRoutes, addLogRoute } from "./command-routes.ts";
import { addConditionHook } from "./condition-hook.ts";
import { addConfigLevelRoutes } from "./config-level-routes.ts";
import { addConfigRoutes } from "./config-routes.ts";
import { addDerivedRoutes } from "./derived-routes.ts";
import { addDeviceFactRoutes } from "./device-fact-routes.ts";
import { addDeviceRoutes } from "./device-routes.ts";
import { addEtagHook } from "./etag-hook.ts";
import { addEventRoutes } from "./event-routes.ts";
import { addFlashKitRoutes } from "./flash-kit-routes.ts";
import { addFlashPageRoutes } from "./flash-page-routes.ts";
import { addFleetRoutes } from "./fleet-routes.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { addIdempotencyHook } from "./idempotency-hook.ts";
import { addImageRoutes } from "./image-routes.ts";
import { addInvitationRoutes } from "./invitation-routes.ts";
import type { LiveHub } from "./live-hub.ts";
import { addLiveRoutes } from "./live-routes.ts";
import { addLoginPageRoutes } from "./login-page-routes.ts";
import { addMqttUserRoutes } from "./mqtt-user-routes.ts";
import { addNoteRoutes } from "./note-routes.ts";
import { addOrganisationRoutes, addProjectRoutes } from "./organisation-routes.ts";
import { addOriginGate } from "./origin-gate.ts";
import type {
  AccountStorePort,
  AlertPort,
  AlertStorePort,
  AuditPort,
  BackupPort,
  ConfigLevelPort,
  ConfigLevelStorePort,
  DerivedPort,
  EventPort,
  EventStorePort,
  FitnessPort,
  FleetPort,
  FleetStorePort,
  HealthPort,
  KitPort,
  KitStorePort,
  MetricsPort,
  MqttUserPort,
  OrderPort,
  OrderStorePort,
  PeopleChange,
  PeopleStorePort,
  ProjectStorePort,
  RegistrationPort,
  ReportPort,
  RolloutPort,
  RolloutStorePort,
  SeriesPort,
  ServerFacts,
  SetHealthPolicy,
  StorePort,
  TemplatePort,
  TemplateStorePort,
  UpdatePort,
  UpdateStorePort,
} from "./ports.ts";
import { handleProblems, Problem, sendProblem } from "./problem.ts";
import { addRateHook } from "./rate-hook.ts";
import { addReadingRoutes } from "./reading-routes.ts";
import { addRegistrationRoutes } from "./registration-routes.ts";
import { addReleaseRoutes } from "./release-routes.ts";
import { addReportRoutes } from "./report-routes.ts";
import { addRolloutRoutes } from "./rollout-routes.ts";
import { faultsOfSchema } from "./schema-faults.ts";
import { addServiceRoutes } from "./service-routes.ts";
import { addSessionRoutes } from "./session-routes.ts";
import { addSlugs } from "./slug-hook.ts";
import { addStrangerRoutes } from "./stranger-routes.ts";
import { addTemplateRoutes } from "./template-routes.ts";
import { addTokenRoutes } from "./token-routes.ts";
import type { ApiApp } from "./typed-app.ts";
import { addUpdateRoutes } from "./update-routes.ts";
import { addMemberRoutes, addUserRoutes } from "./user-routes.ts";

export interface ApiOptions {
  store: StorePort;
  series: SeriesPort;
  derived: DerivedPort;
  eventStore: EventStorePort;
  changeEvents: EventPort;
  updateStore: UpdateStorePort;
  updates: UpdatePort;
  orderStore: OrderStorePort;
  orders: OrderPort;
  logs: LogHub;
  rolloutStore: RolloutStorePort;
  rollouts: RolloutPort;
  alertStore: AlertStorePort;
  alerts: AlertPort;
  changes: ChangeLogPort;
  fitness: FitnessPort;
  setHealthPolicy: SetHealthPolicy;
  kitStore: KitStorePort;
  kits: KitPort;
  people: PeopleStorePort;
  accounts: AccountStorePort;
  change: PeopleChange;
  passwords: Passwords;
  audit: AuditPort;
  /** False: everybody who reaches the server may do everything. */
  isLoginRequired: boolean;
  backups: BackupPort;
  /** Addresses of proxies in front of the server, whose word is taken on who asks and by which protocol; none if not given. */
  trustProxy?: string | undefined;
  /** Told every route as it is added. */
  onRoute?: ((route: ApiRoute) => void) | undefined;
  projects: ProjectStorePort;
  registrations: RegistrationPort;
  mqttUsers: MqttUserPort;
  fleets: FleetStorePort;
  configLevels: ConfigLevelStorePort;
  changeConfigLevel: ConfigLevelPort["change"];
  changeFleets: FleetPort;
  templates: TemplateStorePort;
  changeTemplates: TemplatePort;
  reports: ReportPort;
  /** Over TLS with these; over plain TCP if not given. */
  tls?: SecureContextOptions;
  health: HealthPort;
  facts: ServerFacts;
  metrics: MetricsPort;
  live: LiveHub;
  logger: Logger;
  /** Unix time, ms. */
  nowMs: () => number;
}

export interface ApiRoute {
  method: string;
  url: string;
  access: Access;
}

const API_VERSION = "1";
const REQUEST_MAX_BYTES = 64 * 1024;

export async function buildApi(options: ApiOptions): Promise<ApiApp> {
  const timeouts = { headersTimeout: HTTP_HEADERS_MAX_MS, connectionsCheckingInterval: HTTP_CHECK_EVERY_MS };
  const app = Fastify({
    logger: false,
    bodyLimit: REQUEST_MAX_BYTES,
    forceCloseConnections: true,
    // What a schema does not name is refused: left out, a name that is mistyped would change more than was meant.
    ajv: { customOptions: { removeAdditional: false, verbose: true } },
    schemaErrorFormatter: faultsOfSchema,
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply, new Problem("badRequest", describe(error)));
    },
    trustProxy: options.trustProxy ?? false,
    requestTimeout: HTTP_REQUEST_MAX_MS,
    ...(options.tls === undefined ? { http: timeouts } : { https: { ...options.tls, ...timeouts } }),
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.maxConnections = HTTP_CONNECTIONS_MAX;
  handleProblems(app, options.logger);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Lintel",
        version: API_VERSION,
        description:
          "Devices, their streams and readings, what they are told, the images that they run, and what browsers flash them with.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
    },
  });
  addHooks(app, options);
  addDeviceRoutes(app, options.store);
  addRegistrationRoutes(app, options.store, options.projects, options.registrations);
  addStrangerRoutes(app, options.projects, options.registrations);
  addMqttUserRoutes(app, options.mqttUsers);
  addReadingRoutes(app, options.store, options.series);
  addAggregateRoutes(app, options.store, options.series);
  addDerivedRoutes(app, options.store, options.series, options.derived, options.nowMs);
  addEventRoutes(app, options);
  addNoteRoutes(app, options);
  addImageRoutes(app, options.updateStore, options.updates);
  addReportRoutes(app, options.store, options.reports);
  addUpdateRoutes(app, options.store, options.updateStore, options.updates, options.nowMs);
  addConfigRoutes(app, options.store, options.orderStore, options.orders, options.configLevels);
  addConfigLevelRoutes(app, options);
  addCommandRoutes(app, options.store, options.orderStore, options.orders, options.nowMs);
  addLogRoute(app, options.store, options.logs);
  addTemplateRoutes(app, options.templates, options.changeTemplates, settingsKnown(options), options.nowMs);
  addDeviceFactRoutes(app, options);
  addFleetRoutes(app, options);
  addAttributeRoutes(app, options, options.changeTemplates);
  addReleaseRoutes(app, options);
  addRolloutRoutes(app, options);
  addHealthRoutes(app, options);
  addChangeRoutes(app, options.changes);
  addAlertRuleRoutes(app, options);
  addAlertRoutes(app, options);
  addChannelRoutes(app, options);
  addFlashKitRoutes(app, options.kitStore, options.kits);
  addFlashPageRoutes(app, options.kitStore);
  addBackupRoutes(app, options.backups);
  addLiveRoutes(app, options.live);
  addPeople(app, options);
  addServiceRoutes(app, options.health, options.metrics, options.facts);
  await app.ready();
  return app;
}

function settingsKnown({ facts, orders }: ApiOptions): Set<string> {
  return new Set(facts.products.flatMap((name) => Object.keys(orders.settingsOf(name) ?? {})));
}

/** In the order in which a request meets them. */
function addHooks(app: ApiApp, options: ApiOptions): void {
  const { isLoginRequired, people, change, onRoute, nowMs } = options;
  if (onRoute !== undefined) {
    app.addHook("onRoute", ({ method, url, config }) => {
      for (const one of [method].flat()) onRoute({ method: one, url, access: config?.access ?? "public" });
    });
  }
  addOriginGate(app, isLoginRequired);
  addWhoAsks(app, { store: people, askers: isLoginRequired ? new Askers(options) : null });
  if (isLoginRequired) addRateHook(app, nowMs);
  addAccessGate(app);
  addSlugs(app);
  addEtagHook(app);
  addIdempotencyHook(app, change, nowMs);
  addConditionHook(app);
  addAuditHook(app, options.audit, options.logger, nowMs);
}

function addPeople(app: ApiApp, options: ApiOptions): void {
  const logins = new Logins({ ...options, store: options.accounts });
  const context = { ...options, logins };
  addSessionRoutes(app, context);
  addTokenRoutes(app, context);
  addInvitationRoutes(app, context);
  addUserRoutes(app, context);
  addMemberRoutes(app, context);
  addOrganisationRoutes(app, context);
  addProjectRoutes(app, context);
  addAuditRoutes(app, context);
  addLoginPageRoutes(app);
}
