/** Webhooks into private networks are refused when they are made or changed, not only when something is to be told. */
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

async function ask(method: string, path: string, body?: object): Promise<[number, Record<string, unknown>]> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
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
