/** Boards that take each other's place keep one history: asked by either name, nothing copied. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LintelServer } from "../server-options.ts";
import { encodePack, inMemory, makeFolder, startTestServer, TEST_NOW_MS } from "../testing/test-server.ts";
import { Housekeeper } from "./housekeeper.ts";
import { openForWriting } from "./open-database.ts";

const [FIRST, SECOND, THIRD] = ["5ccf7f000001", "5ccf7f000002", "5ccf7f000003"] as const;
const BOARDS = [FIRST, SECOND, THIRD];
/** 2023-11-10T00:00:00Z: days that are packed are among them. */
const START_S = 1_699_574_400;
const DAY_S = 86_400;
const SECRET = "0123456789abcdef";

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;

beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path);
  // Each board sends 5001 for a day, two days apart; the first one also 5002, the last one also 5003.
  for (const [at, mac] of BOARDS.entries()) {
    if (at === 0) await ask("POST", "/devices", { mac, secret: SECRET });
    const device = await inMemory(server, mac).connect(mac, SECRET);
    await device.subscribe();
    const readings = Array.from({ length: 24 }, (_, hour) => ({
      stream: "5001",
      value: at * 100 + hour,
      timeS: START_S + at * 2 * DAY_S + hour * 3600,
    }));
    const extra = [{ stream: `500${at + 2}`, value: 7 + at, timeS: START_S + at * 2 * DAY_S }];
    device.data(encodePack(1, 1, 1, at === 1 ? readings : [...readings, ...extra]));
    await device.ack(at === 1 ? 24 : 25);
    const next = BOARDS[at + 1];
    if (at === 1) await ask("PUT", `/devices/${SECOND}/derived-streams/5f00`, doubled(SECOND));
    if (next !== undefined) await ask("POST", "/devices", { mac: next, secret: SECRET });
    if (next !== undefined) await ask("POST", `/devices/${mac}/replace`, { by: next });
  }
});

afterEach(async () => {
  await server.stop();
  folder.remove();
});

const doubled = (device: string) => ({ kind: "linear", source: { device, stream: "5001" }, factor: 2 });

async function ask(method: string, path: string, body?: object) {
  const sent = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`${server.url}/api/v1${path}`, { method, ...sent });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer;
}

const values = async (mac: string, query = "", stream = "5001") => {
  const { items } = await ask("GET", `/devices/${mac}/streams/${stream}/readings?limit=1000&${query}`);
  return (items as Array<{ value: number }>).map(({ value }) => value);
};
const ALL = [0, 1, 2].flatMap((at) => Array.from({ length: 24 }, (_, hour) => at * 100 + hour));

test("through two replacements, each board's name gives the whole history, page by page and from any time", async () => {
  for (const mac of BOARDS) {
    expect(await values(mac)).toEqual(ALL);
    expect(await values(mac, `from=${(START_S + 2 * DAY_S) * 1000}`)).toEqual(ALL.slice(24));
    expect(await values(mac, `to=${(START_S + DAY_S) * 1000}`)).toEqual(ALL.slice(0, 24));
    expect(await ask("GET", `/devices/${mac}/streams/5001/last`)).toMatchObject({ value: 223 });
  }
  const paged: number[] = [];
  let cursor = "";
  do {
    const page = await ask("GET", `/devices/${THIRD}/streams/5001/readings?limit=7${cursor}`);
    paged.push(...(page["items"] as Array<{ value: number }>).map(({ value }) => value));
    cursor = page["next"] === null ? "" : `&cursor=${page["next"]}`;
  } while (cursor !== "");
  expect(paged).toEqual(ALL);
});

test("streams are listed together, with those that only one of the boards had", async () => {
  const { items } = await ask("GET", `/devices/${THIRD}/streams`);
  expect(items).toMatchObject([
    {
      stream: "5001",
      count: 72,
      firstTime: "2023-11-10T00:00:00.000Z",
      lastTime: "2023-11-14T23:00:00.000Z",
      lastValue: 223,
    },
    { stream: "5002", count: 1, lastValue: 7 },
    { stream: "5004", count: 1, lastValue: 9 },
  ]);
  const former = (await ask("GET", `/devices/${FIRST}/streams`))["items"] as Array<{ slug: string }>;
  // Each under the name of the board that was asked for.
  expect(former.map(({ slug, ...rest }) => rest)).toEqual((items as typeof former).map(({ slug, ...rest }) => rest));
  expect(former[0]?.slug).toBe("s--0000-0001--0000-5ccf-7f00-0001--5001");
  expect(await values(THIRD, "", "5002")).toEqual([7]);
});

