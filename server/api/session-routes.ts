/** Logging in and out, one's sessions, and one's own account. */
import type { FastifyReply, FastifyRequest } from "fastify";
import * as Type from "typebox/type";
import { Level } from "../access/level.ts";
import { faultOfPassword } from "../access/passwords.ts";
import type { Principal } from "../access/principal.ts";
import { EVERYBODY } from "../access/principal.ts";
import { clearSessionCookie, setSessionCookie } from "./asker.ts";
import { showTime } from "./device-routes.ts";
import { busy } from "./image-routes.ts";
import { type PeopleContext, unlessBusy } from "./people-context.ts";
import { demandDone } from "./people-outcomes.ts";
import { LoginBody, MeBody, MeSchema, PasswordBody, SessionParams, SessionSchema, showRole } from "./people-schemas.ts";
import { Problem } from "./problem.ts";
import { PROBLEM_RESPONSES } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

export function addSessionRoutes(app: ApiApp, context: PeopleContext): void {
  const { accounts, change, logins, passwords, nowMs } = context;

  app.post(
    "/api/v1/sessions",
    {
      config: { access: "public" },
      schema: {
        summary: "Logs in: the answer comes with a session in a cookie",
        description: "For browsers. After some attempts that failed, each further one has to wait, longer every time.",
        body: LoginBody,
        response: { 201: MeSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { email, password } = request.body;
      const verdict = await unlessBusy(logins.check(email, password, request.ip));
      const user = demandRight(verdict);
      return openSession(context, request, reply, user.id);
    },
  );

  app.post(
    "/api/v1/logout",
    {
      config: { access: "person" },
      schema: {
        summary: "Ends the session, or deletes the token, that the request comes with",
        response: { 204: Type.Null({ description: "done" }), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { principal, session } = request.access;
      const { outcome } =
        session !== null
          ? await change({ kind: "deleteSession", id: session.id })
          : await change({ kind: "deleteToken", id: principal.id ?? 0 });
      if (outcome === "unavailable") throw busy();
      clearSessionCookie(request, reply);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/sessions",
    {
      config: { access: "person" },
      schema: {
        summary: "One's own sessions",
        response: { 200: Type.Object({ items: Type.Array(SessionSchema) }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ access }) => ({
      items: accounts.sessionsOf(access.userId, nowMs()).map((row) => ({
        id: row.id,
        current: row.id === access.session?.id,
        agent: row.agent,
        address: row.address,
        created: showTime(row.createdMs),
        used: showTime(row.usedMs),
        expires: showTime(row.expiresMs),
      })),
    }),
  );

  app.delete(
    "/api/v1/sessions/:session",
    {
      config: { access: "self" },
      schema: {
        summary: "Ends one of one's own sessions",
        params: SessionParams,
        response: { 204: Type.Null({ description: "ended" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const session = accounts.sessionOf(access.userId, params.session);
      if (session === undefined)
        throw new Problem("sessionUnknown", `you have no session ${params.session}; see /api/v1/sessions`);
      demandDone(await change({ kind: "deleteSession", id: session.id }));
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/me",
    {
      config: { access: "user" },
      schema: { summary: "Who asks, and what he may do", response: { 200: MeSchema, ...PROBLEM_RESPONSES } },
    },
    async (request, reply) => {
      reply.header("cache-control", "no-store");
      return showMe(context, request.access.principal, request.access.session?.csrf ?? null);
    },
  );

  app.patch(
    "/api/v1/me",
    {
      config: { access: "self" },
      schema: { summary: "Changes one's own name", body: MeBody, response: { 200: MeSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ access, body }) => {
      demandDone(await change({ kind: "changeUser", user: access.userId, change: body, version: null }));
      return showMe(context, { ...access.principal, name: body.name }, access.session?.csrf ?? null);
    },
  );

  app.put(
    "/api/v1/me/password",
    {
      config: { access: "self" },
      schema: {
        summary: "Changes one's own password, and ends one's other sessions",
        body: PasswordBody,
        response: { 204: Type.Null({ description: "changed" }), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { access, body, ip } = request;
      const user = accounts.user(access.userId);
      if (user === undefined) throw new Problem("userUnknown", "the account was deleted in this moment");
      demandRight(await unlessBusy(logins.check(user.email, body.current, ip)));
      demandGood(body.password, user.email, user.name);
      const password = await unlessBusy(passwords.hash(body.password));
      const except = access.session?.id ?? null;
      demandDone(await change({ kind: "setPassword", user: user.id, password, except }));
      return reply.code(204).send(null);
    },
  );
}

/** The user, unless it was wrong. */
export function demandRight(verdict: Awaited<ReturnType<PeopleContext["logins"]["check"]>>) {
  if (verdict === "wrong")
    throw new Problem("loginWrong", "look at both; who has forgotten his password asks an admin for a new link");
  if ("user" in verdict) return verdict.user;
  const waitS = Math.ceil(verdict.waitMs / 1000);
  throw new Problem("tooManyLogins", `wait ${waitS} s before the next attempt`, verdict.waitMs);
}

export function demandGood(password: string, email: string, name: string): void {
  const fault = faultOfPassword(password, email, name);
  if (fault !== undefined) throw new Problem("passwordRefused", fault);
}

/** The answer to whoever has just come in. */
export async function openSession(
  context: PeopleContext,
  request: FastifyRequest,
  reply: FastifyReply,
  user: number,
  organisation: number | null = null,
) {
  const session = await context.logins.open(user, request.ip, request.headers["user-agent"]);
  const principal = context.people.principalOfUser(user);
  if (session === undefined || principal === undefined) throw busy();
  request.access.enter(principal, organisation);
  setSessionCookie(request, reply, session.secret, session.maxAgeMs);
  reply.code(201).header("cache-control", "no-store");
  return showMe(context, principal, session.csrf);
}

function showMe(context: PeopleContext, principal: Principal, csrf: string | null) {
  const { people, accounts } = context;
  const { kind, userId, isOperator, levels, token } = principal;
  const user = userId === null ? undefined : accounts.user(userId);
  const organisations = people.organisations().flatMap(({ id, slug, name }) => {
    const level = principal === EVERYBODY ? Level.Own : (levels.get(id) ?? Level.None);
    return level === Level.None ? [] : [{ slug, name, role: showRole(level) }];
  });
  return {
    kind,
    id: userId,
    name: principal.name,
    email: user?.email ?? null,
    operator: isOperator,
    organisations,
    csrf,
    expires: token === null || token.expiresMs === null ? null : showTime(token.expiresMs),
  };
}
