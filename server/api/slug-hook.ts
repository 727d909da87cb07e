/**
 * Slugs are taken wherever ids are: of a device, a project, a fleet or a stream in the path, and of a device as `device` of a query.
 * The schema has let through nothing but the two forms of each.
 */
import { Problem } from "./problem.ts";
import { fleetId, macOf, projectId, streamName } from "./slugs.ts";
import type { ApiApp } from "./typed-app.ts";

type Values = Record<string, unknown> | null;

export function addSlugs(app: ApiApp): void {
  app.addHook("preHandler", async (request) => {
    const params = request.params as Values;
    replace(params, "mac", macOf);
    replace(params, "project", projectId);
    replace(params, "fleet", fleetId);
    replace(request.query as Values, "device", macOf);
    replace(params, "stream", (text) => streamIn(text, params?.["mac"]));
  });
}

function replace(values: Values, name: string, read: (text: string) => unknown): void {
  const value = values?.[name];
  if (values != null && typeof value === "string") values[name] = read(value) ?? value;
}

/** Its project is not looked at: a device may have moved since the slug was written down. */
function streamIn(text: string, mac: unknown): string | undefined {
  const name = streamName(text);
  if (name !== undefined && name.device !== mac)
    throw new Problem("streamUnknown", `${text} is a stream of another device than ${mac}`);
  return name?.stream;
}
