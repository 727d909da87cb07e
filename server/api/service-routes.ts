/** For machines that look after the server: health, figures, the description of the API. */
import * as Type from "typebox/type";
import type { HealthPort, MetricsPort, ServerFacts } from "./ports.ts";
import { Problem } from "./problem.ts";
import { Nullable, PROBLEM_RESPONSES } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

const Days = Nullable(Type.Number({ description: "null: for ever" }));
const DAY_MS = 86_400_000;

const FactsSchema = Type.Object({
  retention: Type.Object({
    rawDays: Days,
    rollupDays: Days,
    maxBytes: Nullable(Type.Integer({ description: "of the database; above it the oldest days go first" })),
  }),
  products: Type.Array(Type.String(), { description: "whose settings the server knows" }),
});

export function addServiceRoutes(app: ApiApp, health: HealthPort, metrics: MetricsPort, facts: ServerFacts): void {
  const daysOf = (ms: number | null) => (ms === null ? null : ms / DAY_MS);

  app.get(
    "/api/v1/server",
    {
      config: { access: "user" },
      schema: {
        summary: "How long the server keeps readings, and which products it was told of",
        response: { 200: FactsSchema, ...PROBLEM_RESPONSES },
      },
    },
    async () => {
      const { rawMs, rollupsMs, maxBytes } = facts.retention;
      return {
        retention: { rawDays: daysOf(rawMs), rollupDays: daysOf(rollupsMs), maxBytes },
        products: [...facts.products],
      };
    },
  );

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
