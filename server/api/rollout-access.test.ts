/** Who may do what with releases and rollouts; what is somebody else's does not exist. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imageIdText } from "../../runtime/image/image-header.ts";
import { newKey, publicHalf } from "../../tools/image/keys.ts";
import { signImage } from "../../tools/image/pack-image.ts";
import { OPERATOR_TOKEN_FILE } from "../access/begin-folder.ts";
import { Level } from "../access/level.ts";
import { digestOf } from "../access/secrets.ts";
import type { LintelServer } from "../server-options.ts";
import { noise, testImage } from "../testing/test-images.ts";
import { makeFolder, startTestServer } from "../testing/test-server.ts";

const KEY = newKey();
const PEM = String(publicHalf(KEY).export({ type: "spki", format: "pem" }));
const IMAGE = signImage(testImage(noise(2000, 1)).bytes, KEY);

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
let operator: string;
let release: number;
let rollout: number;

async function call(
  token: string,
  method: string,
  path: string,
  body?: object,
): Promise<[number, Record<string, unknown>]> {
  const isBytes = body instanceof Uint8Array;
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { "content-type": isBytes ? "application/octet-stream" : "application/json" }),
    },
    ...(body !== undefined && { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
  });
  return [answer.status, (await answer.json()) as Record<string, unknown>];
}

/** Organisations 1 (home) and 2 (shops), each with a token of every level. */
beforeAll(async () => {
  folder = makeFolder();
  const first = await startTestServer(folder.path, { login: "required" });
  await first.stop();
  const db = new Database(join(folder.path, "lintel.db"));
  db.prepare("INSERT INTO organisations (id, slug, name, created_ms) VALUES (2, 'shops', 'Shops', 0)").run();
  for (const organisation of [1, 2]) {
    for (const level of [Level.Read, Level.Operate, Level.Administer]) {
      const token = tokenOf(organisation, level);
      db.prepare(
        "INSERT INTO tokens (digest, name, organisation_id, level, is_operator, created_ms) VALUES (?, ?, ?, ?, 0, 0)",
      ).run(digestOf(token), token, organisation, level);
    }
  }
  db.close();
  server = await startTestServer(folder.path, { login: "required" });
  operator = readFileSync(join(folder.path, OPERATOR_TOKEN_FILE), "utf8").trim();
  const admin = tokenOf(1, Level.Administer);
  await call(admin, "POST", "/images", IMAGE);
  await call(admin, "POST", "/release-keys", { pem: PEM, name: "mine" });
  const images = [imageIdText(IMAGE)];
  [, { id: release }] = (await call(admin, "POST", "/releases", { version: "1", images })) as [number, { id: number }];
  [, { id: rollout }] = (await call(admin, "POST", "/rollouts", { release, draft: true })) as [number, { id: number }];
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

function tokenOf(organisation: number, level: Level): string {
  return `lt_test-${organisation}-${Level[level]}`;
}

const code = ([status, body]: [number, Record<string, unknown>]) => [status, body.code];

test("a key is for those who administer; its private half is refused", async () => {
  const pem = String(KEY.export({ type: "pkcs8", format: "pem" }));
  const post = (token: string, body: object) => call(token, "POST", "/release-keys", body);
  expect(code(await post(tokenOf(1, Level.Operate), { pem: PEM, name: "k" }))).toEqual([403, "forbidden"]);
  expect(code(await post(tokenOf(1, Level.Administer), { pem, name: "k" }))).toEqual([422, "keyRefused"]);
  expect(code(await post(tokenOf(1, Level.Administer), { pem: "no", name: "k" }))).toEqual([422, "keyRefused"]);
  expect((await post(tokenOf(1, Level.Administer), { pem: PEM, name: "k" }))[0]).toBe(200);
});

test("who may only read sees, and changes nothing", async () => {
  const viewer = tokenOf(1, Level.Read);
  expect((await call(viewer, "GET", `/rollouts/${rollout}`))[1]).toMatchObject({
    state: "draft",
    organisation: "home",
  });
  expect((await call(viewer, "GET", "/releases"))[1]).toMatchObject({ items: [{ id: release }] });
  expect((await call(viewer, "POST", "/rollouts/dry-run", { release }))[0]).toBe(200);
  for (const [path, body] of [
    ["/rollouts", { release }],
    [`/rollouts/${rollout}/start`, undefined],
    [`/releases/${release}/withdraw`, undefined],
  ] as const) {
    expect(code(await call(viewer, "POST", path, body)), path).toEqual([403, "forbidden"]);
  }
});

test("what is of another organisation is told as what does not exist", async () => {
  const stranger = tokenOf(2, Level.Administer);
  const masked = (text: unknown, id: number) => String(text).replaceAll(` ${id};`, " N;");
  for (const [method, path, id] of [
    ["GET", "/rollouts/N", rollout],
    ["GET", "/rollouts/N/devices", rollout],
    ["GET", "/rollouts/N/log", rollout],
    ["POST", "/rollouts/N/start", rollout],
    ["POST", "/rollouts/N/roll-back", rollout],
    ["GET", "/releases/N", release],
    ["POST", "/releases/N/withdraw", release],
  ] as const) {
    const [status, own] = await call(stranger, method, path.replace("N", String(id)));
    const [, none] = await call(stranger, method, path.replace("N", "999"));
    expect(status, path).toBe(404);
    expect(masked(own.detail, id), path).toBe(masked(none.detail, 999));
  }
  expect(code(await call(stranger, "POST", "/rollouts", { release }))).toEqual([404, "releaseUnknown"]);
  expect((await call(stranger, "GET", "/rollouts"))[1]).toEqual({ items: [], next: null });
  expect((await call(stranger, "GET", "/releases"))[1]).toEqual({ items: [], next: null });
  // The image is there, but not theirs; neither is the key.
  const images = [imageIdText(IMAGE)];
  expect(code(await call(stranger, "POST", "/releases", { version: "1", images }))).toEqual([422, "imageNotStored"]);
  await call(stranger, "POST", "/images", IMAGE);
  expect(code(await call(stranger, "POST", "/releases", { version: "1", images }))).toEqual([422, "imageUntrusted"]);
});

test("where approval is asked for, it is somebody else's", async () => {
  const [admin, manager] = [tokenOf(1, Level.Administer), tokenOf(1, Level.Operate)];
  expect(code(await call(manager, "PUT", "/rollout-policy", { needsApproval: true }))).toEqual([403, "forbidden"]);
  expect((await call(admin, "PUT", "/rollout-policy", { needsApproval: true }))[1]).toEqual({ needsApproval: true });
  const [, made] = await call(manager, "POST", "/rollouts", { release });
  expect(made.state).toBe("waiting");
  expect(code(await call(manager, "POST", `/rollouts/${made.id}/approve`))).toEqual([403, "approvalDenied"]);
  expect(code(await call(manager, "POST", `/rollouts/${made.id}/resume`))).toEqual([409, "rolloutUnfit"]);
  const [status, approved] = await call(admin, "POST", `/rollouts/${made.id}/approve`);
  expect([status, approved.approvedBy]).toEqual([200, admin]);
  const [, log] = await call(operator, "GET", `/rollouts/${made.id}/log`);
  expect((log.items as Array<{ who: string }>).map(({ who }) => who).slice(0, 2)).toEqual([manager, admin]);
});
