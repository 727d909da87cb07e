import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import mqtt from "mqtt";
import { generate } from "mqtt-packet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GOLDEN_STATE_OFFLINE, GOLDEN_STATE_ONLINE } from "../runtime/contract/golden-vectors.ts";
import { HelloKey } from "../runtime/contract/messages.ts";
import { startServer } from "./app.ts";
import { StartError } from "./errors.ts";
import { silentLogger } from "./logger.ts";
import type { LintelServer } from "./server-options.ts";
import {
  countingPack,
  inMemory,
  makeFolder,
  overTcp,
  startDevice,
  startTestServer,
  TEST_NOW_MS,
} from "./testing/test-server.ts";

const MAC = "5ccf7f123456";
const OTHER = "5ccf7f654321";
const EPOCH = 4_000_000_000;
const SUBSCRIPTION_DENIED = 0x80;

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;

beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path);
});
afterEach(async () => {
  await server.stop();
  folder.remove();
});

async function get(path: string): Promise<Record<string, never> & { items: Array<Record<string, unknown>> }> {
  return (await (await fetch(server.url + path)).json()) as never;
}
/** A client that subscribes to everything and then reads nothing. */
async function subscribeAndStall(port: number, clientId: string): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.write(
    generate({ cmd: "connect", clientId, protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 0 }),
  );
  socket.write(generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "#", qos: 0 }] }));
  let received = 0;
  // CONNACK has four bytes, SUBACK five.
  while (received < 9) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    received += chunk.length;
  }
  socket.pause();
  return socket;
}
test("the first organisation and its project began when the server did", async () => {
  const [organisation] = (await get("/api/v1/organisations")).items;
  const [project] = (await get(`/api/v1/organisations/${organisation?.["slug"]}/projects`)).items;
  const now = new Date(TEST_NOW_MS).toISOString();
  expect([organisation?.["created"], project?.["created"]]).toEqual([now, now]);
});

test("rollups for less time than readings are refused at the start, and what is in force is told", async () => {
  const day = 86_400_000;
  const start = async (rawMs: number | null, rollupsMs: number | null) => {
    const other = makeFolder();
    const retention = { rawMs, rollupsMs, maxBytes: null };
    try {
      const started = await startTestServer(other.path, { retention });
      const facts = await (await fetch(`${started.url}/api/v1/server`)).json();
      await started.stop();
      return facts;
    } finally {
      other.remove();
    }
  };
  for (const rawMs of [400 * day, null]) {
    const error = await start(rawMs, 30 * day).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({ code: "E_RETENTION", message: expect.stringContaining("--keep-rollups 10y") });
  }
  expect(await start(30 * day, 30 * day)).toMatchObject({ retention: { rawDays: 30, rollupDays: 30, maxBytes: null } });
  expect(await start(30 * day, null)).toMatchObject({ retention: { rawDays: 30, rollupDays: null }, products: [] });
});

const countOf = async (mac = MAC) => (await get(`/api/v1/devices/${mac}/streams`)).items[0]?.["count"] ?? 0;
const metric = async (name: string) => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.slice(name.length));
};

