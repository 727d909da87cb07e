import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { HostError } from "../contract/error-codes.ts";
import { NetStatus, TcpFlag, TcpStatus } from "../contract/host-abi.ts";
import { MemoryNetwork, type MemoryNetworkOptions } from "./memory-network.ts";
import type { MemoryStation } from "./memory-station.ts";
import { type Connection, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES } from "./network.ts";
import { SeededRandom } from "./random.ts";
import { VirtualTime } from "./virtual-time.ts";

const HOST = "hub";
const PORT = 1883;

function setUp(options: Partial<MemoryNetworkOptions> = {}) {
  const time = new VirtualTime();
  const network = new MemoryNetwork({ time, random: new SeededRandom(1), latencyMs: 10, joinMs: 100, ...options });
  const peers: Duplex[] = [];
  return { time, network, peers, station: network.station() };
}

function echo(stream: Duplex): void {
  stream.on("data", (chunk: Buffer) => stream.write(chunk));
}

async function joined(time: VirtualTime, station: MemoryStation): Promise<void> {
  station.join("shop", "secret");
  await time.runFor(100);
  expect(station.status()).toBe(NetStatus.Up);
}

function open(station: MemoryStation, host = HOST, port = PORT): Connection {
  const connection = station.open(host, port, TcpFlag.None);
  if (typeof connection === "number") throw new Error(HostError[connection]);
  return connection;
}

async function connected(time: VirtualTime, station: MemoryStation): Promise<Connection> {
  await joined(time, station);
  const connection = open(station);
  await time.runFor(20);
  expect(connection.status()).toBe(TcpStatus.Open);
  return connection;
}

function readAll(connection: Connection): string {
  const into = new Uint8Array(65536);
  return Buffer.from(into.subarray(0, Math.max(0, connection.read(into)))).toString("latin1");
}

const text = (value: string) => Buffer.from(value, "latin1");

describe("joining", () => {
  test("takes its time, and tells each change", async () => {
    const { time, station } = setUp();
    const changes: [number, NetStatus, number][] = [];
    station.onChange = () => changes.push([time.nowMs(), station.status(), station.rssiDbm()]);
    station.join("shop", "secret");
    await time.run(1000);
    expect(changes).toEqual([
      [0, NetStatus.Joining, 0],
      [100, NetStatus.Up, -60],
    ]);
  });

  test("a wrong passphrase is denied, an unknown name not found", async () => {
    const { time, station } = setUp({ accessPoints: [{ ssid: "shop", passphrase: "right" }] });
    const results: NetStatus[] = [];
    for (const [ssid, passphrase] of [
      ["shop", "wrong"],
      ["shed", "right"],
      ["shop", "right"],
    ] as const) {
      station.join(ssid, passphrase);
      await time.runFor(100);
      results.push(station.status());
    }
    expect(results).toEqual([NetStatus.Denied, NetStatus.NotFound, NetStatus.Up]);
  });
});

describe("connecting", () => {
  test("is refused, not found, unsupported or not connected", async () => {
    const { time, network, station } = setUp();
    network.listen(HOST, PORT, echo);
    expect(station.open(HOST, PORT, 0)).toBe(HostError.NotConnected);
    await joined(time, station);
    expect(station.open(HOST, PORT, TcpFlag.Tls)).toBe(HostError.Unsupported);
    const refused = open(station, HOST, PORT + 1);
    const unknown = open(station, "elsewhere");
    expect([refused.status(), unknown.status()]).toEqual([TcpStatus.Connecting, TcpStatus.Connecting]);
    await time.runFor(20);
    expect([refused.status(), unknown.status()]).toEqual([HostError.Refused, HostError.HostNotFound]);
    expect(refused.write(text("x"))).toBe(HostError.Refused);
    expect(refused.read(new Uint8Array(1))).toBe(HostError.Refused);
  });

  test("a listener that has stopped refuses; a port is listened on once", async () => {
    const { time, network, station } = setUp();
    const stop = network.listen(HOST, PORT, echo);
    expect(() => network.listen(HOST, PORT, echo)).toThrow("in use");
    stop();
    await joined(time, station);
    const connection = open(station);
    await time.runFor(20);
    expect(connection.status()).toBe(HostError.Refused);
  });
});

