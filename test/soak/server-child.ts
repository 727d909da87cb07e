/**
 * The real server as a process of its own, so that it can be killed. Its connections come over the pipe from the simulation,
 * in order, so that the simulation can ask whether everything it has sent is dealt with; so does the time.
 */
import type { Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import { memoryPair } from "../../server/testing/memory-pair.ts";
import type { FromServer, ToServer } from "./child-messages.ts";

/** For what the server has written to come out of the near end. */
const OUTPUT_TURNS = 3;

const [dataDir = "", startUnixMs = "0"] = process.argv.slice(2);
let unixMs = Number(startUnixMs);
const server = await startServer({
  dataDir,
  host: "127.0.0.1",
  mqttPort: 0,
  httpPort: 0,
  logger: silentLogger,
  nowMs: () => unixMs,
});
const connections = new Map<number, Duplex>();

process.on("message", (message: ToServer) => {
  if (message.kind === "open") open(message.id);
  else if (message.kind === "bytes") connections.get(message.id)?.write(message.bytes);
  else if (message.kind === "end") connections.get(message.id)?.destroy();
  else if (message.kind === "settle") void settle(message.unixMs);
  else void server.stop().then(() => process.disconnect());
});
say({ kind: "ready" });

function open(id: number): void {
  const [near, far] = memoryPair();
  connections.set(id, near);
  near.on("data", (bytes: Buffer) => say({ kind: "bytes", id, bytes }));
  near.on("error", () => {});
  near.on("close", () => {
    connections.delete(id);
    say({ kind: "end", id });
  });
  server.handle(far);
}

async function settle(nowUnixMs: number): Promise<void> {
  unixMs = nowUnixMs;
  await server.idle();
  for (let turn = 0; turn < OUTPUT_TURNS; turn++) await nextTurn();
  say({ kind: "settled" });
}

function say(message: FromServer): void {
  if (process.connected) process.send?.(message);
}
