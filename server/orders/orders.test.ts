/** What people want of devices, and what becomes of it: the server's side, device byte by byte. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigRefusal, ResultCode } from "../../runtime/contract/command-messages.ts";
import { ConfigKey } from "../../runtime/contract/config-record.ts";
import { Slot } from "../../runtime/contract/flash-map.ts";
import { GraphRefusal } from "../../runtime/contract/graph-format.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import { CHANNEL_RESULT } from "../../runtime/contract/topics.ts";
import { COMMANDS_KEPT_MAX, COMMANDS_OPEN_MAX } from "../limits.ts";
import type { LintelServer } from "../server-options.ts";
import { type Answer, callDevices, LAMP, type OrderDevice, startOrderDevice } from "../testing/test-orders.ts";
import { inMemory, makeFolder, startDevice, startTestServer, TEST_NOW_MS } from "../testing/test-server.ts";

const MAC = "5ccf7f123456";
const NOW_S = TEST_NOW_MS / 1000;
const DAY_MS = 86_400_000;

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
let device: OrderDevice;
let nowMs: number;

const start = () => startTestServer(folder.path, { products: [LAMP], nowMs: () => nowMs });
const call = (path: string, method?: string, body?: unknown): Promise<Answer> =>
  callDevices(server, `${MAC}/${path}`, method, body);
const config = async () => (await call("config")).body;
const set = (settings: object, method = "PATCH") => call("config", method, { settings });
const command = async (body: object) => (await call("commands", "POST", body)).body;
const commandState = async (id: unknown) => (await call(`commands/${id}`)).body;

beforeEach(async () => {
  nowMs = TEST_NOW_MS;
  folder = makeFolder();
  server = await start();
  device = await startOrderDevice(server, MAC);
  await device.hello(server);
});
afterEach(async () => {
  await server.stop();
  folder.remove();
});

/** The device's connection breaks, and it says hello on a new one. */
async function comeBack(more: Array<[HelloKey, unknown]> = []): Promise<void> {
  device = await startOrderDevice(server, MAC);
  await device.hello(server, more);
}

async function restartServer(): Promise<void> {
  await server.stop();
  server = await start();
}

