/** Tags, properties, places and fleets; lists and rollouts by them; slugs wherever ids are. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEVICE_TAGS_MAX, PROPERTIES_MAX } from "../limits.ts";
import { GuardedServer } from "../testing/test-login.ts";
import { countingPack, startDevice } from "../testing/test-server.ts";

const DOOR = "5ccf7f000001";
const WINDOW = "5ccf7f000002";
const GATE = "5ccf7f000003";

let guarded: GuardedServer;
let call: GuardedServer["call"];

beforeAll(async () => {
  guarded = await GuardedServer.start({ login: "off", registration: "anyone" });
  call = (...request) => guarded.call(...request);
  guarded.otherProject();
});
afterAll(() => guarded.stop());
beforeEach(async () => {
  for (const mac of [DOOR, WINDOW, GATE])
    expect((await call("POST", "/devices", { mac, project: 1 })).status).toBe(201);
});
/** One server for all: what a test has made is gone for the next one. */
afterEach(() => {
  for (const table of [
    "rollouts",
    "releases",
    "fleets",
    "device_templates",
    "templates",
    "project_properties",
    "streams",
    "epochs",
    "devices",
  ])
    guarded.sql(`DELETE FROM ${table}`);
  guarded.sql("UPDATE projects SET latitude = NULL, longitude = NULL, place = NULL");
});

const tag = (mac: string, ...add: string[]) => call("PATCH", `/devices/${mac}/tags`, { add });
const macs = async (path: string) => (await call("GET", path)).body.items.map(({ mac }) => mac);

async function makeFleet(criterion?: object | null): Promise<number> {
  const { status, body } = await call("POST", "/fleets?organisation=home", { name: "North", criterion });
  expect(status, JSON.stringify(body)).toBe(201);
  return Number(body["id"]);
}

describe("tags", () => {
  test("are put on and taken off, and lists are asked by them", async () => {
    expect((await tag(DOOR, "window", "north", "north")).body).toMatchObject({ tags: ["north", "window"] });
    await tag(WINDOW, "window");
    expect(await macs("/devices?tag=window")).toEqual([DOOR, WINDOW]);
    expect(await macs("/devices?tag=window&tag=north")).toEqual([DOOR]);
    expect(await macs("/devices?tag=south")).toEqual([]);
    expect(
      (await call("PATCH", `/devices/${DOOR}/tags`, { add: ["a"], remove: ["north", "nosuch"] })).body,
    ).toMatchObject({
      tags: ["a", "window"],
    });
    expect((await call("GET", `/devices/${GATE}`)).body).toMatchObject({ tags: [], location: null });
  });

  test.each([["Window"], ["two words"], [""], ["-a"], ["x".repeat(41)]])("are short words, not %j", async (word) => {
    expect((await tag(DOOR, word)).status).toBe(400);
  });

  test("are not more than a device can have, and none is put on and taken off at once", async () => {
    const many = Array.from({ length: DEVICE_TAGS_MAX }, (_, n) => `t${n}`);
    expect((await tag(DOOR, ...many)).status).toBe(200);
    expect((await tag(DOOR, "t0")).status).toBe(200);
    expect(await tag(DOOR, "one-more")).toMatchObject({ status: 409, body: { code: "tooMany" } });
    expect((await call("PATCH", `/devices/${DOOR}/tags`, { add: ["a"], remove: ["a"] })).status).toBe(400);
  });
});

test("properties: of a device, and inherited from its project", async () => {
  const device = `/devices/${DOOR}/properties`;
  await call("PATCH", "/projects/p--0000-0001/properties", { properties: { owner: "Ann", phone: "1" } });
  const { body } = await call("PATCH", device, { properties: { owner: "Bob", floor: "2" } });
  expect(body).toEqual({ properties: { floor: "2", owner: "Bob" }, inherited: { phone: "1" } });
  expect((await call("PATCH", device, { properties: { owner: null } })).body).toEqual({
    properties: { floor: "2" },
    inherited: { owner: "Ann", phone: "1" },
  });
  expect((await call("GET", "/projects/1/properties")).body).toEqual({ properties: { owner: "Ann", phone: "1" } });
  for (const properties of [{ "1st": "x" }, { a: "x".repeat(501) }, { a: { b: 1 } }]) {
    expect((await call("PATCH", device, { properties })).status).toBe(400);
  }
  const many = Object.fromEntries(Array.from({ length: PROPERTIES_MAX }, (_, n) => [`p${n}`, "x"]));
  expect((await call("PATCH", device, { properties: many })).body["code"]).toBe("tooMany");
  expect((await call("GET", "/projects/99/properties")).body["code"]).toBe("projectUnknown");
});

