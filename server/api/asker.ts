/**
 * Who asks: the token in `Authorization` (RFC 6750 2.1), else the session in the cookie. What a cookie lets in comes from a
 * browser, which sends it whoever made the page; so what changes something has to show as well what only a page of this server
 * can read (`X-CSRF-Token`).
 */
import { timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Principal } from "../access/principal.ts";
import { digestOf } from "../access/secrets.ts";
import { USED_STEP_MS } from "../limits.ts";
import type { AccountStorePort, PeopleChange, PeopleStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";

export interface OpenSession {
  id: number;
  csrf: string;
}

export interface Asker {
  principal: Principal;
  /** Null: it is not a session. */
  session: OpenSession | null;
}

export interface AskerOptions {
  people: PeopleStorePort;
  accounts: AccountStorePort;
  change: PeopleChange;
  nowMs: () => number;
}

export const CSRF_HEADER = "x-csrf-token";
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const BEARER = /^Bearer +([\w.~+/-]{1,200}=*)$/i;
const COOKIE = "lintel-session";
/** Only a server under https may set a cookie of such a name (RFC 6265bis 4.1.3.2). */
const SECURE_COOKIE = `__Host-${COOKIE}`;

export class Askers {
  readonly #options: AskerOptions;
  /** Being written just now. */
  readonly #touched = new Set<string>();

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  /** Undefined: he has not said, or it is not valid. */
  find(request: FastifyRequest): Asker | undefined {
    const { authorization } = request.headers;
    if (authorization !== undefined) return this.#ofToken(BEARER.exec(authorization)?.[1]);
    const secret = readCookie(request);
    return secret === undefined ? undefined : this.#ofSession(secret, request);
  }

  #ofToken(secret: string | undefined): Asker | undefined {
    if (secret === undefined) return undefined;
    const nowMs = this.#options.nowMs();
    const principal = this.#options.people.principalOfToken(digestOf(secret), nowMs);
    if (principal === undefined) return undefined;
    const { token } = principal;
    if (token !== null) this.#touch("touchToken", token.id, token.usedMs, nowMs);
    return { principal, session: null };
  }

  #ofSession(secret: string, request: FastifyRequest): Asker | undefined {
    const { accounts, people } = this.#options;
    const nowMs = this.#options.nowMs();
    const session = accounts.session(digestOf(secret), nowMs);
    const principal = session && people.principalOfUser(session.userId);
    if (session === undefined || principal === undefined) return undefined;
    if (isUnsafe(request) && !isSame(request.headers[CSRF_HEADER], session.csrf)) {
      // What everybody may do he may as well, but not as himself.
      if (request.routeOptions.config.access === "public") return undefined;
      throw new Problem(
        "csrfMissing",
        `send what GET /api/v1/me says as \`csrf\` in the header ${CSRF_HEADER}; programs use tokens instead`,
      );
    }
    this.#touch("touchSession", session.id, session.usedMs, nowMs);
    return { principal, session: { id: session.id, csrf: session.csrf } };
  }

  /** Not waited for: it is for people to see, and a session goes on. */
  #touch(kind: "touchToken" | "touchSession", id: number, usedMs: number | null, nowMs: number): void {
    const name = `${kind} ${id}`;
    if ((usedMs !== null && nowMs - usedMs < USED_STEP_MS) || this.#touched.has(name)) return;
    this.#touched.add(name);
    void this.#options.change({ kind, id, atMs: nowMs }).finally(() => this.#touched.delete(name));
  }
}

export function isUnsafe({ method }: FastifyRequest): boolean {
  return !SAFE_METHODS.has(method);
}

/** HttpOnly, so that no script reads it; Strict, so that no other site's link or form brings it along. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, secret: string, maxAgeMs: number): void {
  const isSecure = request.protocol === "https";
  const parts = [
    `${isSecure ? SECURE_COOKIE : COOKIE}=${secret}`,
    "Path=/",
    `Max-Age=${Math.floor(maxAgeMs / 1000)}`,
    "HttpOnly",
    "SameSite=Strict",
    ...(isSecure ? ["Secure"] : []),
  ];
  reply.header("set-cookie", parts.join("; "));
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  setSessionCookie(request, reply, "", 0);
}

/** With these a request that the server makes of itself, over plain HTTP, is of whoever has made this one. */
export function sameAsker(request: FastifyRequest): Record<string, string> {
  const { authorization, host } = request.headers;
  const secret = readCookie(request);
  return {
    ...(host !== undefined && { host }),
    ...(authorization !== undefined && { authorization }),
    ...(secret !== undefined && { cookie: `${COOKIE}=${secret}` }),
  };
}

function readCookie(request: FastifyRequest): string | undefined {
  const name = request.protocol === "https" ? SECURE_COOKIE : COOKIE;
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** Without telling by its time how much of it was right. */
function isSame(text: string | string[] | undefined, secret: string): boolean {
  return typeof text === "string" && timingSafeEqual(digestOf(text), digestOf(secret));
}
