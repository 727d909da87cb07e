/** The live stream. */
import type { LiveHub } from "./live-hub.ts";
import { Problem } from "./problem.ts";
import { LiveQuery, PROBLEM_RESPONSES } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

export function addLiveRoutes(app: ApiApp, hub: LiveHub): void {
  app.get(
    "/api/v1/live",
    {
      // The stream has no end, so a HEAD request would never be answered.
      exposeHeadRoute: false,
      config: { access: "read" },
      schema: {
        summary: "Readings and steps of updates as they are committed, as server-sent events",
        description:
          "Events named `reading`: {device, stream, time, value, epoch, sequence, clock, errorS}, and `update`: {device, " +
          "atMs, state, image, percent, failure}, not when a stream is asked for; `rollout`: {rollout, state, group, devices, " +
          "reason}, not when a device or a stream is. An event `skipped` says how many " +
          "readings were left out under load. A viewer that reads too slowly is dropped.",
        querystring: LiveQuery,
        response: {
          200: { description: "events", content: { "text/event-stream": { schema: { type: "string" } } } },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    (request, reply) => {
      if (hub.isFull) throw new Problem("tooManyViewers", "close another live view and try again");
      reply.hijack();
      const { device, stream } = request.query;
      request.access.endWhenChanged(reply.raw);
      hub.add(reply.raw, { device, stream, organisations: request.access.organisations() });
    },
  );
}
