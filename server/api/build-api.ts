/** The HTTP API: Fastify, its schemas and its routes. Listening is up to the composition. */
import swagger from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify from "fastify";
import type { Logger } from "../logger.ts";
import type { LogHub } from "../orders/log-hub.ts";
import { addCommandRoutes, addLogRoute } from "./command-routes.ts";
import { addConfigRoutes } from "./config-routes.ts";
import { addDeviceRoutes } from "./device-routes.ts";
import { addFlashKitRoutes } from "./flash-kit-routes.ts";
import { addFlashPageRoutes } from "./flash-page-routes.ts";
import { addImageRoutes } from "./image-routes.ts";
import type { LiveHub } from "./live-hub.ts";
import { addLiveRoutes } from "./live-routes.ts";
import type {
  HealthPort,
  KitPort,
  KitStorePort,
  MetricsPort,
  OrderPort,
  OrderStorePort,
  StorePort,
  UpdatePort,
  UpdateStorePort,
} from "./ports.ts";
import { handleProblems } from "./problem.ts";
import { addReadingRoutes } from "./reading-routes.ts";
import { addServiceRoutes } from "./service-routes.ts";
import type { ApiApp } from "./typed-app.ts";
import { addUpdateRoutes } from "./update-routes.ts";

export interface ApiOptions {
  store: StorePort;
  updateStore: UpdateStorePort;
  updates: UpdatePort;
  orderStore: OrderStorePort;
  orders: OrderPort;
  logs: LogHub;
  kitStore: KitStorePort;
  kits: KitPort;
  health: HealthPort;
  metrics: MetricsPort;
  live: LiveHub;
  logger: Logger;
  /** Unix time, ms. */
  nowMs: () => number;
}

const API_VERSION = "1";
const REQUEST_MAX_BYTES = 64 * 1024;

export async function buildApi(options: ApiOptions): Promise<ApiApp> {
  const app = Fastify({
    logger: false,
    bodyLimit: REQUEST_MAX_BYTES,
    forceCloseConnections: true,
  }).withTypeProvider<TypeBoxTypeProvider>();
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
  addDeviceRoutes(app, options.store);
  addReadingRoutes(app, options.store);
  addImageRoutes(app, options.updateStore, options.updates);
  addUpdateRoutes(app, options.store, options.updateStore, options.updates, options.nowMs);
  addConfigRoutes(app, options.store, options.orderStore, options.orders);
  addCommandRoutes(app, options.store, options.orderStore, options.orders, options.nowMs);
  addLogRoute(app, options.store, options.logs);
  addFlashKitRoutes(app, options.kitStore, options.kits);
  addFlashPageRoutes(app, options.kitStore);
  addLiveRoutes(app, options.live);
  addServiceRoutes(app, options.health, options.metrics);
  await app.ready();
  return app;
}