test("aggregates and derived streams go across the change, also where the first days are packed", async () => {
  await server.stop();
  const db = openForWriting(join(folder.path, "lintel.db"));
  const keeper = new Housekeeper(db, () => {});
  keeper.tell(TEST_NOW_MS + 10 * DAY_S * 1000, 0);
  while (keeper.step());
  expect(keeper.figures().packed).toBe(74);
  db.close();
  server = await startTestServer(folder.path);
  const range = `from=${START_S * 1000}&to=${(START_S + 6 * DAY_S) * 1000}`;
  const { buckets } = await ask("GET", `/devices/${THIRD}/streams/5001/aggregates?${range}&resolution=1d`);
  // 0 to 23 sums up to 276.
  expect((buckets as Array<{ count: number; sum: number }>).filter(({ count }) => count > 0)).toMatchObject([
    { count: 24, sum: 276, min: 0, max: 23 },
    { count: 24, sum: 276 + 2400, min: 100, max: 123 },
    { count: 24, sum: 276 + 4800, min: 200, max: 223 },
  ]);
  expect(await values(THIRD, "", "5f00")).toEqual(ALL.map((value) => value * 2));
  expect((await ask("GET", `/devices/${THIRD}/derived-streams`))["items"]).toMatchObject([{ stream: "5f00" }]);
}, 60_000);

test("a board that goes to another organisation takes nothing along that is not its own", async () => {
  await ask("POST", "/organisations", { slug: "other", name: "Other" });
  const { items } = await ask("GET", "/organisations/other/projects");
  const [{ id }] = items as [{ id: number }];
  await ask("PATCH", `/devices/${THIRD}`, { project: id });
  expect(await values(THIRD)).toEqual(ALL.slice(48));
  expect(await values(FIRST)).toEqual(ALL.slice(0, 48));
});

test("a board that is taken in anew, for another place, begins with what is its own", async () => {
  await ask("POST", "/devices", { mac: SECOND, secret: SECRET });
  expect(await values(SECOND)).toEqual(ALL.slice(0, 48));
  expect(await values(THIRD)).toEqual(ALL.slice(48));
});

test("events and notes go on with the place, and say which board they are about", async () => {
  const event = (mac: string, kind: string, at: number) =>
    ask("POST", `/devices/${mac}/events`, { kind, time: new Date((START_S + at * DAY_S) * 1000).toISOString() });
  const { id } = await event(FIRST, "opened", 0);
  await event(THIRD, "closed", 4);
  await ask("POST", `/devices/${FIRST}/notes`, { text: "behind the till" });
  await ask("POST", `/devices/${THIRD}/notes`, { text: "at the door", stream: "5001" });
  for (const mac of BOARDS) {
    const events = (await ask("GET", `/devices/${mac}/events`))["items"];
    expect(events).toMatchObject([
      { kind: "opened", device: FIRST },
      { kind: "closed", device: THIRD },
    ]);
    expect(await ask("GET", `/devices/${mac}/events/${id}`)).toMatchObject({ device: FIRST });
    const notes = (await ask("GET", `/devices/${mac}/notes`))["items"];
    expect(notes).toMatchObject([
      { text: "behind the till", device: FIRST },
      { text: "at the door", device: THIRD },
    ]);
    expect((await ask("GET", `/devices/${mac}/notes?stream=5001`))["items"]).toHaveLength(1);
  }
  const first = await ask("GET", `/devices/${SECOND}/events?limit=1`);
  const second = await ask("GET", `/devices/${SECOND}/events?limit=1&cursor=${first["next"]}`);
  expect([first["items"], second["items"], second["next"]]).toMatchObject([
    [{ kind: "opened" }],
    [{ kind: "closed" }],
    null,
  ]);
  // Another board is none of them.
  await ask("POST", "/devices", { mac: "5ccf7f000009", secret: SECRET });
  await expect(ask("GET", `/devices/5ccf7f000009/events/${id}`)).rejects.toThrow("eventUnknown");
  await ask("POST", "/organisations", { slug: "other", name: "Other" });
  const { items } = await ask("GET", "/organisations/other/projects");
  await ask("PATCH", `/devices/${THIRD}`, { project: (items as [{ id: number }])[0].id });
  expect((await ask("GET", `/devices/${THIRD}/events`))["items"]).toMatchObject([{ kind: "closed" }]);
  expect((await ask("GET", `/devices/${FIRST}/notes`))["items"]).toMatchObject([{ text: "behind the till" }]);
});

