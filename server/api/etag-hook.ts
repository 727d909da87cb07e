/**
 * ETags (RFC 9110 8.8.3): what was read and is the same still is not sent again (`If-None-Match`), and what people edit is
 * changed only if it is as it was when it was read (`If-Match`). A tag is made of the answer itself; of something with a version
 * the version stands before it, and that alone is what a change has to match.
 */
import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Problem } from "./problem.ts";
import type { ApiApp } from "./typed-app.ts";

declare module "fastify" {
  interface FastifyReply {
    /** Of what the answer shows. */
    version: number | null;
  }
}

/** A longer answer is made anew rather than looked through. */
const TAGGED_MAX_CHARS = 256 * 1024;
const TAG_CHARS = 16;
const OK = 200;
const CREATED = 201;
const VERSION_TAG = /^"(\d{1,15})-[\w-]+"$/;

export function addEtagHook(app: ApiApp): void {
  app.decorateReply("version", null);
  app.addHook("onSend", async (request, reply, payload) => {
    const { url } = request.routeOptions;
    if (!url?.startsWith("/api/") || typeof payload !== "string" || payload.length > TAGGED_MAX_CHARS) return payload;
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (reply.statusCode !== OK && reply.statusCode !== CREATED) return payload;
    if (!isRead && reply.version === null) return payload;
    if (isRead && !reply.hasHeader("cache-control")) reply.header("cache-control", "private, no-cache");
    if (reply.getHeader("cache-control") === "no-store") return payload;
    const digest = createHash("sha256").update(payload).digest("base64url").slice(0, TAG_CHARS);
    const tag = reply.version === null ? `"${digest}"` : `"${reply.version}-${digest}"`;
    reply.header("etag", tag);
    if (!isRead || !isKnown(request.headers["if-none-match"], tag)) return payload;
    reply.code(304).removeHeader("content-type").removeHeader("content-length");
    return "";
  });
}

/** Says which version an answer shows. */
export function showVersion(reply: FastifyReply, version: number): void {
  reply.version = version;
}

/** The version that a change asks for; null: it asks for none. */
export function expectedVersion(request: FastifyRequest): number | null {
  const header = request.headers["if-match"]?.trim();
  if (header === undefined || header === "*") return null;
  const version = VERSION_TAG.exec(header)?.[1];
  // A weak tag never matches (RFC 9110 13.1.1), nor does one that this server does not give.
  if (version === undefined) throw new Problem("preconditionFailed", "send the ETag that came with it, unchanged");
  return Number(version);
}

/** Weak comparison (RFC 9110 13.1.2). */
function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((part) => {
    const text = part.trim().replace(/^W\//, "");
    return text === tag || text === "*";
  });
}
