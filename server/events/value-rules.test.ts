/** Rules on values: what comes late, and what is derived. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodePack, type TestClient } from "../testing/test-server.ts";
import { TimedServer } from "../testing/timed-server.ts";

const MAC = "5ccf7f00000e";
const HOUR_S = 3600;
/** A project that takes in boards without a secret. */
const OPEN = { registration: "anyone" };

let world: TimedServer;
beforeEach(async () => {
  world = await new TimedServer().start();
});
afterEach(() => world.stop());

const ABOVE_30 = { kind: "value", stream: "5001", above: 30 };
const addRule = (rule: object) => world.done<{ id: number }>("POST", "/alert-rules", { name: "Rule", ...rule });

interface Alert {
  state: string;
  device: string;
  detail: { value: number; time: string };
}
const alerts = async () => (await world.done<{ items: Alert[] }>("GET", "/alerts")).items;
const states = async () => (await alerts()).map(({ state, device }) => `${state} ${device}`);

/** Readings n, n + 1 ...: so many seconds ago, and their values. */
async function send(device: TestClient, n: number, readings: Array<[number, number]>, stream = "5001"): Promise<void> {
  const nowS = world.wallMs / 1000;
  const records = readings.map(([agoS, value]) => ({ stream, value, timeS: nowS - agoS }));
  device.data(encodePack(1, n, 1, records));
  await device.ack(n + readings.length - 1);
}

describe("a board that was away", () => {
  test("and sends what it has kept is told of nothing that is over", async () => {
    await addRule({ condition: ABOVE_30 });
    const device = await world.begin(MAC);
    for (let hour = 24; hour > 0; hour--) await send(device, 25 - hour, [[hour * HOUR_S, hour > 2 ? 35 : 20]]);
    await world.pass(20);
    expect(await states()).toEqual([]);
  });

  test("is told of what still is, by its newest value, when nothing newer comes", async () => {
    await addRule({ condition: ABOVE_30 });
    const device = await world.begin(MAC);
    await send(device, 1, [[3 * HOUR_S, 20]]);
    await send(device, 2, [[2 * HOUR_S, 35]]);
    await world.pass(1);
    expect(await states()).toEqual([]);
    await world.restart();
    await world.pass(1);
    expect(await states()).toEqual([`open ${MAC}`]);
    const time = new Date(world.wallMs - 2 * HOUR_S * 1000 - 120_000).toISOString();
    expect((await alerts())[0]?.detail).toEqual({ value: 35, time });
  });

  test("has its alert at once with the first value of now", async () => {
    await addRule({ condition: ABOVE_30 });
    const device = await world.begin(MAC);
    await send(device, 1, [[HOUR_S, 35]]);
    expect(await states()).toEqual([]);
    await send(device, 2, [[0, 36]]);
    expect(await states()).toEqual([`open ${MAC}`]);
    // What comes later and was earlier changes nothing.
    await send(device, 3, [[2 * HOUR_S, 10]]);
    expect(await states()).toEqual([`open ${MAC}`]);
    await send(device, 4, [[0, 29]]);
    expect(await states()).toEqual([`closed ${MAC}`]);
  });

  test("or whose clock is slow is not put off for ever", async () => {
    await addRule({ condition: ABOVE_30 });
    const device = await world.begin(MAC);
    for (let minute = 0; minute < 20; minute++) {
      await send(device, minute + 1, [[HOUR_S, 35]]);
      await world.pass(1);
      expect(await states()).toEqual(minute < 14 ? [] : [`open ${MAC}`]);
    }
  });

  test("holds as long as the rule says, where that is longer", async () => {
    await addRule({ condition: ABOVE_30, holdS: 600 });
    const device = await world.begin(MAC);
    await send(device, 1, [[HOUR_S, 35]]);
    await world.pass(5);
    await send(device, 2, [[0, 35]]);
    await world.pass(4);
    expect(await states()).toEqual([]);
    await world.pass(1);
    expect(await states()).toEqual([`open ${MAC}`]);
  });
});

