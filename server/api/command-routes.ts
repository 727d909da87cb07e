/** Commands to devices, and the lines of log that they send while they are asked to. */
import * as Type from "typebox/type";
import { COMMANDS_OPEN_MAX, PAGE_DEFAULT_ROWS } from "../limits.ts";
import { macToNumber } from "../mac-address.ts";
import type { LogHub } from "../orders/log-hub.ts";
import type { DeviceRow } from "../store/reader.ts";
import { afterNumber, findDevice } from "./device-routes.ts";
import { busy } from "./image-routes.ts";
import { EVENT_STREAM_HEADERS } from "./live-hub.ts";
import { CommandBody, CommandParams, CommandSchema } from "./order-schemas.ts";
import { cutPage } from "./page-cursor.ts";
import type { OrderPort, OrderStorePort, StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { MacParams, PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import { showCommand } from "./show-orders.ts";
import type { ApiApp } from "./typed-app.ts";

export function addCommandRoutes(
  app: ApiApp,
  store: StorePort,
  orderStore: OrderStorePort,
  orders: OrderPort,
  nowMs: () => number,
): void {
  const show = (device: DeviceRow, id: number) => {
    const row = orderStore.command(device.id, id);
    if (row === undefined)
      throw new Problem("commandUnknown", `no command ${id} of this device is remembered; the list has those that are`);
    return showCommand(row, nowMs());
  };

  app.post(
    "/api/v1/devices/:mac/commands",
    {
      config: { access: "operate" },
      schema: {
        summary: "Has the device do something, once at most",
        description:
          "A connected device is sent it at once, any other after its next hello; one after the other, in the order in " +
          "which they came. Every device knows restart, report, stream-now and log-level; more is up to its product.",
        params: MacParams,
        body: CommandBody,
        response: { 201: CommandSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params: { mac }, body, access }, reply) => {
      const device = findDevice(store, access, mac);
      const { method, argument = null, second = null, expiresS } = body;
      const expires = expiresS === undefined ? null : Math.floor(nowMs() / 1000) + expiresS;
      const { outcome, command } = await orders.addCommand({ method, argument, second, expiresS: expires }, mac);
      if (outcome === "tooManyCommands")
        throw new Problem("tooManyCommands", `${COMMANDS_OPEN_MAX} commands wait for this device already`);
      if (outcome !== "done" || command === undefined) throw busy();
      reply.code(201).header("location", `/api/v1/devices/${mac}/commands/${command}`);
      return show(device, command);
    },
  );

  app.get(
    "/api/v1/devices/:mac/commands",
    {
      config: { access: "read" },
      schema: {
        summary: "Commands of a device in the order in which they came; the last ones are remembered",
        params: MacParams,
        querystring: PageQuery,
        response: { 200: page(CommandSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = orderStore.commands(findDevice(store, access, params.mac).id, afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map((row) => showCommand(row, nowMs())), next };
    },
  );

  app.get(
    "/api/v1/devices/:mac/commands/:id",
    {
      config: { access: "read" },
      schema: {
        summary: "One command",
        params: CommandParams,
        response: { 200: CommandSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => show(findDevice(store, access, params.mac), params.id),
  );
}

export function addLogRoute(app: ApiApp, store: StorePort, logs: LogHub): void {
  app.get(
    "/api/v1/devices/:mac/log",
    {
      config: { access: "read" }, // The stream has no end, so a HEAD request would never be answered.
      exposeHeadRoute: false,
      schema: {
        summary: "Lines of log of a device as they come, as server-sent events",
        description:
          "Events named `line`: {device, time, level, text, lost}; level 0 error, 1 warning, 2 info, 3 debug; `lost` lines " +
          "are missing before it. The last ones come first. A device sends lines while the command log-level lasts: its " +
          "argument is the level, its second one the time in seconds.",
        params: MacParams,
        response: {
          200: { description: "events", content: { "text/event-stream": { schema: Type.String() } } },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    (request, reply) => {
      const { mac } = findDevice(store, request.access, request.params.mac);
      if (logs.isFull) throw new Problem("tooManyViewers", "close another live view and try again");
      reply.hijack();
      request.access.endWhenChanged(reply.raw);
      reply.raw.writeHead(200, EVENT_STREAM_HEADERS);
      logs.add(reply.raw, macToNumber(mac));
    },
  );
}
