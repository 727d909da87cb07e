/** One client against another: devices, applications of two organisations, and whoever only wants to be in the way. */
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { generate } from "mqtt-packet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HelloKey } from "../../runtime/contract/messages.ts";
import { GuardedServer } from "../testing/test-login.ts";
import { countingPack, inMemory, overTcp, TestClient } from "../testing/test-server.ts";

const A = "5ccf7f00000a";
const B = "5ccf7f00000b";
const SECRET = "0123456789abcdef";
const DENIED = 0x80;
const EPOCH = 9;

let guarded: GuardedServer;
const clients: MqttClient[] = [];

beforeEach(async () => {
  guarded = await GuardedServer.start();
  for (const mac of [A, B]) await guarded.call("POST", "/devices", { mac, secret: SECRET });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true);
  await guarded.stop();
});

const device = (mac: string) => inMemory(guarded.server, mac).connect(mac, SECRET);

async function addUser(name: string, grants?: object[], organisation = "home"): Promise<string> {
  const body = grants === undefined ? { name } : { name, grants };
  const answer = await guarded.call("POST", `/mqtt-users?organisation=${organisation}`, body);
  expect(answer.status).toBe(201);
  return String(answer.body["password"]);
}

/** An application, with an MQTT client that nobody here wrote. */
async function application(name: string, password: string, more: IClientOptions = {}) {
  const url = `mqtt://127.0.0.1:${guarded.server.mqttPort}`;
  const client = await mqtt.connectAsync(url, { username: name, password, reconnectPeriod: 0, ...more });
  clients.push(client);
  const heard: Array<{ topic: string; text: string; retain: boolean }> = [];
  client.on("message", (topic, payload, { retain }) => heard.push({ topic, text: payload.toString(), retain }));
  return { client, heard };
}

async function granted(client: MqttClient, filter: string): Promise<number> {
  return new Promise((resolve) => {
    client.subscribe(filter, (error, grants) => resolve(error ? DENIED : (grants?.[0]?.qos ?? DENIED)));
  });
}

async function quiet(): Promise<void> {
  for (let i = 0; i < 3; i++) await guarded.server.idle();
  await new Promise((resolve) => setTimeout(resolve, 100));
}

