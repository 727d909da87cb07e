/** Channels: webhooks into private networks are refused when they are made or changed; a test holds up nobody. */
import { createServer } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LintelServer } from "../server-options.ts";
import { makeFolder, startTestServer } from "../testing/test-server.ts";

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path);
});
afterEach(async () => {
  await server.stop();
  folder.remove();
});

async function ask(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<[number, Record<string, unknown>]> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return [response.status, (await response.json()) as Record<string, unknown>];
}
const add = (url: string) => ask("POST", "/channels", { name: url, kind: "webhook", url });

test("an address of a private network, however it is written, and this machine by its names", async () => {
  for (const url of [
    "http://192.168.1.2/hook",
    "https://10.0.0.1:8443/hook",
    "http://[::1]/",
    "http://[fd00::1]/",
    "http://[::ffff:192.168.1.2]/",
    // As RFC 3986 7.4 warns, 127.0.0.1 has other forms.
    "http://0x7f.1/",
    "http://2130706433/",
    "http://169.254.169.254/latest/meta-data",
    "http://localhost:8123/api/webhook",
    "http://hook.localhost./",
  ]) {
    const [status, { code, detail }] = await add(url);
    expect([url, status, code]).toEqual([url, 422, "channelRefused"]);
    expect(detail).toContain("--webhooks-private");
  }
  // Where a name leads is looked at when something is told.
  expect((await add("https://hooks.example.org/lintel"))[0]).toBe(201);
  expect((await add("https://93.184.216.34/lintel"))[0]).toBe(201);
});

test("a channel is not led there by a change, and one that leads there already can still be renamed", async () => {
  const [, { id }] = await add("https://hooks.example.org/lintel");
  const url = "http://192.168.1.2/hook";
  expect((await ask("PATCH", `/channels/${id}`, { url }))[0]).toBe(422);
  expect((await ask("GET", `/channels/${id}`))[1]).toMatchObject({ url: "https://hooks.example.org/lintel" });
  await server.stop();
  server = await startTestServer(folder.path, { webhooksPrivate: true });
  expect((await ask("PATCH", `/channels/${id}`, { url }))[0]).toBe(200);
  await server.stop();
  server = await startTestServer(folder.path);
  expect((await ask("PATCH", `/channels/${id}`, { name: "Home" }))[1]).toMatchObject({ name: "Home", url });
});

test("while a webhook is silent under test, its channel is changed, also with a condition", async () => {
  await server.stop();
  server = await startTestServer(folder.path, { webhooksPrivate: true });
  const silent = createServer();
  const asked = new Promise<() => void>((resolve) => {
    silent.on("request", (_request, response) => resolve(() => response.end()));
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as { port: number };
  try {
    const [, { id }] = await add(`http://127.0.0.1:${port}/hook`);
    const path = `/channels/${id}`;
    let hasEnded = false;
    const test = ask("POST", `${path}/test`).finally(() => {
      hasEnded = true;
    });
    const answer = await asked;
    expect((await ask("PATCH", path, { name: "Door" }, { "if-match": "*" }))[0]).toBe(200);
    expect((await ask("PATCH", path, { name: "Gate" }))[0]).toBe(200);
    expect(hasEnded).toBe(false);
    answer();
    expect(await test).toEqual([200, { delivered: true, error: null }]);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});
