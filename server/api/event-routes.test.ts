/** Events with files, and notes, over HTTP. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EVENT_DATA_MAX_BYTES, EVENT_FILE_MAX_BYTES, EVENT_FILES_MAX, NOTE_MAX_CHARS } from "../limits.ts";
import type { LintelServer } from "../server-options.ts";
import { makeFolder, startTestServer, TEST_NOW_MS } from "../testing/test-server.ts";

const MAC = "5ccf7f123456";
const EVENTS = `/devices/${MAC}/events`;
const DAY_MS = 86_400_000;

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
let nowMs: number;

beforeEach(async () => {
  folder = makeFolder();
  nowMs = TEST_NOW_MS;
  server = await startTestServer(folder.path, {
    nowMs: () => nowMs,
    retention: { rawMs: 30 * DAY_MS, rollupsMs: null, maxBytes: null },
  });
  await ask("POST", "/devices", { mac: MAC });
});

afterEach(async () => {
  await server.stop();
  folder.remove();
});

interface Answer {
  status: number;
  [key: string]: unknown;
}

function request(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>, type = "application/json") {
  const sent = body !== undefined && { body, headers: { "content-type": type } };
  return fetch(`${server.url}/api/v1${path}`, { method, ...sent });
}

async function ask(method: string, path: string, body?: object): Promise<Answer> {
  const response = await request(method, path, body && JSON.stringify(body));
  const text = await response.text();
  return { ...(text === "" ? {} : (JSON.parse(text) as object)), status: response.status };
}

const attach = async (event: unknown, name: string, bytes: Uint8Array, type: string) => {
  const response = await request(
    "PUT",
    `${EVENTS}/${event}/files/${encodeURIComponent(name)}`,
    Buffer.from(bytes),
    type,
  );
  return { ...((await response.json()) as object), status: response.status } as Answer;
};

test("events are listed by time, of a kind, of a stream, page by page", async () => {
  const at = (hours: number) => new Date(TEST_NOW_MS + hours * 3_600_000).toISOString();
  await ask("POST", EVENTS, { kind: "visit", time: at(-1), data: { people: 3, door: "north" } });
  await ask("POST", EVENTS, { kind: "door-opened", time: at(-3), stream: "5001", data: "by hand" });
  const { by, id, ...last } = await ask("POST", EVENTS, { kind: "visit" });
  const now = new Date(TEST_NOW_MS).toISOString();
  expect(last).toEqual({
    status: 201,
    device: MAC,
    time: now,
    kind: "visit",
    stream: null,
    data: null,
    created: now,
    files: [],
  });
  const times = async (query: string) => {
    const { items } = await ask("GET", `${EVENTS}?${query}`);
    return (items as Array<{ time: string }>).map(({ time }) => time);
  };
  expect(await times("")).toEqual([at(-3), at(-1), at(0)]);
  expect(await times("kind=visit")).toEqual([at(-1), at(0)]);
  expect(await times("stream=5001")).toEqual([at(-3)]);
  expect(await times(`from=${at(-3)}&to=${at(0)}`)).toEqual([at(-3), at(-1)]);
  const first = await ask("GET", `${EVENTS}?limit=2`);
  expect(await times(`limit=2&cursor=${first["next"]}`)).toEqual([at(0)]);
  expect(await ask("GET", `${EVENTS}/${id}`)).toMatchObject({ status: 200, id, by });
  expect((await ask("DELETE", `${EVENTS}/${id}`)).status).toBe(204);
  expect(await ask("GET", `${EVENTS}/${id}`)).toMatchObject({ status: 404, code: "eventUnknown" });
});

test("a file comes back byte by byte, to be saved, whatever it is; another one takes its place", async () => {
  const { id } = await ask("POST", EVENTS, { kind: "inspection" });
  const page = Buffer.from('<script>alert("é")</script>');
  const sha256 = createHash("sha256").update(page).digest("hex");
  const name = "täg 1 (neu).html";
  const stored = { name, mediaType: "text/html", sizeBytes: page.length, sha256 };
  expect(await attach(id, name, page, "text/html; charset=utf-8")).toMatchObject({ ...stored, status: 201 });
  const got = await request("GET", `${EVENTS}/${id}/files/${encodeURIComponent(name)}`);
  expect(Buffer.from(await got.arrayBuffer())).toEqual(page);
  expect(Object.fromEntries(got.headers)).toMatchObject({
    "content-type": "text/html",
    "content-disposition": "attachment; filename*=UTF-8''t%C3%A4g%201%20%28neu%29.html",
    "x-content-type-options": "nosniff",
  });
  expect(await attach(id, name, Buffer.from("{}"), "application/json")).toMatchObject({ status: 200, sizeBytes: 2 });
  expect(await ask("GET", `${EVENTS}/${id}`)).toMatchObject({ files: [{ name, mediaType: "application/json" }] });
  expect((await ask("DELETE", `${EVENTS}/${id}/files/${encodeURIComponent(name)}`)).status).toBe(204);
  expect(await ask("GET", `${EVENTS}/${id}/files/none`)).toMatchObject({ status: 404, code: "fileUnknown" });
});

test("what is too much, or makes no sense, is refused", async () => {
  const { id } = await ask("POST", EVENTS, { kind: "visit" });
  const code = async (body: object) => (await ask("POST", EVENTS, body))["code"];
  expect(await code({ kind: "Visit!" })).toBe("badRequest");
  expect(await code({ kind: "visit", more: 1 })).toBe("badRequest");
  expect(await code({ kind: "visit", time: "yesterday" })).toBe("timeInvalid");
  // The bounds of readings: from 1970 to 9999.
  for (const time of ["+275760-09-13T00:00:00Z", "-000001-01-01T00:00:00Z", "-1", "+010000-01-01T00:00:00.000Z"]) {
    const { status, detail } = await ask("POST", EVENTS, { kind: "visit", time });
    expect([time, status, detail]).toEqual([
      time,
      400,
      expect.stringContaining("from 1970-01-01T00:00:00Z to 9999-12-31"),
    ]);
  }
  expect((await ask("POST", EVENTS, { kind: "visit", time: "9999-12-31T23:59:59Z" })).status).toBe(201);
  expect(await code({ kind: "visit", data: "x".repeat(EVENT_DATA_MAX_BYTES) })).toBe("bodyTooLarge");
  const large = Buffer.alloc(EVENT_FILE_MAX_BYTES + 1);
  expect(await attach(id, "large", large, "image/png")).toMatchObject({ status: 413, code: "bodyTooLarge" });
  expect(await attach(id, "a", Buffer.from("x"), "nonsense")).toMatchObject({ status: 415 });
  expect(await attach(Number(id) + 1000, "a", Buffer.from("x"), "image/png")).toMatchObject({
    status: 404,
    code: "eventUnknown",
  });
  for (let i = 0; i < EVENT_FILES_MAX; i++) {
    expect((await attach(id, `${i}`, Buffer.alloc(EVENT_FILE_MAX_BYTES), "image/png")).status).toBe(201);
  }
  expect(await attach(id, "one more", Buffer.from("x"), "image/png")).toMatchObject({ status: 409, code: "tooMany" });
  expect((await attach(id, "0", Buffer.from("x"), "image/png")).status).toBe(200);
});

test("an event older than readings may be goes by itself, with its files", async () => {
  const { id } = await ask("POST", EVENTS, { kind: "visit", time: String(TEST_NOW_MS - 31 * DAY_MS) });
  await attach(id, "photo.jpg", Buffer.from("x"), "image/jpeg");
  const { id: young } = await ask("POST", EVENTS, { kind: "visit", time: String(TEST_NOW_MS - 29 * DAY_MS) });
  await server.stop();
  server = await startTestServer(folder.path, {
    nowMs: () => nowMs,
    retention: { rawMs: 30 * DAY_MS, rollupsMs: null, maxBytes: null },
  });
  await expect.poll(() => ask("GET", EVENTS), { timeout: 30_000 }).toMatchObject({ items: [{ id: young }] });
}, 60_000);

test("notes about a device, a stream, a project: changed by who wrote them", async () => {
  const notes = `/devices/${MAC}/notes`;
  const { id } = await ask("POST", notes, { text: "behind the counter" });
  await ask("POST", notes, { text: "counts twice", stream: "5001" });
  await ask("POST", "/projects/1/notes", { text: "closed on Sundays" });
  expect(await ask("GET", notes)).toMatchObject({
    items: [
      { text: "behind the counter", device: MAC, stream: null, project: null, by: "everybody", changed: null },
      { text: "counts twice", stream: "5001" },
    ],
    next: null,
  });
  expect(await ask("GET", `${notes}?stream=5001`)).toMatchObject({ items: [{ text: "counts twice" }] });
  expect(await ask("GET", "/projects/1/notes")).toMatchObject({
    items: [{ text: "closed on Sundays", device: null, project: "p--0000-0001" }],
  });
  nowMs += 1000;
  const changed = new Date(nowMs).toISOString();
  expect(await ask("PATCH", `/notes/${id}`, { text: "in the window" })).toMatchObject({
    text: "in the window",
    changed,
  });
  expect((await ask("DELETE", `/notes/${id}`)).status).toBe(204);
  expect(await ask("DELETE", `/notes/${id}`)).toMatchObject({ status: 404, code: "noteUnknown" });
  expect((await ask("POST", notes, { text: "x".repeat(NOTE_MAX_CHARS + 1) })).status).toBe(400);
});
