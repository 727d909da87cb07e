/** People as browsers and programs meet the server: the first link, logging in, forged requests, and who is out when. */
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Level } from "../access/level.ts";
import { makeSecret } from "../access/secrets.ts";
import { SESSION_IDLE_MS, SESSION_MAX_MS } from "../limits.ts";
import type { LintelServer } from "../server-options.ts";
import { AccessWorld, type Asking, bearer, CHEAP, PASSWORD } from "../testing/access-world.ts";
import { makeFolder, startTestServer, TEST_NOW_MS } from "../testing/test-server.ts";

interface Answer {
  status: number;
  body: Record<string, unknown>;
  headers: Headers;
}

async function ask(
  { url }: Pick<LintelServer, "url">,
  method: string,
  path: string,
  { body, headers = {} }: { body?: object | undefined; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${url}${path.startsWith("/") ? path : `/api/v1/${path}`}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text), headers: response.headers };
}

/** A header that fetch keeps for itself. */
function askAs(host: string, { httpPort }: LintelServer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ port: httpPort, host: "127.0.0.1", path: "/api/v1/devices", headers: { host } });
    asked.on("response", (response) => resolve(response.resume().statusCode));
    asked.on("error", reject).end();
  });
}

function sessionOf({ headers, body }: Answer): Record<string, string> {
  return { cookie: headers.getSetCookie()[0]?.split(";")[0] ?? "", "x-csrf-token": String(body["csrf"]) };
}

describe("the first person", () => {
  const folder = makeFolder();
  let nowMs = TEST_NOW_MS;
  let server: LintelServer;
  const start = () => startTestServer(folder.path, { login: "required", passwordCost: CHEAP, nowMs: () => nowMs });
  const accept = (link: string | null, email: string) =>
    ask(server, "POST", "invitations/accept", {
      body: { secret: link?.split("#")[1], email, name: "Jo", password: PASSWORD },
    });
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
    folder.remove();
  });

  test("a link at each start, of which the last one works, once", async () => {
    const before = server.firstLink;
    expect(before).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/invitation#li_[\w-]{43}$/);
    await server.stop();
    server = await start();
    expect(await accept(before, "jo@example.org")).toMatchObject({ status: 404, body: { code: "invitationUnknown" } });
    const made = await accept(server.firstLink, "jo@example.org");
    expect(made).toMatchObject({
      status: 201,
      body: { email: "jo@example.org", operator: true, organisations: [{ slug: "home", role: "owner" }] },
    });
    expect(await accept(server.firstLink, "eve@example.org")).toMatchObject({ status: 404 });
    await server.stop();
    server = await start();
    expect(server.firstLink).toBeNull();
  });

  test("logs in with what he chose; the cookie is for this server and no script", async () => {
    const login = await ask(server, "POST", "sessions", { body: { email: "JO@example.org", password: PASSWORD } });
    expect(login.status).toBe(201);
    expect(login.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^lintel-session=ls_[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/),
    ]);
    const me = await ask(server, "GET", "me", { headers: sessionOf(login) });
    expect(me.body).toMatchObject({ kind: "user", name: "Jo", csrf: login.body["csrf"] });
  });

  test("a wrong password and nobody's get the same words, and later a wait", async () => {
    const words = async (email: string) => {
      const { status, body } = await ask(server, "POST", "sessions", { body: { email, password: "wrong" } });
      return { status, ...body };
    };
    expect(await words("jo@example.org")).toMatchObject({ status: 401, code: "loginWrong" });
    expect(await words("nobody@example.org")).toEqual(await words("jo@example.org"));
    for (let attempt = 0; attempt < 3; attempt++) await words("jo@example.org");
    const right = () => ask(server, "POST", "sessions", { body: { email: "jo@example.org", password: PASSWORD } });
    const waits = await right();
    expect(waits).toMatchObject({ status: 429, body: { code: "tooManyLogins" } });
    nowMs += Number(waits.headers.get("retry-after")) * 1000;
    expect((await right()).status).toBe(201);
  });

  test("a session ends when it is not used, and after a month in any case", async () => {
    const body = { email: "jo@example.org", password: PASSWORD };
    const headers = sessionOf(await ask(server, "POST", "sessions", { body }));
    const status = async () => (await ask(server, "GET", "me", { headers })).status;
    const beganMs = nowMs;
    while (nowMs + SESSION_IDLE_MS - 1 < beganMs + SESSION_MAX_MS) {
      nowMs += SESSION_IDLE_MS - 1;
      expect(await status()).toBe(200);
      // When it was last used is written after the answer.
      await expect.poll(async () => (await usedOf(headers)) === new Date(nowMs).toISOString()).toBe(true);
    }
    nowMs = beganMs + SESSION_MAX_MS - 1;
    expect(await status()).toBe(200);
    nowMs++;
    expect(await status()).toBe(401);
    const other = sessionOf(await ask(server, "POST", "sessions", { body }));
    nowMs += SESSION_IDLE_MS;
    expect((await ask(server, "GET", "me", { headers: other })).status).toBe(401);
  });

  const usedOf = async (headers: Record<string, string>) => {
    const { items } = (await ask(server, "GET", "sessions", { headers })).body as {
      items: Array<{ current: boolean; used: string }>;
    };
    return items.find(({ current }) => current)?.used;
  };
});

