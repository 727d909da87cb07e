/** Tokens: of a person, who can never do more with one than he may himself; and of an organisation, for its machines. */
import * as Type from "typebox/type";
import { Level } from "../access/level.ts";
import { levelAt } from "../access/principal.ts";
import { digestOf, makeSecret } from "../access/secrets.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { TokenRow } from "../store/account-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import { afterNumber, showTime } from "./device-routes.ts";
import { cutPage } from "./page-cursor.ts";
import { findOrganisation, type PeopleContext } from "./people-context.ts";
import { demandDone } from "./people-outcomes.ts";
import {
  levelNamed,
  MachineTokenBody,
  NewTokenSchema,
  OrganisationTokenParams,
  SlugParams,
  showLevel,
  TokenBody,
  TokenParams,
  TokenSchema,
} from "./people-schemas.ts";
import { Problem } from "./problem.ts";
import { PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

const DAY_MS = 86_400_000;

export function addTokenRoutes(app: ApiApp, context: PeopleContext): void {
  const { people, accounts, change, nowMs } = context;

  const add = async (
    access: RequestAccess,
    token: { name: string; user: number | null; organisation: number | null; level: Level; isOperator: boolean },
    days: number | undefined,
  ) => {
    const atMs = nowMs();
    const expiresMs = expiryOf(access, days === undefined ? null : atMs + days * DAY_MS);
    const secret = makeSecret("token");
    const { id = 0 } = demandDone(
      await change({ kind: "addToken", token: { ...token, digest: digestOf(secret), atMs, expiresMs } }),
    );
    const row = accounts.token(id);
    if (row === undefined) throw unknown(id);
    return { ...showToken(row), token: secret };
  };

  app.post(
    "/api/v1/tokens",
    {
      config: { access: "self" },
      schema: {
        summary: "Makes a token for oneself",
        description:
          "It never opens more than its owner may at the time; level, organisation and expiry limit it further.",
        body: TokenBody,
        response: { 201: NewTokenSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ body, access }, reply) => {
      const { name, level = "own", organisation: slug, server = false, expiresDays } = body;
      let organisation: number | null = null;
      if (slug !== undefined) {
        const unknownOrganisation = () =>
          new Problem("organisationUnknown", `you are no member of an organisation ${slug}`);
        const found = people.organisation(slug);
        if (found === undefined) throw unknownOrganisation();
        access.judge(found.id, unknownOrganisation);
        organisation = found.id;
      }
      if (server && !access.principal.isOperator)
        throw new Problem("forbidden", "only operators of this server have tokens for it; leave `server` out");
      reply.code(201).header("cache-control", "no-store");
      const user = access.userId;
      return add(access, { name, user, organisation, level: levelNamed(level), isOperator: server }, expiresDays);
    },
  );

  app.get(
    "/api/v1/tokens",
    {
      config: { access: "person" },
      schema: {
        summary: "One's own tokens",
        querystring: PageQuery,
        response: { 200: page(TokenSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = accounts.tokensOfUser(access.userId, afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map(showToken), next };
    },
  );

  app.delete(
    "/api/v1/tokens/:token",
    {
      config: { access: "self" },
      schema: {
        summary: "Deletes one of one's own tokens; it opens nothing from then on",
        params: TokenParams,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const token = accounts.token(params.token);
      if (token === undefined || token.userId !== access.userId) throw unknown(params.token);
      demandDone(await change({ kind: "deleteToken", id: token.id }));
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/api/v1/organisations/:slug/tokens",
    {
      config: { access: "administer" },
      schema: {
        summary: "Makes a token for a machine of the organisation",
        description: "It stays when whoever made it goes.",
        params: SlugParams,
        body: MachineTokenBody,
        response: { 201: NewTokenSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }, reply) => {
      const { id: organisation } = findOrganisation(context, access, params.slug);
      const level = levelNamed(body.level);
      if (level > levelAt(access.principal, organisation))
        throw new Problem("forbidden", "a token cannot open more than you may yourself; take a lower level");
      reply.code(201).header("cache-control", "no-store");
      const { name, expiresDays } = body;
      return add(access, { name, user: null, organisation, level, isOperator: false }, expiresDays);
    },
  );

  app.get(
    "/api/v1/organisations/:slug/tokens",
    {
      config: { access: "administer" },
      schema: {
        summary: "Tokens for machines of the organisation",
        params: SlugParams,
        querystring: PageQuery,
        response: { 200: page(TokenSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id } = findOrganisation(context, access, params.slug);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = accounts.tokensOfOrganisation(id, afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map(showToken), next };
    },
  );

  app.delete(
    "/api/v1/organisations/:slug/tokens/:token",
    {
      config: { access: "administer" },
      schema: {
        summary: "Deletes a token of the organisation; it opens nothing from then on",
        params: OrganisationTokenParams,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const { id } = findOrganisation(context, access, params.slug);
      const token = accounts.token(params.token);
      if (token === undefined || token.userId !== null || token.organisationId !== id) throw unknown(params.token);
      demandDone(await change({ kind: "deleteToken", id: token.id }));
      return reply.code(204).send(null);
    },
  );
}

/** What is made with a token does not outlast it. */
function expiryOf({ principal }: RequestAccess, wantedMs: number | null): number | null {
  const lastMs = principal.token?.expiresMs ?? null;
  if (lastMs === null) return wantedMs;
  return wantedMs === null ? lastMs : Math.min(wantedMs, lastMs);
}

function unknown(token: number): Problem {
  return new Problem("tokenUnknown", `no token ${token} here; the list has those that are`);
}

function showToken(row: TokenRow) {
  return {
    id: row.id,
    name: row.name,
    level: showLevel(row.level),
    organisation: row.slug,
    server: row.isOperator === 1,
    created: showTime(row.createdMs),
    used: row.usedMs === null ? null : showTime(row.usedMs),
    expires: row.expiresMs === null ? null : showTime(row.expiresMs),
  };
}
