/** What browsers are sent of pages: with a tag, so that what they have already is not sent again, and with what a page may do. */
import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";

export const PAGE_TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};
/** Of the digest, in an ETag and behind the name of a part. */
const TAG_DIGITS = 32;

/** Nothing but what this server sends; `styles` beside those, by their digest. */
export function contentSecurityPolicy(...styles: string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    ["style-src 'self'", ...styles].join(" "),
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export function tagOf(digest: Buffer): string {
  return digest.toString("hex").slice(0, TAG_DIGITS);
}

/** With a strong ETag (RFC 9110 8.8.3). */
export function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  bytes: Buffer,
  digest?: Buffer,
): FastifyReply {
  const tag = `"${tagOf(digest ?? createHash("sha256").update(bytes).digest())}"`;
  reply.header("etag", tag).header("cache-control", "no-cache").header("x-content-type-options", "nosniff");
  const known = request.headers["if-none-match"]?.split(",").map((text) => text.trim().replace(/^W\//, "")) ?? [];
  if (known.includes(tag) || known.includes("*")) return reply.code(304).send();
  return reply.type(type).send(bytes);
}
