/** Settings of a product at four levels: device before project before organisation before account. */

import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ResultCode } from "../../runtime/contract/command-messages.ts";
import { ConfigKey } from "../../runtime/contract/config-record.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import { encodeCbor } from "../ingest/cbor-codec.ts";
import { CONFIG_STEP_CHANGES, CONFIG_STEP_DEVICES } from "../limits.ts";
import type { LintelServer } from "../server-options.ts";
import { LAMP, type OrderDevice, startOrderDevice } from "../testing/test-orders.ts";
import { makeFolder, startTestServer } from "../testing/test-server.ts";

const MAC = "5ccf7f123456";
const DOOR = {
  name: "door",
  settings: {
    pinA: { key: 0, title: "one", type: "integer", minimum: 0, maximum: 16 },
    pinB: { key: 1, title: "other", type: "integer", minimum: 0, maximum: 16, differsFrom: "pinA" },
  },
} as const;

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
let device: OrderDevice;
/** Another project, of the same organisation, and one of another organisation. */
const [UPSTAIRS, ELSEWHERE] = [2, 3];

const start = (products = [LAMP, DOOR as unknown as typeof LAMP]) => startTestServer(folder.path, { products });

beforeEach(async () => {
  folder = makeFolder();
  server = await start();
  sql("INSERT INTO organisations (id, slug, name, created_ms) VALUES (2, 'other', 'Other', 0)");
  sql("INSERT INTO projects (id, organisation_id, name, registration, created_ms) VALUES (2, 1, 'Upstairs', 0, 0)");
  sql("INSERT INTO projects (id, organisation_id, name, registration, created_ms) VALUES (3, 2, 'Elsewhere', 0, 0)");
  device = await startOrderDevice(server, MAC);
  await device.hello(server);
});
afterEach(async () => {
  await server.stop();
  folder.remove();
});

function sql(text: string, ...values: unknown[]): unknown[] {
  const db = new Database(join(folder.path, "lintel.db"));
  try {
    const statement = db.prepare(text);
    if (statement.reader) return statement.all(...values);
    statement.run(...values);
    return [];
  } finally {
    db.close();
  }
}

type Body = Record<string, unknown> & { items?: unknown[] };

