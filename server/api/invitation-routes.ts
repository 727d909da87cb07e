/**
 * Invitations: links that work once. One makes a member of whoever takes it, with an account that he makes then or has already;
 * another sets the password of an account. This server sends no mail: whoever asks for a link passes it on.
 */
import type { FastifyRequest } from "fastify";
import * as Type from "typebox/type";
import type { Guest } from "../access/account-requests.ts";
import { invitationLink } from "../access/first-invitation.ts";
import { Level, levelOf } from "../access/level.ts";
import { levelAt } from "../access/principal.ts";
import { digestOf, makeSecret } from "../access/secrets.ts";
import { INVITATION_H, PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { InvitationRow } from "../store/account-reader.ts";
import { afterNumber, showTime } from "./device-routes.ts";
import { cutPage } from "./page-cursor.ts";
import { findOrganisation, type PeopleContext, unlessBusy } from "./people-context.ts";
import { demandDone, invitationUnknown } from "./people-outcomes.ts";
import {
  AcceptBody,
  InvitationBody,
  InvitationFacts,
  InvitationParams,
  InvitationSchema,
  LinkSchema,
  MeSchema,
  NewInvitationSchema,
  SecretBody,
  SlugParams,
  showRole,
  UserParams,
} from "./people-schemas.ts";
import { Problem } from "./problem.ts";
import { PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import { demandGood, demandRight, openSession } from "./session-routes.ts";
import type { ApiApp } from "./typed-app.ts";

const HOUR_MS = 3_600_000;
const RESET_H = 24;

export function addInvitationRoutes(app: ApiApp, context: PeopleContext): void {
  const { accounts, change, nowMs } = context;

  app.post(
    "/api/v1/organisations/:slug/invitations",
    {
      config: { access: "administer" },
      schema: {
        summary: "Makes a link that makes a member",
        params: SlugParams,
        body: InvitationBody,
        response: { 201: NewInvitationSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { params, body, access } = request;
      const { id: organisation } = findOrganisation(context, access, params.slug);
      const level = levelOf(body.role);
      if (level > levelAt(access.principal, organisation))
        throw new Problem("forbidden", "nobody can make others more than he is himself; take a lower role");
      const secret = makeSecret("invitation");
      const atMs = nowMs();
      const expiresMs = atMs + (body.hours ?? INVITATION_H) * HOUR_MS;
      const email = body.email ?? null;
      const invitation = { digest: digestOf(secret), organisation, level, user: null, email, atMs, expiresMs };
      const { id = 0 } = demandDone(await change({ kind: "addInvitation", invitation }));
      const row = accounts.invitationOf(organisation, id);
      if (row === undefined) throw invitationUnknown();
      reply.code(201).header("cache-control", "no-store");
      return { ...showInvitation(row), link: invitationLink(originOf(request), secret) };
    },
  );

  app.get(
    "/api/v1/organisations/:slug/invitations",
    {
      config: { access: "administer" },
      schema: {
        summary: "Invitations that nobody has taken yet",
        params: SlugParams,
        querystring: PageQuery,
        response: { 200: page(InvitationSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }) => {
      const { id } = findOrganisation(context, access, params.slug);
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = accounts.invitationsOf(id, afterNumber(query.cursor), limit + 1, nowMs());
      const { items, next } = cutPage(rows, limit, (row) => [row.id]);
      return { items: items.map(showInvitation), next };
    },
  );

  app.delete(
    "/api/v1/organisations/:slug/invitations/:invitation",
    {
      config: { access: "administer" },
      schema: {
        summary: "Takes an invitation back",
        params: InvitationParams,
        response: { 204: Type.Null({ description: "nobody can take it any more" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const { id } = findOrganisation(context, access, params.slug);
      if (accounts.invitationOf(id, params.invitation) === undefined) throw invitationUnknown();
      demandDone(await change({ kind: "deleteInvitation", id: params.invitation }));
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/api/v1/users/:user/password-reset",
    {
      config: { access: "administer" },
      schema: {
        summary: "Makes a link with which a user sets a new password",
        description:
          "For operators; and for who administers every organisation that the user is in, and is no less there than he. Taking " +
          "the link ends the user's sessions and deletes his tokens.",
        params: UserParams,
        response: { 201: LinkSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { params, access } = request;
      const unknown = () =>
        new Problem("userUnknown", `no user ${params.user} is a member of an organisation of yours`);
      const user = accounts.user(params.user);
      if (user === undefined) throw unknown();
      const memberships = accounts.memberships(user.id);
      access.judgeAny(
        memberships.map(({ organisationId }) => organisationId),
        unknown,
      );
      const isOver = memberships.every(({ organisationId, level }) => {
        return levelAt(access.principal, organisationId) >= Math.max(level, Level.Administer);
      });
      if (!access.principal.isOperator && (user.isOperator === 1 || !isOver))
        throw new Problem("forbidden", "this user may do things that you may not; an operator can reset his password");
      const secret = makeSecret("invitation");
      const atMs = nowMs();
      const expiresMs = atMs + RESET_H * HOUR_MS;
      const facts = { organisation: null, level: null, email: null, user: user.id };
      demandDone(
        await change({ kind: "addInvitation", invitation: { ...facts, digest: digestOf(secret), atMs, expiresMs } }),
      );
      reply.code(201).header("cache-control", "no-store");
      return { link: invitationLink(originOf(request), secret), expires: showTime(expiresMs) };
    },
  );

  app.post(
    "/api/v1/invitations/look",
    {
      config: { access: "public" },
      schema: {
        summary: "What an invitation is for",
        body: SecretBody,
        response: { 200: InvitationFacts, ...PROBLEM_RESPONSES },
      },
    },
    async ({ body }, reply) => {
      const row = accounts.invitation(digestOf(body.secret), nowMs());
      if (row === undefined) throw invitationUnknown();
      reply.header("cache-control", "no-store");
      return {
        purpose: row.userId === null ? ("join" as const) : ("password" as const),
        organisation: row.name,
        role: row.level === null ? null : showRole(row.level),
        operator: row.isOperator === 1,
        email: row.email,
        expires: showTime(row.expiresMs),
      };
    },
  );

  app.post(
    "/api/v1/invitations/accept",
    {
      config: { access: "public" },
      schema: {
        summary: "Takes an invitation: makes the account, or adds the membership, or sets the password; and logs in",
        description:
          "Who has an account gives its address and password, or asks in a session of it; who has none gives address, name and " +
          "the password that he wants.",
        body: AcceptBody,
        response: { 201: MeSchema, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const digest = digestOf(request.body.secret);
      const invitation = accounts.invitation(digest, nowMs());
      if (invitation === undefined) throw invitationUnknown();
      const guest = await guestOf(context, request, invitation);
      const { id = 0 } = demandDone(await change({ kind: "acceptInvitation", digest, guest, atMs: nowMs() }));
      return openSession(context, request, reply, id, invitation.organisationId);
    },
  );
}

type Accept = FastifyRequest<{ Body: Type.Static<typeof AcceptBody> }>;

/** Who takes it, once he has shown that he may. */
async function guestOf(context: PeopleContext, request: Accept, invitation: InvitationRow): Promise<Guest> {
  const { accounts, logins, passwords } = context;
  const { body, access, ip } = request;
  if (invitation.userId !== null) {
    const user = accounts.user(invitation.userId);
    if (user === undefined) throw invitationUnknown();
    const password = demand(body.password, "the password that you want");
    demandGood(password, user.email, user.name);
    return { password: await unlessBusy(passwords.hash(password)) };
  }
  if (access.session !== null && body.email === undefined && body.password === undefined) {
    const user = accounts.user(access.userId);
    if (invitation.email !== null && user?.email.toLowerCase() !== invitation.email.toLowerCase())
      throw new Problem("forbidden", `it is for ${invitation.email}; log out, and open it again`);
    return { user: access.userId };
  }
  const email = invitation.email ?? demand(body.email, "your email address");
  if (body.email !== undefined && body.email.toLowerCase() !== email.toLowerCase())
    throw new Problem("forbidden", `it is for ${email}`);
  const password = demand(body.password, "a password");
  if (accounts.login(email) !== undefined) {
    return { user: demandRight(await unlessBusy(logins.check(email, password, ip))).id };
  }
  const name = demand(body.name, "your name");
  demandGood(password, email, name);
  return { email, name, password: await unlessBusy(passwords.hash(password)) };
}

function demand(text: string | undefined, what: string): string {
  if (text === undefined) throw new Problem("accountNeeded", `give ${what}`);
  return text;
}

/** As whoever asks sees this server. */
function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}

function showInvitation(row: InvitationRow) {
  return {
    id: row.id,
    role: row.level === null ? null : showRole(row.level),
    email: row.email,
    created: showTime(row.createdMs),
    expires: showTime(row.expiresMs),
  };
}
