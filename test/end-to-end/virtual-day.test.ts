/**
 * Days of a shop in virtual time: the counter program, the in-memory network and the real server in one process. Truth
 * is what the doors of the simulation saw; the count is read back through the server's API.
 */
import { afterEach, expect, test } from "vitest";
import { ApiClient } from "../../tools/client/api-client.ts";
import { tallyReadings } from "../../tools/sim/tally.ts";
import { VirtualShop, type VirtualShopOptions } from "../../tools/sim/virtual-shop.ts";
import { counterProgram } from "./counter-program.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** 2025-01-01T00:00:00Z, a full minute. */
const START_UNIX_MS = 1_735_689_600_000;

const open: VirtualShop[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((shop) => shop.close()));
});

async function openShop(options: Partial<VirtualShopOptions>): Promise<VirtualShop> {
  const shop = await VirtualShop.open({
    program: await counterProgram(),
    devices: 1,
    seed: 1,
    startUnixMs: START_UNIX_MS,
    periodS: 60,
    meanIntervalMs: 20_000,
    ...options,
  });
  open.push(shop);
  return shop;
}

const apiOf = (shop: VirtualShop) => new ApiClient(new URL(shop.server.url));

test("a day: every visitor is counted, a count a minute, and nothing is allocated after the start", async () => {
  const shop = await openShop({});
  shop.fleet.start();
  await shop.time.runFor(10 * MINUTE_MS);
  const [member] = shop.fleet.members;
  const early = member?.device.figures;
  await shop.time.run(24 * HOUR_MS);
  await shop.drain();

  // A growth of the heap would have ended the run with an AllocationError; the figures say so a second time.
  const late = member?.device.figures;
  expect(early?.heapUsedBytes).toBeGreaterThan(1000);
  expect(late).toMatchObject({
    heapUsedBytes: early?.heapUsedBytes,
    memoryBytes: early?.memoryBytes,
    allocationsAfterStart: 0,
    crashes: 0,
    starts: 1,
  });

  const tally = await tallyReadings(apiOf(shop));
  expect(shop.fleet.visitors).toBeGreaterThan(3000);
  expect(tally).toMatchObject({ visitorsCounted: shop.fleet.visitors, duplicates: 0, lost: 0 });

  const minutes = await apiOf(shop).readings(member?.mac ?? "", "5001");
  const stamps = minutes.map(({ time }) => Date.parse(time));
  // One reading for each minute, stamped with its end; the one that ends now has not arrived yet.
  expect(stamps.length).toBe(24 * 60 + 1);
  stamps.forEach((stamp, index) => {
    expect(stamp).toBe(START_UNIX_MS + (index + 1) * MINUTE_MS);
  });
});

test("direction: what came in and what went out are kept apart", async () => {
  const shop = await openShop({ devices: 2, meanIntervalMs: 5000 });
  await shop.run(2 * HOUR_MS);
  const twoBarriers = shop.fleet.members[1];
  const sum = async (stream: string) =>
    (await apiOf(shop).readings(twoBarriers?.mac ?? "", stream)).reduce((total, { value }) => total + value, 0);
  expect(twoBarriers?.door.turnedBack).toBeGreaterThan(20);
  expect(await sum("5001")).toBe(twoBarriers?.door.visitorsIn);
  expect(await sum("5002")).toBe(twoBarriers?.door.visitorsOut);
});

test("cuts, silences and half-delivered segments lose nothing and store nothing twice", async () => {
  const shop = await openShop({ devices: 6, meanIntervalMs: 4000, seed: 3 });
  shop.fleet.start();
  await shop.time.runFor(5 * MINUTE_MS);
  for (let round = 0; round < 8; round++) {
    shop.network.cut(round % 2 === 0 ? "reset" : "silent");
    await shop.time.runFor((round + 1) * 45_000);
    shop.network.restore();
    await shop.time.runFor(3 * MINUTE_MS);
  }
  await shop.drain();
  // A device that was in the longest wait between two attempts comes back within a minute.
  await shop.time.runFor(2 * MINUTE_MS);
  const tally = await tallyReadings(apiOf(shop));
  expect(tally).toMatchObject({ visitorsCounted: shop.fleet.visitors, duplicates: 0, lost: 0 });
});

test("a network that is away for longer than the queue holds: what was dropped is counted, never repeated", async () => {
  const shop = await openShop({ meanIntervalMs: 30_000 });
  shop.fleet.start();
  await shop.time.runFor(10 * MINUTE_MS);
  shop.network.cut("reset");
  await shop.time.runFor(6 * 24 * HOUR_MS);
  shop.network.restore();
  await shop.time.runFor(10 * MINUTE_MS);
  const tally = await tallyReadings(apiOf(shop));
  expect(tally.duplicates).toBe(0);
  expect(tally.lost).toBeGreaterThan(300);
  const [device] = await apiOf(shop).devices();
  const gaps = await fetch(`${shop.server.url}/api/v1/devices/${device?.mac}/gaps`);
  expect(await gaps.json()).toMatchObject({ readings: tally.lost });
  // The totals come once an hour and do not depend on the minutes in between.
  const totals = await apiOf(shop).readings(device?.mac ?? "", "5003");
  const last = totals.at(-1);
  expect(last?.value).toBeGreaterThan(tally.visitorsCounted);
});

test("totals survive a restart of the chip, not a loss of power; each start is a reading", async () => {
  const shop = await openShop({ meanIntervalMs: 2000 });
  shop.fleet.start();
  await shop.time.runFor(10 * MINUTE_MS);
  const device = shop.fleet.members[0]?.device;
  const door = shop.fleet.members[0]?.door;
  const mac = shop.fleet.members[0]?.mac ?? "";
  shop.fleet.closeDoors();
  await shop.time.runFor(MINUTE_MS);
  device?.reset();
  await shop.time.runFor(2 * MINUTE_MS);
  const total = async () => (await apiOf(shop).readings(mac, "5003")).at(-1)?.value;
  expect(await total()).toBe(door?.visitorsIn);
  device?.powerCut();
  await shop.time.runFor(1000);
  device?.powerOn();
  await shop.time.runFor(2 * MINUTE_MS);
  expect(await total()).toBe(0);
  expect((await apiOf(shop).readings(mac, "5c00")).map(({ value }) => value)).toEqual([0, 1, 0]);
});

test("the same seed replays the same day", async () => {
  const runOnce = async () => {
    const shop = await openShop({ devices: 3, seed: 11, meanIntervalMs: 6000 });
    await shop.run(HOUR_MS);
    const readings = await Promise.all(shop.fleet.members.map(({ mac }) => apiOf(shop).readings(mac, "5001")));
    return { readings, counts: { ...shop.network.counts }, events: shop.time.eventsRun };
  };
  expect(await runOnce()).toEqual(await runOnce());
});
