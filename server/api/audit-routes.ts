/** The audit log, newest first: of an organisation for those who administer it, of everything for operators. */
import type { Static } from "typebox/type";
import { ActorKind } from "../access/people-requests.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { AuditRow } from "../store/account-reader.ts";
import { showTime } from "./device-routes.ts";
import { parseTime, TIME_END_MS } from "./open-series.ts";
import { cutPage, decodeNumbers } from "./page-cursor.ts";
import { findOrganisation, type PeopleContext } from "./people-context.ts";
import { AuditQuery, AuditSchema, SlugParams } from "./people-schemas.ts";
import { Problem } from "./problem.ts";
import { PROBLEM_RESPONSES, page } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

const KINDS = {
  [ActorKind.User]: "user",
  [ActorKind.Token]: "token",
  [ActorKind.Everybody]: "everybody",
  [ActorKind.Server]: "server",
} as const;

export function addAuditRoutes(app: ApiApp, context: PeopleContext): void {
  const list = (organisation: number | null, query: Static<typeof AuditQuery>) => {
    const { limit = PAGE_DEFAULT_ROWS, user, token } = query;
    if (user !== undefined && token !== undefined)
      throw new Problem("badRequest", "an entry is of a user or of a token; ask for one of both");
    const rows = context.accounts.audit({
      organisation,
      beforeId: query.cursor === undefined ? Number.MAX_SAFE_INTEGER : (decodeNumbers(query.cursor, 1)[0] ?? 0),
      fromMs: query.from === undefined ? 0 : parseTime("from", query.from),
      toMs: query.to === undefined ? TIME_END_MS : parseTime("to", query.to),
      actorKind: user !== undefined ? ActorKind.User : token !== undefined ? ActorKind.Token : null,
      actorId: user ?? token ?? null,
      action: query.action ?? "",
      subject: query.subject ?? "",
      statusMin: query.status ?? 0,
      limit: limit + 1,
    });
    const { items, next } = cutPage(rows, limit, (row) => [row.id]);
    return { items: items.map(showEntry), next };
  };
  const answers = { response: { 200: page(AuditSchema), ...PROBLEM_RESPONSES } };

  app.get(
    "/api/v1/audit",
    {
      config: { access: "server" },
      schema: { summary: "Who changed what, or tried to, on this server", querystring: AuditQuery, ...answers },
    },
    async ({ query }) => list(null, query),
  );

  app.get(
    "/api/v1/organisations/:slug/audit",
    {
      config: { access: "administer" },
      schema: {
        summary: "Who changed what, or tried to, in an organisation",
        params: SlugParams,
        querystring: AuditQuery,
        ...answers,
      },
    },
    async ({ params, query, access }) => list(findOrganisation(context, access, params.slug).id, query),
  );
}

function showEntry(row: AuditRow) {
  return {
    id: row.id,
    time: showTime(row.atMs),
    organisation: row.slug,
    actor: { kind: KINDS[row.actorKind], id: row.actorId, name: row.actorName },
    address: row.address,
    action: row.action,
    subject: row.subject,
    status: row.status,
  };
}
