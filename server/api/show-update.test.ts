/** When an update has come to its good end: what a device said last counts only if nothing else can have come since. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HelloKey } from "../../runtime/contract/messages.ts";
import { UpdateFailure, UpdateKey, UpdateState } from "../../runtime/contract/update-messages.ts";
import { DEVICE_LEAVES_MAX_MS } from "../limits.ts";
import type { LintelServer } from "../server-options.ts";
import {
  getUpdate,
  noise,
  setDesired,
  startUpdateDevice,
  type TestImage,
  type TestUpdate,
  testImage,
  type UpdateDevice,
  upload,
} from "../testing/test-images.ts";
import { inMemory, makeFolder, startTestServer, TEST_NOW_MS } from "../testing/test-server.ts";

const EPOCH = 77;
const A = testImage(noise(4000, 1), { version: "1.0.0" });
const B = testImage(noise(4000, 2), { version: "2.0.0" });

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
let nowMs = TEST_NOW_MS;
/** Each test has a board of its own. */
let mac: string;
let nextMac = 0x5ccf7f200000;
let device: UpdateDevice;

beforeAll(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path, { nowMs: () => nowMs });
  for (const image of [A, B]) await upload(server, image.bytes);
  await server.idle();
});
beforeEach(async () => {
  mac = (nextMac++).toString(16);
  device = await startUpdateDevice(server, mac);
});
afterEach(() => device.client.drop());
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const id = (image: TestImage) => Buffer.from(image.id, "hex");

async function hello(running: TestImage, more: Array<[HelloKey, unknown]> = []): Promise<void> {
  device.client.hello(EPOCH, [[HelloKey.Product, "counter"], [HelloKey.Image, id(running)], ...more]);
  await device.client.ping();
  await server.idle();
}

async function report(state: UpdateState, image: TestImage, failure?: UpdateFailure): Promise<void> {
  device.report(state, image.id, failure === undefined ? [] : [[UpdateKey.Failure, failure]]);
  await device.client.ping();
  await server.idle();
}

async function order(image: TestImage, retry = false): Promise<TestUpdate> {
  const answer = await setDesired(server, mac, image.id, retry);
  await server.idle();
  return (await answer.json()) as TestUpdate;
}

async function connectAgain(): Promise<void> {
  device.client.drop();
  await server.idle();
  device = await startUpdateDevice(server, mac);
}

const TRIAL: [HelloKey, unknown] = [HelloKey.Trial, true];
const known = async () => {
  const { confirmed, online, underWay } = await getUpdate(server, mac);
  return { confirmed, online, underWay };
};
const GOOD = { confirmed: true, online: true, underWay: null };

test("what a connected device runs is confirmed as soon as it is desired", async () => {
  await hello(A);
  expect(await known()).toEqual({ ...GOOD, confirmed: false });
  expect(await order(A)).toMatchObject({ ...GOOD, offer: null });
});

test("not while it is on trial", async () => {
  await hello(A, [TRIAL]);
  expect(await order(A)).toMatchObject({ ...GOOD, confirmed: false, trial: true });
  await report(UpdateState.Confirmed, A);
  expect(await known()).toEqual(GOOD);
});

test("not of a device that is away, nor of one that is back and has not said hello", async () => {
  await hello(A);
  device.client.drop();
  await server.idle();
  expect(await order(A)).toMatchObject({ confirmed: false, online: false, running: A.id });
  nowMs += 1000;
  device = await startUpdateDevice(server, mac);
  expect(await known()).toEqual({ confirmed: false, online: false, underWay: null });
  await hello(A);
  expect(await known()).toEqual(GOOD);
});

describe("when another image was offered since", () => {
  beforeEach(async () => {
    await hello(A);
    const { offer } = await order(B).then(() => getUpdate(server, mac));
    expect(offer).toEqual({ image: B.id, kind: "image", bytes: B.bytes.length });
    expect(device.offers).toHaveLength(1);
    // That offer was for another order.
    expect(await order(A)).toMatchObject({ confirmed: false, online: true, underWay: B.id, offer: null });
  });

  test("not before the device has refused that one", async () => {
    await report(UpdateState.Downloading, B);
    expect(await known()).toEqual({ ...GOOD, confirmed: false, underWay: B.id });
    await report(UpdateState.Failed, B, UpdateFailure.BadSignature);
    expect(await known()).toEqual(GOOD);
  });

  test("not before the device has left its download", async () => {
    await report(UpdateState.Downloading, B);
    await connectAgain();
    await hello(A);
    expect(await known()).toEqual(GOOD);
  });

  test("not before the device has come back from it, and has taken the desired one after all", async () => {
    for (const state of [UpdateState.Downloaded, UpdateState.Verified, UpdateState.Restarting]) await report(state, B);
    device.client.drop();
    await server.idle();
    expect(await known()).toEqual({ confirmed: false, online: false, underWay: B.id });
    device = await startUpdateDevice(server, mac);
    await hello(B, [TRIAL]);
    expect(await known()).toEqual({ confirmed: false, online: true, underWay: A.id });
    await report(UpdateState.Confirmed, B);
    expect(device.offers).toHaveLength(1);
    for (const state of [UpdateState.Downloaded, UpdateState.Verified, UpdateState.Restarting]) await report(state, A);
    expect(await known()).toMatchObject({ confirmed: false, underWay: A.id });
    await connectAgain();
    await hello(A, [TRIAL]);
    expect(await known()).toMatchObject({ confirmed: false });
    await report(UpdateState.Confirmed, A);
    device.client.drop();
    await server.idle();
    // It was not running before the order: so this is news, also of a device that sleeps again.
    expect(await known()).toEqual({ confirmed: true, online: false, underWay: null });
  });

  test("the device may say hello once more before it restarts", async () => {
    await report(UpdateState.Restarting, B);
    await connectAgain();
    await hello(A);
    expect(await known()).toEqual({ ...GOOD, confirmed: false, underWay: B.id });
    nowMs += DEVICE_LEAVES_MAX_MS;
    expect(await known()).toEqual(GOOD);
  });

  test("a device that has gone back says so", async () => {
    await report(UpdateState.Restarting, B);
    await connectAgain();
    await hello(A, [
      [HelloKey.Failure, UpdateFailure.Crash],
      [HelloKey.FailedImage, id(B)],
    ]);
    expect(await known()).toEqual(GOOD);
  });
});

test("a failure of the attempt before ends no retry", async () => {
  await hello(A, [
    [HelloKey.Failure, UpdateFailure.Crash],
    [HelloKey.FailedImage, id(B)],
  ]);
  await order(B, true);
  await report(UpdateState.RolledBack, B, UpdateFailure.Crash);
  expect(await order(A)).toMatchObject({ confirmed: false, underWay: B.id });
  await report(UpdateState.Downloading, B);
  await report(UpdateState.Failed, B, UpdateFailure.BadDigest);
  expect(await known()).toEqual(GOOD);
});

test("a device that listens to no offers has none under way", async () => {
  const deaf = await inMemory(server, mac).connect();
  await deaf.subscribe();
  deaf.hello(EPOCH, [
    [HelloKey.Product, "counter"],
    [HelloKey.Image, id(A)],
  ]);
  await deaf.ack(0);
  await order(B);
  expect(await order(A)).toMatchObject({ ...GOOD, offer: null });
  deaf.drop();
});
