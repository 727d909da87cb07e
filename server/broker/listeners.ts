/**
 * The doors to the broker: MQTT over TCP, over TLS, and over WebSocket on the HTTP server (MQTT 3.1.1 section 6: subprotocol
 * "mqtt", binary frames).
 */
import type { Server as HttpServer, IncomingMessage } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { createWebSocketStream, WebSocketServer } from "ws";
import type { Certificates } from "../certificates.ts";
import { errorCode, StartError } from "../errors.ts";
import { MQTT_CONNECT_MAX_MS, MQTT_PACKET_MAX_BYTES } from "../limits.ts";

export const WEBSOCKET_PATH = "/mqtt";
const SUBPROTOCOL = "mqtt";
const PORT_MAX = 65535;

/** `address`: where it comes from. */
export type Accept = (stream: Duplex, address: string) => void;

export interface Listener {
  port: number;
  /** No new connections; the open ones stay. */
  stopAccepting(): void;
  close(): Promise<void>;
}

export function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) throw new StartError("E_PORT_INVALID", port);
}

/** What a failed `listen` means. */
export function listenError(error: unknown, port: number, host: string): StartError {
  switch (errorCode(error)) {
    case "EADDRINUSE":
      return new StartError("E_PORT_IN_USE", port, error);
    case "EACCES":
      return new StartError("E_PORT_DENIED", port, error);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new StartError("E_HOST_UNKNOWN", host, error);
    default:
      return new StartError("E_START_FAILED", `listener on port ${port}`, error);
  }
}

export function listenTcp(host: string, port: number, accept: Accept): Promise<Listener> {
  const server: Server = createServer({ noDelay: true }, (socket: Socket) => accept(socket, addressOf(socket)));
  return listen(server, host, port);
}

export function listenTls(host: string, port: number, certificates: Certificates, accept: Accept): Promise<Listener> {
  const options = { ...certificates.options, handshakeTimeout: MQTT_CONNECT_MAX_MS };
  const server = createTlsServer(options, (socket) => {
    socket.setNoDelay(true);
    accept(socket, addressOf(socket));
  });
  certificates.follow(server);
  return listen(server, host, port);
}

async function listen(server: Server, host: string, port: number): Promise<Listener> {
  checkPort(port);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, port, host)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  let isClosing = false;
  const stopAccepting = () => {
    if (!isClosing) server.close();
    isClosing = true;
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    stopAccepting,
    close: async () => {
      stopAccepting();
      await closed;
    },
  };
}

/** Of a socket that is gone already, an address of its own. */
function addressOf({ remoteAddress }: Socket): string {
  return remoteAddress ?? "gone";
}

/** Upgrades at WEBSOCKET_PATH become MQTT connections; upgrades elsewhere are refused. Returns how to stop. */
export function listenWebSocket(http: HttpServer, accept: Accept): () => void {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MQTT_PACKET_MAX_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const path = request.url?.split("?", 1)[0];
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    if (path !== WEBSOCKET_PATH || !offered.includes(SUBPROTOCOL)) {
      socket.end(
        `HTTP/1.1 ${path === WEBSOCKET_PATH ? "400 Bad Request" : "404 Not Found"}\r\nConnection: close\r\n\r\n`,
      );
      return;
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      stream.on("error", () => stream.destroy());
      accept(stream, addressOf(request.socket));
    });
  };
  http.on("upgrade", onUpgrade);
  return () => {
    http.off("upgrade", onUpgrade);
    http.on("upgrade", (_request, socket: Duplex) => socket.destroy());
    server.close();
  };
}
