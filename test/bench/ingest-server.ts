/** The real server in a process of its own, for benchmarks and faults: a data folder, then a ServerPart as JSON. */
import { OPEN_HOUSE } from "../../server/access/open-house.ts";
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import { keepHeapSmall } from "../../server/small-heap.ts";
import type { RetentionOptions } from "../../server/store/retention.ts";

export interface ServerPart {
  /** Default: any that is free. */
  mqttPort?: number;
  retention?: RetentionOptions;
  /** Webhooks may go to this machine. */
  webhooksPrivate?: boolean;
  /** Time since this instant, Unix ms, passes so many times as fast; what lasts minutes is then over in a test. */
  fastClock?: { fromMs: number; rate: number };
}

const UNLIMITED = { perSecond: Number.MAX_SAFE_INTEGER, burst: Number.MAX_SAFE_INTEGER };

keepHeapSmall();
const { mqttPort = 0, retention, webhooksPrivate, fastClock } = JSON.parse(process.argv[3] ?? "{}") as ServerPart;
const server = await startServer({
  ...OPEN_HOUSE,
  dataDir: process.argv[2] ?? "",
  host: "127.0.0.1",
  mqttPort,
  httpPort: 0,
  logger: silentLogger,
  ...(retention !== undefined && { retention }),
  ...(webhooksPrivate !== undefined && { webhooksPrivate }),
  ...(fastClock !== undefined && { nowMs: () => fastClock.fromMs + (Date.now() - fastClock.fromMs) * fastClock.rate }),
  // What the server can take, not what it allows: no board is as fast as this load.
  connectionLimits: { connectionsOfAddress: Number.POSITIVE_INFINITY, rates: { packets: UNLIMITED, bytes: UNLIMITED } },
});
process.send?.({ port: server.mqttPort, url: server.url });
process.on("message", async () => {
  await server.stop();
  process.exit(0);
});
