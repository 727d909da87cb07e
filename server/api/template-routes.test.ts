import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ResultCode } from "../../runtime/contract/command-messages.ts";
import { ConfigKey } from "../../runtime/contract/config-record.ts";
import { COMMANDS_OPEN_MAX, TEMPLATE_VERSIONS_MAX } from "../limits.ts";
import type { LintelServer } from "../server-options.ts";
import { GuardedServer } from "../testing/test-login.ts";
import { LAMP, type OrderDevice, startOrderDevice } from "../testing/test-orders.ts";
import { encodePack, TEST_NOW_MS } from "../testing/test-server.ts";

let mac: string;
let other: string;
let boards = 0;

let guarded: GuardedServer;
let server: LintelServer;

beforeAll(async () => {
  guarded = await GuardedServer.start({ login: "off", registration: "anyone", products: [LAMP] });
  server = guarded.server;
});
afterAll(() => guarded.stop());
/** One server for all: each test has boards of its own, and what it has made otherwise is gone for the next one. */
beforeEach(() => {
  [mac = "", other = ""] = [1, 2].map((n) => (0x5ccf7f000000 + 2 * boards + n).toString(16));
  boards++;
});
afterEach(() => {
  for (const table of ["device_templates", "templates", "device_overrides", "derived_streams"])
    guarded.sql(`DELETE FROM ${table}`);
});

const call = async (method: string, path: string, body?: object) => {
  const answer = await guarded.call(method, path, body);
  await server.idle();
  return answer;
};
const DOOR = { label: "door-count", kind: "dynamic", type: "integer", stream: "5001", unit: "/" };
const SHOP = { label: "shop", kind: "static", type: "string", value: "Main Street" };

async function makeTemplate(name: string, ...attributes: object[]): Promise<number> {
  const { status, body } = await call("POST", "/templates?organisation=home", { name, attributes });
  expect(status, JSON.stringify(body)).toBe(201);
  return Number(body["id"]);
}

const give = (to: string, ...templates: Array<{ template: number; version?: number | null }>) =>
  call("PUT", `/devices/${to}/templates`, { templates });

async function attributes(of = mac): Promise<Record<string, Record<string, unknown>>> {
  const { body } = await call("GET", `/devices/${of}/attributes`);
  return Object.fromEntries(body.items.map((item) => [item["label"], item]));
}

async function newDevice(name: string): Promise<void> {
  expect((await call("POST", "/devices", { mac: name, project: 1 })).status).toBe(201);
}

