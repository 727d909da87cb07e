/**
 * Wi-Fi over the cable, as a web page gives it: the SDK of Improv, unchanged, on a Web Serial port; behind that the emulated chip
 * with what was flashed, in real time, and the real server.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ImprovSerial } from "improv-wifi-serial-sdk/dist/serial.js";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { LintelServer } from "../../server/server-options.ts";
import { makeFolder, startTestServer } from "../../server/testing/test-server.ts";
import { ApiClient } from "../../tools/client/api-client.ts";
import { until } from "../cli/until.ts";
import { counterImages, type ImprovBoard, improvBoard, MAC } from "./improv-board.ts";

const VISITORS = "5001";
const mac = Buffer.from(MAC).toString("hex");
/** ImprovSerialCurrentState of the SDK, as its const.js has it. */
const READY = 2;
const PROVISIONED = 4;
/** Boot and the program after it have begun. */
const STARTED_MS = 1000;
const PERIOD_ENDED_MS = 1500;

let server: LintelServer;
let api: ApiClient;
const closing: Array<() => unknown> = [];

beforeAll(async () => {
  await counterImages();
});

beforeEach(async () => {
  const folder = makeFolder();
  closing.push(() => folder.remove());
  server = await startTestServer(folder.path, { nowMs: Date.now });
  closing.push(() => server.stop());
  api = new ApiClient(new URL(server.url));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function powerOn(wifi: { ssid: string; passphrase: string }): Promise<ImprovBoard> {
  const board = await improvBoard(server, wifi);
  closing.push(board.close);
  return board;
}

/** As a page that opens the port. */
function plugIn({ port }: ImprovBoard): ImprovSerial {
  const complaints: unknown[] = [];
  const sdk = new ImprovSerial(port, {
    log: () => {},
    debug: () => {},
    error: (...what: unknown[]) => void complaints.push(what),
  });
  closing.push(() => sdk.close());
  closing.push(() => expect(complaints).toEqual([]));
  return sdk;
}

const isOnline = (devices: Array<{ online: boolean }>) => devices.some(({ online }) => online);

/** Visitors that the server knows of. */
const counted = async () => {
  const devices = await api.devices();
  if (devices.length === 0 || !(await api.series.streams(mac)).some(({ stream }) => stream === VISITORS)) return 0;
  return (await api.readings(mac, VISITORS)).reduce((sum, { value }) => sum + value, 0);
};

test("a board without Wi-Fi: found, asked, told wrongly, told rightly; then it counts", async () => {
  const board = await powerOn({ ssid: "", passphrase: "" });
  const sdk = plugIn(board);
  expect(await sdk.initialize()).toEqual({
    firmware: "Lintel",
    version: "0.1.0",
    name: "counter-010203",
    chipFamily: "ESP8266",
    osName: null,
    osVersion: null,
  });
  expect(sdk.state).toBe(READY);
  expect(await sdk.scan()).toEqual([
    { name: "café", rssi: -102, secured: false },
    { name: "cellar", rssi: -88, secured: true },
    { name: "shop", rssi: -41, secured: true },
  ]);
  await expect(sdk.getHostname()).rejects.toBe("UNKNOWN_RPC_COMMAND");

  const states: unknown[] = [];
  sdk.addEventListener("state-changed", () => states.push(sdk.state));
  await expect(sdk.provision("shop", "wrong")).rejects.toBe("UNABLE_TO_CONNECT");
  await expect(sdk.provision("nowhere", "virtual-shop")).rejects.toBe("UNABLE_TO_CONNECT");
  await expect(sdk.provision("a name that is longer than 32 bytes", "")).rejects.toBe("INVALID_RPC_PACKET");
  await sdk.requestCurrentState();
  expect(sdk.state).toBe(READY);
  await sdk.provision("shop", "virtual-shop");
  expect(states.at(-1)).toBe(PROVISIONED);
  expect(sdk.nextUrl).toBeUndefined();

  await until(() => api.devices(), isOnline);
  expect(await api.device(mac)).toMatchObject({ product: "counter", version: "0.1.0", slot: 0 });
  for (let visitor = 0; visitor < 3; visitor++) await board.visit();
  await until(counted, (sum) => sum === 3);
});

test("a board that runs, and whose Wi-Fi has changed: the first attempt is answered, and no reading is lost", async () => {
  const board = await powerOn({ ssid: "shop", passphrase: "as it was" });
  await sleep(STARTED_MS);
  for (let visitor = 0; visitor < 4; visitor++) await board.visit();
  // The period in which they were counted ends, and goes to flash.
  await sleep(PERIOD_ENDED_MS);
  expect(await api.devices()).toEqual([]);

  const sdk = plugIn(board);
  // It gives up after a second.
  await sdk.initialize();
  expect(sdk.state).toBe(PROVISIONED);
  await sdk.provision("cellar", "under the shop");
  await until(counted, (sum) => sum === 4);
  await board.visit();
  await until(counted, (sum) => sum === 5);
  expect(await api.device(mac)).toMatchObject({ online: true, state: { rssiDbm: -88 } });
  const epochs = new Set((await api.readings(mac, VISITORS)).map(({ epoch }) => epoch));
  expect(epochs.size).toBe(1);
});

test("a scan as the first thing that a board hears that runs: answered too", async () => {
  const board = await powerOn({ ssid: "shop", passphrase: "virtual-shop" });
  await until(() => api.devices(), isOnline);
  const sdk = plugIn(board);
  await sdk.initialize();
  await sdk.provision("shop", "virtual-shop");
  // A page that goes on asking after the board has gone back to its program.
  await sleep(STARTED_MS);
  expect((await sdk.scan()).map(({ name }) => name)).toEqual(["café", "cellar", "shop"]);
  await sdk.provision("shop", "virtual-shop");
});