describe("a device", () => {
  test("says hello, is registered and hears where to go on", async () => {
    const device = await startDevice(server, MAC);
    device.hello(EPOCH, [[HelloKey.Product, "counter"]]);
    expect(await device.ack(0)).toEqual({
      epoch: EPOCH,
      sequence: 0,
      unixS: TEST_NOW_MS / 1000,
      reconnectDelayMs: undefined,
    });
    device.data(countingPack(EPOCH, 1, 10));
    await device.ack(10);
    expect(await countOf()).toBe(10);
    device.hello(EPOCH);
    await device.until(() => device.acks.length === 3, "an answer to the second hello");
    expect(device.acks[2]).toMatchObject({ epoch: EPOCH, sequence: 10 });
  });

  test("is acknowledged over TCP", async () => {
    const device = await overTcp(server.mqttPort, MAC).connect();
    await device.subscribe();
    device.data(countingPack(EPOCH, 1, 3));
    await device.ack(3);
    device.drop();
  });

  test("is acknowledged over WebSocket, with a client of its own making", async () => {
    const url = `ws://127.0.0.1:${server.httpPort}/mqtt`;
    const client = await mqtt.connectAsync(url, { username: MAC, clientId: "ws", reconnectPeriod: 0 });
    const ack = new Promise<string>((resolve) => client.once("message", (topic) => resolve(topic)));
    await client.subscribeAsync(`lintel/1/${MAC}/ack`);
    await client.publishAsync(`lintel/1/${MAC}/data`, Buffer.from(countingPack(EPOCH, 1, 2)));
    expect(await ack).toBe(`lintel/1/${MAC}/ack`);
    await client.endAsync();
    expect(await countOf()).toBe(2);
  });

  test("is online by its word and offline by its will", async () => {
    const device = await startDevice(server, MAC);
    device.hello(EPOCH);
    device.publish(device.topic("state"), Buffer.from(GOLDEN_STATE_ONLINE, "hex"), true);
    await device.ack(0);
    expect((await get("/api/v1/devices")).items[0]).toMatchObject({ online: true, state: { rssiDbm: -67 } });
    device.drop();
    await server.idle();
    await server.idle();
    expect((await get("/api/v1/devices")).items[0]).toMatchObject({ online: false, state: { rssiDbm: -67 } });
  });

  test("that connects again is not made offline by its former connection", async () => {
    const former = await startDevice(server, MAC);
    const latter = await inMemory(server, MAC).connect("another-client-id");
    await latter.subscribe();
    await former.closed();
    latter.publish(latter.topic("state"), Buffer.from(GOLDEN_STATE_ONLINE, "hex"), true);
    latter.data(countingPack(EPOCH, 1, 1));
    await latter.ack(1);
    await server.idle();
    expect((await get("/api/v1/devices")).items[0]).toMatchObject({ online: true });
  });

  test("takes the place of a client with the same id", async () => {
    const former = await startDevice(server, MAC);
    const latter = await startDevice(server, MAC);
    await former.closed();
    latter.data(countingPack(EPOCH, 1, 1));
    await latter.ack(1);
  });

  test("hears nothing that it has not subscribed to", async () => {
    const device = await inMemory(server, MAC).connect();
    device.data(countingPack(EPOCH, 1, 1));
    await device.ping();
    await server.idle();
    expect(device.messages).toEqual([]);
    expect(await countOf()).toBe(1);
  });
});

describe("the policy", () => {
  test("a device speaks and hears only below its own topic", async () => {
    const device = await startDevice(server, MAC);
    expect(await device.subscribe(`lintel/1/${OTHER}/ack`)).toBe(SUBSCRIPTION_DENIED);
    expect(await device.subscribe("#")).toBe(SUBSCRIPTION_DENIED);
    device.publish(`lintel/1/${OTHER}/data`, countingPack(EPOCH, 1, 1));
    device.publish(device.topic("ack"), countingPack(EPOCH, 1, 1));
    device.publish("shop/door", Buffer.from("open"));
    device.data(countingPack(EPOCH, 1, 2));
    await device.ack(2);
    expect(await metric('lintel_denied_total{what="publish"}')).toBe(3);
    expect((await get("/api/v1/devices")).items).toHaveLength(1);
  });

  test("an observer hears everything and moves nothing", async () => {
    const observer = await inMemory(server, "observer").connect();
    await observer.subscribe("lintel/#");
    observer.publish(`lintel/1/${MAC}/data`, countingPack(EPOCH, 1, 1));
    observer.publish(`lintel/1/${MAC}/hello`, countingPack(EPOCH, 1, 1));
    const device = await startDevice(server, MAC);
    device.data(countingPack(EPOCH, 1, 2));
    await device.ack(2);
    await observer.until(() => observer.messages.length === 2, "data and ack");
    expect(observer.messages.map(({ topic }) => topic)).toEqual([device.topic("data"), device.topic("ack")]);
    expect(await countOf()).toBe(2);
    observer.drop();
  });

  test("an observer that does not read holds up nobody", async () => {
    const silent = await Promise.all([1, 2, 3].map((number) => subscribeAndStall(server.mqttPort, `silent-${number}`)));
    const device = await startDevice(server, MAC);
    // Far more than the buffers of a connection take; a delivery that waited for one would wait for its end.
    for (let pack = 0; pack < 3000; pack++) {
      device.data(countingPack(EPOCH, 1 + 100 * pack, 100 * (pack + 1)));
      if (pack % 10 === 9) await device.ack(100 * (pack + 1));
    }
    expect(await countOf()).toBe(300_000);
    for (const socket of silent) socket.destroy();
  });

  test("a state is retained, nothing else is", async () => {
    const device = await startDevice(server, MAC);
    device.publish(device.topic("state"), Buffer.from(GOLDEN_STATE_ONLINE, "hex"), true);
    device.publish(device.topic("data"), countingPack(EPOCH, 1, 1), true);
    await device.ack(1);
    const observer = await inMemory(server, "observer").connect();
    await observer.subscribe("lintel/#");
    await observer.until(() => observer.messages.length > 0, "the retained state");
    await observer.ping();
    expect(observer.messages).toMatchObject([{ topic: device.topic("state"), retain: true }]);
    device.drop();
    await observer.until(() => observer.messages.length > 1, "the will");
    expect(observer.messages[1]?.payload.toString("hex")).toBe(GOLDEN_STATE_OFFLINE);
  });
});

