/** Which boards come in, with what, and how they get their own secrets: through the broker and the API of a server. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ResultCode, ResultKey } from "../../runtime/contract/command-messages.ts";
import { ConfigKey } from "../../runtime/contract/config-record.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import { decodeCbor, encodeCbor } from "../ingest/cbor-codec.ts";
import { GuardedServer } from "../testing/test-login.ts";
import { countingPack, inMemory, type TestClient } from "../testing/test-server.ts";
import { Registration } from "./registration.ts";

const MAC = "5ccf7f123456";
const SLUG = "d--0000-5ccf-7f12-3456";
const OTHER = "5ccf7f654321";
const CLAIM = "lc_the-token-of-the-shop";
const EPOCH = 7;
/** MQTT 3.1.1 table 3.1. */
const ACCEPTED = 0;
const BAD_PASSWORD = 4;
const NOT_AUTHORIZED = 5;

let guarded: GuardedServer;
beforeEach(async () => {
  guarded = await GuardedServer.start();
});
afterEach(() => guarded.stop());

const knock = (mac: string, secret: string) => inMemory(guarded.server, mac).knock(mac, secret);
const show = async (mac = MAC) => (await guarded.call("GET", `/devices/${mac}`)).body;

/** Connected, and listens to everything that the server says to it. */
async function come(mac: string, secret: string): Promise<TestClient> {
  const device = await inMemory(guarded.server, mac).connect(mac, secret);
  await device.subscribe(`lintel/1/${mac}/+`);
  return device;
}

async function greet(device: TestClient, version?: number): Promise<void> {
  const more: Array<[HelloKey, unknown]> = [[HelloKey.Product, "counter"]];
  if (version !== undefined) more.push([HelloKey.ConfigVersion, version]);
  device.hello(EPOCH, more);
  await device.ack(0);
}

/** The configuration that comes, its version and the secret in it. */
async function secretSent(device: TestClient): Promise<{ version: number; secret: string; keys: unknown[] }> {
  const isConfig = ({ topic }: { topic: string }) => topic.endsWith("/config");
  await device.until(() => device.messages.some(isConfig), "a configuration");
  const decoded = decodeCbor(device.messages.find(isConfig)?.payload ?? Buffer.alloc(0));
  if (!decoded.ok || !(decoded.value instanceof Map)) throw new Error("no configuration");
  const [version, values] = [...decoded.value.values()] as [number, Map<number, unknown>];
  return { version, secret: String(values.get(ConfigKey.Secret)), keys: [...values.keys()] };
}

async function confirm(device: TestClient, version: number): Promise<void> {
  const result = new Map<number, unknown>([
    [ResultKey.ConfigVersion, version],
    [ResultKey.Code, ResultCode.Done],
  ]);
  device.publish(device.topic("result"), encodeCbor(result));
  await guarded.server.idle();
}