describe("a server that asks nobody", () => {
  const folder = makeFolder();
  let server: LintelServer;
  beforeAll(async () => {
    server = await startTestServer(folder.path);
  });
  afterAll(async () => {
    await server.stop();
    folder.remove();
  });

  test.each([
    ["localhost", 200],
    ["localhost:8080", 200],
    ["lintel.localhost", 200],
    ["127.0.0.1:80", 200],
    ["[::1]:80", 200],
    ["evil.example", 421],
    ["127.0.0.1.evil.example", 421],
    ["192.168.1.2", 421],
  ])("as %s: %i", async (host, status) => {
    expect(await askAs(host, server)).toBe(status);
  });

  test("takes no changes from pages of other sites", async () => {
    const change = (headers: Record<string, string>) =>
      ask(server, "POST", "organisations", { body: { slug: "shop", name: "Shop" }, headers });
    expect(await change({ origin: "http://evil.example" })).toMatchObject({ status: 403, body: { code: "crossSite" } });
    expect((await change({ "sec-fetch-site": "same-site" })).status).toBe(403);
    expect((await change({ origin: server.url, authorization: "Bearer x" })).status).toBe(201);
    expect(await ask(server, "GET", "me")).toMatchObject({ body: { kind: "everybody", operator: true, csrf: null } });
  });
});

