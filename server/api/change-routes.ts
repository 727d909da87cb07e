/** What has happened in an organisation, for whoever wants to follow it: pages that go on where the last one ended. */
import * as Type from "typebox/type";
import { CHANGE_KINDS, type ChangeLogPort } from "../events/change-kinds.ts";
import { CHANGES_KEPT_MAX, CHANGES_KEPT_MS, PAGE_DEFAULT_ROWS } from "../limits.ts";
import { afterNumber, showTime } from "./device-routes.ts";
import { encodeCursor } from "./page-cursor.ts";
import { Problem } from "./problem.ts";
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

const DAY_MS = 86_400_000;
const GONE = {
  trimmed: "some of what has happened after this cursor is not kept any more",
  ahead: "this cursor is of changes that the database does not have: an older backup of it was put back",
};

export function addChangeRoutes(app: ApiApp, changes: ChangeLogPort): void {
  app.get(
    "/api/v1/changes",
    {
      config: { access: "read" },
      schema: {
        summary: "What has happened in an organisation, the oldest first",
        description:
          "Each change is written down together with what it is about. Who goes on from `next` gets each at least once. Of an " +
          `organisation the last ${CHANGES_KEPT_MAX} are kept, for ${CHANGES_KEPT_MS / DAY_MS} days: 410 \`changesGone\` says that ` +
          "some after the cursor are not there any more. Read anew what you follow, then ask without a cursor.",
        querystring: ChangeQuery,
        response: { 200: ChangePage, ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS, kind, device: mac } = query;
      const after = query.cursor === undefined ? null : afterNumber(query.cursor);
      const found = changes.page(access.place(query.organisation).id, after, limit, { kind, mac });
      if (typeof found === "string") {
        const detail = `${GONE[found]}; read anew what you follow, then ask without a cursor`;
        throw new Problem("changesGone", detail);
      }
      return {
        items: found.items.map(({ id, atMs, kind, mac, detail }) => ({
          id,
          time: showTime(atMs),
          kind,
          device: mac,
          detail,
        })),
        next: encodeCursor([found.last]),
      };
    },
  );
}
