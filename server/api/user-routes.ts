/** Users of the server, for its operators; and members of an organisation, for those who are in it. */
import * as Type from "typebox/type";
import { levelOf } from "../access/level.ts";
import { levelAt } from "../access/principal.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { MemberRow, UserRow } from "../store/account-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import { expectedVersion } from "./condition-hook.ts";
import { afterNumber, showTime } from "./device-routes.ts";
import { showVersion } from "./etag-hook.ts";
import { cutPage } from "./page-cursor.ts";
import { findOrganisation, type PeopleContext, showMemberships } from "./people-context.ts";
import { demandDone } from "./people-outcomes.ts";
import {
  MemberBody,
  MemberParams,
  MemberSchema,
  SlugParams,
  showRole,
  UserBody,
  UserParams,
  UserSchema,
} from "./people-schemas.ts";
import { Problem } from "./problem.ts";
import { PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

export function addUserRoutes(app: ApiApp, context: PeopleContext): void {
  const { accounts, change } = context;

  const find = (id: number): UserRow => {
    const user = accounts.user(id);
    if (user === undefined) throw new Problem("userUnknown", `no user ${id}; see /api/v1/users`);
    return user;
  };
  const show = (row: UserRow) => ({
    id: row.id,
    email: row.email,
    name: row.name,
    operator: row.isOperator === 1,
    disabled: row.isDisabled === 1,
    created: showTime(row.createdMs),
    login: row.loginMs === null ? null : showTime(row.loginMs),
    organisations: showMemberships(context, row.id),
  });

  app.get(
    "/api/v1/users",
    {
      config: { access: "server" },
      schema: {
        summary: "Users of the server",
        querystring: PageQuery,
        response: { 200: page(UserSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = accounts.users(afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map(show), next };
    },
  );

  app.get(
    "/api/v1/users/:user",
    {
      config: { access: "server" },
      schema: { summary: "One user", params: UserParams, response: { 200: UserSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params }, reply) => {
      const user = find(params.user);
      showVersion(reply, user.version);
      return show(user);
    },
  );

  app.patch(
    "/api/v1/users/:user",
    {
      config: { access: "server" },
      schema: {
        summary: "Changes a user; one who is disabled is out at once",
        params: UserParams,
        body: UserBody,
        response: { 200: UserSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { id } = find(request.params.user);
      const { name, email, operator, disabled } = request.body;
      const wish = {
        ...(name !== undefined && { name }),
        ...(email !== undefined && { email }),
        ...(operator !== undefined && { isOperator: operator }),
        ...(disabled !== undefined && { isDisabled: disabled }),
      };
      demandDone(await change({ kind: "changeUser", user: id, change: wish, version: expectedVersion(request) }));
      const user = find(id);
      showVersion(reply, user.version);
      return show(user);
    },
  );

  app.delete(
    "/api/v1/users/:user",
    {
      config: { access: "server" },
      schema: {
        summary: "Deletes a user, his sessions and tokens; what he did stays in the audit log",
        params: UserParams,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params }, reply) => {
      demandDone(await change({ kind: "deleteUser", user: find(params.user).id }));
      return reply.code(204).send(null);
    },
  );
}

export function addMemberRoutes(app: ApiApp, context: PeopleContext): void {
  const { accounts, change, nowMs } = context;

  const findMember = (organisation: number, user: number): MemberRow => {
    const member = accounts.member(organisation, user);
    if (member === undefined) throw new Problem("userUnknown", `no member ${user} here; invite him, or see the list`);
    return member;
  };

  app.get(
    "/api/v1/organisations/:slug/members",
    {
      config: { access: "read" },
      schema: {
        summary: "Members of an organisation",
        params: SlugParams,
        querystring: PageQuery,
        response: { 200: page(MemberSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id } = findOrganisation(context, access, params.slug);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = accounts.members(id, afterNumber(query.cursor), limit + 1);
      const { items, next } = cutPage(rows, limit, (row) => [row.userId]);
      return { items: items.map(showMember), next };
    },
  );

  app.put(
    "/api/v1/organisations/:slug/members/:user",
    {
      config: { access: "administer" },
      schema: {
        summary: "Changes the role of a member, at once",
        description:
          "Nobody makes others more than he is himself, or changes who is more. Only operators add users here.",
        params: MemberParams,
        body: MemberBody,
        response: { 200: MemberSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const { id: organisation } = findOrganisation(context, access, params.slug);
      const level = levelOf(body.role);
      const member = accounts.member(organisation, params.user);
      if (member === undefined && !access.principal.isOperator) findMember(organisation, params.user);
      demandOver(access, organisation, Math.max(level, member?.level ?? level));
      demandDone(await change({ kind: "setMember", organisation, user: params.user, level, atMs: nowMs() }));
      return showMember(findMember(organisation, params.user));
    },
  );

  app.delete(
    "/api/v1/organisations/:slug/members/:user",
    {
      config: { access: "administer" },
      schema: {
        summary: "Takes a member out of the organisation, at once; the user stays",
        params: MemberParams,
        response: { 204: Type.Null({ description: "no member any more" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const { id: organisation } = findOrganisation(context, access, params.slug);
      const { userId: user, level } = findMember(organisation, params.user);
      demandOver(access, organisation, level);
      demandDone(await change({ kind: "deleteMember", organisation, user }));
      return reply.code(204).send(null);
    },
  );
}

function demandOver({ principal }: RequestAccess, organisation: number, level: number): void {
  if (level > levelAt(principal, organisation))
    throw new Problem("forbidden", "that is more than you are there yourself; ask an owner");
}

function showMember(row: MemberRow) {
  return {
    user: row.userId,
    email: row.email,
    name: row.name,
    role: showRole(row.level),
    disabled: row.isDisabled === 1,
    since: showTime(row.sinceMs),
  };
}