test("a board that is in use elsewhere is not taken unless that is said, and then with what was told", async () => {
  const inUse = "5ccf7f000004";
  await ask("POST", "/devices", { mac: inUse, secret: SECRET, name: "Back door" });
  const replace = (by: string, more: object = {}) => ask("POST", `/devices/${THIRD}/replace`, { by, ...more });
  const device = await inMemory(server, inUse).connect(inUse, SECRET);
  await device.subscribe();
  device.data(encodePack(1, 1, 1, [{ stream: "5001", value: 900, timeS: START_S + 7 * DAY_S }]));
  await device.ack(1);
  await expect(replace(inUse)).rejects.toThrow(/boardInUse.*Back door.*takeOver/);
  expect(await ask("GET", `/devices/${THIRD}`)).toMatchObject({ standing: "active" });
  expect(await values(inUse)).toEqual([900]);
  await replace(inUse, { takeOver: true });
  expect(await values(inUse)).toEqual([...ALL, 900]);
  // Back again: it is of the same place, so nobody is asked.
  await ask("POST", `/devices/${inUse}/replace`, { by: THIRD });
  expect(await ask("GET", `/devices/${THIRD}`)).toMatchObject({ standing: "active" });
});

test("a board of another project is in use, also if it has never come", async () => {
  const { items } = await ask("GET", "/organisations");
  const { slug } = (items as [{ slug: string }])[0];
  const { id } = await ask("POST", `/organisations/${slug}/projects`, { name: "Elsewhere" });
  await ask("POST", "/devices", { mac: "5ccf7f000005", secret: SECRET, project: id });
  await expect(ask("POST", `/devices/${THIRD}/replace`, { by: "5ccf7f000005" })).rejects.toThrow("boardInUse");
});

test("a board that was replaced or revoked is in no fleet, and no template is used by it", async () => {
  const { id: template } = await ask("POST", "/templates", { name: "door", attributes: [] });
  const { id: fleet } = await ask("POST", "/fleets", { name: "doors", criterion: { template } });
  for (const mac of [THIRD, SECOND]) await ask("PUT", `/devices/${mac}/templates`, { templates: [{ template }] });
  await ask("PATCH", `/fleets/${fleet}/members`, { add: [SECOND, THIRD] });
  const seen = async () => [
    (await ask("GET", `/templates/${template}`))["devices"],
    (await ask("GET", `/fleets/${fleet}`))["members"],
    (await ask("GET", `/fleets/${fleet}/members`))["items"],
    ((await ask("GET", `/fleets/${fleet}/devices`))["items"] as Array<{ mac: string }>).map(({ mac }) => mac),
  ];
  expect(await seen()).toEqual([1, 1, [THIRD], [THIRD]]);
  await ask("POST", `/devices/${THIRD}/revoke`);
  expect(await seen()).toEqual([0, 0, [], []]);
  await ask("POST", `/devices/${THIRD}/approve`);
  expect(await seen()).toEqual([1, 1, [THIRD], [THIRD]]);
  await ask("POST", `/devices/${THIRD}/revoke`);
  await fetch(`${server.url}/api/v1/fleets/${fleet}`, { method: "DELETE" });
  const { status } = await fetch(`${server.url}/api/v1/templates/${template}`, { method: "DELETE" });
  expect(status).toBe(204);
  expect((await ask("GET", `/devices/${THIRD}/templates`))["templates"]).toEqual([]);
});