describe("a board that nobody knows", () => {
  test("is refused, counted, and a stranger who can be taken in: it alone", async () => {
    expect(await knock(MAC, "")).toBe(BAD_PASSWORD);
    expect(await knock(MAC, "")).toBe(BAD_PASSWORD);
    expect(await knock(MAC, "a guess")).toBe(BAD_PASSWORD);
    expect(await guarded.metric('lintel_refused_total{reason="deviceUnknown"}')).toBe(3);
    const { items } = (await guarded.call("GET", "/strangers")).body;
    expect(items).toMatchObject([
      { mac: MAC, times: 1, credential: expect.stringMatching(/^[0-9a-f]{8}$/) },
      { mac: MAC, times: 2, credential: "none" },
    ]);
    expect((await guarded.call("GET", `/devices/${MAC}`)).status).toBe(404);
    const which = await guarded.call("POST", `/strangers/${MAC}/approve`, {});
    expect([which.status, which.body["code"]]).toEqual([409, "strangerAmbiguous"]);
    expect((await guarded.call("POST", `/strangers/${SLUG}/approve`, { credential: "none" })).status).toBe(200);
    expect(await knock(MAC, "a guess")).toBe(BAD_PASSWORD);
    const device = await come(MAC, "");
    await greet(device);
    const { version, secret } = await secretSent(device);
    await confirm(device, version);
    expect(await knock(MAC, "")).toBe(BAD_PASSWORD);
    expect(await knock(MAC, secret)).toBe(ACCEPTED);
  });

  test("a project's claim token takes it in there, and it gets a secret of its own", async () => {
    guarded.claimWith(CLAIM);
    expect(await knock(MAC, `${CLAIM}x`)).toBe(BAD_PASSWORD);
    const device = await come(MAC, CLAIM);
    await greet(device);
    expect(await show()).toMatchObject({ slug: SLUG, standing: "active", project: "p--0000-0001" });
    const { version, secret, keys } = await secretSent(device);
    expect((await show())["secret"]).toBe("pending");
    // Settings that it was flashed with stay as they are.
    expect(keys).toEqual([ConfigKey.Secret]);
    expect(secret).toMatch(/^ld_[\w-]{43}$/);
    // Until it has said that it works with it, both are good.
    const tried = await come(MAC, secret);
    await device.closed();
    expect(await knock(MAC, CLAIM)).toBe(ACCEPTED);
    const again = await come(MAC, secret);
    await confirm(again, version);
    expect((await show())["secret"]).toBe("own");
    expect(await knock(MAC, CLAIM)).toBe(BAD_PASSWORD);
    expect(await knock(MAC, secret)).toBe(ACCEPTED);
    expect(tried.isClosed).toBe(true);
  });

  test("with approval it waits: known, not listened to, until somebody takes it in", async () => {
    guarded.claimWith(CLAIM, Registration.Approval);
    const device = await come(MAC, CLAIM);
    device.hello(EPOCH, [[HelloKey.Product, "counter"]]);
    device.data(countingPack(EPOCH, 1, 5));
    await guarded.server.idle();
    expect(device.acks).toEqual([]);
    expect(await show()).toMatchObject({ standing: "waiting", product: "counter", online: true });
    expect((await guarded.call("GET", `/devices/${MAC}/streams`)).body.items).toEqual([]);
    expect(await guarded.metric('lintel_shed_total{cause="waiting"}')).toBe(1);
    expect((await guarded.call("GET", "/devices?standing=waiting")).body.items).toHaveLength(1);
    expect((await guarded.call("GET", "/devices?standing=active")).body.items).toHaveLength(0);
    await guarded.call("POST", `/devices/${SLUG}/approve`);
    await device.closed();
    const back = await come(MAC, CLAIM);
    await greet(back);
    back.data(countingPack(EPOCH, 1, 5));
    await back.ack(5);
    expect((await secretSent(back)).secret).toMatch(/^ld_/);
  });

  test("a closed project takes nobody, also with its token", async () => {
    guarded.claimWith(CLAIM, Registration.Closed);
    expect(await knock(MAC, CLAIM)).toBe(NOT_AUTHORIZED);
  });
});