describe("people of organisations", () => {
  const world = new AccessWorld();
  beforeAll(() => world.start());
  afterAll(() => world.stop());
  const who = (name: string) => world.askers.find((one) => one.name === name) as Asking;
  const as = (name: string, method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    ask(world.server, method, path, { body, headers: { ...who(name).headers, ...headers } });

  test("what a session changes has to come from a page of this server", async () => {
    const { cookie = "", ...rest } = who("owner").headers;
    const rename = (headers: Record<string, string>) =>
      ask(world.server, "PATCH", "organisations/own", { body: { name: "Ours" }, headers: { cookie, ...headers } });
    expect(await rename({})).toMatchObject({ status: 403, body: { code: "csrfMissing" } });
    expect(await rename({ "x-csrf-token": "guessed" })).toMatchObject({ status: 403, body: { code: "csrfMissing" } });
    expect(await rename({ ...rest, origin: "https://evil.example" })).toMatchObject({ body: { code: "crossSite" } });
    expect(await rename({ ...rest, "sec-fetch-site": "cross-site" })).toMatchObject({ body: { code: "crossSite" } });
    expect((await rename({ ...rest, origin: world.server.url, "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect((await rename(rest)).status).toBe(200);
    // What everybody may do goes without, but not as whose the session is.
    const made = await as("operator", "POST", "organisations/other/invitations", { role: "viewer" });
    const secret = String(made.body["link"]).split("#")[1];
    const accept = (headers: Record<string, string>) =>
      ask(world.server, "POST", "invitations/accept", { body: { secret }, headers: { cookie, ...headers } });
    expect(await accept({})).toMatchObject({ status: 422, body: { code: "accountNeeded" } });
    expect((await accept(rest)).status).toBe(201);
    world.restore();
  });

  test("a change of role holds at once, an end of membership too", async () => {
    const { user } = who("manager");
    const command = () => as("manager", "POST", `devices/${world.things.own.mac}/commands`, { method: "report" });
    expect((await command()).status).toBe(201);
    expect((await as("admin", "PUT", `organisations/own/members/${user}`, { role: "viewer" })).status).toBe(200);
    expect((await command()).status).toBe(403);
    expect((await as("admin", "DELETE", `organisations/own/members/${user}`)).status).toBe(204);
    expect((await command()).status).toBe(404);
    world.restore();
  });

  test("nobody makes others more than he is, or touches who is more", async () => {
    const { user } = who("viewer");
    expect((await as("admin", "PUT", `organisations/own/members/${user}`, { role: "owner" })).status).toBe(403);
    const owner = who("owner").user;
    expect((await as("admin", "PUT", `organisations/own/members/${owner}`, { role: "viewer" })).status).toBe(403);
    expect((await as("admin", "DELETE", `organisations/own/members/${owner}`)).status).toBe(403);
    expect((await as("admin", "POST", "organisations/own/invitations", { role: "owner" })).status).toBe(403);
    expect((await as("admin", "POST", "organisations/own/tokens", { name: "x", level: "own" })).status).toBe(403);
    expect((await as("admin", "POST", `users/${owner}/password-reset`)).status).toBe(403);
    expect((await as("owner", "POST", "tokens", { name: "x", server: true })).status).toBe(403);
  });

  test("the last owner and the last operator stay", async () => {
    const owner = who("owner").user;
    const operator = who("operator").user;
    const demote = () => as("operator", "PUT", `organisations/own/members/${owner}`, { role: "admin" });
    expect((await demote()).status).toBe(200);
    world.restore();
    const both = who("token of an owner of both, Own").user;
    await as("operator", "DELETE", `organisations/own/members/${both}`);
    expect(await demote()).toMatchObject({ status: 409, body: { code: "lastOwner" } });
    for (const path of [`users/${owner}`, `organisations/own/members/${owner}`])
      expect(await as("operator", "DELETE", path)).toMatchObject({ status: 409, body: { code: "lastOwner" } });
    for (const change of [{ operator: false }, { disabled: true }])
      expect(await as("operator", "PATCH", `users/${operator}`, change)).toMatchObject({
        body: { code: "lastOperator" },
      });
    expect(await as("operator", "DELETE", `users/${operator}`)).toMatchObject({ body: { code: "lastOperator" } });
    world.restore();
  });

  test("who is disabled is out, with sessions and tokens, and does not come back by himself", async () => {
    const { user } = who("viewer");
    const token = makeSecret("token");
    world.addToken(user, null, Level.Read, false, token);
    const statuses = async () => [
      (await as("viewer", "GET", "me")).status,
      (await ask(world.server, "GET", "me", { headers: bearer(token) })).status,
      (await ask(world.server, "POST", "sessions", { body: { email: "viewer@example.org", password: PASSWORD } }))
        .status,
    ];
    expect(await statuses()).toEqual([200, 200, 201]);
    expect((await as("operator", "PATCH", `users/${user}`, { disabled: true })).status).toBe(200);
    expect(await statuses()).toEqual([401, 401, 401]);
    // Enabled again he has to log in: what he had is gone.
    await as("operator", "PATCH", `users/${user}`, { disabled: false });
    expect(await statuses()).toEqual([401, 401, 201]);
    world.restore();
  });

  test("what somebody watches ends when he is thrown out, and goes on for others", async () => {
    const ended: string[] = [];
    const end = new AbortController();
    const watch = async (name: string, path: string) => {
      const response = await fetch(`${world.server.url}/api/v1/${path}`, {
        headers: who(name).headers,
        signal: end.signal,
      });
      expect(response.status).toBe(200);
      void response.text().then(
        () => ended.push(`${name} ${path}`),
        () => ended.push(`${name} ${path}`),
      );
    };
    const log = `devices/${world.things.own.mac}/log`;
    for (const name of ["viewer", "manager"]) for (const path of ["live", log]) await watch(name, path);
    await as("admin", "DELETE", `organisations/own/members/${who("viewer").user}`);
    await expect.poll(() => ended.sort(), { timeout: 20_000 }).toEqual([`viewer ${log}`, "viewer live"].sort());
    end.abort();
    world.restore();
  });

  test("a token: its level, its organisation, its end, and never more than its owner", async () => {
    const made = await as("manager", "POST", "tokens", { name: "script", level: "own", expiresDays: 1 });
    expect(made).toMatchObject({ status: 201, body: { token: expect.stringMatching(/^lt_/), used: null } });
    const headers = bearer(String(made.body["token"]));
    const get = async (path: string) => (await ask(world.server, "GET", path, { headers })).status;
    expect(await get("organisations/own/audit")).toBe(403);
    expect(await get("devices")).toBe(200);
    const { items } = (await as("manager", "GET", "tokens")).body as { items: Array<Record<string, unknown>> };
    expect(items.at(-1)).toMatchObject({ name: "script" });
    expect(JSON.stringify(items)).not.toContain(String(made.body["token"]));
    // What is made with it does not outlast it.
    const child = await ask(world.server, "POST", "tokens", { body: { name: "child", expiresDays: 30 }, headers });
    expect(child.body["expires"]).toBe(made.body["expires"]);
    world.nowMs += 86_400_000;
    expect(await get("devices")).toBe(401);
    world.restore();
  });

  test("an invitation: to whom it is for, once, until it expires", async () => {
    const invite = async (body: object) => {
      const { link } = (await as("admin", "POST", "organisations/own/invitations", { role: "manager", ...body })).body;
      return String(link).split("#")[1] ?? "";
    };
    const take = (secret: string, body: object, headers = {}) =>
      ask(world.server, "POST", "invitations/accept", { body: { secret, ...body }, headers });
    const ann = { email: "ann@example.org", name: "Ann", password: PASSWORD };
    const secret = await invite({ email: "ann@example.org" });
    expect((await take(secret, { ...ann, email: "eve@example.org" })).status).toBe(403);
    expect(await take(secret, { ...ann, password: "short" })).toMatchObject({ body: { code: "passwordRefused" } });
    expect(await take(secret, { name: "Ann" })).toMatchObject({ body: { code: "accountNeeded" } });
    const taken = await take(secret, ann);
    expect(taken).toMatchObject({ status: 201, body: { organisations: [{ slug: "own", role: "manager" }] } });
    expect((await take(secret, ann)).status).toBe(404);
    // Somebody who is there already shows that it is he, or is logged in.
    const again = await invite({});
    expect((await take(again, { ...ann, password: "not hers, is it" })).status).toBe(401);
    expect((await take(again, {}, who("stranger").headers)).body["organisations"]).toMatchObject([{ slug: "own" }]);
    const late = await invite({ hours: 1 });
    world.nowMs += 3_600_000;
    expect((await take(late, ann)).status).toBe(404);
    world.restore();
  });

  test("a password set anew by link ends what was open", async () => {
    const { user } = world.things.own;
    const { link } = (await as("admin", "POST", `users/${user}/password-reset`)).body;
    const secret = String(link).split("#")[1];
    const look = await ask(world.server, "POST", "invitations/look", { body: { secret } });
    expect(look.body).toMatchObject({
      purpose: "password",
      organisation: null,
      email: "viewer-mark-of-own@example.org",
    });
    const body = { secret, password: "yet another long one" };
    expect((await ask(world.server, "POST", "invitations/accept", { body })).status).toBe(201);
    expect(world.sessionOf(user)).not.toBe(world.things.own.session);
    expect(world.tokenOf(user)).toBe(0);
    const login = (password: string) =>
      ask(world.server, "POST", "sessions", { body: { email: "viewer-mark-of-own@example.org", password } });
    expect((await login(PASSWORD)).status).toBe(401);
    expect((await login("yet another long one")).status).toBe(201);
    world.restore();
  });

  test("an organisation goes when nothing of it would be lost, or its owner is sure", async () => {
    expect(await as("owner", "DELETE", "organisations/own?confirm=own")).toMatchObject({ body: { code: "notEmpty" } });
    expect((await as("operator", "POST", "organisations", { slug: "third", name: "Third" })).status).toBe(201);
    expect((await as("operator", "POST", "organisations", { slug: "third", name: "Third" })).status).toBe(409);
    await as("operator", "PUT", `organisations/third/members/${who("viewer").user}`, { role: "owner" });
    await as("operator", "PUT", `organisations/third/members/${who("admin").user}`, { role: "viewer" });
    expect(await as("viewer", "DELETE", "organisations/third")).toMatchObject({ body: { code: "unconfirmed" } });
    expect((await as("viewer", "DELETE", "organisations/third?confirm=third")).status).toBe(204);
    expect((await as("viewer", "GET", "organisations/third")).status).toBe(404);
    world.restore();
  });

  test("a claim token is seen by who administers, and is another one each time", async () => {
    const path = `projects/${world.things.own.project}/claim-token`;
    expect((await as("admin", "GET", path)).body).toEqual({ claimToken: null });
    const { claimToken: first } = (await as("admin", "POST", path)).body;
    expect(first).toMatch(/^lc_/);
    expect((await as("admin", "GET", path)).body).toEqual({ claimToken: first });
    expect((await as("admin", "POST", path)).body).not.toEqual({ claimToken: first });
    expect((await as("viewer", "GET", `projects/${world.things.own.project}`)).body).not.toHaveProperty("claimToken");
    world.restore();
  });

  test("the audit log says who did what where, and who was refused; strangers are not in it", async () => {
    await as("admin", "PATCH", `projects/${world.things.own.project}`, { name: "Renamed" });
    await as("viewer", "PATCH", `projects/${world.things.own.project}`, { name: "Mine" });
    await ask(world.server, "PATCH", `projects/${world.things.own.project}`, { body: { name: "Ours" } });
    await ask(world.server, "POST", "sessions", { body: { email: "admin@example.org", password: "wrong" } });
    const entries = async (query: string) =>
      ((await as("admin", "GET", `organisations/own/audit?${query}`)).body as { items: unknown[] }).items;
    const action = "PATCH /api/v1/projects/:project";
    const subject = `project=${world.things.own.project}`;
    expect(await entries("limit=2")).toMatchObject([
      { actor: { kind: "user", id: who("viewer").user, name: "viewer" }, action, subject, status: 403 },
      { actor: { name: "admin" }, action, subject, status: 200, organisation: "own", address: "127.0.0.1" },
    ]);
    expect(await entries("status=400&limit=1&action=PATCH")).toMatchObject([{ status: 403 }]);
    expect(await entries(`user=${who("admin").user}&subject=${subject}`)).toHaveLength(1);
    const first = (await as("operator", "GET", "audit?limit=1")).body as { items: Array<{ id: number }>; next: string };
    const second = (await as("operator", "GET", `audit?limit=1&cursor=${first.next}`)).body as typeof first;
    expect(second.items[0]?.id).toBe((first.items[0]?.id ?? 0) - 1);
    world.restore();
  });

  test("whoever asks too often waits", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 310 }, async () => (await ask(world.server, "GET", "me")).status),
    );
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(10);
    const late = await ask(world.server, "GET", "me");
    expect(late).toMatchObject({ status: 429, body: { code: "tooManyRequests" } });
    expect(late.headers.get("retry-after")).toBe("1");
    // Who is known by himself is not slowed down by others at his address.
    expect((await as("owner", "GET", "me")).status).toBe(200);
    world.nowMs += 1000;
    expect((await ask(world.server, "GET", "me")).status).toBe(401);
  });
});
