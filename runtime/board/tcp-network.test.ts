import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { HostError } from "../contract/error-codes.ts";
import { NetStatus, TcpFlag, TcpStatus } from "../contract/host-abi.ts";
import { type Connection, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES } from "./network.ts";
import { RealTime } from "./real-time.ts";
import { TcpNetwork } from "./tcp-network.ts";

const LOCALHOST = "127.0.0.1";
const WAIT_MAX_MS = 5000;

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) server.close();
});

async function listen(accept: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    accept(socket);
  });
  servers.push(server);
  server.listen(0, LOCALHOST);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + WAIT_MAX_MS;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error("waited too long");
    await delay(2);
  }
}

async function joined(): Promise<TcpNetwork> {
  const network = new TcpNetwork({ time: new RealTime() });
  network.join("shop", "secret");
  expect(network.status()).toBe(NetStatus.Joining);
  await until(() => network.status() === NetStatus.Up);
  return network;
}

test("a scan finds the network that the board is said to be at", () => {
  const accessPoint = { ssid: "shop", passphrase: "secret" };
  const network = new TcpNetwork({ time: new RealTime(), accessPoint, rssiDbm: -42 });
  expect(network.inRange()).toEqual([{ ssid: "shop", rssiDbm: -42, isOpen: false }]);
  network.cut();
  expect(network.inRange()).toEqual([]);
  expect(new TcpNetwork({ time: new RealTime() }).inRange()).toEqual([]);
});

test.each([
  ["shop", "secret", NetStatus.Up],
  ["shop", "wrong", NetStatus.Denied],
  ["other", "secret", NetStatus.NotFound],
])("it is joined by its name and passphrase: %s, %s", async (ssid, passphrase, expected) => {
  const network = new TcpNetwork({ time: new RealTime(), accessPoint: { ssid: "shop", passphrase: "secret" } });
  network.join(ssid, passphrase);
  await until(() => network.status() !== NetStatus.Joining);
  expect(network.status()).toBe(expected);
});

function open(network: TcpNetwork, port: number, host = LOCALHOST): Connection {
  const connection = network.open(host, port, TcpFlag.None);
  if (typeof connection === "number") throw new Error(HostError[connection]);
  return connection;
}

async function connected(network: TcpNetwork, port: number): Promise<Connection> {
  const connection = open(network, port);
  await until(() => connection.status() === TcpStatus.Open);
  return connection;
}