describe("stopping", () => {
  test("commits and acknowledges what was received, and says when to come back", async () => {
    const device = await startDevice(server, MAC);
    for (let first = 1; first <= 2000; first += 10) device.data(countingPack(EPOCH, first, first + 9));
    await device.ack(2000);
    for (let first = 2001; first <= 4000; first += 10) device.data(countingPack(EPOCH, first, first + 9));
    await server.stop();
    await device.closed();
    const last = device.acks.at(-1);
    expect(last?.reconnectDelayMs).toBeGreaterThanOrEqual(200);

    server = await startTestServer(folder.path);
    expect(await countOf()).toBe(last?.sequence);
    const again = await startDevice(server, MAC);
    again.hello(EPOCH);
    const { sequence } = await again.ack(last?.sequence ?? 0);
    again.data(countingPack(EPOCH, sequence + 1 - 5, sequence + 5));
    await again.ack(sequence + 5);
    expect(await countOf()).toBe(sequence + 5);
    expect(await metric("lintel_readings_duplicate_total")).toBe(5);
  });

  test("nobody is online after a restart until they say so", async () => {
    const device = await startDevice(server, MAC);
    device.hello(EPOCH);
    await device.ack(0);
    await server.stop();
    server = await startTestServer(folder.path);
    expect((await get("/api/v1/devices")).items).toMatchObject([{ mac: MAC, online: false }]);
  });

  test("can be asked for twice", async () => {
    await Promise.all([server.stop(), server.stop()]);
  });
});

describe("idle", () => {
  test("means committed and acknowledged, with hundreds of devices", async () => {
    const macs = Array.from({ length: 200 }, (_, i) => (0x5ccf00000000 + i).toString(16));
    const devices = await Promise.all(macs.map((mac) => startDevice(server, mac)));
    for (const device of devices) device.data(countingPack(EPOCH, 1, 5));
    await server.idle();
    for (const device of devices) expect(device.acks.at(-1)).toMatchObject({ sequence: 5 });
  });
});

describe("a start that cannot be", () => {
  async function failure(options: {
    dataDir?: string;
    mqttPort?: number;
    httpPort?: number;
    host?: string;
  }): Promise<StartError> {
    const own = makeFolder();
    const base = { dataDir: own.path, host: "127.0.0.1", mqttPort: 0, httpPort: 0, logger: silentLogger };
    try {
      const started = await startServer({ ...base, ...options });
      await started.stop();
    } catch (error) {
      if (error instanceof StartError) return error;
      throw error;
    } finally {
      own.remove();
    }
    throw new Error("it started");
  }

  test("the folder of a running server", async () => {
    const error = await failure({ dataDir: folder.path });
    expect(error.code).toBe("E_DATA_IN_USE");
    expect(error.message).toContain(folder.path);
  });

  test.each(["mqttPort", "httpPort"] as const)("a %s in use", async (which) => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    const error = await failure({ [which]: port });
    expect(error.code).toBe("E_PORT_IN_USE");
    expect(error.message).toContain(`${port}`);
    await new Promise((resolve) => other.close(resolve));
  });

  test.each([-1, 65536, 1.5, Number.NaN])("port %d", async (mqttPort) => {
    expect((await failure({ mqttPort })).code).toBe("E_PORT_INVALID");
  });

  test("an address that is not this machine's", async () => {
    expect((await failure({ host: "192.0.2.1" })).code).toBe("E_HOST_UNKNOWN");
  });
});
