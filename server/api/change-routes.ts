/** What has happened in an organisation, for whoever wants to follow it: pages that go on where the last one ended. */
import * as Type from "typebox/type";
import { CHANGE_KINDS } from "../events/change-kinds.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import { afterNumber, showTime } from "./device-routes.ts";
import { encodeCursor } from "./page-cursor.ts";
import type { ChangeStorePort } from "./ports.ts";
import { Instant, MacParams, Nullable, OrganisationQuery, PageQuery, PROBLEM_RESPONSES } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

const ChangeQuery = Type.Object({
  ...PageQuery.properties,
  ...OrganisationQuery.properties,
  kind: Type.Optional(Type.Enum([...CHANGE_KINDS])),
  device: Type.Optional(MacParams.properties.mac),
});

const ChangePage = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.Integer({ description: "rises, and is never given twice: what was taken already is known by it" }),
      time: Instant,
      kind: Type.String({ description: "as device.health" }),
      device: Nullable(Type.String({ description: "MAC address" })),
      detail: Type.Unsafe<object>({ type: "object", additionalProperties: true }),
    }),
  ),
  next: Type.String({ description: "cursor to go on with, also at the end: ask again with it later" }),
});

export function addChangeRoutes(app: ApiApp, changes: ChangeStorePort): void {
  app.get(
    "/api/v1/changes",
    {
      config: { access: "read" },
      schema: {
        summary: "What has happened in an organisation, the oldest first",
        description:
          "Each change is written down together with what it is about. Who goes on from `next` gets each at least once; of an " +
          "organisation the last 20,000 are kept.",
        querystring: ChangeQuery,
        response: { 200: ChangePage, ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS, kind, device: mac } = query;
      const after = afterNumber(query.cursor);
      const rows = changes.page(access.place(query.organisation).id, after, limit, { kind, mac });
      return {
        items: rows.map(({ id, atMs, kind, mac, detail }) => ({
          id,
          time: showTime(atMs),
          kind,
          device: mac,
          detail,
        })),
        next: encodeCursor([rows.at(-1)?.id ?? after]),
      };
    },
  );
}