describe("a template", () => {
  test("is made, read, listed, changed in versions, deleted", async () => {
    const id = await makeTemplate("Door", DOOR, SHOP);
    const path = `/templates/${id}`;
    expect((await call("GET", path)).body).toMatchObject({
      organisation: "home",
      name: "Door",
      description: "",
      version: 1,
      devices: 0,
      created: new Date(TEST_NOW_MS).toISOString(),
      attributes: [DOOR, { ...SHOP, unit: null }],
    });
    // A name alone is no new version, nor are the same attributes.
    expect((await call("PATCH", path, { name: "Doors" })).body).toMatchObject({ name: "Doors", version: 1 });
    expect((await call("PATCH", path, { attributes: [DOOR, SHOP] })).body["version"]).toBe(1);
    expect((await call("PATCH", path, { attributes: [SHOP] })).body).toMatchObject({ name: "Doors", version: 2 });
    const versions = (await call("GET", `${path}/versions`)).body.items;
    expect(versions).toMatchObject([
      { version: 2, attributes: [{ label: "shop" }] },
      { version: 1, attributes: [{ label: "door-count" }, { label: "shop" }] },
    ]);
    expect((await call("GET", `${path}/versions?limit=1`)).body).toMatchObject({ items: [{ version: 2 }] });
    expect((await call("GET", "/templates")).body.items).toMatchObject([{ id, name: "Doors", version: 2 }]);
    expect((await call("DELETE", path)).status).toBe(204);
    expect(await call("GET", path)).toMatchObject({ status: 404, body: { code: "templateUnknown" } });
    expect(guarded.sql("SELECT * FROM template_attributes")).toEqual([]);
    expect(
      guarded.sql("SELECT kind FROM changes WHERE json_extract(detail, '$.template') = ? ORDER BY id", id),
    ).toEqual(["created", "updated", "updated", "updated", "removed"].map((word) => ({ kind: `template.${word}` })));
  });

  test("has a name of its own in the organisation", async () => {
    await makeTemplate("Door");
    const second = await makeTemplate("Window");
    expect(await call("POST", "/templates?organisation=home", { name: "Door", attributes: [] })).toMatchObject({
      status: 409,
      body: { code: "nameTaken" },
    });
    expect((await call("PATCH", `/templates/${second}`, { name: "Door" })).body["code"]).toBe("nameTaken");
  });

  test("drives and shows settings that a product of the server has, and is told which there are", async () => {
    const typo = { label: "brightness", kind: "actuator", type: "integer", setting: "levle" };
    const refused = await call("POST", "/templates?organisation=home", { name: "Lamp", attributes: [typo] });
    expect([refused.status, refused.body["code"]]).toEqual([422, "templateRefused"]);
    expect(refused.body["detail"]).toContain("has the setting levle; there are isOn, level, names.");
    const id = await makeTemplate("Lamp", { ...typo, setting: "level" });
    const both = [
      { ...typo, setting: "level" },
      { ...typo, label: "b" },
    ];
    expect((await call("PATCH", `/templates/${id}`, { attributes: both })).body["code"]).toBe("templateRefused");
    // Made when the server knew another product, it can still be changed.
    guarded.sql("UPDATE template_attributes SET definition = replace(definition, 'level', 'levle')");
    expect((await call("PATCH", `/templates/${id}`, { attributes: [{ ...typo, unit: "%" }] })).status).toBe(200);
  });

  test("is changed only as it was read", async () => {
    const id = await makeTemplate("Door", DOOR);
    const url = `${server.url}/api/v1/templates/${id}`;
    const tag = (await fetch(url)).headers.get("etag") ?? "";
    const change = (name: string) =>
      fetch(url, {
        method: "PATCH",
        headers: { "content-type": "application/json", "if-match": tag },
        body: JSON.stringify({ name }),
      });
    expect((await change("One")).status).toBe(200);
    expect((await change("Two")).status).toBe(412);
    expect((await fetch(url, { method: "DELETE", headers: { "if-match": tag } })).status).toBe(412);
  });

  test.each([
    [{ label: "a", kind: "static", type: "integer", value: 1.5 }, "a has a value that must be an integer"],
    [{ label: "a", kind: "static", type: "string", value: "x".repeat(201) }, "200 characters"],
    [{ label: "a", kind: "dynamic", type: "integer", stream: "50 1" }, "four lowercase hex digits"],
    [{ label: "a", kind: "dynamic", type: "string", stream: "5001" }, "readings are numbers"],
    [{ label: "a", kind: "dynamic", type: "number", stream: "5001", setting: "level" }, "has no setting"],
    [{ label: "a", kind: "actuator", type: "integer" }, "either the command or the setting"],
    [{ label: "a", kind: "actuator", type: "integer", command: "x", setting: "y" }, "either the command or"],
    [{ label: "a", kind: "actuator", type: "string", command: "say" }, "an integer or a boolean"],
    [{ label: "a", kind: "actuator", type: "integer", command: "Say" }, "a command that is none"],
    [{ label: "a", kind: "configuration", type: "number", setting: "level" }, "none takes fractions"],
  ])("with an attribute that makes no sense: %j", async (attribute, words) => {
    const { status, body } = await call("POST", "/templates?organisation=home", {
      name: "Door",
      attributes: [attribute],
    });
    expect({ status, code: body["code"] }).toEqual({ status: 422, code: "templateRefused" });
    expect(body["detail"]).toContain(words);
  });

  test.each([
    { name: "Door", attributes: [{ label: "Door", kind: "static", type: "string" }] },
    { name: "Door", attributes: [{ label: "door-", kind: "static", type: "string" }] },
    { name: "Door", attributes: [{ label: "door", kind: "measured", type: "string" }] },
    { name: "Door", attributes: [{ label: "door", kind: "static", type: "text" }] },
    { name: "Door", attributes: [{ ...DOOR, unit: "x".repeat(33) }] },
    { name: "Door", attributes: Array.from({ length: 65 }, (_, i) => ({ ...DOOR, label: `l${i}` })) },
    { name: "", attributes: [] },
    { name: "Door", attributes: [{ ...DOOR, colour: "red" }] },
  ])("of another form is no request: %#", async (body) => {
    expect(await call("POST", "/templates", body)).toMatchObject({ status: 400, body: { code: "badRequest" } });
  });

  test("with a label twice", async () => {
    const { body } = await call("POST", "/templates?organisation=home", {
      name: "Door",
      attributes: [DOOR, { ...SHOP, label: "door-count" }],
    });
    expect(body["detail"]).toBe("door-count is there twice; labels are unique in a template");
  });

  test("forgets its oldest versions, but for those that devices are pinned to", async () => {
    await newDevice(mac);
    const id = await makeTemplate("Door", { ...SHOP, value: "0" });
    await give(mac, { template: id, version: 1 });
    const rename = (value: string) => call("PATCH", `/templates/${id}`, { attributes: [{ ...SHOP, value }] });
    for (let version = 2; version < TEMPLATE_VERSIONS_MAX; version++) {
      guarded.sql("INSERT INTO template_versions (template_id, version, created_ms) VALUES (?, ?, 0)", id, version);
    }
    guarded.sql("UPDATE templates SET version = ? WHERE id = ?", TEMPLATE_VERSIONS_MAX - 1, id);
    expect((await rename("one more")).body["version"]).toBe(TEMPLATE_VERSIONS_MAX);
    expect((await rename("too many")).body["version"]).toBe(TEMPLATE_VERSIONS_MAX + 1);
    const kept = guarded.sql<{ version: number }>("SELECT version FROM template_versions ORDER BY version");
    expect(kept).toHaveLength(TEMPLATE_VERSIONS_MAX);
    expect(kept.slice(0, 2)).toEqual([{ version: 1 }, { version: 3 }]);
  });
});

