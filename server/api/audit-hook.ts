/**
 * The audit log: whoever changes something, or tries to and may not, is written down with the answer that he got, before he gets
 * it. What was changed is in the thing itself; bodies are not kept, for they hold secrets.
 */
import type { FastifyRequest } from "fastify";
import { ActorKind, type AuditEntry } from "../access/people-requests.ts";
import type { Principal } from "../access/principal.ts";
import type { Logger } from "../logger.ts";
import { isUnsafe } from "./asker.ts";
import type { AuditPort } from "./ports.ts";
import type { ApiApp } from "./typed-app.ts";

const SUBJECT_MAX_CHARS = 200;
const TOO_MANY_REQUESTS = 429;

const ACTOR_KINDS: Record<Principal["kind"], ActorKind> = {
  user: ActorKind.User,
  token: ActorKind.Token,
  everybody: ActorKind.Everybody,
};

export function addAuditHook(app: ApiApp, audit: AuditPort, logger: Logger, nowMs: () => number): void {
  app.addHook("onSend", async (request, reply, payload) => {
    const { url } = request.routeOptions;
    // Strangers are counted and slowed down elsewhere; here they could fill the disk, as could who is told to slow down.
    if (!isUnsafe(request) || url === undefined) return payload;
    if (!request.access?.isKnown || reply.statusCode === TOO_MANY_REQUESTS) return payload;
    const { outcome } = await audit.write(entryOf(request, url, reply.statusCode, nowMs()));
    if (outcome !== "done")
      logger.error({ method: request.method, url: request.url }, "a change is not in the audit log");
    return payload;
  });
}

function entryOf(request: FastifyRequest, url: string, status: number, atMs: number): AuditEntry {
  const { principal, organisation } = request.access;
  const subject = Object.entries(request.params as Record<string, string>).map(([name, value]) => `${name}=${value}`);
  return {
    atMs,
    organisation,
    actorKind: ACTOR_KINDS[principal.kind],
    actorId: principal.id,
    actorName: principal.name,
    address: request.ip,
    action: `${request.method} ${url}`,
    subject: subject.join(" ").slice(0, SUBJECT_MAX_CHARS),
    status,
  };
}