describe("a device against another one", () => {
  test("hears nothing of it: not by its topics, by wildcards, nor by $SYS", async () => {
    const a = await device(A);
    for (const filter of [
      `lintel/1/${B}/#`,
      `lintel/1/${B}/ack`,
      "lintel/1/+/data",
      "#",
      "+/#",
      "$SYS/#",
      "$SYS/+/new/clients",
    ]) {
      expect(await a.subscribe(filter)).toBe(DENIED);
    }
    const b = await device(B);
    b.hello(EPOCH);
    b.data(countingPack(EPOCH, 1, 2));
    await quiet();
    expect(a.messages).toEqual([]);
  });

  test("says nothing in its name, nor leaves anything behind there", async () => {
    const a = await device(A);
    a.publish(`lintel/1/${B}/data`, countingPack(EPOCH, 1, 2));
    a.publish(`lintel/1/${B}/state`, Buffer.from("a0", "hex"), true);
    a.publish(`lintel/1/${A}/ack`, Buffer.from("a0", "hex"));
    a.publish("$SYS/x", Buffer.from("a0", "hex"));
    a.publish("app/home/x", Buffer.from("a0", "hex"), true);
    await quiet();
    expect(await guarded.metric('lintel_refused_total{reason="publishDenied"}')).toBe(5);
    expect((await guarded.call("GET", `/devices/${B}/streams`)).body.items).toEqual([]);
    const b = await device(B);
    await b.subscribe(`lintel/1/${B}/#`);
    await quiet();
    expect(b.messages).toEqual([]);
  });

  test("has no will in its name, whenever it is published", async () => {
    const b = await device(B);
    b.hello(EPOCH, [[HelloKey.Product, "counter"]]);
    await quiet();
    const socket = connect({ host: "127.0.0.1", port: guarded.server.mqttPort });
    const will = { topic: `lintel/1/${B}/state`, payload: Buffer.from("a100f4", "hex"), qos: 0, retain: true } as const;
    const start = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 60 } as const;
    socket.write(generate({ ...start, clientId: A, username: A, password: Buffer.from(SECRET), will }));
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    await quiet();
    expect((await guarded.call("GET", `/devices/${B}`)).body["online"]).toBe(true);
    expect(await guarded.metric('lintel_refused_total{reason="publishDenied"}')).toBe(1);
  });

  test("does not end its connection by taking its client id", async () => {
    const b = await device(B);
    await inMemory(guarded.server, A).connect(B, SECRET);
    await b.ping();
    expect(b.isClosed).toBe(false);
  });

  test("whatever it subscribes to and says, it neither hears nor reaches the other", async () => {
    const b = await device(B);
    await b.subscribe(`lintel/1/${B}/#`);
    const level = fc.oneof(
      fc.constantFrom("lintel", "1", "2", A, B, "+", "#", "", "$SYS", "app", "home"),
      fc.constantFrom("ack", "data", "state", "config", "hello"),
      fc.string({ maxLength: 4 }),
    );
    const topics = fc.array(level, { minLength: 1, maxLength: 6 }).map((levels) => levels.join("/"));
    await fc.assert(
      fc.asyncProperty(topics, topics, async (filter, topic) => {
        const a = await device(A);
        const payload = Buffer.from("from a");
        // One at a time: what breaks the protocol ends the connection.
        a.write(generate({ cmd: "subscribe", messageId: 3, subscriptions: [{ topic: filter || "x", qos: 0 }] }));
        b.publish(`lintel/1/${B}/log`, Buffer.from("from b"));
        a.publish(topic || "x", payload, true);
        await guarded.server.idle();
        a.drop();
        expect(a.messages.filter((one) => one.payload.toString() === "from b")).toEqual([]);
        expect(b.messages.filter((one) => one.payload.toString() === "from a")).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe("applications", () => {
  test("hear their own devices by whatever wildcard, and never another organisation's", async () => {
    const project = guarded.otherProject();
    await guarded.call("PATCH", `/devices/${B}`, { project });
    const home = await application("dashboard", await addUser("dashboard"));
    const other = await application("foreign", await addUser("foreign", undefined, "other"));
    for (const { client } of [home, other]) {
      expect(await granted(client, "#")).toBe(0);
      expect(await granted(client, "$SYS/#")).toBe(DENIED);
    }
    for (const mac of [A, B]) {
      const board = await device(mac);
      board.publish(board.topic("state"), Buffer.from("a100f5", "hex"), true);
      board.data(countingPack(EPOCH, 1, 1));
    }
    await quiet();
    const macsOf = ({ heard }: typeof home) => [...new Set(heard.map(({ topic }) => topic.split("/")[2]))];
    expect([macsOf(home), macsOf(other)]).toEqual([[A], [B]]);
    // What is retained is judged when it is given out, too.
    const late = await application("foreign", await passwordOf("foreign"));
    await granted(late.client, "lintel/1/+/state");
    await quiet();
    expect(late.heard.map(({ topic, retain }) => [topic, retain])).toEqual([[`lintel/1/${B}/state`, true]]);
    await guarded.call("PATCH", `/devices/${B}`, { project: 1 });
    const after = await application("foreign", await passwordOf("foreign"));
    await granted(after.client, "lintel/1/+/state");
    await quiet();
    expect(after.heard).toEqual([]);
  });

  test("share what is below app/ with their organisation, retained messages and wills too", async () => {
    guarded.otherProject();
    const password = await addUser("node-red");
    const will = { topic: "app/home/lamp/will", payload: Buffer.from("gone"), qos: 1, retain: false } as const;
    const lamp = await application("node-red", password, { will });
    const foreign = await application("foreign", await addUser("foreign", undefined, "other"));
    await granted(foreign.client, "#");
    await lamp.client.publishAsync("app/home/lamp", "on", { qos: 1, retain: true });
    await lamp.client.publishAsync("app/other/lamp", "on", { qos: 0, retain: true });
    await lamp.client.publishAsync(`lintel/1/${A}/command`, "x", { qos: 0 });
    const panel = await application("node-red", password);
    await granted(panel.client, "app/#");
    lamp.client.stream.destroy();
    await quiet();
    expect(panel.heard).toEqual([
      { topic: "app/home/lamp", text: "on", retain: true },
      { topic: "app/home/lamp/will", text: "gone", retain: false },
    ]);
    expect(foreign.heard).toEqual([]);
    expect(await guarded.metric('lintel_refused_total{reason="publishDenied"}')).toBe(2);
  });

  test("do what they are granted and no more; secrets of devices are never shown", async () => {
    const grants = [
      { filter: "lintel/1/+/state", access: "read" },
      { filter: "app/home/in/#", access: "write" },
    ];
    const { client, heard } = await application("reader", await addUser("reader", grants));
    expect(await granted(client, "lintel/1/+/data")).toBe(DENIED);
    expect(await granted(client, "app/home/in/x")).toBe(DENIED);
    expect(await granted(client, "lintel/1/#")).toBe(0);
    const board = await device(A);
    await board.subscribe(`lintel/1/${A}/+`);
    board.hello(EPOCH, [[HelloKey.Product, "counter"]]);
    board.publish(board.topic("state"), Buffer.from("a100f5", "hex"), true);
    await board.ack(0);
    await guarded.call("POST", `/devices/${A}/rotate`);
    await board.until(() => board.messages.some(({ topic }) => topic.endsWith("/config")), "its configuration");
    await quiet();
    expect(heard.map(({ topic }) => topic)).toEqual([`lintel/1/${A}/state`]);
  });

  test("a wrong password, a name that nobody has, none at all: refused; another password ends the connection", async () => {
    const password = await addUser("panel");
    const stream = () => connect({ host: "127.0.0.1", port: guarded.server.mqttPort });
    const codes = [];
    for (const [name, given] of [
      ["panel", "wrong"],
      ["nobody", password],
      ["", ""],
    ]) {
      codes.push(await new TestClient(stream(), name ?? "").knock("x", given));
    }
    expect(codes).toEqual([4, 4, 4]);
    expect(await guarded.metric('lintel_refused_total{reason="passwordWrong"}')).toBe(1);
    expect(await guarded.metric('lintel_refused_total{reason="userUnknown"}')).toBe(2);
    const { client } = await application("panel", password);
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    await guarded.call("POST", "/mqtt-users/panel/password");
    await closed;
    expect(await new TestClient(stream(), "panel").knock("x", password)).toBe(4);
  });

  test.each([
    [{ filter: "lintel/1/+/command", access: "write" }, "can be read alone"],
    [{ filter: "app/other/#", access: "read" }, "begins neither with lintel/1/ nor with app/home/"],
    [{ filter: "#", access: "read" }, "begins neither"],
    [{ filter: "app/home/a#", access: "read" }, "is no topic filter"],
  ])("%o is not granted", async (grant, why) => {
    const answer = await guarded.call("POST", "/mqtt-users", { name: "greedy", grants: [grant] });
    expect([answer.status, answer.body["code"]]).toEqual([422, "topicRefused"]);
    expect(answer.body["detail"]).toContain(why);
  });
});

async function passwordOf(name: string): Promise<string> {
  return String((await guarded.call("POST", `/mqtt-users/${name}/password`)).body["password"]);
}

describe("limits", () => {
  async function restart(limits: object): Promise<void> {
    await guarded.stop();
    guarded = await GuardedServer.start({ connectionLimits: limits });
    for (const mac of [A, B]) await guarded.call("POST", "/devices", { mac, secret: SECRET });
  }

  test("a device that floods is slowed, then dropped; the others are served", async () => {
    const rate = { perSecond: 50, burst: 100 };
    await restart({ rates: { packets: rate, bytes: { perSecond: 1e6, burst: 1e6 } }, floodMs: 1500 });
    const flood = await overTcp(guarded.server.mqttPort, A).connect(A, SECRET);
    const ping = Buffer.concat(Array.from({ length: 200 }, () => generate({ cmd: "pingreq" })));
    const ticker = setInterval(() => flood.write(ping), 20);
    const b = await device(B);
    await b.subscribe();
    b.data(countingPack(EPOCH, 1, 3));
    await b.ack(3);
    await flood.closed();
    clearInterval(ticker);
    expect(await guarded.metric('lintel_refused_total{reason="slowed"}')).toBeGreaterThan(0);
    expect(await guarded.metric('lintel_refused_total{reason="flood"}')).toBe(1);
  });

  test("who is too fast for a moment loses nothing", async () => {
    const rate = { perSecond: 200, burst: 20 };
    await restart({ rates: { packets: rate, bytes: { perSecond: 1e6, burst: 1e6 } } });
    const quick = await overTcp(guarded.server.mqttPort, A).connect(A, SECRET);
    await quick.subscribe();
    for (let n = 1; n <= 100; n++) quick.data(countingPack(EPOCH, n, n, 1));
    await quick.ack(100);
    expect((await guarded.call("GET", `/devices/${A}/streams`)).body.items).toMatchObject([{ count: 100 }]);
  });

  test("connections from one address, and in all", async () => {
    await restart({ connections: 5, connectionsOfAddress: 3 });
    const sockets = Array.from({ length: 4 }, () => connect({ host: "127.0.0.1", port: guarded.server.mqttPort }));
    const last = sockets[3] as Socket;
    await new Promise((resolve) => last.once("close", resolve));
    expect(sockets.slice(0, 3).some(({ destroyed }) => destroyed)).toBe(false);
    expect(await guarded.metric('lintel_refused_total{reason="connectionsOfAddress"}')).toBe(1);
    for (const socket of sockets) socket.destroy();
    await quiet();
    await overTcp(guarded.server.mqttPort, A).connect(A, SECRET);
  });

  test("subscriptions, topic levels, retained messages of an organisation", async () => {
    const { client } = await application("panel", await addUser("panel"));
    for (let n = 0; n < 64; n++) expect(await granted(client, `app/home/${n}`)).toBe(0);
    expect(await granted(client, "app/home/64")).toBe(DENIED);
    await client.publishAsync("app/home/large", Buffer.alloc(60_000), { retain: true });
    for (let n = 0; n < 30; n++) await client.publishAsync(`app/home/r${n}`, Buffer.alloc(60_000), { retain: true });
    await quiet();
    expect(await guarded.metric('lintel_refused_total{reason="retained"}')).toBe(
      31 - Math.floor((1024 * 1024) / 60_014),
    );
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    await client.publishAsync(`app/home/${"x/".repeat(20)}`, "x");
    await closed;
    expect(await guarded.metric('lintel_refused_total{reason="topicLevels"}')).toBe(1);
  });
});
