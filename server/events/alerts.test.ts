/** Who is told what, through the server: rules, alerts, and a receiver that fails, hangs and comes back. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import mqtt from "mqtt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodePack, type TestClient } from "../testing/test-server.ts";
import { TimedServer, tellState } from "../testing/timed-server.ts";
import type { AlertMessage } from "./alert-requests.ts";

const MAC = "5ccf7f00000e";
const SILENCE = { kind: "health", state: "warning", reasons: ["silence"] };

let world: TimedServer;
let receiver: Server;
let url: string;
/** What the receiver answers next; then 204. 0: nothing at all. */
let answers: number[];
let received: Array<{ id: string; message: AlertMessage }>;

beforeEach(async () => {
  answers = [];
  received = [];
  receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const message = JSON.parse(Buffer.concat(parts).toString()) as AlertMessage;
      received.push({ id: String(request.headers["webhook-id"]), message });
      const status = answers.shift() ?? 204;
      if (status !== 0) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  world = await new TimedServer({ webhooksPrivate: true, random: () => 0.5 }).start();
});
afterEach(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await world.stop();
});

const webhook = () =>
  world.done<{ id: number; secret: string }>("POST", "/channels", { name: "hook", kind: "webhook", url });
const addRule = (rule: object) => world.done<{ id: number }>("POST", "/alert-rules", { name: "Rule", ...rule });

interface Alert {
  id: number;
  state: string;
  device: string;
  name: string;
  detail: Record<string, unknown>;
}
const alerts = async (query = "") => (await world.done<{ items: Alert[] }>("GET", `/alerts?${query}`)).items;
const told = () => received.map(({ message }) => message.alerts.map(({ event, device }) => `${event} ${device}`));
const value = async (device: TestClient, n: number, reading: number) => {
  device.data(encodePack(1, n, 1, [{ stream: "5001", value: reading, timeS: world.wallMs / 1000 }]));
  await device.ack(n);
};

test("a shop that loses its power is one message, with its end another one, and nothing in between", async () => {
  const { id } = await webhook();
  await addRule({ condition: SILENCE, channels: [id] });
  const macs = Array.from({ length: 40 }, (_, n) => `5ccf7f0001${n.toString(16).padStart(2, "0")}`);
  for (const mac of macs) await world.begin(mac);
  await world.pass(30);
  expect(told()).toEqual([macs.map((mac) => `opened ${mac}`)]);
  expect((await alerts("state=open")).length).toBe(40);
  await world.pass(60);
  expect(received.length).toBe(1);
  for (const mac of macs) (await world.begin(mac)).drop();
  await world.pass(3);
  expect(told().slice(1)).toEqual([macs.map((mac) => `closed ${mac}`)]);
  expect((await alerts("state=open")).length).toBe(0);
}, 60_000);

test("what is over before anybody was told is not told", async () => {
  const { id } = await webhook();
  await addRule({ condition: SILENCE, channels: [id] });
  const device = await world.begin(MAC);
  await world.pass(20);
  expect((await alerts()).map(({ state }) => state)).toEqual(["open"]);
  tellState(device);
  await world.pass(10);
  expect((await alerts()).map(({ state }) => state)).toEqual(["closed"]);
  expect(received).toEqual([]);
});