describe("a configuration", () => {
  test("goes to a connected device at once, by key, and is applied when the device says so", async () => {
    expect(await config()).toMatchObject({ product: "lamp", version: null, state: "none", schema: LAMP.settings });
    const { status, body } = await set({ level: 70, isOn: true });
    expect(status).toBe(200);
    expect(body).toMatchObject({ version: 1, state: "sent", settings: { level: 70, isOn: true }, reported: null });
    expect(device.configs).toEqual([
      {
        version: 1,
        values: new Map([
          [
            ConfigKey.Product,
            new Map<number, unknown>([
              [3, 70],
              [0, true],
            ]),
          ],
        ]),
      },
    ]);
    await device.answer(server, { Code: ResultCode.Accepted, ConfigVersion: 1 });
    expect(await config()).toMatchObject({ state: "sent" });
    await device.answer(server, { Code: ResultCode.Done, ConfigVersion: 1 });
    expect(await config()).toMatchObject({ state: "applied", reported: 1, reason: null });
  });

  test("a change leaves the rest, null takes away, a whole one replaces", async () => {
    await set({ level: 70, isOn: true });
    expect((await set({ level: null, names: ["a", "b"] })).body).toMatchObject({
      version: 2,
      settings: { isOn: true, names: ["a", "b"] },
    });
    expect(device.configs.at(-1)?.values.get(ConfigKey.Product)).toEqual(
      new Map<number, unknown>([
        [0, true],
        [7, ["a", "b"]],
      ]),
    );
    expect((await set({ level: 1 }, "PUT")).body).toMatchObject({ version: 3, settings: { level: 1 } });
  });

  test("waits for days, over a restart of the server, for a device that is away", async () => {
    device.client.drop();
    await server.idle();
    expect((await set({ level: 5 })).body).toMatchObject({ state: "pending", version: 1 });
    await restartServer();
    nowMs += 9 * DAY_MS;
    expect(await config()).toMatchObject({ state: "pending", settings: { level: 5 } });
    await comeBack();
    expect(device.configs.map(({ version }) => version)).toEqual([1]);
    expect(await config()).toMatchObject({ state: "sent" });
  });

  test("two in a row: the answer to the first is none to the second", async () => {
    await set({ level: 5 });
    await set({ level: 6 });
    expect(device.configs.map(({ version }) => version)).toEqual([1, 2]);
    await device.answer(server, { Code: ResultCode.Done, ConfigVersion: 1 });
    expect(await config()).toMatchObject({ version: 2, state: "sent" });
    // The device was busy with the first one and did not hear the second.
    await comeBack([[HelloKey.ConfigVersion, 1]]);
    expect(device.configs.map(({ version }) => version)).toEqual([2]);
    await device.answer(server, { Code: ResultCode.Done, ConfigVersion: 2 });
    expect(await config()).toMatchObject({ version: 2, state: "applied" });
  });

  test("that was lost, or whose answer was, is sent again after the next hello", async () => {
    await set({ level: 5 });
    await comeBack([[HelloKey.ConfigVersion, 1]]);
    expect(device.configs).toHaveLength(1);
    await device.answer(server, { Code: ResultCode.Done, ConfigVersion: 1 });
    await comeBack([[HelloKey.ConfigVersion, 1]]);
    expect(device.configs).toHaveLength(0);
  });

  test("refused by the device: which setting, and not sent again", async () => {
    await set({ level: 5 });
    await device.answer(server, { Code: ResultCode.Refused, Value: ConfigKey.Product, Setting: 3, ConfigVersion: 1 });
    expect(await config()).toMatchObject({ state: "refused", reason: "product", setting: "level" });
    await comeBack();
    expect(device.configs).toHaveLength(0);
    // A key that this server has no name for.
    await set({ level: 6 });
    await device.answer(server, { Code: ResultCode.Refused, Value: ConfigKey.Product, Setting: 99, ConfigVersion: 2 });
    expect(await config()).toMatchObject({ setting: "key 99" });
    await set({ level: 7 });
    await device.answer(server, { Code: ResultCode.Refused, Value: ConfigRefusal.TooLarge, ConfigVersion: 3 });
    expect(await config()).toMatchObject({ reason: "too-large", setting: null });
  });

  test("taken back by the device after its trial", async () => {
    await call("config", "PATCH", { connection: { serverHost: "nobody" } });
    await device.answer(server, { Code: ResultCode.Accepted, ConfigVersion: 1 });
    await comeBack();
    await device.answer(server, { Code: ResultCode.RolledBack, ConfigVersion: 1 });
    expect(await config()).toMatchObject({ state: "rolled-back", reported: null });
  });

  test("versions go on above what the device has, also where the database is older than that", async () => {
    await comeBack([[HelloKey.ConfigVersion, 41]]);
    expect((await set({ level: 5 })).body).toMatchObject({ version: 42 });
    await comeBack([[HelloKey.ConfigVersion, 50]]);
    expect(device.configs.map(({ version }) => version)).toEqual([51]);
    await device.answer(server, { Code: ResultCode.RolledBack, ConfigVersion: 60 });
    expect(device.configs.map(({ version }) => version)).toEqual([51, 61]);
  });

  test("that a board flashed anew has lost is sent again", async () => {
    await set({ level: 5 });
    await device.answer(server, { Code: ResultCode.Done, ConfigVersion: 1 });
    await comeBack();
    expect(device.configs.map(({ version }) => version)).toEqual([1]);
  });

  test("is not for the recovery program, nor for another product", async () => {
    device.client.drop();
    await set({ level: 5 });
    await comeBack([
      [HelloKey.Product, "boot"],
      [HelloKey.Slot, Slot.Boot],
    ]);
    expect(device.configs).toHaveLength(0);
    await comeBack([[HelloKey.Product, "kettle"]]);
    expect(device.configs).toHaveLength(0);
    await comeBack();
    expect(device.configs).toHaveLength(1);
  });

  test("secrets go to the device and never come back out", async () => {
    const observer = await inMemory(server, "observer").connect();
    await observer.subscribe("#");
    const connection = { ssid: "new shop", passphrase: "open sesame", secret: "s3cret", serverPort: 8883 };
    const { body } = await call("config", "PUT", { connection });
    expect(body).toMatchObject({
      connection: { ssid: "new shop", serverPort: 8883, passphraseSet: true, secretSet: true },
    });
    expect(JSON.stringify([body, await config()])).not.toMatch(/sesame|s3cret/);
    const values = device.configs[0]?.values;
    expect(values?.get(ConfigKey.Passphrase)).toBe("open sesame");
    expect(values?.get(ConfigKey.Secret)).toBe("s3cret");
    await command({ method: "report" });
    await observer.ping();
    expect(observer.messages.map(({ topic }) => topic)).toContain(device.client.topic("command"));
    expect(observer.messages.map(({ payload }) => payload.toString()).join()).not.toMatch(/sesame|s3cret/);
  });

  test.each([
    [{ settings: { level: 101 } }, "level must be an integer from 0 to 100 (%)"],
    [{ settings: { level: "5" } }, "level must be an integer from 0 to 100 (%)"],
    [{ settings: { isOn: 1, brightness: 3 } }, "isOn must be true or false; brightness is no setting of it"],
    [{ connection: { ssid: "é".repeat(17) } }, "ssid must be text of 1 to 32 bytes"],
    [{ connection: { serverHost: "" } }, "serverHost must be text of 1 to 64 bytes"],
    [{ connection: { secret: 7 } }, "secret must be text of 0 to 64 bytes"],
    [{ connection: { serverPort: 0 } }, "serverPort must be an integer from 1 to 65535"],
    [{ connection: { serverPort: "1883" } }, "serverPort must be an integer from 1 to 65535"],
    [{ connection: { hostname: "x" } }, "hostname is no part of the connection"],
    [{ settings: { names: Array(20).fill("x".repeat(32)) } }, "a device keeps"],
  ])("%j is a problem that says what is allowed", async (body, detail) => {
    const { status, body: problem } = await call("config", "PATCH", body);
    expect(status).toBe(422);
    expect(problem).toMatchObject({ code: "settingRefused" });
    expect(problem["detail"]).toContain(detail);
    expect(await config()).toMatchObject({ state: "none" });
  });

  test("what is not there cannot be taken away", async () => {
    await call("config", "PUT", { settings: { level: 7 } });
    for (const body of [{ settings: { levl: null } }, { connection: { toString: null } }]) {
      expect((await call("config", "PATCH", body)).body, JSON.stringify(body)).toMatchObject({
        code: "settingRefused",
      });
    }
    expect((await call("config")).body).toMatchObject({ version: 1 });
    // One that was never set is as it is already.
    expect((await call("config", "PATCH", { settings: { isOn: null } })).status).toBe(200);
  });

  test("a name that is mistyped changes nothing", async () => {
    await call("config", "PUT", { settings: { level: 7 } });
    for (const method of ["PUT", "PATCH"]) {
      const { status, body } = await call("config", method, { setings: { level: 8 } });
      expect([status, body["code"]]).toEqual([400, "badRequest"]);
    }
    expect((await call("config")).body).toMatchObject({ version: 1, settings: { level: 7 } });
  });

  test("for nobody, for a board that never said what it is, for a product that the server was not told of", async () => {
    expect((await callDevices(server, "000000000001/config", "PATCH", {})).body).toMatchObject({
      code: "deviceUnknown",
    });
    const silent = await startDevice(server, "5ccf7f000001");
    silent.hello(5);
    const kettle = await startDevice(server, "5ccf7f000002");
    kettle.hello(5, [[HelloKey.Product, "kettle"]]);
    await server.idle();
    const settings = { level: 1 };
    expect((await callDevices(server, "5ccf7f000001/config", "PATCH", { settings })).body).toMatchObject({
      code: "productUntold",
    });
    const unknown = await callDevices(server, "5ccf7f000002/config", "PATCH", { settings });
    expect(unknown).toMatchObject({ status: 409, body: { code: "productUnknown" } });
    expect((await callDevices(server, "5ccf7f000002/config")).body).toMatchObject({ schema: null });
  });

  test("changed by several people at once: none of it is lost", async () => {
    const changes = [{ level: 1 }, { isOn: false }, { names: ["a"] }].map((settings) => set(settings));
    expect((await Promise.all(changes)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await config()).toMatchObject({ version: 3, settings: { level: 1, isOn: false, names: ["a"] } });
  });
});

describe("a command", () => {
  test("goes to a connected device at once, and is done with what the device answers", async () => {
    const { id } = await command({ method: "identify", argument: -3, second: 9, expiresS: 60 });
    expect(id).toBe(NOW_S);
    expect(device.commands).toEqual([
      { Id: NOW_S, Method: "identify", Argument: -3, Second: 9, ExpiresUnixS: NOW_S + 60 },
    ]);
    expect(await commandState(id)).toMatchObject({ state: "sent", value: null, ended: null });
    await device.answer(server, { Command: NOW_S, Code: ResultCode.Done, Value: -7 });
    expect(await commandState(id)).toMatchObject({ state: "done", value: -7, reason: null });
  });

  test("the next one waits for the answer, in the order of the ids", async () => {
    for (const method of ["one", "two", "three"]) await command({ method });
    expect(device.commands.map(({ Method }) => Method)).toEqual(["one"]);
    await device.answer(server, { Command: NOW_S, Code: ResultCode.Done });
    await device.answer(server, { Command: NOW_S + 1, Code: ResultCode.Unknown });
    expect(device.commands.map(({ Method, Id }) => [Method, Id])).toEqual([
      ["one", NOW_S],
      ["two", NOW_S + 1],
      ["three", NOW_S + 2],
    ]);
    await device.answer(server, { Command: NOW_S + 2, Code: ResultCode.Refused });
    const { items = [] } = (await call("commands")).body;
    expect(items.map(({ state, reason }) => [state, reason])).toEqual([
      ["done", null],
      ["failed", "unknown"],
      ["failed", "refused"],
    ]);
  });

  test("an accepted restart is done with the next hello, and the next command comes then", async () => {
    const { id } = await command({ method: "restart" });
    const after = await command({ method: "report" });
    await device.answer(server, { Command: NOW_S, Code: ResultCode.Accepted });
    expect(await commandState(id)).toMatchObject({ state: "accepted" });
    expect(device.commands).toHaveLength(1);
    await comeBack();
    expect(await commandState(id)).toMatchObject({ state: "done" });
    expect(device.commands.map(({ Method }) => Method)).toEqual(["report"]);
    expect(await commandState(after["id"])).toMatchObject({ state: "sent" });
  });

  test("whose answer was lost is sent again; that it was taken before is all that is known then", async () => {
    const { id } = await command({ method: "calibrate" });
    await restartServer();
    await comeBack();
    expect(device.commands.map(({ Id }) => Id)).toEqual([id]);
    await device.answer(server, { Command: NOW_S, Code: ResultCode.Repeated });
    expect(await commandState(id)).toMatchObject({ state: "failed", reason: "result-lost" });
    await comeBack();
    expect(device.commands).toHaveLength(0);
  });

  test("a device that stays connected and does not answer is sent it again with its next state", async () => {
    await command({ method: "report" });
    const state = () => device.client.publish(device.client.topic("state"), Buffer.from("a100f5", "hex"));
    state();
    await server.idle();
    expect(device.commands).toHaveLength(1);
    nowMs += 900_000;
    state();
    await server.idle();
    expect(device.commands).toHaveLength(2);
  });

  test("is not sent once its time has passed; one that was sent is, for it may have been run", async () => {
    device.client.drop();
    await server.idle();
    const { id: late } = await command({ method: "late", expiresS: 60 });
    const { id: inTime } = await command({ method: "in-time", expiresS: 600 });
    nowMs += 61_000;
    expect(await commandState(late)).toMatchObject({ state: "expired", ended: null });
    await comeBack();
    expect(device.commands.map(({ Id }) => Id)).toEqual([inTime]);
    expect(await commandState(late)).toMatchObject({ state: "expired" });
    nowMs += DAY_MS;
    await comeBack();
    expect(device.commands.map(({ Id }) => Id)).toEqual([inTime]);
    await device.answer(server, { Command: Number(inTime), Code: ResultCode.Expired });
    expect(await commandState(inTime)).toMatchObject({ state: "expired" });
  });

  test("only so many wait for a device, and only so many are remembered", async () => {
    for (let i = 0; i < COMMANDS_OPEN_MAX; i++) expect(await command({ method: "m" })).toMatchObject({ method: "m" });
    expect(await call("commands", "POST", { method: "m" })).toMatchObject({
      status: 409,
      body: { code: "tooManyCommands" },
    });
    for (let i = 0; i < COMMANDS_KEPT_MAX + 5; i++) {
      const open = device.commands.at(-1)?.["Id"] as number;
      await device.answer(server, { Command: open, Code: ResultCode.Done });
      await command({ method: "m" });
    }
    const { items = [] } = (await call("commands?limit=1000")).body;
    expect(items).toHaveLength(COMMANDS_KEPT_MAX);
    expect(items.filter(({ state }) => state === "queued" || state === "sent")).toHaveLength(COMMANDS_OPEN_MAX);
  });

  test("a bad one is a problem", async () => {
    for (const body of [
      {},
      { method: "" },
      { method: "Restart now" },
      { method: "m", argument: 2 ** 31 },
      { method: "m", expiresS: 0 },
      // It would wait for ever.
      { method: "m", expires: 60 },
    ]) {
      expect((await call("commands", "POST", body)).status, JSON.stringify(body)).toBe(400);
    }
    expect((await call("commands/7")).body).toMatchObject({ code: "commandUnknown" });
    expect((await callDevices(server, "000000000001/commands", "POST", { method: "m" })).status).toBe(404);
    expect(device.commands).toHaveLength(0);
  });
});

describe("a sensor graph", () => {
  /** Magic, version 1, no nodes: the smallest that has the form. */
  const GRAPH = Buffer.from("4c4750480100000000000c00", "hex");

  test("is sent with its version, applied, and fetched as it went in", async () => {
    expect((await call("graph")).body).toMatchObject({ state: "none", version: null, sizeBytes: null });
    expect(await call("graph", "PUT", GRAPH)).toMatchObject({ status: 200, body: { version: 1, state: "sent" } });
    expect(device.graphs).toEqual([{ version: 1, bytes: GRAPH.toString("hex") }]);
    await device.answer(server, { Code: ResultCode.Done, GraphVersion: 1 });
    expect((await call("graph")).body).toMatchObject({ state: "applied", reported: 1, sizeBytes: 12 });
    const content = await fetch(`${server.url}/api/v1/devices/${MAC}/graph/content`);
    expect(Buffer.from(await content.arrayBuffer())).toEqual(GRAPH);
    // Its configuration is another matter.
    expect(await config()).toMatchObject({ state: "none" });
  });

  test("refused by the device with its reason; another one, and none at all", async () => {
    await call("graph", "PUT", GRAPH);
    await device.answer(server, { Code: ResultCode.Refused, Value: GraphRefusal.Unreachable, GraphVersion: 1 });
    expect((await call("graph")).body).toMatchObject({ state: "refused", reason: "unreachable" });
    await call("graph", "PUT", new Uint8Array(0));
    expect(device.graphs.at(-1)).toEqual({ version: 2, bytes: "" });
    await comeBack([[HelloKey.GraphVersion, 2]]);
    await device.answer(server, { Code: ResultCode.Done, GraphVersion: 2 });
    expect((await call("graph")).body).toMatchObject({ state: "applied", sizeBytes: 0 });
  });

  test.each([
    ["application/json", "{}"],
    ["application/json", "null"],
    ["text/plain", "every 1 minute { }"],
    ["text/plain", ""],
  ])("%s %j is none, and takes none away", async (type, body) => {
    await call("graph", "PUT", GRAPH);
    const response = await fetch(`${server.url}/api/v1/devices/${MAC}/graph`, {
      method: "PUT",
      body,
      headers: { "content-type": type },
    });
    expect(response.status).toBe(415);
    expect((await response.json()) as object).toMatchObject({ code: "mediaTypeUnknown" });
    expect((await call("graph")).body).toMatchObject({ version: 1, sizeBytes: GRAPH.length });
  });

  test.each([
    ["cut off", GRAPH.subarray(0, 11), "no compiled graph"],
    ["of another kind", Buffer.from("4c4750490100000000000c00", "hex"), "no compiled graph"],
    ["of a form to come", Buffer.from("4c4750480200000000000c00", "hex"), "version 2"],
    ["longer than it says", Buffer.concat([GRAPH, GRAPH]), "says that it has 12 bytes, and has 24"],
    ["too long for a device", Buffer.alloc(961), "961 bytes"],
  ])("%s is a problem", async (_what, graph, detail) => {
    const { status, body } = await call("graph", "PUT", graph);
    expect([status, body["code"]]).toEqual([422, "graphRefused"]);
    expect(body["detail"]).toContain(detail);
    expect(device.graphs).toHaveLength(0);
    expect((await fetch(`${server.url}/api/v1/devices/${MAC}/graph/content`)).status).toBe(404);
  });
});

test("results that make no sense are counted and change nothing", async () => {
  await set({ level: 5 });
  await command({ method: "m" });
  const before = [await config(), (await call("commands")).body];
  const topic = device.client.topic(CHANNEL_RESULT);
  // No code, a code of the wrong type, an answer to nothing, no map, a cut, somebody else's command and version.
  for (const hex of ["a1000a", "a200010161", "a10100", "80", "a2000a", "a200070100", "a2010003183c", "a2010103f5"]) {
    device.client.publish(topic, Buffer.from(hex, "hex"));
  }
  // Nobody but the device may say so.
  const observer = await inMemory(server, "observer").connect();
  observer.publish(topic, Buffer.from("a201000301", "hex"));
  await observer.ping();
  await server.idle();
  expect([await config(), (await call("commands")).body]).not.toEqual([]);
  const [configBefore, commandsBefore] = before;
  expect((await call("commands")).body).toEqual(commandsBefore);
  // Version 60 cannot be ours: it was raised above that, and nothing else.
  expect(await config()).toMatchObject({ ...configBefore, version: 61, state: "sent", changed: expect.any(String) });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain('lintel_malformed_total{reason="result"} 6');
});