describe("a device", () => {
  test("follows the newest version unless it is pinned to one", async () => {
    await newDevice(mac);
    await newDevice(other);
    const template = await makeTemplate("Door", SHOP);
    await give(mac, { template });
    await give(other, { template, version: 1 });
    await call("PATCH", `/templates/${template}`, { attributes: [{ ...SHOP, value: "High Street" }] });
    expect((await attributes(mac))["shop"]).toMatchObject({ value: "High Street", template: { template, version: 2 } });
    expect((await attributes(other))["shop"]).toMatchObject({ value: "Main Street", template: { version: 1 } });
    expect((await call("GET", `/devices/${other}/templates`)).body).toEqual({
      templates: [{ template, name: "Door", version: 1, pinned: true }],
    });
    await give(other, { template, version: null });
    expect((await attributes(other))["shop"]).toMatchObject({ value: "High Street" });
    expect((await give(other, { template, version: 3 })).body["code"]).toBe("templateUnknown");
    expect((await give(other, { template: 99 })).body["code"]).toBe("templateUnknown");
    expect((await give(other, { template }, { template })).body["code"]).toBe("templateRefused");
    expect((await call("DELETE", `/templates/${template}`)).body["code"]).toBe("templateInUse");
  });

  test("has no label twice: neither by its templates nor by a new version of one", async () => {
    await newDevice(mac);
    const door = await makeTemplate("Door", DOOR);
    const gate = await makeTemplate("Gate", { ...DOOR, stream: "5002" });
    const shop = await makeTemplate("Shop", SHOP);
    const refused = await give(mac, { template: door }, { template: shop }, { template: gate });
    expect(refused).toMatchObject({ status: 409, body: { code: "attributesOverlap" } });
    expect(refused.body["detail"]).toContain("door-count is in both templates");
    expect(refused.body["detail"]).toContain("Door and Gate");
    expect(await attributes()).toEqual({});
    await give(mac, { template: door }, { template: shop });
    const later = await call("PATCH", `/templates/${shop}`, { attributes: [SHOP, { ...DOOR, stream: "5003" }] });
    expect(later).toMatchObject({ status: 409, body: { code: "attributesOverlap" } });
    expect(later.body["detail"]).toContain(`of device ${mac}, Shop and Door`);
    expect((await call("GET", `/templates/${shop}`)).body["version"]).toBe(1);
    // Pinned, it does not follow.
    await give(mac, { template: door }, { template: shop, version: 1 });
    expect((await call("PATCH", `/templates/${shop}`, { attributes: [SHOP, DOOR] })).body["version"]).toBe(2);
    expect((await give(mac, { template: door }, { template: shop })).body["code"]).toBe("attributesOverlap");
  });

  test("has values of its own for static attributes alone", async () => {
    await newDevice(mac);
    const template = await makeTemplate("Door", SHOP, DOOR, { label: "floor", kind: "static", type: "integer" });
    await give(mac, { template });
    const override = (values: object) => call("PATCH", `/devices/${mac}/overrides`, { values });
    expect((await override({ shop: "Station", floor: 2 })).body).toEqual({
      values: { floor: 2, shop: "Station" },
      unused: [],
    });
    expect(await attributes()).toMatchObject({
      shop: { value: "Station", overridden: true },
      floor: { value: 2, overridden: true },
    });
    const refused = await override({ floor: "two", "door-count": 1, nosuch: 1, shop: null });
    expect(refused).toMatchObject({ status: 422, body: { code: "attributeRefused" } });
    expect(refused.body["detail"]).toBe(
      "floor must be an integer; door-count is no static attribute of its templates; nosuch is no static attribute of its templates",
    );
    await override({ shop: null });
    expect((await attributes())["shop"]).toMatchObject({ value: "Main Street", overridden: false });
    // A version in which the attribute is of another type.
    await call("PATCH", `/templates/${template}`, { attributes: [{ label: "floor", kind: "static", type: "string" }] });
    expect((await call("GET", `/devices/${mac}/overrides`)).body).toEqual({ values: { floor: 2 }, unused: ["floor"] });
    expect((await attributes())["floor"]).toMatchObject({ value: null, overridden: false });
  });

  test("takes them along to the board in its place, and not to another organisation", async () => {
    await newDevice(mac);
    const template = await makeTemplate("Door", SHOP);
    await give(mac, { template });
    await call("PATCH", `/devices/${mac}/overrides`, { values: { shop: "Station" } });
    expect((await call("POST", `/devices/${mac}/replace`, { by: other })).status).toBe(200);
    expect((await attributes(other))["shop"]).toMatchObject({ value: "Station" });
    const project = guarded.otherProject();
    expect((await call("PATCH", `/devices/${other}`, { project })).status).toBe(200);
    expect(await attributes(other)).toEqual({});
    expect((await call("GET", `/devices/${other}/overrides`)).body["values"]).toEqual({});
    // Those of the organisation it came from are none there.
    expect((await give(other, { template })).body["code"]).toBe("templateUnknown");
  });
});