describe("a receiver", () => {
  test("that fails is tried again, with the same id, and gets all of it once it works", async () => {
    const { id } = await webhook();
    await addRule({ condition: SILENCE, channels: [id] });
    await world.begin(MAC);
    answers = [500, 302, 503];
    await world.pass(30);
    expect(received.length).toBe(4);
    expect(new Set(received.map((one) => one.id)).size).toBe(1);
    expect(received[0]?.message.id).toBe(received[0]?.id);
    const { items } = await world.done<{ items: object[] }>("GET", `/channels/${id}/deliveries`);
    expect(items).toMatchObject([{ state: "delivered", attempts: 4, error: null, next: null, alerts: 1 }]);
  });

  test("that never takes anything is given up after a day, and the channel says why", async () => {
    const { id } = await webhook();
    await addRule({ condition: SILENCE, channels: [id] });
    await world.begin(MAC);
    answers = Array(1000).fill(500);
    await world.pass(30);
    for (let hour = 0; hour < 30; hour++) {
      world.wallMs += 3_900_000;
      world.elapsedMs += 3_900_000;
      world.server.tick();
      await world.server.idle();
    }
    expect(received.length).toBe(30);
    expect(await world.done("GET", `/channels/${id}`)).toMatchObject({
      enabled: false,
      disabledWhy: "it answered 500",
    });
    const changes = await world.done<{ items: object[] }>("GET", "/changes?kind=channel.disabled");
    expect(changes.items).toMatchObject([{ detail: { channel: id, name: "hook" } }]);
    answers = [];
    expect(await world.done("PATCH", `/channels/${id}`, { enabled: true })).toMatchObject({ disabledWhy: null });
    (await world.begin(MAC)).drop();
    await world.pass(12);
    expect(told().at(-1)).toEqual([`closed ${MAC}`]);
  }, 60_000);

  test("of what was sent and not ended gets it again after a restart, as the same", async () => {
    const { id } = await webhook();
    await addRule({ condition: SILENCE, channels: [id] });
    await world.begin(MAC);
    await world.pass(20);
    answers = [0];
    world.wallMs += 180_000;
    world.elapsedMs += 180_000;
    world.server.tick();
    while (received.length === 0) await new Promise((resolve) => receiver.once("request", () => setImmediate(resolve)));
    // The server ends before it knows what became of it.
    await world.restart();
    await world.pass(1);
    expect(received.length).toBe(2);
    expect(received[1]).toEqual(received[0]);
  });

  test("can be tried out", async () => {
    const { id } = await webhook();
    expect(await world.done("POST", `/channels/${id}/test`)).toEqual({ delivered: true, error: null });
    expect(received).toMatchObject([{ message: { alerts: [], organisation: "home" } }]);
    answers = [404];
    expect(await world.done("POST", `/channels/${id}/test`)).toEqual({ delivered: false, error: "it answered 404" });
  });

  test("is tried out by one at a time", async () => {
    const { id } = await webhook();
    answers = [0];
    const asked = new Promise((resolve) => receiver.once("request", resolve));
    const first = world.ask("POST", `/channels/${id}/test`);
    await asked;
    const second = await world.ask("POST", `/channels/${id}/test`);
    expect(second).toMatchObject({ status: 409, body: { code: "testUnderWay" } });
    receiver.closeAllConnections();
    expect(await first).toMatchObject({ status: 200, body: { delivered: false } });
    expect((await world.ask("POST", `/channels/${id}/test`)).status).toBe(200);
  });
});

