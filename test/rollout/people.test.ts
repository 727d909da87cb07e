/** What people do with rollouts, on small fleets in virtual time. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { imageIdText } from "../../runtime/image/image-header.ts";
import { LightFleet, type Rollout } from "./light-fleet.ts";

const PLAN = { canary: { devices: 2 }, steps: [100], success: { soakMin: 10 }, atOnce: 2 };
const DAY_S = 86_400;

let fleet: LightFleet;
beforeEach(async () => {
  fleet = new LightFleet({ devices: 6, failing: 0 });
  await fleet.start();
});
afterEach(() => fleet.stop());

const act = (id: number, change: string, headers = {}) =>
  fleet.ask("POST", `/rollouts/${id}/${change}`, undefined, headers);
const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code];
const stateOf = async (id: number) => (await fleet.rollout(id)).state;
const countOf = async (id: number) => (await fleet.rollout(id)).devices;

function away(...places: number[]): void {
  for (const at of places) {
    const device = fleet.devices[at];
    if (device === undefined) continue;
    device.isAway = true;
    device.drop();
  }
}

describe("pause, resume, abort", () => {
  test("a pause holds offers, also to who comes back meanwhile, and a resume lets them go", async () => {
    const { id } = await fleet.roll({ ...PLAN, canary: { devices: 6 } });
    expect((await act(id, "pause")).status).toBe(200);
    await fleet.pass(120);
    await Promise.all(fleet.devices.map((device) => device.connect()));
    await fleet.pass(600);
    const held = fleet.touched;
    expect(held).toBeLessThanOrEqual(2);
    expect(await stateOf(id)).toBe("paused");
    expect((await act(id, "resume")).status).toBe(200);
    await fleet.until(id, ({ state }) => state === "finished", 60);
    expect(fleet.running(fleet.newImage)).toBe(6);
  });

  test("an abort leaves alone who has not begun", async () => {
    const { id } = await fleet.roll(PLAN);
    await fleet.pass(300);
    expect((await act(id, "abort")).status).toBe(200);
    await fleet.pass(DAY_S / 24);
    expect(await fleet.rollout(id)).toMatchObject({ state: "aborted", devices: { confirmed: 2, skipped: 4 } });
    expect(fleet.running(fleet.newImage)).toBe(2);
    expect(await codeOf(await act(id, "resume"))).toEqual([409, "rolloutUnfit"]);
  });

  test("a finished one is rolled back to what each device ran before", async () => {
    const { id } = await fleet.roll(PLAN);
    await fleet.until(id, ({ state }) => state === "finished", 60);
    expect(fleet.running(fleet.newImage)).toBe(6);
    away(5);
    expect((await act(id, "roll-back")).status).toBe(200);
    await fleet.pass(600);
    expect(await fleet.rollout(id)).toMatchObject({ state: "rolling-back", devices: { back: 5, returning: 1 } });
    (fleet.devices[5] as { isAway: boolean }).isAway = false;
    await fleet.until(id, ({ state }) => state === "rolled-back", 30);
    expect(fleet.running(fleet.oldImage)).toBe(6);
  });

  test("a device that is given to another organisation is out of it, and nothing more is told of it", async () => {
    const { id } = await fleet.roll({ ...PLAN, canary: { devices: 6 }, atOnce: 6 });
    await fleet.call("POST", "/organisations", { slug: "other", name: "Other" });
    // One where boards without a secret of their own stay.
    const wish = { name: "Open", registration: "anyone" };
    const project = (await fleet.call<{ id: number }>("POST", "/organisations/other/projects", wish)).id;
    const all = await fleet.rolloutDevices(id);
    const { device: given = "" } = all.find(({ state }) => state === "offered") ?? {};
    expect((await fleet.ask("PATCH", `/devices/${given}`, { project })).status).toBe(200);
    const told = async () => (await fleet.rolloutDevices(id)).find(({ device }) => device === given);
    const nothing = { state: "skipped", running: null, online: false };
    expect(await told()).toMatchObject(nothing);
    expect(await fleet.call("GET", `/devices/${given}/update`)).toMatchObject({ desired: null });
    await Promise.all(fleet.devices.map((device) => device.connect()));
    const ended = await fleet.until(id, ({ state }) => state === "finished", 60);
    expect(ended.devices).toEqual({ confirmed: 5, skipped: 1 });
    expect(await told()).toMatchObject(nothing);
  });

  test("an ETag that is not of now changes nothing", async () => {
    const { id } = await fleet.roll(PLAN);
    const read = await fleet.ask("GET", `/rollouts/${id}`);
    const etag = read.headers.get("etag") ?? "";
    expect((await act(id, "pause", { "if-match": etag })).status).toBe(200);
    expect(await codeOf(await act(id, "resume", { "if-match": etag }))).toEqual([412, "preconditionFailed"]);
    expect(await stateOf(id)).toBe("paused");
  });
});

test("a draft can be deleted, with the ETag of now; what has begun stays", async () => {
  const { id } = await fleet.roll({ ...PLAN, draft: true });
  const read = await fleet.ask("GET", `/rollouts/${id}`);
  const remove = (etag: string) => fleet.ask("DELETE", `/rollouts/${id}`, undefined, { "if-match": etag });
  expect(await codeOf(await remove('"99-aaaaaaaaaaaaaaaa"'))).toEqual([412, "preconditionFailed"]);
  expect((await remove(read.headers.get("etag") ?? "")).status).toBe(204);
  expect(await codeOf(await fleet.ask("GET", `/rollouts/${id}`))).toEqual([404, "rolloutUnknown"]);
  await fleet.pass(60);
  const other = await fleet.roll(PLAN);
  await fleet.pass(60);
  expect(await codeOf(await fleet.ask("DELETE", `/rollouts/${other.id}`))).toEqual([409, "rolloutUnfit"]);
  expect(await stateOf(other.id)).toBe("running");
});

test("who watches is told of each change", async () => {
  const end = new AbortController();
  const live = await fetch(`${fleet.server.url}/api/v1/live`, { signal: end.signal });
  const reader = live.body?.getReader();
  const { id } = await fleet.roll(PLAN);
  await fleet.until(id, ({ state }) => state === "finished", 60);
  let text = "";
  while (!text.includes('"finished"')) text += Buffer.from((await reader?.read())?.value ?? []).toString();
  end.abort();
  const told = [...text.matchAll(/^event: rollout\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ""));
  expect(new Set(told.map(({ rollout }) => rollout))).toEqual(new Set([id]));
  expect(told.at(-1)).toEqual({ rollout: id, state: "finished", group: 2, devices: { confirmed: 6 }, reason: null });
  expect(told.some(({ group, devices }) => group === 1 && devices.confirmed === 2)).toBe(true);
});

describe("time", () => {
  test("it starts when it is to start, and offers only within its window", async () => {
    // The clock of the fleet begins on Tuesday, 22:13:20 UTC.
    const startsAt = new Date(fleet.nowMs + 30 * 60_000).toISOString();
    const windows = [{ days: ["wed"], from: "01:00", to: "02:00" }];
    const { id } = await fleet.roll({ ...PLAN, startsAt, windows, success: { soakMin: 40 } });
    expect(await stateOf(id)).toBe("scheduled");
    await fleet.pass(40 * 60);
    expect(await fleet.rollout(id)).toMatchObject({ state: "running", touched: 0 });
    await fleet.until(id, ({ devices }) => devices.confirmed === 2, 4 * 60);
    expect(new Date(fleet.nowMs).toISOString()).toMatch(/T01:0[0-5]/);
    // The canary has soaked at about 01:41; what is beyond 02:00 waits for a week.
    away(...fleet.devices.map((_, at) => at));
    await fleet.pass(3 * 3600);
    for (const device of fleet.devices) device.isAway = false;
    await fleet.pass(3600);
    expect(await countOf(id)).toEqual({ confirmed: 2, pending: 4 });
  });

  test("a device that is away for weeks catches up when it comes", async () => {
    away(0, 1);
    await fleet.pass(60);
    const { id } = await fleet.roll(PLAN);
    await fleet.pass(3600);
    expect(await countOf(id)).toEqual({ confirmed: 4, pending: 2 });
    fleet.nowMs += 21 * DAY_S * 1000;
    for (const device of fleet.devices) device.isAway = false;
    await fleet.until(id, ({ state }) => state === "finished", 120);
    expect(fleet.running(fleet.newImage)).toBe(6);
  });

  test("or is left alone when the rollout has expired before", async () => {
    away(0, 1);
    await fleet.pass(60);
    const expiresAt = new Date(fleet.nowMs + DAY_S * 1000).toISOString();
    const { id } = await fleet.roll({ ...PLAN, expiresAt });
    await fleet.pass(3600);
    fleet.nowMs += DAY_S * 1000;
    for (const device of fleet.devices) device.isAway = false;
    await fleet.pass(600);
    expect(await fleet.rollout(id)).toMatchObject({ state: "finished", devices: { confirmed: 4, expired: 2 } });
    expect(fleet.running(fleet.oldImage)).toBe(2);
  });
});

describe("several rollouts", () => {
  test("the one that was started later has the device, and the other says so", async () => {
    const { id: first } = await fleet.roll({ ...PLAN, startsAt: null });
    await act(first, "pause");
    fleet.nowMs += 1000;
    const { id: second } = await fleet.roll({ ...PLAN, canary: { devices: 6 }, atOnce: 6 });
    await fleet.until(second, ({ state }) => state === "finished", 60);
    const { items } = await fleet.call<{ items: Array<{ state: string; reason: string }> }>(
      "GET",
      `/rollouts/${first}/devices?state=skipped`,
    );
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(items.map(({ reason }) => reason))).toEqual(new Set(["superseded"]));
  });

  test("what a person sets on a device takes it out", async () => {
    const { id } = await fleet.roll({ ...PLAN, startsAt: new Date(fleet.nowMs + 1000).toISOString() });
    await fleet.pass(30);
    const pending = await fleet.call<{ items: Array<{ device: string }> }>(
      "GET",
      `/rollouts/${id}/devices?state=pending`,
    );
    const mac = pending.items[0]?.device ?? "";
    await fleet.call("PUT", `/devices/${mac}/desired-image`, { image: imageIdText(fleet.oldImage) });
    await fleet.until(id, ({ state }) => state === "finished", 60);
    expect(await countOf(id)).toEqual({ confirmed: 5, skipped: 1 });
    expect(fleet.devices.find((device) => device.mac === mac)?.image).toBe(imageIdText(fleet.oldImage));
  });
});

describe("releases", () => {
  test("a dry run says who fits, and changes nothing", async () => {
    const release = await fleet.call<{ id: number }>("POST", "/releases", {
      version: "9",
      images: [imageIdText(fleet.newImage)],
    });
    const target = { devices: ["5ccf7f000001", "5ccf7f000002"], version: "<1.1" };
    const found = await fleet.call<{ fitting: number; groups: number[]; devices: object[] }>(
      "POST",
      "/rollouts/dry-run",
      {
        release: release.id,
        target,
        canary: { devices: 1 },
      },
    );
    expect(found).toMatchObject({ fitting: 2, groups: [1, 1] });
    expect(found.devices).toContainEqual({ device: "5ccf7f000003", image: null, reason: "not-named", returns: null });
    const image = imageIdText(fleet.newImage);
    expect(found.devices).toContainEqual({ device: "5ccf7f000001", image, reason: null, returns: true });
    expect((await fleet.call<{ items: Rollout[] }>("GET", "/rollouts")).items).toEqual([]);
  });

  test("one that is withdrawn stops what brings it", async () => {
    const { id } = await fleet.roll(PLAN);
    await fleet.pass(300);
    const { release } = await fleet.call<{ release: number }>("GET", `/rollouts/${id}`);
    await fleet.call("POST", `/releases/${release}/withdraw`);
    await fleet.pass(3600);
    expect(await fleet.rollout(id)).toMatchObject({
      state: "stopped",
      reason: "the release was withdrawn",
      touched: 2,
    });
    expect(await codeOf(await act(id, "resume"))).toEqual([409, "releaseNotOut"]);
    expect(await codeOf(await fleet.ask("POST", "/rollouts", { release }))).toEqual([409, "releaseNotOut"]);
  });

  test("images of one need the signature of a key that is trusted, and stay", async () => {
    const { items } = await fleet.call<{ items: Array<{ keyId: string }> }>("GET", "/release-keys");
    const images = [imageIdText(fleet.newImage)];
    await fleet.call("POST", "/releases", { version: "2", images });
    expect(await codeOf(await fleet.ask("DELETE", `/images/${images[0]}`))).toEqual([409, "imageInUse"]);
    expect(await codeOf(await fleet.ask("POST", "/releases", { version: "2", images }))).toEqual([
      409,
      "releaseExists",
    ]);
    await fleet.call("DELETE", `/release-keys/${items[0]?.keyId}`);
    expect(await codeOf(await fleet.ask("POST", "/releases", { version: "3", images }))).toEqual([
      422,
      "imageUntrusted",
    ]);
    const unknown = ["00000000000000aa"];
    expect(await codeOf(await fleet.ask("POST", "/releases", { version: "3", images: unknown }))).toEqual([
      422,
      "imageNotStored",
    ]);
  });

  test.each([
    ["a range that is none", { target: { version: "new ones" } }, [422, "planRefused"]],
    ["a zone that is none", { zone: "Europe/Atlantis" }, [422, "planRefused"]],
    ["steps that fall", { steps: [50, 20] }, [422, "planRefused"]],
    ["an end before its start", { startsAt: "2030-01-02", expiresAt: "2030-01-01" }, [422, "planRefused"]],
    ["a time that is none", { startsAt: "soon" }, [400, "timeInvalid"]],
    ["a word that nobody knows", { canarie: 3 }, [400, "badRequest"]],
    ["one within", { error: { vitals: { restart: 3 } } }, [400, "badRequest"]],
  ])("a plan with %s is refused", async (_name, plan, answer) => {
    const images = [imageIdText(fleet.newImage)];
    const { id } = await fleet.call<{ id: number }>("POST", "/releases", { version: "1", images });
    expect(await codeOf(await fleet.ask("POST", "/rollouts", { release: id, ...plan }))).toEqual(answer);
  });
});
