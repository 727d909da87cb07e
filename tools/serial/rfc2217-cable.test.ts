/** What is on the other side when it is not a serial port. */
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Rfc2217Cable } from "./rfc2217-cable.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onConnection(socket);
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
    });
  });
}

test.each<[string, (socket: Socket) => void]>([
  ["closes at once", (socket) => socket.destroy()],
  ["closes at the first byte", (socket) => socket.once("data", () => socket.destroy())],
  ["ends in order", (socket) => socket.end()],
  ["says something else", (socket) => socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))],
])("a peer that %s", async (_, onConnection) => {
  const port = await listen(onConnection);
  await expect(new Rfc2217Cable("127.0.0.1", port).open(115_200)).rejects.toThrow(
    `127.0.0.1:${port} does not answer as a serial port (RFC 2217): is it the right port?`,
  );
});

test("a peer that says nothing", async () => {
  const port = await listen((socket) => socket.on("data", () => {}));
  const cable = new Rfc2217Cable("127.0.0.1", port);
  await expect(cable.open(115_200)).rejects.toThrow("does not answer as a serial port");
  await cable.close();
});