describe("a board taken in beforehand", () => {
  test("its claim code lets it in until it has its own secret", async () => {
    const { status, body } = await guarded.call("POST", "/devices", { mac: SLUG, name: "Front door" });
    expect([status, body]).toEqual([
      201,
      { mac: MAC, slug: SLUG, created: true, claimCode: expect.stringMatching(/^lc_[\w-]{43}$/) },
    ]);
    const code = String(body["claimCode"]);
    expect(await show()).toMatchObject({ name: "Front door", standing: "active", secret: "none" });
    expect(await knock(MAC, "")).toBe(BAD_PASSWORD);
    expect(await knock(OTHER, code)).toBe(BAD_PASSWORD);
    const device = await come(MAC, code);
    await greet(device);
    const { version, secret } = await secretSent(device);
    await confirm(device, version);
    expect(await knock(MAC, code)).toBe(BAD_PASSWORD);
    expect(await knock(MAC, secret)).toBe(ACCEPTED);
  });

  test("a table: each line by itself, all or nothing", async () => {
    const table = `mac,name,project,secret\n${MAC},"Door, front",Default,\n5C:CF:7F:65:43:21,Back,,0123456789abcdef\nnonsense,,,\n${OTHER.replace("65", "66")},,Nowhere,\n`;
    const { status, body } = await guarded.call("POST", "/devices", table);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ created: 2, updated: 0, failed: 2 },
      lines: [
        { line: 2, mac: MAC, created: true, claimCode: expect.stringMatching(/^lc_/), code: null },
        { line: 3, mac: OTHER, created: true, claimCode: null, code: null },
        { line: 4, mac: null, created: false, code: "badRequest" },
        { line: 5, created: false, code: "projectUnknown" },
      ],
    });
    expect(await show()).toMatchObject({ name: "Door, front" });
    expect(await knock(OTHER, "0123456789abcdef")).toBe(ACCEPTED);
    expect((await guarded.call("GET", "/devices")).body.items).toHaveLength(2);
    const bad = await guarded.call("POST", "/devices", "mac,colour\n");
    expect([bad.status, bad.body["code"]]).toEqual([400, "csvInvalid"]);
  });

  test("a table that comes again voids nothing: what is there keeps what lets it in, and each line says what was done", async () => {
    const third = MAC.replace("12", "13");
    const table = `mac,name,secret\n${MAC},Door,\n${OTHER},Back,0123456789abcdef\n`;
    const first = await guarded.call("POST", "/devices", table);
    const code = String((first.body["lines"] as Array<{ claimCode: string }>)[0]?.claimCode);
    const changed = `mac,name,secret\n${MAC},Door,\n${OTHER},Back door,\n${third},New,\n`;
    const again = await guarded.call("POST", "/devices", changed);
    expect(again.body).toMatchObject({
      ...{ created: 1, updated: 1, unchanged: 1, failed: 0 },
      lines: [
        { line: 2, mac: MAC, created: false, done: "unchanged", claimCode: null },
        { line: 3, mac: OTHER, created: false, done: "updated", claimCode: null },
        { line: 4, mac: third, created: true, done: "created", claimCode: expect.stringMatching(/^lc_/) },
      ],
    });
    expect(await knock(MAC, code)).toBe(ACCEPTED);
    expect(await knock(OTHER, "0123456789abcdef")).toBe(ACCEPTED);
    // A line with a secret is what it says, and who was shown out does not come back by a table.
    const secret = await guarded.call("POST", "/devices", [{ mac: OTHER, secret: "fedcba9876543210" }]);
    expect(secret.body).toMatchObject({ updated: 1, lines: [{ done: "updated" }] });
    expect(await knock(OTHER, "fedcba9876543210")).toBe(ACCEPTED);
    await guarded.call("POST", `/devices/${MAC}/revoke`);
    const revoked = await guarded.call("POST", "/devices", [{ mac: MAC, name: "Door" }]);
    expect(revoked.body).toMatchObject({ failed: 1, lines: [{ done: null, code: "deviceNotActive" }] });
    // Alone, it is asked for a new code.
    const alone = await guarded.call("POST", "/devices", { mac: OTHER });
    expect(alone.body).toMatchObject({ created: false, claimCode: expect.stringMatching(/^lc_/) });
    expect(await knock(OTHER, "fedcba9876543210")).toBe(BAD_PASSWORD);
  });

  test("with a secret that it was given; another one voids that, and ends its connection", async () => {
    await guarded.call("POST", "/devices", { mac: MAC, secret: "the secret of before" });
    const device = await come(MAC, "the secret of before");
    const again = await guarded.call("POST", "/devices", { mac: MAC, secret: "the secret of now" });
    expect([again.status, again.body["created"]]).toEqual([200, false]);
    await device.closed();
    expect(await knock(MAC, "the secret of before")).toBe(BAD_PASSWORD);
    expect(await knock(MAC, "the secret of now")).toBe(ACCEPTED);
  });
});