describe("an echo", () => {
  test("takes one latency each way, in virtual time", async () => {
    const { time, network, station } = setUp();
    network.listen(HOST, PORT, echo);
    const connection = await connected(time, station);
    const changes: number[] = [];
    station.onChange = () => changes.push(time.nowMs());
    const startMs = time.nowMs();
    expect(connection.write(text("hello"))).toBe(5);
    await time.runFor(1000);
    expect(changes).toEqual([startMs + 20]);
    expect(readAll(connection)).toBe("hello");
    expect(network.counts).toEqual({ bytesToPeers: 5, bytesToBoards: 5, connections: 1 });
  });

  test("in segments: the same bytes, in order, later, and the same again with the same seed", async () => {
    const runs = [];
    for (let run = 0; run < 2; run++) {
      const { time, network, station } = setUp({ segmentMaxBytes: 7 });
      network.listen(HOST, PORT, echo);
      const connection = await connected(time, station);
      const log: [number, string][] = [];
      station.onChange = () => log.push([time.nowMs(), readAll(connection)]);
      const sent = Array.from({ length: 200 }, (_, index) => String.fromCharCode(33 + (index % 90))).join("");
      connection.write(text(sent));
      await time.runFor(5000);
      expect(log.length).toBeGreaterThan(200 / 7);
      expect(log.map(([, part]) => part).join("")).toBe(sent);
      runs.push(log);
    }
    expect(runs[0]).toEqual(runs[1]);
  });

  test("waits for work of the peer outside the event loop when it is told how", async () => {
    let busy: Promise<void> = Promise.resolve();
    const { time, network, station } = setUp({ idle: () => busy });
    network.listen(HOST, PORT, (stream) => {
      stream.on("data", (chunk) => {
        busy = delay(20).then(() => void stream.write(chunk));
      });
    });
    const connection = await connected(time, station);
    connection.write(text("slow"));
    await time.runFor(20);
    expect(readAll(connection)).toBe("slow");
  });
});

describe("ends", () => {
  test("the program closes: what it wrote arrives, then the end", async () => {
    const { time, network, station } = setUp();
    const seen: string[] = [];
    network.listen(HOST, PORT, (stream) => {
      stream.on("data", (chunk: Buffer) => seen.push(chunk.toString()));
      stream.on("end", () => seen.push("end"));
      stream.on("close", () => seen.push("close"));
    });
    const connection = await connected(time, station);
    connection.write(text("last words"));
    connection.close();
    await time.runFor(100);
    expect(seen).toEqual(["last words", "end", "close"]);
  });

  test("the peer ends: what it wrote can be read, nothing more written", async () => {
    const { time, network, station } = setUp();
    network.listen(HOST, PORT, (stream) => stream.end("bye"));
    await joined(time, station);
    const connection = open(station);
    await time.runFor(100);
    expect(connection.status()).toBe(TcpStatus.Closed);
    expect(readAll(connection)).toBe("bye");
    expect(connection.read(new Uint8Array(1))).toBe(0);
    expect(connection.write(text("x"))).toBe(HostError.NotConnected);
  });

  test("the peer destroys its stream: Closed, and writing afterwards breaks", async () => {
    const { time, network, station, peers } = setUp();
    network.listen(HOST, PORT, (stream) => peers.push(stream));
    const connection = await connected(time, station);
    peers[0]?.destroy();
    connection.write(text("into the void"));
    await time.runFor(100);
    expect([TcpStatus.Closed, HostError.Broken]).toContain(connection.status());
  });

  test("the chip vanishes: the peer learns nothing, until it writes to a chip that is back", async () => {
    const { time, network, station, peers } = setUp();
    const seen: string[] = [];
    network.listen(HOST, PORT, (stream) => {
      peers.push(stream);
      stream.on("close", () => seen.push("close"));
    });
    await connected(time, station);
    station.vanish();
    peers[0]?.write("anyone?");
    await time.runFor(1000);
    expect(station.status()).toBe(NetStatus.Down);
    expect(seen).toEqual([]);
    await joined(time, station);
    peers[0]?.write("and now?");
    await time.runFor(1000);
    expect(seen).toEqual(["close"]);
  });
});

