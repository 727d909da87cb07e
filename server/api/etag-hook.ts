/**
 * ETags (RFC 9110 8.8.3): what was read and is the same still is not sent again (`If-None-Match`), and what people edit is
 * changed only if it is as it was when it was read (`If-Match`, condition-hook.ts). A tag is made of the answer itself. Where that
 * shows more than people edit, as what a board says, the version of what they edit stands before it, or a digest of that; it alone
 * is what a change has to match.
 */
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import type { ApiApp } from "./typed-app.ts";

declare module "fastify" {
  interface FastifyReply {
    /** Of what the answer shows and people edit. */
    version: number | string | null;
  }
}

/** A longer answer is made anew rather than looked through. */
const TAGGED_MAX_CHARS = 256 * 1024;
const TAG_CHARS = 16;
const EDITED_CHARS = 16;
/** Hexadecimal, so that it has no dash, and is never taken for one with a version. */
const WHOLE_TAG_CHARS = 24;
const OK = 200;
const CREATED = 201;
const VERSION_TAG = /^"(\d{1,15}|e[0-9a-f]{16})-[\w-]+"$/;

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
    const tag = tagOf(payload, reply.version);
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

/** Says what of an answer people edit, where that has no version. */
export function showEdited(reply: FastifyReply, edited: unknown): void {
  const digest = createHash("sha256").update(JSON.stringify(edited)).digest("hex");
  reply.version = `e${digest.slice(0, EDITED_CHARS)}`;
}

/** What has to be the same for a change to match; weak tags never match (RFC 9110 13.1.1), nor do those that this server does not give. */
export function editedPart(tag: string): string {
  return VERSION_TAG.exec(tag)?.[1] ?? tag;
}

function tagOf(payload: string, version: number | string | null): string {
  const digest = createHash("sha256").update(payload);
  if (version === null) return `"${digest.digest("hex").slice(0, WHOLE_TAG_CHARS)}"`;
  return `"${version}-${digest.digest("base64url").slice(0, TAG_CHARS)}"`;
}

/** Weak comparison (RFC 9110 13.1.2). */
export function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((part) => {
    const text = part.trim().replace(/^W\//, "");
    return text === tag || text === "*";
  });
}
