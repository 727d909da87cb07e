/**
 * What pages of other sites may not do. A browser says by `Sec-Fetch-Site` (Fetch Metadata) or `Origin` (RFC 6454) where a
 * request comes from; what changes something has to come from this server's own pages, or from a program, which says neither. A
 * token in `Authorization` no page of another site can send, so it is not asked.
 *
 * A server that asks nobody who he is answers only under names of this machine: a page whose own name was made to lead here
 * (DNS rebinding) sends that name as `Host`.
 */
import type { FastifyRequest } from "fastify";
import { isUnsafe } from "./asker.ts";
import { Problem } from "./problem.ts";
import type { ApiApp } from "./typed-app.ts";

const LOOPBACK = /^(localhost|[a-z0-9.-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i;
const OWN_SITES = new Set(["same-origin", "none"]);

export function addOriginGate(app: ApiApp, isLoginRequired: boolean): void {
  app.addHook("onRequest", async (request) => {
    if (!isLoginRequired && !LOOPBACK.test(request.hostname)) {
      throw new Problem(
        "hostUnknown",
        "this server asks nobody who he is, so it answers under names of its own machine only, as http://localhost; " +
          "start it without --no-login to use it under another one",
      );
    }
    if (!isUnsafe(request) || (isLoginRequired && request.headers.authorization !== undefined)) return;
    if (!isOwn(request)) {
      throw new Problem(
        "crossSite",
        "a page of another site sent this; a proxy in front of this server has to pass `Host` on as it came",
      );
    }
  });
}

function isOwn({ headers, host }: FastifyRequest): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return typeof site === "string" && OWN_SITES.has(site);
  if (headers.origin === undefined) return true;
  try {
    return new URL(headers.origin).host === new URL(`http://${host}`).host;
  } catch {
    return false;
  }
}