test("a location: of a device, or else of its project", async () => {
  const location = async () => (await call("GET", `/devices/${DOOR}`)).body["location"];
  await call("PUT", "/projects/1/location", { latitude: 45.07, longitude: 7.69, name: "Turin" });
  expect(await location()).toEqual({ latitude: 45.07, longitude: 7.69, name: "Turin", of: "project" });
  expect((await call("PUT", `/devices/${DOOR}/location`, { latitude: 0, longitude: 0 })).body["location"]).toEqual({
    latitude: 0,
    longitude: 0,
    name: null,
    of: "device",
  });
  expect((await call("DELETE", `/devices/${DOOR}/location`)).status).toBe(204);
  expect(await location()).toMatchObject({ of: "project" });
  expect((await call("GET", "/projects/1/location")).body).toMatchObject({ location: { name: "Turin" } });
  expect((await call("DELETE", "/projects/1/location")).status).toBe(204);
  expect(await location()).toBeNull();
  for (const body of [{ latitude: 90.1, longitude: 0 }, { latitude: 0 }, { latitude: 0, longitude: -181 }]) {
    expect((await call("PUT", `/devices/${DOOR}/location`, body)).status).toBe(400);
  }
});

describe("a fleet", () => {
  const inFleet = (fleet: number) => macs(`/fleets/${fleet}/devices`);

  test("has its members, and what is like its criterion now", async () => {
    const fleet = await makeFleet({ tags: ["north"] });
    await tag(DOOR, "north");
    expect(await inFleet(fleet)).toEqual([DOOR]);
    const members = await call("PATCH", `/fleets/${fleet}/members`, { add: [WINDOW, "d--0000-5ccf-7f00-0001"] });
    expect(members.body).toMatchObject({
      members: 2,
      devices: 2,
      slug: `g--0000-0000-${fleet.toString(16).padStart(4, "0")}`,
    });
    expect(await inFleet(fleet)).toEqual([DOOR, WINDOW]);
    await call("PATCH", `/devices/${DOOR}/tags`, { remove: ["north"] });
    await call("PATCH", `/fleets/${fleet}/members`, { remove: [DOOR] });
    expect(await inFleet(fleet)).toEqual([WINDOW]);
    expect((await call("GET", `/fleets/${members.body["slug"]}/members`)).body.items).toEqual([WINDOW]);
    expect(await macs(`/devices?fleet=${members.body["slug"]}`)).toEqual([WINDOW]);
    await call("PATCH", `/fleets/${fleet}`, { criterion: {} });
    expect(await inFleet(fleet)).toEqual([DOOR, WINDOW, GATE]);
    await call("PATCH", `/fleets/${fleet}`, { criterion: null });
    expect(await inFleet(fleet)).toEqual([WINDOW]);
  });

  test("by product, project and template, all of which have to hold", async () => {
    const { body } = await call("POST", "/templates?organisation=home", { name: "Door", attributes: [] });
    const template = Number(body["id"]);
    for (const mac of [DOOR, WINDOW]) await call("PUT", `/devices/${mac}/templates`, { templates: [{ template }] });
    guarded.sql("UPDATE devices SET product = 'counter' WHERE mac IN (?, ?)", WINDOW, GATE);
    const criterion = { product: "counter", project: "p--0000-0001", template };
    const fleet = await makeFleet(criterion);
    expect(await inFleet(fleet)).toEqual([WINDOW]);
    expect((await call("GET", `/fleets/${fleet}`)).body).toMatchObject({
      criterion,
      members: 0,
      devices: 1,
      name: "North",
    });
    expect(await macs(`/devices?template=${template}`)).toEqual([DOOR, WINDOW]);
    // What a fleet looks at is not deleted.
    for (const mac of [DOOR, WINDOW]) await call("PUT", `/devices/${mac}/templates`, { templates: [] });
    expect((await call("DELETE", `/templates/${template}`)).body["code"]).toBe("templateInUse");
    expect((await call("DELETE", `/fleets/${fleet}`)).status).toBe(204);
    expect((await call("DELETE", `/templates/${template}`)).status).toBe(204);
    expect((await call("GET", `/fleets/${fleet}`)).body["code"]).toBe("fleetUnknown");
  });

  test("has devices of its organisation alone, and loses those that move away", async () => {
    const fleet = await makeFleet();
    await call("PATCH", `/fleets/${fleet}/members`, { add: [DOOR, GATE] });
    await call("PATCH", `/devices/${DOOR}`, { project: 2 });
    expect(await inFleet(fleet)).toEqual([GATE]);
    const refused = await call("PATCH", `/fleets/${fleet}/members`, { add: [WINDOW, DOOR] });
    expect(refused).toMatchObject({ status: 404, body: { code: "deviceUnknown" } });
    expect(await inFleet(fleet)).toEqual([GATE]);
    expect(await call("PATCH", `/fleets/${fleet}`, { criterion: { project: 2 } })).toMatchObject({
      status: 422,
      body: { code: "fleetRefused" },
    });
    expect((await call("POST", "/fleets?organisation=home", { name: "North" })).body["code"]).toBe("nameTaken");
  });

  test("goes to the board in a device's place, with its tags and properties", async () => {
    const fleet = await makeFleet();
    await call("PATCH", `/fleets/${fleet}/members`, { add: [DOOR] });
    await tag(DOOR, "north");
    await call("PATCH", `/devices/${DOOR}/properties`, { properties: { floor: "2" } });
    await call("PUT", `/devices/${DOOR}/location`, { latitude: 1, longitude: 2, name: "Hall" });
    const by = "5ccf7f000009";
    await call("POST", `/devices/${DOOR}/replace`, { by });
    expect(await inFleet(fleet)).toContain(by);
    expect((await call("GET", `/devices/${by}`)).body).toMatchObject({
      tags: ["north"],
      location: { name: "Hall", of: "device" },
    });
    expect((await call("GET", `/devices/${by}/properties`)).body["properties"]).toEqual({ floor: "2" });
  });
});

