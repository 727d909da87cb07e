/**
 * Flashing from a browser: a page with an install button for each kit, the kits as ESP Web Tools reads them, and ESP Web Tools
 * itself, out of its npm package. Nothing comes from the internet: shops have networks without it.
 */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { FastifyRequest } from "fastify";
import { flashManifest, partFile } from "../../runtime/image/flash-kit.ts";
import { flashPage } from "./flash-page.ts";
import { contentSecurityPolicy, PAGE_TYPES, sendFile, tagOf } from "./page-files.ts";
import type { KitStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import type { ApiApp } from "./typed-app.ts";

/** Not part of the API: not in its description. */
const page = { schema: { hide: true }, config: { access: "public" } } as const;
const PART_TYPE = "application/octet-stream";
/**
 * ESP Web Tools 10.4.0 makes its styles as objects, which `style-src` does not touch, but for those of its log window: this is
 * their digest, as a browser tells it where it is missing.
 */
const LOG_STYLE = "'sha256-b2Omuoh2JkOIanVTAfAZHwUz9plh5wcKDvK2buVGrFQ='";
const require = createRequire(import.meta.url);

export function addFlashPageRoutes(app: ApiApp, store: KitStorePort): void {
  const toolsFolder = join(dirname(require.resolve("esp-web-tools/package.json")), "dist/web");
  const toolFiles = new Set(readdirSync(toolsFolder).filter((name) => name.endsWith(".js")));

  app.get("/flash", page, async (request, reply) => {
    reply
      .header("content-security-policy", contentSecurityPolicy(LOG_STYLE))
      .header("permissions-policy", "serial=(self)")
      .header("referrer-policy", "no-referrer");
    return sendFile(request, reply, PAGE_TYPES.html, Buffer.from(flashPage(store.kits())));
  });

  app.get("/flash/page.js", page, async (request, reply) =>
    sendFile(request, reply, PAGE_TYPES.js, await readFile(require.resolve("#web/flash-page.js"))),
  );
  app.get("/flash/page.css", page, async (request, reply) =>
    sendFile(request, reply, PAGE_TYPES.css, await readFile(require.resolve("#web/flash-page.css"))),
  );

  app.get<{ Params: { file: string } }>("/esp-web-tools/:file", page, async (request, reply) => {
    const { file } = request.params;
    if (!toolFiles.has(file)) throw unknown(request);
    return sendFile(request, reply, PAGE_TYPES.js, await readFile(join(toolsFolder, file)));
  });

  app.get<{ Params: { board: string } }>("/flash/:board/manifest.json", page, async (request, reply) => {
    const kit = store.kit(request.params.board);
    if (kit === undefined) throw unknown(request);
    // Whoever reads the manifest gets the parts of the same kit, or none.
    const parts = store
      .parts(kit.board)
      .map(({ name, offset, digest }) => ({ path: `${partFile(name)}?v=${tagOf(digest)}`, offset }));
    const manifest = JSON.stringify(flashManifest({ ...kit, parts }));
    return sendFile(request, reply, "application/json; charset=utf-8", Buffer.from(manifest));
  });

  app.get<{ Params: { board: string; file: string }; Querystring: { v?: string } }>(
    "/flash/:board/:file",
    page,
    async (request, reply) => {
      const { board, file } = request.params;
      const part = file === partFile(nameOf(file)) ? store.part(board, nameOf(file)) : undefined;
      const { v = part && tagOf(part.digest) } = request.query;
      if (part === undefined || v !== tagOf(part.digest)) throw unknown(request);
      return sendFile(request, reply, PART_TYPE, part.bytes, part.digest);
    },
  );
}

function nameOf(file: string): string {
  return file.slice(0, -partFile("").length);
}

function unknown({ method, url }: FastifyRequest): Problem {
  return new Problem("notFound", `${method} ${url} is not there: look at /flash, or load the page again`);
}
