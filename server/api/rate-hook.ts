/** How many requests somebody may make: whoever has said who he is by himself, all others by their address. */
import { networkOf } from "../access/login-throttle.ts";
import { RequestRate } from "../access/request-rate.ts";
import { REQUESTS_OF_ADDRESS, REQUESTS_OF_PRINCIPAL } from "../limits.ts";
import { principalKey } from "./access-gate.ts";
import { Problem } from "./problem.ts";
import type { ApiApp } from "./typed-app.ts";

export function addRateHook(app: ApiApp, nowMs: () => number): void {
  const rate = new RequestRate();
  app.addHook("onRequest", async (request) => {
    const { principal, isKnown } = request.access;
    const waitMs = isKnown
      ? rate.take(principalKey(principal), REQUESTS_OF_PRINCIPAL, nowMs())
      : rate.take(networkOf(request.ip), REQUESTS_OF_ADDRESS, nowMs());
    if (waitMs === 0) return;
    const { burst, perS } = isKnown ? REQUESTS_OF_PRINCIPAL : REQUESTS_OF_ADDRESS;
    throw new Problem("tooManyRequests", `${burst} at once and ${perS} a second are answered; wait`, waitMs);
  });
}