test("a rollout looks at tags and at the fleet, as they are now", async () => {
  guarded.sql("UPDATE devices SET product = 'counter', hello_ms = 1");
  guarded.sql(
    "INSERT INTO releases (id, organisation_id, version, notes, state, created_ms, state_ms) VALUES (7, 1, '2', '', 1, 0, 0)",
  );
  const fleet = await makeFleet({ tags: ["north"] });
  const reasons = async (target: object) => {
    const { status, body } = await call("POST", "/rollouts/dry-run", { release: 7, target });
    expect(status, JSON.stringify(body)).toBe(200);
    return (body["devices"] as Array<{ reason: string }>).map(({ reason }) => reason);
  };
  await tag(WINDOW, "north");
  await tag(GATE, "north", "window");
  expect(await reasons({ fleet })).toEqual(["not-in-fleet", "other-product", "other-product"]);
  expect(await reasons({ fleet: `g--0000-0000-${fleet.toString(16).padStart(4, "0")}` })).toEqual(
    await reasons({ fleet }),
  );
  expect(await reasons({ tags: ["window"] })).toEqual(["without-tag", "without-tag", "other-product"]);
  expect(await reasons({ project: "p--0000-0002" })).toEqual(["other-project", "other-project", "other-project"]);
  expect(await reasons({ devices: ["d--0000-5ccf-7f00-0001"] })).toEqual(["other-product", "not-named", "not-named"]);
  expect(await reasons({ fleet: 99 })).toEqual(["not-in-fleet", "not-in-fleet", "not-in-fleet"]);
  const made = await call("POST", "/rollouts", { release: 7, target: { fleet }, draft: true });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  expect((await call("DELETE", `/fleets/${fleet}`)).body["code"]).toBe("fleetInUse");
  await call("POST", `/rollouts/${made.body["id"]}/abort`);
  expect((await call("DELETE", `/fleets/${fleet}`)).status).toBe(204);
});

test("streams by their slugs", async () => {
  guarded.sql("UPDATE devices SET secret = 'secret' WHERE mac = ?", DOOR);
  const device = await startDevice(guarded.server, DOOR);
  device.data(countingPack(1, 1, 3));
  await device.ack(3);
  const slug = "s--0000-0001--0000-5ccf-7f00-0001--5001";
  expect((await call("GET", `/devices/${DOOR}/streams`)).body.items).toMatchObject([{ stream: "5001", slug }]);
  expect((await call("GET", `/devices/d--0000-5ccf-7f00-0001/streams/${slug}/last`)).body).toMatchObject({ value: 1 });
  expect(await call("GET", `/devices/${WINDOW}/streams/${slug}/last`)).toMatchObject({
    status: 404,
    body: { code: "streamUnknown" },
  });
  device.drop();
});
