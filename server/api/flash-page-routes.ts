/**
 * Flashing from a browser: a page with an install button for each kit, the kits as ESP Web Tools reads them, and ESP Web Tools
 * itself, out of its npm package. Nothing comes from the internet: shops have networks without it.
 */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { flashManifest, partFile } from "../../runtime/image/flash-kit.ts";
import { flashPage } from "./flash-page.ts";
import type { KitStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import type { ApiApp } from "./typed-app.ts";

/** Not part of the API: not in its description. */
const page = { schema: { hide: true } };
const PART_TYPE = "application/octet-stream";
const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};
/**
 * ESP Web Tools 10.4.0 makes its styles as objects, which `style-src` does not touch, but for those of its log window: this is
 * their digest, as a browser tells it where it is missing.
 */
const LOG_STYLE = "'sha256-b2Omuoh2JkOIanVTAfAZHwUz9plh5wcKDvK2buVGrFQ='";
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' ${LOG_STYLE}`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
/** Of the digest, in an ETag and behind the name of a part. */
const TAG_DIGITS = 32;

const require = createRequire(import.meta.url);

export function addFlashPageRoutes(app: ApiApp, store: KitStorePort): void {
  const toolsFolder = join(dirname(require.resolve("esp-web-tools/package.json")), "dist/web");
  const toolFiles = new Set(readdirSync(toolsFolder).filter((name) => name.endsWith(".js")));

  app.get("/flash", page, async (request, reply) => {
    reply
      .header("content-security-policy", CONTENT_SECURITY_POLICY)
      .header("permissions-policy", "serial=(self)")
      .header("referrer-policy", "no-referrer");
    return send(request, reply, TYPES.html, Buffer.from(flashPage(store.kits())));
  });

  app.get("/flash/page.js", page, async (request, reply) =>
    send(request, reply, TYPES.js, await readFile(require.resolve("#web/flash-page.js"))),
  );
  app.get("/flash/page.css", page, async (request, reply) =>
    send(request, reply, TYPES.css, await readFile(require.resolve("#web/flash-page.css"))),
  );

  app.get<{ Params: { file: string } }>("/esp-web-tools/:file", page, async (request, reply) => {
    const { file } = request.params;
    if (!toolFiles.has(file)) throw unknown(request);
    return send(request, reply, TYPES.js, await readFile(join(toolsFolder, file)));
  });

  app.get<{ Params: { board: string } }>("/flash/:board/manifest.json", page, async (request, reply) => {
    const kit = store.kit(request.params.board);
    if (kit === undefined) throw unknown(request);
    // Whoever reads the manifest gets the parts of the same kit, or none.
    const parts = store
      .parts(kit.board)
      .map(({ name, offset, digest }) => ({ path: `${partFile(name)}?v=${tagOf(digest)}`, offset }));
    const manifest = JSON.stringify(flashManifest({ ...kit, parts }));
    return send(request, reply, "application/json; charset=utf-8", Buffer.from(manifest));
  });

  app.get<{ Params: { board: string; file: string }; Querystring: { v?: string } }>(
    "/flash/:board/:file",
    page,
    async (request, reply) => {
      const { board, file } = request.params;
      const part = file === partFile(nameOf(file)) ? store.part(board, nameOf(file)) : undefined;
      const { v = part && tagOf(part.digest) } = request.query;
      if (part === undefined || v !== tagOf(part.digest)) throw unknown(request);
      return send(request, reply, PART_TYPE, part.bytes, part.digest);
    },
  );
}

function nameOf(file: string): string {
  return file.slice(0, -partFile("").length);
}

function unknown({ method, url }: FastifyRequest): Problem {
  return new Problem("notFound", `${method} ${url} is not there: look at /flash, or load the page again`);
}

function tagOf(digest: Buffer): string {
  return digest.toString("hex").slice(0, TAG_DIGITS);
}

/** With a strong ETag (RFC 9110 8.8.3); what the client has already is not sent again. */
function send(
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
