/** Changes that are made only if nothing has changed since (`If-Match`), where nothing has a version: through the API, as two people would. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HelloKey, StateKey } from "../../runtime/contract/messages.ts";
import { CHANNEL_STATE } from "../../runtime/contract/topics.ts";
import { encodeCbor } from "../ingest/cbor-codec.ts";
import type { LintelServer } from "../server-options.ts";
import { inMemory, makeFolder, startTestServer, type TestClient } from "../testing/test-server.ts";

const MAC = "5ccf7f000001";
const folder = makeFolder();
let server: LintelServer;
let board: TestClient;
beforeAll(async () => {
  server = await startTestServer(folder.path);
  board = await inMemory(server, MAC).connect();
  await board.subscribe();
  board.hello(1, [[HelloKey.Product, "counter"]]);
  await board.ack(0);
});
afterAll(async () => {
  await server?.stop();
  folder.remove();
});

async function ask(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, body: answer, tag: response.headers.get("etag") ?? "" };
}

const change = (tag: string, name: string, path = `/devices/${MAC}`) =>
  ask("PATCH", path, { name }, { "if-match": tag });

describe("a device", () => {
  test("of two who have read the same, the second is told, and reads again", async () => {
    const { tag } = await ask("GET", `/devices/${MAC}`);
    const first = await change(tag, "Front door");
    expect(first.status).toBe(200);
    expect(await change(tag, "Back door")).toMatchObject({ status: 412, body: { code: "preconditionFailed" } });
    expect((await ask("GET", `/devices/${MAC}`)).body["name"]).toBe("Front door");
    expect((await change(first.tag, "Back door")).status).toBe(200);
  });

  test("at the same moment, one of them is made", async () => {
    const { tag } = await ask("GET", `/devices/${MAC}`);
    const slug = `/devices/d--0000-${MAC.replace(/(.{4})(?=.)/g, "$1-")}`;
    const paths = [`/devices/${MAC}`, slug, `/devices/${MAC}`, slug];
    const answers = await Promise.all(paths.map((path, at) => change(tag, `Door ${at}`, path)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    const winner = answers.findIndex(({ status }) => status === 200);
    expect((await ask("GET", `/devices/${MAC}`)).body["name"]).toBe(`Door ${winner}`);
  });

  test("what the board says of itself is no change of what people edit", async () => {
    const { tag, body } = await ask("GET", `/devices/${MAC}`);
    const state = new Map<number, unknown>([
      [StateKey.Online, true],
      [StateKey.FreeBytes, 4321],
    ]);
    board.publish(board.topic(CHANNEL_STATE), encodeCbor(state));
    await expect.poll(async () => (await ask("GET", `/devices/${MAC}`)).tag).not.toBe(tag);
    expect(body["state"]).not.toMatchObject({ freeBytes: 4321 });
    expect((await change(tag, "Side door")).status).toBe(200);
  });

  test("tags and place are of the device: its ETag is theirs", async () => {
    const { tag } = await ask("GET", `/devices/${MAC}`);
    const ifMatch = { "if-match": tag };
    expect((await ask("PATCH", `/devices/${MAC}/tags`, { add: ["door"] }, ifMatch)).status).toBe(200);
    const place = { latitude: 52.5, longitude: 13.4 };
    expect((await ask("PUT", `/devices/${MAC}/location`, place, ifMatch)).status).toBe(412);
    expect((await ask("GET", `/devices/${MAC}`)).body["location"]).toBeNull();
  });
});

test("properties: what somebody else has set meanwhile is not overwritten; any of several tags will do, a weak one never", async () => {
  const path = `/devices/${MAC}/properties`;
  const set = (owner: string, ifMatch: string) =>
    ask("PATCH", path, { properties: { owner } }, { "if-match": ifMatch });
  const { tag } = await ask("GET", path);
  expect((await set("Ada", `"other", ${tag}`)).status).toBe(200);
  expect((await set("Bob", tag)).status).toBe(412);
  const now = (await ask("GET", path)).tag;
  expect((await set("Bob", `W/${now}`)).status).toBe(412);
  expect((await ask("GET", path)).body).toMatchObject({ properties: { owner: "Ada" } });
  expect((await set("Bob", "*")).status).toBe(200);
});

test("what is no ETag is refused, and so is a part of one", async () => {
  const path = `/devices/${MAC}`;
  const { tag } = await ask("GET", path);
  const bare = tag.slice(1, -1);
  const [version = ""] = bare.split("-");
  for (const bad of [
    version,
    bare,
    `"${bare}`,
    `${bare}"`,
    `${tag}${tag}`,
    `${tag} ${tag}`,
    `*, ${tag}`,
    "",
    ",",
    `w/${tag}`,
  ]) {
    const { status, body } = await change(bad, "Bare");
    expect([bad, status, body["code"]]).toEqual([bad, 400, "badRequest"]);
  }
  expect((await ask("PATCH", path, { name: "Bare" }, { "if-none-match": version })).status).toBe(400);
  expect((await change(`"${version}"`, "Bare")).status).toBe(412);
  // A comma is a character like others, and a list may have empty places (RFC 9110 5.6.1).
  expect((await change(`"a,b", , ${tag},`, "Listed")).status).toBe(200);
});

test("where nothing can be read, the condition cannot be looked at, and nothing is done", async () => {
  const path = `/devices/${MAC}/derived-streams/5f00`;
  const wanted = { kind: "linear", source: { device: MAC, stream: "5001" }, factor: 2 };
  const { status, body } = await ask("PUT", path, wanted, { "if-match": "*" });
  expect([status, body["code"]]).toEqual([412, "conditionImpossible"]);
  expect(body["detail"]).toMatch(/nothing can be read at this address/);
  expect((await ask("GET", `/devices/${MAC}/derived-streams`)).body).toMatchObject({ items: [] });
});

test("only if it is not there: If-None-Match", async () => {
  const path = `/devices/${MAC}/properties`;
  const body = { properties: { owner: "Eve" } };
  expect((await ask("PATCH", path, body, { "if-none-match": "*" })).status).toBe(412);
  const { tag } = await ask("GET", path);
  expect((await ask("PATCH", path, body, { "if-none-match": `W/${tag}` })).status).toBe(412);
  expect((await ask("PATCH", path, body, { "if-none-match": '"other"' })).status).toBe(200);
});

test("a device that is not there is not there, with a condition as without one", async () => {
  const { status, body } = await ask("PATCH", "/devices/5ccf7f0000ff", { name: "None" }, { "if-match": '"x"' });
  expect([status, body["code"]]).toEqual([404, "deviceUnknown"]);
});

test("a list of more than a page has no ETag that stands for all of it", async () => {
  const boards = Array.from({ length: 101 }, (_, at) => ({ mac: `5ccf7f01${at.toString(16).padStart(4, "0")}` }));
  expect((await ask("POST", "/devices", boards)).status).toBe(200);
  const { tag, body } = await ask("GET", "/devices");
  expect(body["next"]).not.toBeNull();
  const refused = await ask("POST", "/devices", { mac: "5ccf7f020000" }, { "if-match": tag });
  expect([refused.status, refused.body["code"]]).toEqual([412, "conditionImpossible"]);
  expect((await ask("GET", "/devices/5ccf7f020000")).status).toBe(404);
});
