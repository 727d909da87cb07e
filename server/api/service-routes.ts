/** For machines that look after the server: health, figures, the description of the API. */
import * as Type from "typebox/type";
import type { HealthPort, MetricsPort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { PROBLEM_RESPONSES } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

export function addServiceRoutes(app: ApiApp, health: HealthPort, metrics: MetricsPort): void {
  app.get(
    "/healthz",
    {
      config: { access: "public" },
      schema: {
        summary: "Can readings be stored?",
        response: { 200: Type.Object({ status: Type.Literal("ok") }), ...PROBLEM_RESPONSES },
      },
    },
    async () => {
      if (health.isHealthy()) return { status: "ok" as const };
      throw new Problem("unhealthy", "writing to the database fails; look for a full disk and read the log");
    },
  );

  app.get(
    "/metrics",
    {
      config: { access: "server" },
      schema: {
        summary: "Figures in the Prometheus text format",
        response: {
          200: { description: "figures", content: { "text/plain": { schema: { type: "string" } } } },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (_request, reply) =>
      reply
        .type(metrics.contentType)
        .serializer(String)
        .send(await metrics.text()),
  );

  app.get(
    "/api/v1/openapi.json",
    {
      config: { access: "public" },
      schema: {
        summary: "This description, OpenAPI 3.1",
        response: {
          200: { description: "document", content: { "application/json": { schema: { type: "object" } } } },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (_request, reply) => reply.type("application/json").serializer(JSON.stringify).send(app.swagger()),
  );
}
