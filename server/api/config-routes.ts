/** What a device is configured to do, and its sensor graph: desired, and how far that is. */

import * as Type from "typebox/type";
import { GRAPH_MAX_BYTES } from "../../runtime/contract/graph-limits.ts";
import { type ChangeOutcome, type ConfigChange, type Target } from "../orders/order-desk.ts";
import { DesiredPart } from "../orders/order-requests.ts";
import type { DeviceRow } from "../store/reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import { findDevice } from "./device-routes.ts";
import { showEdited, showVersion } from "./etag-hook.ts";
import { busy } from "./image-routes.ts";
import { ConfigBody, ConfigSchema, GraphSchema } from "./order-schemas.ts";
import type { ConfigLevelStorePort, OrderPort, OrderStorePort, StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { MacParams, PROBLEM_RESPONSES } from "./schemas.ts";
import { showConfig, showGraph } from "./show-orders.ts";
import type { ApiApp } from "./typed-app.ts";

const GRAPH_TYPE = "application/octet-stream";

export function addConfigRoutes(
  app: ApiApp,
  store: StorePort,
  orderStore: OrderStorePort,
  orders: OrderPort,
  levels: Pick<ConfigLevelStorePort, "conflicts">,
): void {
  const show = (device: DeviceRow) => {
    const settings = device.product === null ? undefined : orders.settingsOf(device.product);
    const row = orderStore.part(device.id, DesiredPart.Config);
    const flashed = device.product === null ? {} : orderStore.flashed(device.id, device.product, settings);
    return showConfig(device, row, settings, flashed, levels.conflicts(device.id));
  };
  const change = async (access: RequestAccess, mac: string, body: unknown, isWhole: boolean) => {
    const target = targetOf(findDevice(store, access, mac));
    const { settings } = body as ConfigChange;
    if (settings !== undefined && orders.settingsOf(target.product) === undefined) {
      throw new Problem(
        "productUnknown",
        `this server does not know what a ${target.product} can be told; start it with --product and its folder`,
      );
    }
    check(await orders.changeConfig(target, body as ConfigChange, isWhole), "settingRefused");
    return show(findDevice(store, access, mac));
  };
  const schema = (summary: string, description: string) => ({
    summary,
    description,
    params: MacParams,
    body: ConfigBody,
    response: { 200: ConfigSchema, ...PROBLEM_RESPONSES },
  });

  app.get(
    "/api/v1/devices/:mac/config",
    {
      config: { access: "read" },
      schema: {
        summary: "What the device is configured to do, what it can be told, and how far that is",
        description: "Passphrases and secrets go in and never come out.",
        params: MacParams,
        response: { 200: ConfigSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const shown = show(findDevice(store, access, params.mac));
      const { product, version, settings, connection } = shown;
      showEdited(reply, { product, version, settings, connection });
      return shown;
    },
  );

  app.put(
    "/api/v1/devices/:mac/config",
    {
      config: { access: "operate" },
      schema: schema(
        "Configures the device: these settings, and for all others what the levels above say, what it was flashed with, or the program's defaults",
        "A connected device is sent it at once, any other after its next hello. It checks it, restarts and tries it: when " +
          "it cannot reach the server with it, it goes back to the configuration before.",
      ),
    },
    async ({ params, body, access }) => change(access, params.mac, body, true),
  );

  app.patch(
    "/api/v1/devices/:mac/config",
    {
      config: { access: "operate" },
      schema: schema("Changes some settings of the device", "What is not named stays as it was chosen before."),
    },
    async ({ params, body, access }) => change(access, params.mac, body, false),
  );

  app.get(
    "/api/v1/devices/:mac/graph",
    {
      config: { access: "read" },
      schema: {
        summary: "Which version of which sensor graph the device is to run, and how far that is",
        params: MacParams,
        response: { 200: GraphSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const device = findDevice(store, access, params.mac);
      const row = orderStore.part(device.id, DesiredPart.Graph);
      showVersion(reply, row?.version ?? 0);
      return showGraph(device, row);
    },
  );

  app.get(
    "/api/v1/devices/:mac/graph/content",
    {
      config: { access: "read" },
      schema: {
        summary: "The sensor graph that the device is to run, compiled",
        params: MacParams,
        response: {
          200: { description: "the graph", content: { [GRAPH_TYPE]: { schema: { type: "string" } } } },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async ({ params, access }, reply) => {
      const row = orderStore.part(findDevice(store, access, params.mac).id, DesiredPart.Graph);
      if (row === undefined) throw new Problem("graphUnknown", "no sensor graph was ever set for this device");
      // The response type of the schema is text; a buffer goes out as it is.
      return reply.type(GRAPH_TYPE).send(row.content as never);
    },
  );

  app.put(
    "/api/v1/devices/:mac/graph",
    {
      config: { access: "operate" },
      schema: {
        summary: "Sets the sensor graph that the device is to run",
        description:
          "The body is a compiled graph; an empty one takes the graph away. Its form is checked here, the rest by the " +
          "device, which then tries it as it tries a configuration.",
        params: MacParams,
        body: { content: { [GRAPH_TYPE]: { schema: Type.Unsafe<Buffer>({}) } } },
        response: { 200: GraphSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const target = targetOf(findDevice(store, access, params.mac));
      const bytes = graphIn(body);
      if (bytes.length > GRAPH_MAX_BYTES)
        throw new Problem("graphRefused", `it has ${bytes.length} bytes, a device takes ${GRAPH_MAX_BYTES}`);
      check(await orders.setGraph(target, bytes), "graphRefused");
      const device = findDevice(store, access, params.mac);
      return showGraph(device, orderStore.part(device.id, DesiredPart.Graph));
    },
  );
}

/** Text and JSON are taken elsewhere, so they come in here as well; taken for nothing they would take a graph away. */
function graphIn(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (!Buffer.isBuffer(body)) throw new Problem("mediaTypeUnknown", `send the graph as ${GRAPH_TYPE}`);
  return body;
}

export function targetOf({ id, mac, product }: DeviceRow): Target {
  if (product === null)
    throw new Problem("productUntold", "the device has never said which product it is; wait for its hello");
  return { id, mac, product };
}

export function check(outcome: ChangeOutcome, code: "settingRefused" | "graphRefused"): void {
  if ("faults" in outcome) throw new Problem(code, outcome.faults.join("; "));
  if (outcome.answer.outcome === "changedMeanwhile")
    throw new Problem("changedMeanwhile", "somebody else has changed it in this moment; look at it and try again");
  if (outcome.answer.outcome !== "done") throw busy();
}