describe("rules", () => {
  test("on a value: above, with a margin, and only when it lasts", async () => {
    await addRule({ condition: { kind: "value", stream: "5001", above: 30, margin: 5 }, holdS: 300 });
    const device = await world.begin(MAC);
    await value(device, 1, 31);
    await world.pass(4);
    await value(device, 2, 20);
    await world.pass(4);
    expect(await alerts()).toEqual([]);
    await value(device, 3, 35);
    await world.pass(4);
    expect(await alerts()).toEqual([]);
    await world.pass(2);
    expect(await alerts()).toMatchObject([{ state: "open", device: MAC, detail: { value: 35 } }]);
    await value(device, 4, 26);
    expect((await alerts())[0]?.state).toBe("open");
    await value(device, 5, 24);
    expect((await alerts())[0]?.state).toBe("closed");
    const kinds = await world.done<{ items: Array<{ kind: string }> }>("GET", "/changes");
    expect(kinds.items.map(({ kind }) => kind).filter((kind) => kind.startsWith("alert"))).toEqual([
      "alert.opened",
      "alert.closed",
    ]);
  });

  test("on what happens; once each, and by whom it is seen to", async () => {
    await addRule({ condition: { kind: "change", changes: ["device.created"] } });
    await world.begin(MAC);
    const [alert] = await alerts();
    expect(alert).toMatchObject({ state: "closed", device: MAC, detail: { change: "device.created" } });
    const seen = await world.done("POST", `/alerts/${alert?.id}/acknowledge`);
    expect(seen).toMatchObject({ acknowledged: new Date(world.wallMs).toISOString(), acknowledgedBy: "everybody" });
    await world.pass(1);
    expect(await world.done("POST", `/alerts/${alert?.id}/acknowledge`)).toEqual(seen);
  });

  test("are about what is: one that is made later finds who is silent now; one that is changed begins anew", async () => {
    await world.begin(MAC);
    await world.pass(25);
    const { id } = await addRule({ condition: SILENCE });
    expect(await alerts("state=open")).toMatchObject([{ device: MAC }]);
    await world.done("PATCH", `/alert-rules/${id}`, { condition: { ...SILENCE, state: "failed" } });
    expect(await alerts("state=open")).toEqual([]);
    await world.pass(40);
    expect((await alerts("state=open")).length).toBe(1);
    await world.done("DELETE", `/alert-rules/${id}`);
    expect(await alerts("state=open")).toEqual([]);
    expect((await alerts()).length).toBe(2);
  });

  test("of some devices, and of a project; a device that is shown out has no alerts any more", async () => {
    const { id: project } = await world.done<{ id: number }>("POST", "/organisations/home/projects", { name: "Shop" });
    await addRule({ name: "tagged", condition: SILENCE, scope: { tags: ["outside", "door"] } });
    await addRule({ name: "other", condition: SILENCE, scope: { devices: ["5ccf7f0000ff"] } });
    await addRule({ name: "shop", condition: SILENCE, scope: { project } });
    await world.begin(MAC);
    await world.pass(25);
    expect(await alerts()).toEqual([]);
    await world.done("PATCH", `/devices/${MAC}`, { project });
    expect(await alerts("state=open")).toMatchObject([{ name: "shop" }]);
    await world.done("PATCH", `/devices/${MAC}/tags`, { add: ["door"] });
    expect((await alerts("state=open")).length).toBe(1);
    await world.done("PATCH", `/devices/${MAC}/tags`, { add: ["outside"] });
    expect(await alerts("state=open")).toMatchObject([{ name: "tagged" }, { name: "shop" }]);
    await world.done("PATCH", `/devices/${MAC}/tags`, { remove: ["door"] });
    expect(await alerts("state=open")).toMatchObject([{ name: "shop" }]);
    await world.done("POST", `/devices/${MAC}/revoke`);
    await world.pass(1);
    expect(await alerts("state=open")).toEqual([]);
  });

  test("outlast a restart, with what is pending", async () => {
    await addRule({ condition: { kind: "value", stream: "5001", below: 5 }, holdS: 120 });
    const device = await world.begin(MAC);
    await value(device, 1, 3);
    await world.restart();
    expect(await alerts()).toEqual([]);
    await world.pass(3);
    expect(await alerts()).toMatchObject([{ state: "open" }]);
    const again = await world.begin(MAC);
    await value(again, 2, 6);
    expect((await alerts())[0]?.state).toBe("closed");
  });

  test("at zero are at zero", async () => {
    const { id } = await addRule({ condition: { kind: "value", stream: "5001", above: 0, below: -5.5 } });
    expect(await world.done("GET", `/alert-rules/${id}`)).toMatchObject({ condition: { above: 0, below: -5.5 } });
  });

  test("keep each part of changes that come at once", async () => {
    const { id } = await addRule({ condition: SILENCE });
    const condition = { kind: "health", state: "failed" };
    const parts = [{ holdS: 77 }, { scope: { tags: ["x"] } }, { condition }, { name: "other" }];
    await Promise.all(parts.map((part) => world.done("PATCH", `/alert-rules/${id}`, part)));
    const rule = await world.done("GET", `/alert-rules/${id}`);
    expect(rule).toMatchObject({ name: "other", holdS: 77, scope: { tags: ["x"] }, condition });
  });

  test("whose hold time is longer than the server ever runs are kept all the same", async () => {
    await addRule({ condition: { kind: "value", stream: "5001", below: 5 }, holdS: 3600 });
    await value(await world.begin(MAC), 1, 3);
    for (let i = 0; i < 3; i++) {
      await world.pass(18);
      await world.restart();
      await world.pass(1);
    }
    expect(await alerts()).toEqual([]);
    await world.pass(4);
    expect(await alerts()).toMatchObject([{ state: "open" }]);
  });

  test("and channels that make no sense are refused, with what to do", async () => {
    const rule = (condition: object, more: object = {}) => ({ name: "x", condition, ...more });
    const refused: Array<[string, object, number, string]> = [
      ["alert-rules", rule({ kind: "value", stream: "5001" }), 422, "ruleRefused"],
      ["alert-rules", rule({ kind: "value", stream: "5001", above: null, below: 5 }), 422, "ruleRefused"],
      ["alert-rules", rule({ kind: "value", stream: "5001", above: 5, below: null }), 422, "ruleRefused"],
      ["alert-rules", rule({ kind: "value", stream: "5001", above: 1, below: 2 }), 422, "ruleRefused"],
      ["alert-rules", rule(SILENCE, { channels: [99] }), 404, "channelUnknown"],
      ["alert-rules", rule(SILENCE, { scope: { project: 99 } }), 404, "projectUnknown"],
      ["alert-rules", rule({ kind: "health", state: "normal" }), 400, "badRequest"],
      ["alert-rules", rule({ kind: "change", changes: ["alert.opened"] }), 400, "badRequest"],
      ["alert-rules", rule(SILENCE, { holdS: -1 }), 400, "badRequest"],
      ["alert-rules", { ...rule(SILENCE), surplus: 1 }, 400, "badRequest"],
      ["channels", { name: "x", kind: "webhook" }, 422, "channelRefused"],
      ["channels", { name: "x", kind: "webhook", url: "ftp://example.org" }, 422, "channelRefused"],
      ["channels", { name: "x", kind: "mqtt", url }, 422, "channelRefused"],
      ["channels", { name: "x", kind: "mail", to: ["a@example.org"] }, 422, "channelRefused"],
      ["channels", { name: "x", kind: "mail", to: ["a@example.org\r\nbcc: b@example.org"] }, 400, "badRequest"],
      ["channels", { name: "x\ny", kind: "mqtt" }, 400, "badRequest"],
    ];
    for (const [path, body, status, code] of refused) {
      expect([body, await world.ask("POST", `/${path}`, body)]).toMatchObject([body, { status, body: { code } }]);
    }
    await webhook();
    expect(await world.ask("POST", "/channels", { name: "hook", kind: "mqtt" })).toMatchObject({
      status: 409,
      body: { code: "nameTaken" },
    });
  });
});

test("the secret of a webhook is shown once, and can be another one", async () => {
  const { id, secret } = await webhook();
  expect(JSON.stringify(await world.done("GET", "/channels"))).not.toContain(secret);
  const renewed = await world.done<{ secret: string }>("POST", `/channels/${id}/secret`);
  expect(renewed.secret).toMatch(/^whsec_/);
  expect(renewed.secret).not.toBe(secret);
});

test("MQTT: at once, below lintel/1/alerts/ and the organisation", async () => {
  const { id } = await world.done<{ id: number }>("POST", "/channels", { name: "bus", kind: "mqtt" });
  await addRule({ condition: { kind: "change", changes: ["device.created"] }, channels: [id] });
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${world.server.mqttPort}`);
  await client.subscribeAsync("lintel/1/alerts/home", { qos: 1 });
  const heard = new Promise<AlertMessage>((resolve) =>
    client.once("message", (_, payload) => resolve(JSON.parse(payload.toString()) as AlertMessage)),
  );
  await world.begin(MAC);
  world.server.tick();
  expect(await heard).toMatchObject({ organisation: "home", alerts: [{ event: "opened", device: MAC, rule: "Rule" }] });
  await client.endAsync();
});