async function call(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { ...headers, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  await server.idle();
  return { status: response.status, body: (await response.json()) as Body, tag: response.headers.get("etag") ?? "" };
}

const ACCOUNT = "/config/lamp";
const ORGANISATION = "/organisations/home/config/lamp";
const PROJECT = "/projects/p--0000-0001/config/lamp";
const OWN = `/devices/${MAC}/config`;

async function set(path: string, settings: object, method = "PATCH"): Promise<Body> {
  const { status, body } = await call(method, path, { settings });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}
const config = async () => (await call("GET", OWN)).body;
/** Settings of the configuration that the device was sent last, by key: level 3, isOn 0, names 7. */
const told = () =>
  Object.fromEntries((device.configs.at(-1)?.values.get(ConfigKey.Product) as Map<number, unknown>) ?? []);

test("the nearest level that says something wins, and the answer says which that is", async () => {
  await set(ACCOUNT, { level: 10, isOn: true, names: ["account"] });
  expect(told()).toEqual({ 3: 10, 0: true, 7: ["account"] });
  await set(ORGANISATION, { level: 20, names: ["organisation"] });
  await set(PROJECT, { level: 30 });
  expect(await config()).toMatchObject({
    version: 3,
    state: "sent",
    settings: {},
    resolved: {
      level: { value: 30, level: "project" },
      names: { value: ["organisation"], level: "organisation" },
      isOn: { value: true, level: "account" },
    },
    conflicts: [],
  });
  await set(OWN, { level: 40 });
  expect(told()).toEqual({ 3: 40, 0: true, 7: ["organisation"] });
  expect(await config()).toMatchObject({
    settings: { level: 40 },
    resolved: { level: { value: 40, level: "device" } },
  });
  // Taken away again, level by level.
  await set(OWN, { level: null });
  expect(told()[3]).toBe(30);
  await set(PROJECT, { level: null });
  expect(told()[3]).toBe(20);
  await set(ORGANISATION, {}, "PUT");
  expect(told()).toEqual({ 3: 10, 0: true, 7: ["account"] });
  expect((await call("GET", ORGANISATION)).body).toMatchObject({ version: 2, settings: {}, resolving: false });
});

test("a new version is made only where the result is another one", async () => {
  await set(OWN, { level: 40, isOn: false });
  await set(PROJECT, { level: 7 });
  // The same value from another level.
  await set(ACCOUNT, { level: 7 });
  await set(PROJECT, { level: null });
  expect(device.configs).toHaveLength(1);
  await set(OWN, { level: null });
  expect(await config()).toMatchObject({ version: 2, resolved: { level: { value: 7, level: "account" } } });
  await set(PROJECT, { level: 7 });
  expect(await config()).toMatchObject({ version: 2, resolved: { level: { value: 7, level: "project" } } });
  expect(device.configs).toHaveLength(2);
});

test("a device that keeps what it was flashed with does so until a level says something, and not afterwards", async () => {
  await call("PATCH", OWN, { connection: { ssid: "shop" } });
  expect(device.configs[0]?.values.has(ConfigKey.Product)).toBe(false);
  await set(ACCOUNT, { level: 10 });
  expect(told()).toEqual({ 3: 10 });
  expect(device.configs.at(-1)?.values.get(ConfigKey.Ssid)).toBe("shop");
  await set(ACCOUNT, { level: null });
  // Without the key it would go on with what the level said.
  expect(device.configs.at(-1)?.values.get(ConfigKey.Product)).toEqual(new Map());
});

test("what a board was flashed with is below all levels, and comes back when they say nothing", async () => {
  const board = await startOrderDevice(server, "5ccf7f123460");
  const flashed = encodeCbor(
    new Map<number, unknown>([
      [3, 15],
      [7, ["till"]],
      [99, 1],
      [0, 17],
    ]),
  );
  await board.hello(server, [[HelloKey.Settings, flashed]]);
  const own = "/devices/5ccf7f123460/config";
  const sent = () => board.configs.at(-1)?.values.get(ConfigKey.Product);
  // What the product does not take is left out, and nothing is sent for being flashed.
  expect((await call("GET", own)).body).toMatchObject({
    version: null,
    settings: {},
    resolved: { level: { value: 15, level: "flashed" }, names: { value: ["till"], level: "flashed" } },
  });
  expect(board.configs).toEqual([]);
  await set(ORGANISATION, { level: 20 });
  expect(sent()).toEqual(
    new Map<number, unknown>([
      [3, 20],
      [7, ["till"]],
    ]),
  );
  // It says what it has now, which is what it was told.
  const told = encodeCbor(
    new Map<number, unknown>([
      [3, 20],
      [7, ["till"]],
    ]),
  );
  await board.hello(server, [
    [HelloKey.ConfigVersion, 1],
    [HelloKey.Settings, told],
  ]);
  await set(own, { isOn: true });
  expect(sent()).toEqual(
    new Map<number, unknown>([
      [0, true],
      [3, 20],
      [7, ["till"]],
    ]),
  );
  await set(ORGANISATION, { level: null });
  expect(sent()).toEqual(
    new Map<number, unknown>([
      [0, true],
      [3, 15],
      [7, ["till"]],
    ]),
  );
  expect((await call("GET", own)).body).toMatchObject({
    resolved: { level: { value: 15, level: "flashed" }, isOn: { value: true, level: "device" } },
  });
  // Flashed anew, with another one.
  const anew = encodeCbor(new Map<number, unknown>([[3, 40]]));
  await board.hello(server, [[HelloKey.Settings, anew]]);
  expect(sent()).toEqual(
    new Map<number, unknown>([
      [0, true],
      [3, 40],
    ]),
  );
  // And with none.
  await board.hello(server);
  expect(sent()).toEqual(new Map<number, unknown>([[0, true]]));
});

test("a board that takes another's place has what that one was flashed with, where it was flashed with nothing itself", async () => {
  const [former, latter] = [
    await startOrderDevice(server, "5ccf7f123462"),
    await startOrderDevice(server, "5ccf7f123463"),
  ];
  const settings = (values: Array<[number, unknown]>): [HelloKey, unknown] => [
    HelloKey.Settings,
    encodeCbor(new Map(values)),
  ];
  await former.hello(server, [
    settings([
      [3, 15],
      [7, ["till"]],
      [0, true],
    ]),
  ]);
  await latter.hello(server, [
    settings([
      [3, 9],
      [0, false],
    ]),
  ]);
  await set("/devices/5ccf7f123462/config", { level: 20 });
  const { status } = await call("POST", "/devices/5ccf7f123462/replace", { by: "5ccf7f123463", takeOver: true });
  expect(status).toBe(200);
  expect(latter.configs.at(-1)?.values.get(ConfigKey.Product)).toEqual(
    new Map<number, unknown>([
      [3, 20],
      [7, ["till"]],
      [0, false],
    ]),
  );
  expect((await call("GET", "/devices/5ccf7f123463/config")).body).toMatchObject({
    settings: { level: 20, names: ["till"] },
    resolved: { isOn: { value: false, level: "flashed" } },
  });
});

test("a board whose pins do not go with another's settings keeps its own, and says so", async () => {
  const [former, latter] = [
    await startOrderDevice(server, "5ccf7f123464"),
    await startOrderDevice(server, "5ccf7f123465"),
  ];
  const door: [HelloKey, unknown] = [HelloKey.Product, "door"];
  await former.hello(server, [door]);
  await set("/devices/5ccf7f123464/config", { pinA: 4 });
  await call("PATCH", "/devices/5ccf7f123464/config", { connection: { ssid: "shop" } });
  await latter.hello(server, [
    door,
    [
      HelloKey.Settings,
      encodeCbor(
        new Map([
          [0, 5],
          [1, 4],
        ]),
      ),
    ],
  ]);
  const { status, body } = await call("POST", "/devices/5ccf7f123464/replace", { by: "5ccf7f123465", takeOver: true });
  expect(status).toBe(200);
  expect(body["conflicts"]).toEqual(["pinB must not be 4 as pinA is: give them different values, or unset one"]);
  expect(latter.configs.map(({ values }) => values)).toEqual([new Map([[ConfigKey.Ssid, "shop"]])]);
});

test("settings of a board that are no settings spoil nothing", async () => {
  const board = await startOrderDevice(server, "5ccf7f123461");
  for (const settings of [[0xff], [0x01], [0x80], [], [0xa1, 0x03]]) {
    await board.hello(server, [[HelloKey.Settings, Uint8Array.from(settings)]]);
    expect((await call("GET", "/devices/5ccf7f123461/config")).body).toMatchObject({ resolved: {} });
  }
  await set(ORGANISATION, { level: 20 });
  expect(board.configs.at(-1)?.values.get(ConfigKey.Product)).toEqual(new Map([[3, 20]]));
});

test("a board gets what the levels say with its first hello, and when it is moved", async () => {
  await set(ORGANISATION, { level: 20 });
  await set(`/projects/${UPSTAIRS}/config/lamp`, { level: 33 });
  const other = await startOrderDevice(server, "5ccf7f123457");
  await other.hello(server);
  expect(other.configs[0]?.values.get(ConfigKey.Product)).toEqual(new Map([[3, 20]]));
  await call("PATCH", `/devices/${MAC}`, { project: UPSTAIRS });
  expect(await config()).toMatchObject({ state: "pending", resolved: { level: { value: 33, level: "project" } } });
  await call("PATCH", `/devices/${MAC}`, { project: ELSEWHERE });
  expect(await config()).toMatchObject({ state: "pending", resolved: {} });
});

test("what does not fit the product is refused by name, at each level, also together with those above", async () => {
  for (const path of [ACCOUNT, ORGANISATION, PROJECT]) {
    const { status, body } = await call("PATCH", path, { settings: { level: 101, colour: "red" } });
    expect({ status, code: body["code"] }).toEqual({ status: 422, code: "settingRefused" });
    expect(body["detail"]).toContain("level must be an integer from 0 to 100 (%)");
    expect(body["detail"]).toContain("colour is no setting of it");
    expect((await call("GET", path)).body).toMatchObject({ version: 0, settings: {} });
  }
  await set("/config/door", { pinA: 4 });
  const { body } = await call("PATCH", "/projects/1/config/door", { settings: { pinB: 4 } });
  expect(body["detail"]).toContain("pinB must not be 4 as pinA is");
  expect((await call("PUT", "/config/toaster", { settings: {} })).body["code"]).toBe("productUnknown");
  expect((await call("PUT", "/projects/99/config/lamp", { settings: {} })).body["code"]).toBe("projectUnknown");
  expect((await call("PUT", ACCOUNT, { settings: {}, more: 1 })).status).toBe(400);
});

test("a device that would get what fits none is left as it is, and says why", async () => {
  const door = await startOrderDevice(server, "5ccf7f123459");
  await door.hello(server, [[HelloKey.Product, "door"]]);
  const own = "/devices/5ccf7f123459/config";
  await set(own, { pinB: 5 });
  await set("/organisations/home/config/door", { pinA: 5 });
  expect((await call("GET", own)).body).toMatchObject({
    version: 1,
    resolved: { pinB: { value: 5, level: "device" } },
    conflicts: ["pinB must not be 5 as pinA is: give them different values, or unset one"],
  });
  await set("/organisations/home/config/door", { pinA: 6 });
  expect((await call("GET", own)).body).toMatchObject({ version: 2, conflicts: [], resolved: { pinA: { value: 6 } } });
});

test("is changed only as it was read", async () => {
  const { tag } = await call("PATCH", ACCOUNT, { settings: { level: 1 } });
  expect((await call("PATCH", ACCOUNT, { settings: { level: 2 } }, { "if-match": tag })).status).toBe(200);
  expect((await call("PATCH", ACCOUNT, { settings: { level: 3 } }, { "if-match": tag })).status).toBe(412);
  expect((await call("GET", "/config")).body.items).toMatchObject([
    { product: "lamp", version: 2, settings: { level: 2 } },
  ]);
});

test("thousands of devices are resolved some at a time, and a restart goes on where it was", async () => {
  const count = CONFIG_STEP_DEVICES + 2 * CONFIG_STEP_CHANGES;
  const db = new Database(join(folder.path, "lintel.db"));
  const add = db.prepare(
    "INSERT INTO devices (mac, product, project_id, first_seen_ms, last_seen_ms) VALUES (?, 'lamp', 1, 0, 0)",
  );
  db.transaction(() => {
    for (let n = 0; n < count; n++) add.run((0x5ccf80000000 + n).toString(16));
  })();
  db.close();
  const pending = () =>
    (
      sql(
        "SELECT count(*) AS count FROM desired_parts WHERE json_extract(chosen, '$.inherited.level.value') = 9",
      ) as Array<{ count: number }>
    )[0]?.count ?? 0;
  await set(ORGANISATION, { level: 9 });
  expect(pending()).toBe(CONFIG_STEP_CHANGES);
  expect((await call("GET", ORGANISATION)).body["resolving"]).toBe(true);
  await server.stop();
  // Not told of the product, it can do nothing about it, and does not try for ever.
  server = await start([]);
  server.tick();
  await server.idle();
  expect(pending()).toBe(CONFIG_STEP_CHANGES);
  await server.stop();
  server = await start();
  for (let tick = 1; tick <= Math.ceil(count / CONFIG_STEP_CHANGES) && pending() <= count; tick++) {
    server.tick();
    await server.idle();
  }
  expect(pending()).toBe(count + 1);
  expect((await call("GET", ORGANISATION)).body["resolving"]).toBe(false);
});

test("an organisation whose settings change over and over does not hold up another's", async () => {
  const db = new Database(join(folder.path, "lintel.db"));
  const add = db.prepare(
    "INSERT INTO devices (mac, product, project_id, first_seen_ms, last_seen_ms) VALUES (?, 'lamp', ?, 0, 0)",
  );
  db.transaction(() => {
    for (let n = 0; n <= CONFIG_STEP_CHANGES; n++) add.run((0x5ccf80000000 + n).toString(16), 1);
    add.run("5ccf90000000", ELSEWHERE);
  })();
  db.close();
  await set(ORGANISATION, { level: 1 });
  await set("/organisations/other/config/lamp", { level: 2 });
  for (let level = 3; level < 6; level++) {
    server.tick();
    await server.idle();
    await set(ORGANISATION, { level });
  }
  expect((await call("GET", "/devices/5ccf90000000/config")).body).toMatchObject({ resolved: { level: { value: 2 } } });
});

test("an answer of the device is to the version that it was sent", async () => {
  await set(PROJECT, { level: 5 });
  await device.answer(server, { Code: ResultCode.Done, ConfigVersion: 1 });
  expect(await config()).toMatchObject({ state: "applied", reported: 1 });
});