describe("present values", () => {
  let device: OrderDevice;

  beforeEach(async () => {
    device = await startOrderDevice(server, mac);
    await device.hello(server);
  });

  test("of a stream, measured or derived", async () => {
    const derived = { label: "doubled", kind: "dynamic", type: "number", stream: "5f00" };
    const isOpen = { label: "is-open", kind: "dynamic", type: "boolean", stream: "5001" };
    await give(mac, {
      template: await makeTemplate("Door", DOOR, derived, isOpen, { ...DOOR, label: "none", stream: "5999" }),
    });
    expect((await attributes())["door-count"]).toMatchObject({ value: null, time: null, stream: "5001", unit: "/" });
    device.client.data(encodePack(1, 1, 1, [{ stream: "5001", value: 21, timeS: TEST_NOW_MS / 1000 - 60 }]));
    await server.idle();
    await call("PUT", `/devices/${mac}/derived-streams/5f00`, {
      kind: "linear",
      source: { device: mac, stream: "5001" },
      factor: 2,
    });
    const time = new Date(TEST_NOW_MS - 60_000).toISOString();
    expect(await attributes()).toMatchObject({
      "door-count": { value: 21, time },
      doubled: { value: 42, time },
      "is-open": { value: true },
      none: { value: null },
    });
  });

  test("of a setting: what was wanted, and what the device has said that it uses", async () => {
    const level = { label: "brightness", kind: "actuator", type: "integer", setting: "level", unit: "%" };
    const names = { label: "lit", kind: "configuration", type: "boolean", setting: "isOn" };
    await give(mac, { template: await makeTemplate("Lamp", level, names) });
    // Nothing was ever chosen: what it was flashed with is not known here.
    expect((await attributes())["brightness"]).toMatchObject({ value: null, desired: null, setting: "level" });
    await call("PATCH", `/devices/${mac}/config`, { settings: { isOn: true } });
    expect(await attributes()).toMatchObject({
      brightness: { value: null, desired: 50 },
      lit: { value: null, desired: true },
    });
    await device.answer(server, { Code: ResultCode.Done, ConfigVersion: 1 });
    expect(await attributes()).toMatchObject({
      brightness: { value: 50, desired: 50, time: new Date(TEST_NOW_MS).toISOString() },
      lit: { value: true },
    });
  });

  test("of a command: the argument that it was done with", async () => {
    const flash = { label: "flash", kind: "actuator", type: "integer", command: "flash" };
    await give(mac, { template: await makeTemplate("Lamp", flash) });
    const order = async (argument: number) =>
      Number((await call("POST", `/devices/${mac}/commands`, { method: "flash", argument })).body["id"]);
    const first = await order(3);
    expect((await attributes())["flash"]).toMatchObject({ value: null, desired: 3, command: "flash" });
    await device.answer(server, { Code: ResultCode.Done, Command: first });
    await order(7);
    expect((await attributes())["flash"]).toMatchObject({ value: 3, desired: 7 });
  });
});

