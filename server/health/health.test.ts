/** How devices fare, through the server: what they say, their silence, the server's own absence, and what people are told. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ResultCode, ResultKey } from "../../runtime/contract/command-messages.ts";
import { HelloKey, StateKey } from "../../runtime/contract/messages.ts";
import { CHANNEL_RESULT } from "../../runtime/contract/topics.ts";
import { encodeCbor } from "../ingest/cbor-codec.ts";
import { encodePack, TEST_NOW_MS, type TestClient } from "../testing/test-server.ts";
import { tellState as state, TimedServer } from "../testing/timed-server.ts";

const MAC = "5ccf7f00000b";
const MINUTE_MS = 60_000;
const HOUR_MIN = 60;
const YEAR_MS = 365 * 86_400_000;

let world: TimedServer;
beforeEach(async () => {
  world = await new TimedServer().start();
});
afterEach(() => world.stop());

const pass = (minutes: number, stepMin?: number) => world.pass(minutes, stepMin);
const begin = (mac = MAC) => world.begin(mac, [[HelloKey.Boots, 1]]);
const get = <T = Record<string, unknown>>(path: string) => world.done<T>("GET", path);
const put = async (path: string, body: object, headers: Record<string, string> = {}) => {
  const answer = await world.ask<{ code?: string }>("PUT", path, body, headers);
  return [answer.status, answer.body] as const;
};

interface Told {
  state: string;
  reasons: Array<{ reason: string; level: string; value: number }>;
  history: { items: Array<{ state: string; reasons: unknown[] }>; next: string | null };
}
const health = (mac = MAC) => get<Told>(`/devices/${mac}/health`);
const stateOf = async (mac = MAC) => (await health(mac)).state;

test("a device that falls silent, and comes back; its history; lists and counts", async () => {
  const device = await begin();
  expect(await stateOf()).toBe("normal");
  await pass(19);
  expect(await stateOf()).toBe("normal");
  await pass(1);
  expect((await health()).reasons).toEqual([{ reason: "silence", level: "warning", value: 20 }]);
  await pass(40);
  expect(await stateOf()).toBe("failed");
  const failed = await get<{ items: Array<{ mac: string; health: string }> }>("/devices?health=failed");
  expect(failed.items).toMatchObject([{ mac: MAC, health: "failed" }]);
  expect((await get<{ items: unknown[] }>("/devices?health=normal")).items).toEqual([]);
  expect(await get("/organisations/home/health")).toEqual({
    devices: { normal: 0, warning: 0, failed: 1, none: 0 },
    reasons: { silence: { warning: 0, failed: 1 } },
  });
  const metrics = await (await fetch(`${world.server.url}/metrics`)).text();
  expect(metrics).toContain('lintel_devices_health{state="failed"} 1');

  device.data(encodePack(1, 1, 1, [{ stream: "5001", value: 1, timeS: 1_700_000_000 }]));
  await device.ack(1);
  const { state: now, history } = await health();
  expect(now).toBe("normal");
  expect(history.items.map((one) => one.state)).toEqual(["normal", "failed", "warning", "normal"]);
  const first = await get<Told>(`/devices/${MAC}/health?limit=3`);
  const rest = await get<Told>(`/devices/${MAC}/health?limit=3&cursor=${first.history.next}`);
  expect([first.history.items.length, rest.history.items.map((one) => one.state)]).toEqual([3, ["normal"]]);
});

test("what a state says: signal, memory, queue", async () => {
  const device = await begin();
  state(device, [
    [StateKey.RssiDbm, -91],
    [StateKey.FreeBytes, 100],
    [StateKey.Queued, 2500],
  ]);
  await world.server.idle();
  expect(await health()).toMatchObject({
    state: "failed",
    reasons: [
      { reason: "memory", level: "warning", value: 100 },
      { reason: "signal", level: "failed", value: -91 },
      { reason: "queue", level: "warning", value: 2500 },
    ],
  });
  state(device, [
    [StateKey.RssiDbm, -70],
    [StateKey.FreeBytes, 4000],
    [StateKey.Queued, 0],
  ]);
  await world.server.idle();
  expect(await stateOf()).toBe("normal");
});

test("a start that new settings or a command bring is none to count", async () => {
  const device = await begin();
  const tell = (method: string, path: string, body: object) =>
    fetch(`${world.server.url}/api/v1/devices/${MAC}/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const result = (fields: Array<[ResultKey, number]>) =>
    device.publish(device.topic(CHANNEL_RESULT), encodeCbor(new Map(fields)));
  device.hello(1, [
    [HelloKey.Boots, 1],
    [HelloKey.Product, "counter"],
  ]);
  await world.server.idle();
  for (let version = 1; version <= 5; version++) {
    expect((await tell("PATCH", "config", { connection: { ssid: `shop ${version}` } })).status).toBe(200);
    device.hello(1, [
      [HelloKey.Boots, 1 + version],
      [HelloKey.Product, "counter"],
      [HelloKey.ConfigVersion, version],
    ]);
    result([
      [ResultKey.ConfigVersion, version],
      [ResultKey.Code, ResultCode.Done],
    ]);
    await world.server.idle();
  }
  for (let boots = 7; boots <= 11; boots++) {
    const asked = (await (await tell("POST", "commands", { method: "restart" })).json()) as { id: number };
    result([
      [ResultKey.Command, asked.id],
      [ResultKey.Code, ResultCode.Accepted],
    ]);
    device.hello(1, [
      [HelloKey.Boots, boots],
      [HelloKey.Product, "counter"],
      [HelloKey.ConfigVersion, 5],
    ]);
    await world.server.idle();
  }
  expect(await stateOf()).toBe("normal");
  // Another version each time, which nobody has sent.
  for (let boots = 12; boots <= 16; boots++) {
    device.hello(1, [
      [HelloKey.Boots, boots],
      [HelloKey.ConfigVersion, boots % 2],
    ]);
  }
  await world.server.idle();
  expect((await health()).reasons).toEqual([{ reason: "restarts", level: "warning", value: 5 }]);
});

test("many starts, until a day has passed", async () => {
  const device = await begin();
  for (let boots = 2; boots <= 6; boots++) device.hello(1, [[HelloKey.Boots, boots]]);
  await world.server.idle();
  expect((await health()).reasons).toEqual([{ reason: "restarts", level: "warning", value: 5 }]);
  for (let hour = 0; hour < 47; hour++) {
    world.wallMs += HOUR_MIN * MINUTE_MS;
    world.elapsedMs += HOUR_MIN * MINUTE_MS;
    state(device);
    await world.server.idle();
  }
  expect(await stateOf()).toBe("normal");
}, 60_000);

test("a device without a clock", async () => {
  const device = await begin();
  for (let n = 1; n <= 31; n++) {
    device.data(encodePack(1, n, 1, [{ stream: "5001", value: n, timeS: -1 }]));
    await device.ack(n);
    await pass(1);
  }
  expect((await health()).reasons).toEqual([{ reason: "clock", level: "warning", value: 30 }]);
  device.data(encodePack(1, 32, 1, [{ stream: "5001", value: 1, timeS: world.wallMs / 1000 }]));
  await device.ack(32);
  expect(await stateOf()).toBe("normal");
});

describe("nobody is to blame for the server", () => {
  test("that was off for a day: devices get their time anew, and then are silent", async () => {
    const device = await begin();
    device.drop();
    await world.server.stop();
    world.wallMs += 86_400_000;
    await world.start();
    await pass(19);
    expect(await stateOf()).toBe("normal");
    await pass(42);
    expect(await stateOf()).toBe("failed");
  });

  test("who was failed before a restart still is, until it is heard", async () => {
    const device = await begin();
    await pass(60);
    device.drop();
    await world.server.stop();
    await world.start();
    await pass(2);
    expect(await stateOf()).toBe("failed");
    const back = await begin();
    expect(await stateOf()).toBe("normal");
    back.drop();
  });

  test.each([1, -1])("a clock that jumps %i year", async (sign) => {
    const device = await begin();
    world.wallMs += sign * YEAR_MS;
    world.server.tick();
    await world.server.idle();
    expect(await stateOf()).toBe("normal");
    await pass(10);
    state(device);
    await world.server.idle();
    await pass(19);
    expect(await stateOf()).toBe("normal");
    await pass(1);
    expect(await stateOf()).toBe("warning");
    await pass(40);
    expect(await stateOf()).toBe("failed");
  });

  test("a process that stood still for an hour", async () => {
    await begin();
    world.wallMs += HOUR_MIN * MINUTE_MS;
    world.elapsedMs += HOUR_MIN * MINUTE_MS;
    world.server.tick();
    await world.server.idle();
    expect(await stateOf()).toBe("normal");
    await pass(20);
    expect(await stateOf()).toBe("warning");
  });
});

describe("what is taken for normal", () => {
  test("of an organisation, a project and a device", async () => {
    await begin();
    expect(await put("/organisations/home/health-policy", { silence: { warning: 2, failed: null } })).toMatchObject([
      200,
      { own: { silence: { warning: 2 } }, effective: { signal: { warning: -80 } } },
    ]);
    await pass(3);
    expect(await stateOf()).toBe("warning");
    await put("/projects/1/health-policy", { silence: { warning: 2, failed: 4 } });
    await pass(1);
    expect(await stateOf()).toBe("failed");
    await put(`/devices/${MAC}/health-policy`, { silence: { warning: null, failed: null } });
    await pass(1);
    expect(await stateOf()).toBe("normal");
    expect(await get(`/devices/${MAC}/health-policy`)).toMatchObject({
      own: { silence: { warning: null } },
      effective: { silence: { failed: null }, hours: null },
    });
  });

  test("of a template, between its device's and its project's", async () => {
    await begin();
    const post = async (method: string, path: string, body: object) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${world.server.url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
      expect(answer.status).toBeLessThan(300);
      return (await answer.json()) as { id: number };
    };
    const { id: one } = await post("POST", "/templates", { name: "one", attributes: [] });
    const { id: two } = await post("POST", "/templates", { name: "two", attributes: [] });
    await put("/projects/1/health-policy", { silence: { warning: null, failed: null } });
    expect(await put(`/templates/${one}/health-policy`, { silence: { warning: 3, failed: null } })).toMatchObject([
      200,
      { own: { silence: { warning: 3 } }, effective: { silence: { warning: 3 }, signal: { warning: -80 } } },
    ]);
    await put(`/templates/${two}/health-policy`, { silence: { warning: 1, failed: 2 } });
    await pass(10);
    expect(await stateOf()).toBe("normal");
    await post("PUT", `/devices/${MAC}/templates`, { templates: [{ template: one }, { template: two }] });
    await pass(1);
    expect(await stateOf()).toBe("warning");
    expect(await get(`/devices/${MAC}/health-policy`)).toMatchObject({
      own: {},
      effective: { silence: { warning: 3 } },
    });
    await put(`/templates/${one}/health-policy`, {});
    await pass(1);
    expect(await stateOf()).toBe("failed");
    await put(`/devices/${MAC}/health-policy`, { silence: { warning: null, failed: null } });
    await pass(1);
    expect(await stateOf()).toBe("normal");
  });

  test("a shop that turns its boards off at night", async () => {
    const night = { zone: "UTC", windows: [{ days: ["wed"], from: "06:00", to: "18:00" }] };
    // It is Tuesday, 22:13.
    await begin();
    expect((await put("/organisations/home/health-policy", { hours: night }))[0]).toBe(200);
    await pass(8 * HOUR_MIN, 3);
    expect(await stateOf()).toBe("normal");
    await pass(7);
    expect(await stateOf()).toBe("warning");
    const effective = await get<{ effective: { hours: object } }>("/organisations/home/health-policy");
    expect(effective.effective.hours).toEqual(night);
  }, 60_000);

  test("bad ones are refused, and of two who change it the second is told", async () => {
    const path = "/organisations/home/health-policy";
    expect(await put(path, { silence: { warning: 60, failed: 20 } })).toMatchObject([422, { code: "policyRefused" }]);
    expect(await put(path, { signal: { warning: -90, failed: -80 } })).toMatchObject([422, { code: "policyRefused" }]);
    const window = { days: ["mon"], from: "09:00", to: "18:00" };
    const refused: Array<[object, number]> = [
      [{ hours: { zone: "Mars/Olympus", windows: [window] } }, 422],
      [{ hours: { zone: "UTC", windows: [] } }, 400],
      [{ hours: { zone: "UTC", windows: [{ ...window, from: "25:00" }] } }, 400],
      [{ hours: { zone: "UTC", windows: Array(29).fill(window) } }, 400],
      [{ silence: { warning: 0, failed: 1 } }, 400],
      [{ silence: { warning: 1 } }, 400],
      [{ silences: {} }, 400],
      [[], 400],
    ];
    for (const [body, status] of refused) expect([body, (await put(path, body))[0]]).toEqual([body, status]);
    const etag = (await fetch(`${world.server.url}/api/v1${path}`)).headers.get("etag") ?? "";
    expect((await put(path, {}, { "if-match": etag }))[0]).toBe(200);
    expect((await put(path, {}, { "if-match": etag }))[0]).toBe(412);
  });
});

test("boards that wait, or were revoked, have no health; who never came has none either", async () => {
  await begin();
  await fetch(`${world.server.url}/api/v1/devices`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ mac: "5ccf7f00000c" }),
  });
  expect(await stateOf("5ccf7f00000c")).toBe("none");
  await fetch(`${world.server.url}/api/v1/devices/${MAC}/revoke`, { method: "POST" });
  await pass(1);
  expect(await stateOf()).toBe("none");
  expect(await get("/organisations/home/health")).toMatchObject({ devices: { none: 2 } });
  expect((await get<{ items: unknown[] }>("/devices?health=none")).items.length).toBe(2);
});
