/** A device's slug is taken wherever its MAC address is: in the path, and as `device` of a query. */
import { macOf } from "./slugs.ts";
import type { ApiApp } from "./typed-app.ts";

/** The schema has let through nothing but the two. */
export function addSlugs(app: ApiApp): void {
  app.addHook("preHandler", async ({ params, query }) => {
    replace(params as Record<string, unknown> | null, "mac");
    replace(query as Record<string, unknown> | null, "device");
  });
}

function replace(values: Record<string, unknown> | null, name: string): void {
  const value = values?.[name];
  if (values != null && typeof value === "string") values[name] = macOf(value) ?? value;
}