describe("a board that is in", () => {
  const SECRET = "0123456789abcdef";
  beforeEach(async () => {
    await guarded.call("POST", "/devices", { mac: MAC, secret: SECRET, name: "Front door" });
  });

  test("rotation: both are good until it works with the new one", async () => {
    expect((await guarded.call("POST", `/devices/${MAC}/rotate`)).body["code"]).toBe("productUntold");
    const device = await come(MAC, SECRET);
    await greet(device);
    expect((await guarded.call("POST", `/devices/${MAC}/rotate`)).body["secret"]).toBe("pending");
    const { version, secret } = await secretSent(device);
    expect(await knock(MAC, SECRET)).toBe(ACCEPTED);
    const trying = await come(MAC, secret);
    await confirm(trying, version);
    expect(await knock(MAC, SECRET)).toBe(BAD_PASSWORD);
    expect((await show())["secret"]).toBe("own");
  });

  test("revoked: its connection ends at once, and it is refused; approved, it is back", async () => {
    const device = await come(MAC, SECRET);
    expect((await guarded.call("POST", `/devices/${MAC}/revoke`)).body["standing"]).toBe("revoked");
    await device.closed();
    expect(await knock(MAC, SECRET)).toBe(NOT_AUTHORIZED);
    await guarded.call("POST", `/devices/${MAC}/approve`);
    expect(await knock(MAC, SECRET)).toBe(ACCEPTED);
  });

  test("replaced: the other board has its name and project, and the history says where it went on", async () => {
    const device = await come(MAC, SECRET);
    await greet(device);
    device.data(countingPack(EPOCH, 1, 3));
    await device.ack(3);
    const { status, body } = await guarded.call("POST", `/devices/${MAC}/replace`, { by: OTHER });
    expect([status, body["created"]]).toEqual([200, true]);
    await device.closed();
    expect(await knock(MAC, SECRET)).toBe(NOT_AUTHORIZED);
    expect(await show()).toMatchObject({ standing: "replaced", replacedBy: OTHER });
    expect(await show(OTHER)).toMatchObject({ standing: "active", name: "Front door", project: "p--0000-0001" });
    expect((await guarded.call("GET", `/devices/${MAC}/streams`)).body.items).toMatchObject([{ count: 3 }]);
    expect(await knock(OTHER, String(body["claimCode"]))).toBe(ACCEPTED);
  });

  test("taken in again it stays where it is, also for who is in several organisations", async () => {
    const project = guarded.otherProject();
    expect((await guarded.call("PATCH", `/devices/${MAC}`, { project })).status).toBe(200);
    const again = await guarded.call("POST", "/devices", { mac: MAC, secret: "0123456789abcdef" });
    expect(again.status).toBe(200);
    expect(await show()).toMatchObject({ project: "p--0000-0002" });
    const table = await guarded.call("POST", "/devices", `mac,name\n${MAC},Door\n`);
    expect(table.body).toMatchObject({ created: 0, updated: 1, failed: 0 });
    expect(await show()).toMatchObject({ project: "p--0000-0002", name: "Door" });
    // A new one has no place yet.
    const fresh = await guarded.call("POST", "/devices", { mac: OTHER });
    expect([fresh.status, fresh.body["code"]]).toEqual([400, "organisationUnnamed"]);
  });

  test("moved to another organisation, its history with it", async () => {
    const project = guarded.otherProject();
    const device = await come(MAC, SECRET);
    await greet(device);
    device.data(countingPack(EPOCH, 1, 3));
    await device.ack(3);
    expect((await guarded.call("PATCH", `/devices/${MAC}`, { project })).body["project"]).toBe("p--0000-0002");
    await device.closed();
    const back = await come(MAC, SECRET);
    back.data(countingPack(EPOCH, 4, 5));
    await back.ack(5);
    expect((await guarded.call("GET", `/devices/${MAC}/streams`)).body.items).toMatchObject([{ count: 5 }]);
    expect((await guarded.call("GET", `/devices?project=${project}`)).body.items).toHaveLength(1);
    expect((await guarded.call("GET", "/devices?project=1")).body.items).toHaveLength(0);
  });

  test("forgotten, unless it has sent readings", async () => {
    const device = await come(MAC, SECRET);
    await greet(device);
    expect((await guarded.call("DELETE", `/devices/${MAC}`)).status).toBe(204);
    await device.closed();
    expect((await guarded.call("GET", `/devices/${MAC}`)).status).toBe(404);
    await guarded.call("POST", "/devices", { mac: MAC, secret: SECRET });
    const back = await come(MAC, SECRET);
    back.data(countingPack(EPOCH, 1, 1));
    await back.ack(1);
    const kept = await guarded.call("DELETE", `/devices/${MAC}`);
    expect([kept.status, kept.body["code"]]).toEqual([409, "deviceHasReadings"]);
  });
});
