/** What has happened, as others read it: each with its change, in order, and none twice. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HelloKey } from "../../runtime/contract/messages.ts";
import type { LintelServer } from "../server-options.ts";
import { LAMP } from "../testing/test-orders.ts";
import { makeFolder, startDevice, startTestServer } from "../testing/test-server.ts";

const MAC = "5ccf7f00000d";

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path, { products: [{ ...LAMP, name: "counter" }] });
});
afterEach(async () => {
  await server.stop();
  folder.remove();
});

interface Page {
  items: Array<{ id: number; kind: string; device: string | null; detail: Record<string, unknown> }>;
  next: string;
}

async function ask(method: string, path: string, body?: object): Promise<number> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  await response.text();
  return response.status;
}

async function changes(query = ""): Promise<Page> {
  const response = await fetch(`${server.url}/api/v1/changes?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

const kinds = ({ items }: Page) => items.map(({ kind }) => kind);

test("the life of a device", async () => {
  const device = await startDevice(server, MAC);
  device.hello(1, [[HelloKey.Product, "counter"]]);
  await device.ack(0);
  await server.idle();
  expect(await ask("PATCH", `/devices/${MAC}`, { name: "Door" })).toBe(200);
  expect(await ask("PATCH", `/devices/${MAC}/config`, { settings: {} })).toBe(200);
  expect(await ask("POST", `/devices/${MAC}/commands`, { method: "report" })).toBe(201);
  expect(await ask("POST", `/devices/${MAC}/revoke`)).toBe(200);
  server.tick();
  await server.idle();
  expect(await ask("DELETE", `/devices/${MAC}`)).toBe(204);
  const all = await changes();
  expect(kinds(all)).toEqual([
    "device.created",
    "device.health",
    "device.updated",
    "device.configured",
    "device.actuated",
    "device.updated",
    "device.health",
    "device.removed",
  ]);
  expect(new Set(all.items.map((one) => one.device))).toEqual(new Set([MAC]));
  expect(all.items[1]?.detail).toEqual({ state: "normal", before: "none", reasons: [] });
  expect(all.items[2]?.detail).toEqual({ name: "Door" });
  expect(all.items[3]?.detail).toMatchObject({ part: "config", state: "pending" });
  expect(all.items[5]?.detail).toEqual({ standing: "revoked" });
});

test("pages go on where the last one ended, also at the end", async () => {
  for (let n = 0; n < 5; n++) expect(await ask("POST", "/devices", { mac: `5ccf7f00001${n}` })).toBe(201);
  const first = await changes("limit=3");
  const second = await changes(`limit=3&cursor=${first.next}`);
  expect([first.items.length, second.items.length]).toEqual([3, 2]);
  const end = await changes(`cursor=${second.next}`);
  expect(end).toEqual({ items: [], next: second.next });
  await ask("POST", "/devices", { mac: "5ccf7f000020" });
  const later = await changes(`cursor=${end.next}`);
  expect(later.items).toMatchObject([{ kind: "device.created", device: "5ccf7f000020" }]);
  const ids = [...first.items, ...second.items, ...later.items].map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
});

test("by kind and by device; another kind is refused", async () => {
  await ask("POST", "/devices", { mac: MAC, name: "Door" });
  await ask("PATCH", `/devices/${MAC}`, { name: "Gate" });
  await ask("POST", "/devices", { mac: "5ccf7f000021" });
  expect(kinds(await changes("kind=device.updated"))).toEqual(["device.updated"]);
  expect(kinds(await changes(`device=${MAC}`))).toEqual(["device.created", "device.updated"]);
  expect((await fetch(`${server.url}/api/v1/changes?kind=nothing`)).status).toBe(400);
});

test("ids go on rising after a restart, and what was refused has left nothing", async () => {
  await ask("POST", "/devices", { mac: MAC });
  expect(await ask("PATCH", `/devices/${MAC}`, { project: 999 })).toBe(404);
  await server.stop();
  server = await startTestServer(folder.path);
  expect(kinds(await changes())).toEqual(["device.created"]);
  await ask("POST", "/devices", { mac: "5ccf7f000021" });
  const [first, second] = (await changes()).items;
  expect(second?.id).toBeGreaterThan(first?.id ?? 0);
});

test("a cursor of which not all is kept is told, and so is one of a database that was put back", async () => {
  await ask("POST", "/devices", { mac: MAC });
  const { next: early } = await changes();
  for (let n = 0; n < 3; n++) await ask("PATCH", `/devices/${MAC}`, { name: `Door ${n}` });
  const { items, next } = await changes();
  const db = new Database(join(folder.path, "lintel.db"));
  const trim = db.prepare("INSERT OR REPLACE INTO changes_trimmed (organisation_id, up_to) VALUES (1, ?)");
  trim.run(items[2]?.id);
  const status = async (cursor: string) => {
    const response = await fetch(`${server.url}/api/v1/changes?cursor=${cursor}`);
    return `${response.status} ${((await response.json()) as { code?: string }).code ?? ""}`;
  };
  expect(await status(early)).toBe("410 changesGone");
  expect(await status(next)).toBe("200 ");
  // Nothing is missed of what comes after the last that was taken away.
  trim.run(items[3]?.id);
  expect(await status(next)).toBe("200 ");
  expect(await status(Buffer.from(JSON.stringify([(items[3]?.id ?? 0) + 1])).toString("base64url"))).toBe(
    "410 changesGone",
  );
  db.close();
});

test("who asks for one kind alone stays as near to the end as the others", async () => {
  await ask("POST", "/devices", { mac: MAC });
  for (let n = 0; n < 3; n++) await ask("PATCH", `/devices/${MAC}`, { name: `Door ${n}` });
  const { next } = await changes();
  const empty = await changes("kind=rollout.state");
  expect(empty).toEqual({ items: [], next });
  const first = await changes("kind=device.updated&limit=2");
  expect(first.items.length).toBe(2);
  const second = await changes(`kind=device.updated&limit=2&cursor=${first.next}`);
  expect([second.items.length, second.next]).toEqual([1, next]);
});