describe("a derived stream", () => {
  const derive = (stream: string, body: object, mac = MAC) =>
    world.done("PUT", `/devices/${mac}/derived-streams/${stream}`, body);
  const source = { device: MAC, stream: "5001" };

  test("is ruled on like any other: linear, in one step and in two", async () => {
    const device = await world.begin(MAC);
    await send(device, 1, [[0, 20]]);
    await derive("6001", { kind: "linear", source, factor: 2, offset: 30 });
    await derive("6002", { kind: "linear", source: { device: MAC, stream: "6001" }, factor: -1, offset: 0 });
    await addRule({ name: "hot", condition: { kind: "value", stream: "6001", above: 90, margin: 9 } });
    await addRule({ name: "twice", condition: { kind: "value", stream: "6002", below: -110 } });
    await send(device, 2, [[0, 30]]);
    expect(await states()).toEqual([]);
    await send(device, 3, [[0, 31]]);
    expect((await alerts())[0]).toMatchObject({ state: "open", device: MAC, detail: { value: 92 } });
    await send(device, 4, [[0, 41]]);
    expect((await alerts()).map(({ detail }) => detail.value)).toEqual([-112, 92]);
    await send(device, 5, [[0, 24]]);
    expect(await states()).toEqual([`closed ${MAC}`, `closed ${MAC}`]);
  });

  test("of a counter says how far it has gone on, also over a restart of the server", async () => {
    const device = await world.begin(MAC);
    await send(device, 1, [
      [120, 1000],
      [60, 1004],
    ]);
    await derive("6001", { kind: "difference", source });
    await addRule({ condition: { kind: "value", stream: "6001", above: 50 } });
    await send(device, 3, [[0, 1040]]);
    expect(await states()).toEqual([]);
    await world.restart();
    await world.pass(1);
    const again = await world.begin(MAC);
    await send(again, 4, [[0, 1100]]);
    expect((await alerts())[0]).toMatchObject({ state: "open", detail: { value: 60 } });
    await send(again, 5, [[0, 1101]]);
    expect(await states()).toEqual([`closed ${MAC}`]);
  });

  test("of another board belongs to the one that it was made for; one that is deleted is derived no more", async () => {
    const other = "5ccf7f00000f";
    const device = await world.begin(MAC);
    await world.begin(other);
    await addRule({ condition: { kind: "value", stream: "6001", above: 5 } });
    await send(device, 1, [[0, 9]]);
    await derive("6001", { kind: "alias", sections: [source] }, other);
    expect(await states()).toEqual([`open ${other}`]);
    await send(device, 2, [[0, 4]]);
    expect(await states()).toEqual([`closed ${other}`]);
    await send(device, 3, [[0, 9]]);
    await world.done("DELETE", `/devices/${other}/derived-streams/6001`);
    expect(await states()).toEqual([`closed ${other}`, `closed ${other}`]);
    await send(device, 4, [[0, 9]]);
    expect((await alerts()).length).toBe(2);
  });

  test("goes on with the board that takes the place of its own", async () => {
    const by = "5ccf7f00000f";
    const device = await world.begin(MAC);
    await send(device, 1, [[0, 1]]);
    await derive("6001", { kind: "linear", source, factor: 2 });
    await addRule({ condition: { kind: "value", stream: "6001", above: 5 } });
    await world.begin(by);
    await world.done("POST", `/devices/${MAC}/replace`, { by, takeOver: true });
    await send(await world.begin(by), 1, [[0, 3]]);
    expect(await states()).toEqual([`open ${by}`]);
    expect((await alerts())[0]?.detail.value).toBe(6);
  });

  test("that waits for a board which is not of the organisation any more says nothing", async () => {
    const { id: project } = await world.done<{ id: number }>("POST", "/organisations/home/projects", {
      name: "Shop",
      ...OPEN,
    });
    const other = "5ccf7f00000f";
    const device = await world.begin(MAC);
    await world.begin(other);
    await send(device, 1, [[0, 1]]);
    await derive("6001", { kind: "linear", source, factor: 1 }, other);
    await addRule({ condition: { kind: "value", stream: "6001", above: 5 } });
    await world.done("PATCH", `/devices/${MAC}`, { project });
    const moved = await world.begin(MAC);
    await send(moved, 2, [[0, 9]]);
    expect(await states()).toEqual([`open ${other}`]);
    await send(moved, 3, [[0, 1]]);
    const away = await world.done<{ slug: string }>("POST", "/organisations", { slug: "away", name: "Away" });
    const there = await world.done<{ id: number }>("POST", `/organisations/${away.slug}/projects`, {
      name: "There",
      ...OPEN,
    });
    await world.done("PATCH", `/devices/${MAC}`, { project: there.id });
    await send(await world.begin(MAC), 4, [[0, 9]]);
    expect(await states()).toEqual([`closed ${other}`]);
  });
});
