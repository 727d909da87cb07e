/** Nothing that a client sends may stop the server or keep it from serving the next one. */
import { connect } from "node:net";
import { generate, type Packet } from "mqtt-packet";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  GOLDEN_DATA_ABSOLUTE,
  GOLDEN_HELLO_MORE,
  GOLDEN_RESULT,
  GOLDEN_STATE_ONLINE,
  GOLDEN_UPDATE_FAILED,
  GOLDEN_UPDATE_REQUEST,
} from "../../runtime/contract/golden-vectors.ts";
import type { LintelServer } from "../server-options.ts";
import { memoryPair } from "../testing/memory-pair.ts";
import { makeRandom, mutate } from "../testing/mutate.ts";
import { countingPack, makeFolder, overTcp, startDevice, startTestServer, TestClient } from "../testing/test-server.ts";

const MAC = "5ccf7f123456";
const GOOD = "5ccf7f000001";
const CONNECT: Packet = {
  cmd: "connect",
  protocolId: "MQTT",
  protocolVersion: 4,
  clean: true,
  keepalive: 60,
  clientId: MAC,
  username: MAC,
};
const golden = (hex: string) => Buffer.from(hex, "hex");
const publish = (channel: string, payload: Buffer, qos: 0 | 1 | 2 = 0): Packet => ({
  cmd: "publish",
  topic: `lintel/1/${MAC}/${channel}`,
  payload,
  qos,
  dup: false,
  retain: false,
  messageId: 5,
});
const PACKETS = [
  CONNECT,
  publish("hello", golden(GOLDEN_HELLO_MORE)),
  publish("data", golden(GOLDEN_DATA_ABSOLUTE)),
  publish("data", golden(GOLDEN_DATA_ABSOLUTE), 1),
  publish("data", golden(GOLDEN_DATA_ABSOLUTE), 2),
  publish("state", golden(GOLDEN_STATE_ONLINE)),
  publish("update", golden(GOLDEN_UPDATE_REQUEST)),
  publish("update", golden(GOLDEN_UPDATE_FAILED)),
  publish("result", golden(GOLDEN_RESULT)),
  { cmd: "subscribe", messageId: 6, subscriptions: [{ topic: `lintel/1/${MAC}/ack`, qos: 0 }] },
  { cmd: "unsubscribe", messageId: 7, unsubscriptions: [`lintel/1/${MAC}/ack`] },
  { cmd: "pingreq" },
  { cmd: "pubrel", messageId: 5 },
  { cmd: "puback", messageId: 5 },
  { cmd: "disconnect" },
].map((packet) => generate(packet as Packet));

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

async function expectServing(): Promise<void> {
  const device = await startDevice(server, GOOD);
  device.data(countingPack(1, 1, 3));
  await device.ack(3);
  const overSocket = await overTcp(server.mqttPort, "5ccf7f000002").connect();
  await overSocket.subscribe();
  overSocket.data(countingPack(1, 1, 3));
  await overSocket.ack(3);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
}

test("12,000 damaged packets", async () => {
  const random = makeRandom(311);
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
  let isSound = true;
  const countFault = () => {
    isSound = false;
  };
  process.on("uncaughtException", countFault);
  for (let connection = 0; connection < 2000; connection++) {
    const [near, far] = memoryPair();
    near.on("error", () => {}).resume();
    server.handle(far);
    // A sound CONNECT mostly, or nothing else would ever be looked at.
    near.write(connection % 4 === 0 ? mutate(PACKETS[0] as Buffer, random) : (PACKETS[0] as Buffer));
    for (let i = 0; i < 6; i++) {
      const packet = PACKETS[Math.floor(random() * PACKETS.length)] as Buffer;
      if (!near.destroyed) near.write(mutate(packet, random));
    }
    if (connection % 10 === 0) await nextTurn();
    setImmediate(() => near.destroy());
  }
  await server.idle();
  process.off("uncaughtException", countFault);
  expect(isSound).toBe(true);
  await expectServing();
});

test("damaged messages of a good connection, over TCP", async () => {
  const random = makeRandom(2026);
  const device = await overTcp(server.mqttPort, MAC).connect();
  await device.subscribe();
  for (let i = 0; i < 3000; i++) {
    const [channel, hex] = [
      ["data", GOLDEN_DATA_ABSOLUTE],
      ["hello", GOLDEN_HELLO_MORE],
      ["state", GOLDEN_STATE_ONLINE],
    ][i % 3] as [string, string];
    device.publish(device.topic(channel), mutate(golden(hex), random));
  }
  await device.ping();
  // So many at once are more than one device may have under way; a device would send again, this test waits.
  await server.idle();
  device.data(countingPack(123, 1, 5));
  await device.ack(5, 123);
  const text = await (await fetch(`${server.url}/metrics`)).text();
  expect(text).toMatch(/lintel_malformed_total\{reason="notCbor"\} \d{2,}/);
  await expectServing();
});

test("damaged streams over TCP", async () => {
  const random = makeRandom(5);
  const all = Buffer.concat(PACKETS.slice(0, -1));
  for (let i = 0; i < 200; i++) {
    const socket = connect({ host: "127.0.0.1", port: server.mqttPort });
    socket.on("error", () => {}).resume();
    socket.write(mutate(all, random));
    socket.end();
    if (i % 20 === 0) await new Promise((resolve) => socket.once("close", resolve));
  }
  await expectServing();
});

test("a packet that announces 200 MB ends its connection before it fills the memory", async () => {
  const [near, far] = memoryPair();
  server.handle(far);
  const client = await new TestClient(near, MAC).connect();
  client.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x5f]));
  for (let i = 0; i < 64 && !client.isClosed; i++) client.write(Buffer.alloc(16 * 1024));
  await client.closed();
  expect(await (await fetch(`${server.url}/metrics`)).text()).toContain("lintel_oversized_packets_total 1\n");
  await expectServing();
});

test("topics that reach for an object's prototype, or too deep", async () => {
  const client = await startDevice(server, MAC);
  for (const topic of ["__proto__", "constructor", `lintel/1/${MAC}/__proto__`, "$SYS/x"]) {
    client.publish(topic, Buffer.from("x"));
    await client.subscribe(topic);
  }
  client.publish("a/".repeat(90), Buffer.from("x"));
  await client.closed();
  await expectServing();
});