describe("actuation", () => {
  let device: OrderDevice;
  const drive = (values: object) => call("PUT", `/devices/${mac}/attributes`, { values });

  beforeEach(async () => {
    device = await startOrderDevice(server, mac);
    await device.hello(server);
    const level = { label: "brightness", kind: "actuator", type: "integer", setting: "level" };
    const isOn = { label: "lit", kind: "actuator", type: "boolean", setting: "isOn" };
    const flash = { label: "flash", kind: "actuator", type: "integer", command: "flash" };
    const alarm = { label: "alarm", kind: "actuator", type: "boolean", command: "alarm" };
    const shown = { label: "shown", kind: "configuration", type: "integer", setting: "level" };
    await give(mac, { template: await makeTemplate("Lamp", level, isOn, flash, alarm, shown, SHOP, DOOR) });
  });

  test("drives settings in one change, and commands one after the other", async () => {
    const { status, body } = await drive({ flash: 3, brightness: 70, alarm: true, lit: false });
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.items).toMatchObject([
      { label: "brightness", desired: 70, value: null },
      { label: "lit", desired: false },
      { label: "flash", desired: 3 },
      { label: "alarm", desired: true },
    ]);
    expect(device.configs).toHaveLength(1);
    const settings = [
      [3, 70],
      [0, false],
    ] as const;
    expect(device.configs[0]?.values).toEqual(new Map([[ConfigKey.Product, new Map<number, unknown>(settings)]]));
    expect(device.commands).toMatchObject([{ Method: "flash", Argument: 3 }]);
    await device.answer(server, { Code: ResultCode.Done, Command: Number(device.commands[0]?.["Id"]) });
    expect(device.commands.at(-1)).toMatchObject({ Method: "alarm", Argument: 1 });
  });

  test("of one", async () => {
    expect((await call("PUT", `/devices/${mac}/attributes/lit`, { value: true })).body.items).toMatchObject([
      { label: "lit", desired: true },
    ]);
    expect(device.configs).toHaveLength(1);
  });

  test.each([
    [{ brightness: 5, shop: "x" }, 422, "attributeNotActuator", "nothing was done: shop cannot be driven"],
    [{ flash: 5, "door-count": 1, shown: 2 }, 422, "attributeNotActuator", "door-count, shown cannot be driven"],
    [{ brightness: 5, nosuch: 1 }, 404, "attributeUnknown", "nosuch"],
    [{ brightness: 5, flash: "3" }, 422, "attributeRefused", "flash must be an integer"],
    [{ brightness: 5, lit: 1 }, 422, "attributeRefused", "lit must be true or false"],
    [{ brightness: 5, flash: 2 ** 31 }, 422, "attributeRefused", "flash must be within 32 bits"],
    [{ flash: 3, brightness: 101 }, 422, "settingRefused", "level must be an integer from 0 to 100 (%)"],
    [{ flash: 3, brightness: null }, 422, "attributeRefused", "brightness must be an integer"],
    [{}, 400, "badRequest", ""],
  ])("does nothing where something does not fit: %j", async (values, status, code, words) => {
    const answer = await drive(values);
    expect({ status: answer.status, code: answer.body["code"] }).toEqual({ status, code });
    expect(answer.body["detail"]).toContain(words);
    expect([device.configs, device.commands]).toEqual([[], []]);
    expect((await call("GET", `/devices/${mac}/commands`)).body.items).toEqual([]);
  });

  test("does nothing where not all commands have room", async () => {
    for (let n = 1; n < COMMANDS_OPEN_MAX; n++) await call("POST", `/devices/${mac}/commands`, { method: "wait" });
    expect((await drive({ brightness: 5, flash: 1, alarm: true })).body["code"]).toBe("tooManyCommands");
    expect(device.configs).toEqual([]);
    expect((await drive({ brightness: 5, flash: 1 })).status).toBe(200);
    expect(device.configs).toHaveLength(1);
  });

  test("of a board that has never said what it is", async () => {
    await newDevice(other);
    const template = guarded.sql<{ id: number }>("SELECT id FROM templates")[0]?.id ?? 0;
    await give(other, { template });
    expect((await call("PUT", `/devices/${other}/attributes/lit`, { value: true })).body["code"]).toBe("productUntold");
  });
});
