/** The real server as a process of its own, so that it can be killed: on a port of 127.0.0.1, in the simulation's time. */

import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { OPEN_HOUSE } from "../../server/access/open-house.ts";
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import type { FromServer, ToServer, Traffic } from "./child-messages.ts";
import { Listener } from "./told.ts";

const [dataDir = "", toldPath = ""] = process.argv.slice(2);
const told = new Listener(toldPath);
/** By the port of the other end. */
const connections = new Map<number, Socket>();

subscribe("net.server.socket", (message) => {
  const { socket } = message as { socket: Socket };
  if (socket.remotePort !== undefined) connections.set(socket.remotePort, socket);
});
const server = await startServer({
  ...OPEN_HOUSE,
  dataDir,
  host: "127.0.0.1",
  mqttPort: 0,
  httpPort: 0,
  logger: silentLogger,
  nowMs: () => told.unixMs(),
});

process.on("message", (message: ToServer) => {
  if (message.kind === "settle") void settle(message.sent);
  else void server.stop().then(() => process.disconnect());
});
// Also when the simulation has died.
process.on("disconnect", () => process.exit());
say({ kind: "ready", mqttPort: server.mqttPort });

async function settle(sent: Traffic[]): Promise<void> {
  const open = new Map(sent);
  while (!hasCome(open)) await nextTurn();
  await server.idle();
  const answer: Traffic[] = [];
  for (const [port, socket] of connections) {
    if (!socket.destroyed) answer.push([port, socket.bytesWritten]);
    else if (!open.has(port)) connections.delete(port);
  }
  say({ kind: "settled", sent: answer });
}

/** A connection that the server has closed takes nothing more. */
function hasCome(open: ReadonlyMap<number, number>): boolean {
  for (const [port, bytes] of open) {
    const socket = connections.get(port);
    if (socket === undefined || (!socket.destroyed && socket.bytesRead < bytes)) return false;
  }
  for (const [port, socket] of connections) if (!open.has(port) && !socket.destroyed) return false;
  return true;
}

function say(message: FromServer): void {
  if (process.connected) process.send?.(message);
}