describe("back-pressure", () => {
  test("a peer that does not read fills the send buffer; reading makes room and wakes", async () => {
    const { time, network, station, peers } = setUp();
    network.listen(HOST, PORT, (stream) => peers.push(stream));
    const connection = await connected(time, station);
    let taken = 0;
    for (let round = 0; round < 100; round++) {
      taken += connection.write(new Uint8Array(1000));
      await time.runFor(50);
    }
    const highWaterMark = peers[0]?.readableHighWaterMark ?? 0;
    expect(taken).toBeGreaterThanOrEqual(SEND_BUFFER_BYTES);
    expect(taken).toBeLessThan(SEND_BUFFER_BYTES * 2 + highWaterMark + 1000);
    expect(connection.write(new Uint8Array(1))).toBe(0);
    let wakes = 0;
    station.onChange = () => wakes++;
    let received = 0;
    peers[0]?.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    time.holdUntil(network.settled);
    await time.runFor(50);
    expect(received).toBe(taken);
    expect(wakes).toBeGreaterThan(0);
    expect(connection.write(new Uint8Array(1))).toBe(1);
  });

  test("a program that does not read holds the peer back at the receive window, and loses nothing", async () => {
    const { time, network, station, peers } = setUp();
    network.listen(HOST, PORT, (stream) => peers.push(stream));
    const connection = await connected(time, station);
    const sent = Buffer.alloc(50_000).map((_, index) => index % 251);
    let isWritten = false;
    peers[0]?.write(sent, () => {
      isWritten = true;
    });
    await time.runFor(1000);
    expect(isWritten).toBe(false);
    expect(network.counts.bytesToBoards).toBe(RECEIVE_BUFFER_BYTES);
    const received: Buffer[] = [];
    for (let round = 0; round < 200; round++) {
      const into = new Uint8Array(777);
      received.push(Buffer.from(into.subarray(0, connection.read(into))));
      await time.runFor(50);
    }
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    expect(isWritten).toBe(true);
  });
});

describe("cuts", () => {
  test("reset: both ends learn at once, the station is down, and joins again by itself", async () => {
    const { time, network, station } = setUp();
    const seen: string[] = [];
    network.listen(HOST, PORT, (stream) => stream.on("close", () => seen.push("close")));
    const connection = await connected(time, station);
    network.cut("reset");
    await time.runFor(1);
    expect([connection.status(), station.status(), seen]).toEqual([HostError.Broken, NetStatus.Down, ["close"]]);
    expect(station.open(HOST, PORT, 0)).toBe(HostError.NotConnected);
    station.join("shop", "secret");
    await time.runFor(1000);
    expect(station.status()).toBe(NetStatus.Down);
    network.restore();
    await time.runFor(100);
    expect(station.status()).toBe(NetStatus.Up);
  });

  test("reset while connecting: the peer is never called", async () => {
    const { time, network, station, peers } = setUp();
    network.listen(HOST, PORT, (stream) => peers.push(stream));
    await joined(time, station);
    const connection = open(station);
    network.cut("reset");
    await time.runFor(1000);
    expect(connection.status()).toBe(HostError.Broken);
    expect(peers).toEqual([]);
  });

  test("silent: nothing passes, nobody learns, and all of it arrives in order afterwards", async () => {
    const { time, network, station, peers } = setUp();
    const seen: string[] = [];
    network.listen(HOST, PORT, (stream) => {
      peers.push(stream);
      stream.on("data", (chunk: Buffer) => seen.push(chunk.toString()));
    });
    const connection = await connected(time, station);
    connection.write(text("a"));
    network.cut("silent");
    connection.write(text("b"));
    await time.runFor(60_000);
    peers[0]?.write("from the peer");
    const late = open(station);
    await time.runFor(60_000);
    expect(seen).toEqual([]);
    expect([connection.status(), late.status(), station.status()]).toEqual([
      TcpStatus.Open,
      TcpStatus.Connecting,
      NetStatus.Up,
    ]);
    connection.write(text("c"));
    await time.runFor(5);
    network.restore();
    connection.write(text("d"));
    await time.runFor(100);
    expect(seen.join("")).toBe("abcd");
    expect(readAll(connection)).toBe("from the peer");
    expect(late.status()).toBe(TcpStatus.Open);
  });

  test("one station can be cut alone; a new one is born into the cut of the network", async () => {
    const { time, network, station } = setUp();
    const other = network.station();
    await joined(time, station);
    await joined(time, other);
    other.cut("reset");
    expect([station.status(), other.status()]).toEqual([NetStatus.Up, NetStatus.Down]);
    network.cut("reset");
    const late = network.station();
    late.join("shop", "secret");
    await time.runFor(1000);
    expect(late.status()).toBe(NetStatus.Down);
    network.restore();
    await time.runFor(1000);
    expect([station.status(), other.status(), late.status()]).toEqual([NetStatus.Up, NetStatus.Up, NetStatus.Up]);
  });
});