describe("real TCP", () => {
  test("an echo, with a wake for the join, the connection and the bytes", async () => {
    const port = await listen((socket) => socket.pipe(socket));
    const network = await joined();
    let wakes = 0;
    network.onChange = () => wakes++;
    const connection = await connected(network, port);
    const wakesBefore = wakes;
    expect(connection.read(new Uint8Array(10))).toBe(0);
    expect(connection.write(Buffer.from("hello"))).toBe(5);
    const received: number[] = [];
    await until(() => {
      const into = new Uint8Array(2);
      received.push(...into.subarray(0, connection.read(into)));
      return received.length === 5;
    });
    expect(Buffer.from(received).toString()).toBe("hello");
    expect(wakesBefore).toBeGreaterThan(0);
    expect(wakes).toBeGreaterThan(wakesBefore);
    connection.close();
  });

  test("before the join, with TLS, on a closed port and to an unknown name", async () => {
    const closedPort = await listen(() => {});
    const server = servers.pop();
    server?.close();
    expect(new TcpNetwork({ time: new RealTime() }).open(LOCALHOST, closedPort, 0)).toBe(HostError.NotConnected);
    const network = await joined();
    expect(network.open(LOCALHOST, closedPort, TcpFlag.Tls)).toBe(HostError.Unsupported);
    const refused = open(network, closedPort);
    expect(refused.write(Buffer.from("x"))).toBe(HostError.NotConnected);
    await until(() => refused.status() < 0);
    expect(refused.status()).toBe(HostError.Refused);
    const unknown = open(network, closedPort, "no-such-host.invalid");
    await until(() => unknown.status() < 0);
    expect(unknown.status()).toBe(HostError.HostNotFound);
  });

  test("half-close by the peer: Closed, its bytes can be read, and it sees our close", async () => {
    let hasEnded = false;
    const port = await listen((socket) => {
      socket.on("end", () => {
        hasEnded = true;
      });
      socket.resume();
      socket.end("bye");
    });
    const connection = open(await joined(), port);
    await until(() => connection.status() === TcpStatus.Closed);
    const into = new Uint8Array(10);
    expect(connection.read(into)).toBe(3);
    expect(connection.read(into)).toBe(0);
    expect(connection.write(Buffer.from("x"))).toBe(HostError.NotConnected);
    expect(hasEnded).toBe(false);
    connection.close();
    await until(() => hasEnded);
  });

  test("our close: what was taken before still arrives", async () => {
    const received: Buffer[] = [];
    let hasEnded = false;
    const port = await listen((socket) => {
      socket.on("data", (chunk: Buffer) => received.push(chunk));
      socket.on("end", () => {
        hasEnded = true;
        socket.end();
      });
    });
    const connection = await connected(await joined(), port);
    const taken = connection.write(new Uint8Array(SEND_BUFFER_BYTES + 100));
    connection.close();
    await until(() => hasEnded);
    expect(taken).toBe(SEND_BUFFER_BYTES);
    expect(Buffer.concat(received)).toHaveLength(taken);
  });

  test("a peer that resets: Broken", async () => {
    const port = await listen((socket) => socket.resetAndDestroy());
    const connection = open(await joined(), port);
    await until(() => connection.status() < 0);
    expect(connection.status()).toBe(HostError.Broken);
    expect(connection.read(new Uint8Array(1))).toBe(HostError.Broken);
  });

  test("a program that does not read holds the peer back, and loses nothing", async () => {
    const sent = Buffer.alloc(16_000_000).map((_, index) => index % 251);
    const port = await listen((socket) => socket.end(sent));
    const connection = await connected(await joined(), port);
    const peer = [...sockets][0];
    await delay(200);
    expect(peer?.writableLength).toBeGreaterThan(0);
    const first = new Uint8Array(1_000_000);
    const firstBytes = connection.read(first);
    expect(firstBytes).toBeLessThan(RECEIVE_BUFFER_BYTES + 1460);
    const received: Uint8Array[] = [first.subarray(0, firstBytes)];
    let size = firstBytes;
    while (size < sent.length) {
      const into = new Uint8Array(65536);
      const part = connection.read(into);
      if (part === 0) await nextTurn();
      received.push(into.subarray(0, part));
      size += part;
    }
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    connection.close();
  });

  test("a peer that does not read bounds what a write takes; reading wakes the program", async () => {
    const port = await listen((socket) => socket.pause());
    const network = await joined();
    const connection = await connected(network, port);
    let taken = 0;
    let idleRounds = 0;
    while (idleRounds < 20) {
      const part = connection.write(new Uint8Array(SEND_BUFFER_BYTES));
      expect(part).toBeLessThanOrEqual(SEND_BUFFER_BYTES);
      taken += part;
      idleRounds = part === 0 ? idleRounds + 1 : 0;
      await delay(0);
    }
    let wakes = 0;
    network.onChange = () => wakes++;
    let received = 0;
    const peer = [...sockets][0];
    peer?.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    peer?.resume();
    await until(() => received === taken && wakes > 0);
    expect(connection.write(new Uint8Array(1))).toBe(1);
  });

  test("cut: sockets are destroyed, new ones refused; restore joins again", async () => {
    let isClosed = false;
    const port = await listen((socket) => {
      socket.resume();
      socket.on("close", () => {
        isClosed = true;
      });
      socket.on("end", () => socket.end());
    });
    const network = await joined();
    const connection = await connected(network, port);
    network.cut();
    expect([connection.status(), network.status()]).toEqual([HostError.Broken, NetStatus.Down]);
    expect(network.open(LOCALHOST, port, 0)).toBe(HostError.NotConnected);
    network.join("shop", "secret");
    await delay(10);
    expect(network.status()).toBe(NetStatus.Down);
    await until(() => isClosed);
    network.restore();
    await until(() => network.status() === NetStatus.Up);
    await connected(network, port);
    network.vanish();
    expect(network.status()).toBe(NetStatus.Down);
  });
});
