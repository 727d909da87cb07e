/** Requests that come again (`Idempotency-Key`), and changes of what somebody else has changed (`If-Match`). */
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Level } from "../access/level.ts";
import { makeSecret } from "../access/secrets.ts";
import { ANSWERS_KEPT_MS } from "../limits.ts";
import { AccessWorld, type Asking, bearer } from "../testing/access-world.ts";

const world = new AccessWorld();
let key = 0;
const newKey = () => `key-of-a-test-${++key}`;
beforeAll(() => world.start());
afterAll(() => world.stop());

const who = (name: string) => world.askers.find((one) => one.name === name) as Asking;

async function ask(name: string, method: string, path: string, headers: Record<string, string>, body?: object) {
  const response = await fetch(`${world.server.url}/api/v1/${path}`, {
    method,
    headers: { ...who(name).headers, ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status } = response;
  return { status, text, body: text === "" ? {} : JSON.parse(text), headers: response.headers };
}

const add = (repeatKey: string, name = "machine", asking = "admin", path = "organisations/own/tokens") =>
  ask(asking, "POST", path, { "idempotency-key": repeatKey }, { name, level: "read" });

async function count(): Promise<number> {
  const { body } = await ask("admin", "GET", "organisations/own/tokens", {});
  return body.items.length;
}

test("the same request again gets the same answer, and nothing is done again", async () => {
  const before = await count();
  const repeatKey = newKey();
  const first = await add(repeatKey);
  expect(first).toMatchObject({ status: 201, body: { token: expect.stringMatching(/^lt_/) } });
  const second = await add(repeatKey);
  expect(second.status).toBe(201);
  expect(second.text).toBe(first.text);
  expect(second.headers.get("content-type")).toBe(first.headers.get("content-type"));
  expect(second.headers.get("cache-control")).toBe("no-store");
  expect(first.headers.get("idempotency-replayed")).toBeNull();
  expect(second.headers.get("idempotency-replayed")).toBe("true");
  expect(await count()).toBe(before + 1);
});

test("at once, one of them is carried out", async () => {
  const before = await count();
  const repeatKey = newKey();
  const statuses = (await Promise.all([add(repeatKey), add(repeatKey), add(repeatKey)])).map(({ status }) => status);
  expect(statuses).toContain(201);
  for (const status of statuses) expect([201, 409]).toContain(status);
  expect(await count()).toBe(before + 1);
});

test("the key with another body is refused, and is another one elsewhere, for others, and after a day", async () => {
  const repeatKey = newKey();
  const first = await add(repeatKey);
  expect(await add(repeatKey, "another")).toMatchObject({ status: 422, body: { code: "idempotencyKeyReused" } });
  expect((await add(repeatKey, "machine", "owner")).body.id).not.toBe(first.body.id);
  const elsewhere = await ask("admin", "POST", "tokens", { "idempotency-key": repeatKey }, { name: "mine" });
  expect(elsewhere.status).toBe(201);
  world.nowMs += ANSWERS_KEPT_MS;
  expect((await add(repeatKey)).body.id).not.toBe(first.body.id);
});

test("what was refused may come again", async () => {
  const repeatKey = newKey();
  const post = () =>
    ask("admin", "POST", "organisations/own/projects", { "idempotency-key": repeatKey }, { name: "twin" });
  await ask("admin", "POST", "organisations/own/projects", {}, { name: "twin" });
  expect((await post()).status).toBe(409);
  expect((await post()).body).toMatchObject({ code: "nameTaken" });
  const { body } = await ask("admin", "GET", "organisations/own/projects", {});
  const { id } = body.items.find((one: { name: string }) => one.name === "twin");
  expect((await ask("admin", "DELETE", `projects/${id}`, {})).status).toBe(204);
  expect((await post()).status).toBe(201);
});

test("a server that ended before it stored the answer says that it does not know", async () => {
  const repeatKey = newKey();
  expect((await add(repeatKey)).status).toBe(201);
  const db = new Database(join(world.dataDir, "lintel.db"));
  db.exec("UPDATE answers SET status = NULL, sealed = NULL WHERE id = (SELECT max(id) FROM answers)");
  db.close();
  const before = await count();
  expect(await add(repeatKey)).toMatchObject({ status: 409, body: { code: "requestUnfinished" } });
  expect(await count()).toBe(before);
});

test("the database holds neither the key nor what the answer said", async () => {
  const repeatKey = newKey();
  const { body } = await add(repeatKey);
  const db = new Database(join(world.dataDir, "lintel.db"), { readonly: true });
  const rows = db
    .prepare<[], { sealed: Buffer; keyDigest: Buffer }>("SELECT sealed, key_digest AS keyDigest FROM answers")
    .all();
  db.close();
  for (const secret of [body.token, repeatKey, "machine"]) {
    for (const { sealed, keyDigest } of rows)
      expect(Buffer.concat([sealed ?? Buffer.alloc(0), keyDigest]).includes(secret)).toBe(false);
  }
});

test("a key that is none", async () => {
  expect(await add("short")).toMatchObject({ status: 400, body: { code: "badRequest" } });
});

test("a change of what somebody else has changed does not go", async () => {
  const path = `projects/${world.things.own.project}`;
  const { headers } = await ask("admin", "GET", path, {});
  const tag = headers.get("etag") ?? "";
  expect(tag).toMatch(/^"1-[\w-]{16}"$/);
  const change = (name: string, ifMatch: string) => ask("admin", "PATCH", path, { "if-match": ifMatch }, { name });
  const first = await change("First", tag);
  expect(first.status).toBe(200);
  expect(await change("Second", tag)).toMatchObject({ status: 412, body: { code: "preconditionFailed" } });
  const next = first.headers.get("etag") ?? "";
  expect((await change("Second", `W/${next}`)).status).toBe(412);
  expect((await change("Second", next)).status).toBe(200);
  expect((await change("Third", "*")).status).toBe(200);
  const gone = await ask("admin", "DELETE", path, { "if-match": next });
  expect(gone.status).toBe(412);
});

test("what is the same still is not sent again", async () => {
  const get = (headers: Record<string, string>) => ask("viewer", "GET", "organisations/own", headers);
  const { headers, text } = await get({});
  const tag = headers.get("etag") ?? "";
  expect(headers.get("cache-control")).toBe("private, no-cache");
  const again = await get({ "if-none-match": `"other", W/${tag}` });
  expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", tag]);
  expect((await get({ "if-none-match": '"other"' })).text).toBe(text);
  await ask("owner", "PATCH", "organisations/own", {}, { name: "Renamed" });
  expect((await get({ "if-none-match": tag })).status).toBe(200);
  // What is shown once is not to be kept.
  const me = await ask("viewer", "GET", "me", {});
  expect([me.headers.get("cache-control"), me.headers.get("etag")]).toEqual(["no-store", null]);
});

test("when a token was last used is written, once a minute", async () => {
  const { user } = who("manager");
  const secret = makeSecret("token");
  const id = world.addToken(user, null, Level.Read, false, secret);
  const use = () => fetch(`${world.server.url}/api/v1/me`, { headers: bearer(secret) });
  const used = async () => {
    const { body } = await ask("manager", "GET", "tokens", {});
    return body.items.find((one: { id: number }) => one.id === id).used;
  };
  expect(await used()).toBeNull();
  const first = new Date(world.nowMs).toISOString();
  await use();
  await expect.poll(used).toBe(first);
  world.nowMs += 59_000;
  await use();
  await world.server.idle();
  expect(await used()).toBe(first);
  world.nowMs += 1000;
  await use();
  await expect.poll(used).toBe(new Date(world.nowMs).toISOString());
});