describe("a slow line", () => {
  test("carries so many bytes a second, in each direction on its own", async () => {
    const { time, network } = setUp({ bytesPerS: { toPeer: 1000, toBoard: 11_520 } });
    const arrivals: [number, number][] = [];
    network.listen(HOST, PORT, (stream) => {
      stream.on("data", (chunk: Buffer) => arrivals.push([time.nowMs(), chunk.length]));
      stream.write(Buffer.alloc(2304));
      stream.write(Buffer.alloc(1152));
    });
    const station = network.station();
    const connection = await connected(time, station);
    const startMs = time.nowMs();
    connection.write(new Uint8Array(500));
    connection.write(new Uint8Array(250));
    const taken: [number, number][] = [];
    station.onChange = () => taken.push([time.nowMs() - startMs, connection.read(new Uint8Array(10_000))]);
    await time.runFor(1000);
    expect(arrivals.map(([ms, size]) => [ms - startMs, size])).toEqual([
      [510, 500],
      [760, 250],
    ]);
    // Written when the connection reached the peer, 10 ms before the board knew of it.
    expect(taken).toEqual([
      [200, 2304],
      [300, 1152],
    ]);
  });

  test("is shared by the connections of a board, and each board has its own", async () => {
    const { time, network } = setUp({ bytesPerS: { toPeer: 1000 } });
    const arrivals: number[] = [];
    network.listen(HOST, PORT, (stream) => stream.on("data", () => arrivals.push(time.nowMs())));
    const [slow, fast] = [network.station(), network.station({ bytesPerS: { toPeer: 100_000 } })];
    const first = await connected(time, slow);
    const second = open(slow);
    const third = await connected(time, fast);
    const startMs = time.nowMs();
    for (const connection of [first, second, third]) connection.write(new Uint8Array(100));
    await time.runFor(1000);
    expect(arrivals.map((ms) => ms - startMs)).toEqual([11, 110, 210]);
  });

  test("nothing overtakes: the end of the stream comes behind what was written before", async () => {
    const { time, network } = setUp({ bytesPerS: { toPeer: 1000 } });
    const seen: [number, string][] = [];
    network.listen(HOST, PORT, (stream) => {
      stream.on("data", (chunk: Buffer) => seen.push([time.nowMs(), `${chunk.length}`]));
      stream.on("end", () => seen.push([time.nowMs(), "end"]));
    });
    const connection = await connected(time, network.station());
    const startMs = time.nowMs();
    connection.write(new Uint8Array(300));
    connection.close();
    await time.runFor(1000);
    expect(seen.map(([ms, what]) => [ms - startMs, what])).toEqual([
      [310, "300"],
      [310, "end"],
    ]);
  });

  test("a line that carries nothing is refused", () => {
    const { network } = setUp();
    expect(() => network.station({ bytesPerS: { toPeer: 0 } })).toThrow("0 bytes a second");
  });
});
