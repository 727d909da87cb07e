/** Real boards that wait to be taken in: what they count meanwhile stays with them, and comes in whole afterwards. */
import { afterEach, expect, test } from "vitest";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { Registration } from "../../server/access/registration.ts";
import { GuardedServer } from "../../server/testing/test-login.ts";
import { inMemory } from "../../server/testing/test-server.ts";
import { ApiClient } from "../../tools/client/api-client.ts";
import { CounterFleet, fleetMacs } from "../../tools/sim/counter-fleet.ts";
import { tallyReadings } from "../../tools/sim/tally.ts";
import { counterProgram } from "./counter-program.ts";

const TOKEN = "lc_the-token-of-the-shop";
const START_UNIX_MS = 1_735_689_600_000;
const MINUTE_MS = 60_000;
const DEVICES = 2;
const TIMEOUT_MS = 180_000;
/** MQTT 3.1.1 table 3.1. */
const BAD_PASSWORD = 4;

let guarded: GuardedServer | undefined;
let fleet: CounterFleet | undefined;
afterEach(async () => {
  fleet?.stop();
  await guarded?.stop();
});

/** A shop whose boards show `secret`, an hour in. */
type Shop = Awaited<ReturnType<typeof openShop>>;

async function openShop(registration: Registration, secret: string) {
  const time = new VirtualTime({ startUnixMs: START_UNIX_MS });
  const random = new SeededRandom(3);
  const started = await GuardedServer.start({ nowMs: () => time.unixMs() });
  guarded = started;
  started.claimWith(TOKEN, registration);
  const network = new MemoryNetwork({ time, random: random.fork(-1), idle: () => started.server.idle() });
  network.listen("server", 1883, (stream) => started.server.handle(stream));
  fleet = new CounterFleet({
    ...{ time, random, devices: DEVICES, periodS: 60, meanIntervalMs: 20_000 },
    ...{ program: await counterProgram(), server: { host: "server", port: 1883 } },
    network: () => network.station(),
    secretOf: () => secret,
    engine: { onAllocation: "error" },
  });
  fleet.start();
  await time.runFor(60 * MINUTE_MS);
  return { guarded: started, fleet, time };
}

function apiOf({ server, token }: GuardedServer): ApiClient {
  return new ApiClient(new URL(server.url), token);
}

/** The last visitor has passed, and his minute is over. */
async function closeDoors({ fleet, time }: Shop): Promise<void> {
  fleet.closeDoors();
  await time.runFor(3 * MINUTE_MS);
}

/** Every visitor of that hour is stored, once. */
async function expectWhole({ guarded, fleet, time }: Shop): Promise<void> {
  await time.runFor(20 * MINUTE_MS);
  expect(fleet.visitors).toBeGreaterThan(100);
  const tally = await tallyReadings(apiOf(guarded));
  expect(tally).toMatchObject({ visitorsCounted: fleet.visitors, duplicates: 0, lost: 0 });
}

test("waiting for approval: known, unheard, and then whole, with secrets of their own", {
  timeout: TIMEOUT_MS,
}, async () => {
  const shop = await openShop(Registration.Approval, TOKEN);
  const { items } = (await shop.guarded.call("GET", "/devices?standing=waiting")).body;
  expect(items).toHaveLength(DEVICES);
  expect(items[0]).toMatchObject({ product: "counter", secret: "none" });
  expect(await tallyReadings(apiOf(shop.guarded))).toMatchObject({ readingsStored: 0 });
  await closeDoors(shop);
  for (const mac of fleetMacs(DEVICES)) await shop.guarded.call("POST", `/devices/${mac}/approve`);
  await expectWhole(shop);
  for (const device of await apiOf(shop.guarded).devices()) expect(device.secret).toBe("own");
  const [mac = ""] = fleetMacs(DEVICES);
  expect(await inMemory(shop.guarded.server, mac).knock(mac, TOKEN)).toBe(BAD_PASSWORD);
});

test("strangers, as flashed from a kit without a secret: taken in after an hour, whole", {
  timeout: TIMEOUT_MS,
}, async () => {
  const shop = await openShop(Registration.Claim, "");
  expect((await shop.guarded.call("GET", "/devices")).body.items).toEqual([]);
  const { items } = (await shop.guarded.call("GET", "/strangers")).body;
  expect(items.map(({ mac }) => mac).sort()).toEqual(fleetMacs(DEVICES));
  await closeDoors(shop);
  for (const mac of fleetMacs(DEVICES)) await shop.guarded.call("POST", `/strangers/${mac}/approve`, {});
  await expectWhole(shop);
  for (const device of await apiOf(shop.guarded).devices()) expect(device.secret).toBe("own");
});

test("a claim token opens at once; a rotated secret is taken without a reading lost", {
  timeout: TIMEOUT_MS,
}, async () => {
  const shop = await openShop(Registration.Claim, TOKEN);
  const [mac = ""] = fleetMacs(DEVICES);
  const former = (await shop.guarded.call("GET", `/devices/${mac}`)).body;
  expect(former["secret"]).toBe("own");
  expect((await shop.guarded.call("POST", `/devices/${mac}/rotate`)).body["secret"]).toBe("pending");
  await shop.time.runFor(20 * MINUTE_MS);
  await closeDoors(shop);
  // Who passes while the chip starts anew with its new secret is seen by nobody; what was recorded is all there.
  const { duplicates, lost, readingsStored } = await tallyReadings(apiOf(shop.guarded));
  expect([duplicates, lost]).toEqual([0, 0]);
  expect(readingsStored).toBeGreaterThan(DEVICES * 75);
  const latter = (await shop.guarded.call("GET", `/devices/${mac}`)).body;
  expect(latter).toMatchObject({ secret: "own", configVersion: Number(former["configVersion"]) + 1 });
});
