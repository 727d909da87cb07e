/** Which devices are offered what, and what is kept of their reports. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BOOT_PRODUCT } from "../../runtime/contract/image-header.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import { UpdateFailure, UpdateKey, UpdateState } from "../../runtime/contract/update-messages.ts";
import { applyPatch } from "../../runtime/image/apply-patch.ts";
import { decompressImage } from "../../runtime/image/decompress.ts";
import type { LintelServer } from "../server-options.ts";
import { Reader } from "../store/reader.ts";
import {
  getUpdate,
  noise,
  setDesired,
  startUpdateDevice,
  type TestImage,
  testImage,
  type UpdateDevice,
  upload,
} from "../testing/test-images.ts";
import { inMemory, makeFolder, startTestServer, TEST_NOW_MS } from "../testing/test-server.ts";
import { NO_BASE } from "./update-messages.ts";

const EPOCH = 77;
const PAYLOAD = noise(8000, 1);
const OLD = testImage(PAYLOAD, { version: "1.0.0" });
/** Much like the old one: a patch is worth while. */
const NEW = testImage(changed(PAYLOAD), { version: "1.1.0" });
/** Nothing of the old one is in it. */
const OTHER = testImage(noise(8000, 2), { version: "2.0.0" });
/** Not in the store, so there are no patches from it to wait for. */
const FOREIGN = testImage(noise(10, 3));

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
/** Each test has a board of its own. */
let mac: string;
let nextMac = 0x5ccf7f100000;
let device: UpdateDevice;

beforeAll(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path);
  for (const image of [OLD, NEW, OTHER]) await upload(server, image.bytes);
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

function changed(payload: Buffer): Buffer {
  const copy = Buffer.from(payload);
  copy.write("a change", 1000);
  return Buffer.concat([copy.subarray(0, 5000), Buffer.from("and more"), copy.subarray(5000)]);
}

const id = (image: TestImage) => Buffer.from(image.id, "hex");

async function hello(running: TestImage | null, more: Array<[HelloKey, unknown]> = [], who = device): Promise<void> {
  const { length } = who.client.acks;
  const image: Array<[HelloKey, unknown]> = running === null ? [] : [[HelloKey.Image, id(running)]];
  who.client.hello(EPOCH, [[HelloKey.Product, "counter"], ...image, ...more]);
  await who.client.until(() => who.client.acks.length > length, "the answer to hello");
  await server.idle();
}

async function failed(image: TestImage, state: UpdateState, failure: UpdateFailure): Promise<void> {
  device.report(state, image.id, [[UpdateKey.Failure, failure]]);
  await server.idle();
}

const whole = (image: TestImage) => ({ Image: image.id, SizeBytes: image.bytes.length });

describe("an offer", () => {
  test("comes after hello, whole when nobody knows what runs", async () => {
    await hello(null);
    expect(device.offers).toEqual([]);
    await setDesired(server, mac, NEW.id);
    await server.idle();
    expect(device.offers).toEqual([whole(NEW)]);
    const again = await startUpdateDevice(server, mac);
    await hello(null, [], again);
    expect(again.offers).toEqual([whole(NEW)]);
    const topics = again.client.messages.map(({ topic }) => topic.split("/").at(-1));
    expect(topics).toEqual(["ack", "offer"]);
  });

  test("comes when the desired image changes, and not when it runs already", async () => {
    await hello(OTHER);
    const answer = await setDesired(server, mac, OTHER.id);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ desired: OTHER.id, running: OTHER.id, state: "idle", history: [] });
    await hello(OTHER);
    expect(device.offers).toEqual([]);
    await setDesired(server, mac, NEW.id);
    await server.idle();
    await setDesired(server, mac, OLD.id);
    await server.idle();
    expect(device.offers).toEqual([whole(NEW), whole(OLD)]);
  });

  test("that is not answered comes again with the next hello, not before", async () => {
    await hello(FOREIGN);
    await setDesired(server, mac, NEW.id);
    await server.idle();
    device.report(UpdateState.Idle, NEW.id);
    await server.idle();
    expect(device.offers).toHaveLength(1);
    await hello(FOREIGN);
    expect(device.offers).toHaveLength(2);
  });

  test("waits for a device that is away, and is not sent to one that does not listen", async () => {
    await hello(FOREIGN);
    device.client.drop();
    await server.idle();
    await setDesired(server, mac, NEW.id);
    const deaf = await inMemory(server, mac).connect();
    await deaf.subscribe();
    deaf.hello(EPOCH);
    await deaf.ack(0);
    await server.idle();
    expect(deaf.messages.map(({ topic }) => topic)).toEqual([deaf.topic("ack")]);
    device = await startUpdateDevice(server, mac);
    await hello(FOREIGN);
    expect(device.offers).toEqual([whole(NEW)]);
  });

  test("is for none any more when nothing is desired", async () => {
    await hello(null);
    await setDesired(server, mac, NEW.id);
    const path = `${server.url}/api/v1/devices/${mac}/desired-image`;
    expect((await fetch(path, { method: "DELETE" })).status).toBe(204);
    await server.idle();
    await hello(FOREIGN);
    expect(device.offers).toHaveLength(1);
    expect(await getUpdate(server, mac)).toMatchObject({ desired: null, running: FOREIGN.id });
  });

  test("goes to the recovery program too, of a board whose product stays known", async () => {
    await hello(FOREIGN);
    await hello(null, [[HelloKey.Product, BOOT_PRODUCT]]);
    await setDesired(server, mac, NEW.id);
    await server.idle();
    expect(device.offers).toEqual([whole(NEW)]);
    const shown = await (await fetch(`${server.url}/api/v1/devices/${mac}`)).json();
    expect(shown).toMatchObject({ product: "counter", image: null });
  });
});

describe("a compressed image", () => {
  const WORDY = testImage(Buffer.from("in the back room of a shop ".repeat(400)), { version: "3.0.0" });

  const shown = async (image: TestImage) =>
    (await (await fetch(`${server.url}/api/v1/images/${image.id}`)).json()) as { compressedBytes: number | null };

  test("is offered where there is no patch, comes in chunks, and is the image", async () => {
    const answer = await upload(server, WORDY.bytes);
    // It is made afterwards, and the offer waits for it.
    expect([answer.status, await answer.json()]).toMatchObject([201, { compressedBytes: null }]);
    await hello(FOREIGN);
    await setDesired(server, mac, WORDY.id);
    await server.idle();
    const [offer] = device.offers;
    expect(offer).toMatchObject({ ...whole(WORDY), Base: NO_BASE });
    const sizeBytes = Number(offer?.["PatchBytes"]);
    expect(sizeBytes).toBeLessThan(600);
    expect(await shown(WORDY)).toMatchObject({ sizeBytes: WORDY.bytes.length, compressedBytes: sizeBytes });
    expect((await getUpdate(server, mac)).offer).toEqual({ image: WORDY.id, kind: "compressed", bytes: sizeBytes });
    const file = await device.download(WORDY.id, sizeBytes, NO_BASE);
    expect(Buffer.from(decompressImage(file) as Uint8Array)).toEqual(WORDY.bytes);
    // The image itself is there too, for the recovery program.
    expect(await device.download(WORDY.id, WORDY.bytes.length)).toEqual(WORDY.bytes);
  });

  test("that the last run of the server did not make is made at the next start", async () => {
    const { compressedBytes } = await shown(WORDY);
    await server.stop();
    const db = new Database(join(folder.path, "lintel.db"));
    db.exec("UPDATE images SET compressed = NULL, compress_tried = 0");
    db.close();
    server = await startTestServer(folder.path);
    await server.idle();
    expect(await shown(WORDY)).toMatchObject({ compressedBytes });
    expect(compressedBytes).toBeGreaterThan(0);
    // Noise: it was tried, and is not tried again.
    expect(await shown(OTHER)).toMatchObject({ compressedBytes: null });
    const reader = new Reader(join(folder.path, "lintel.db"));
    expect(reader.updates.uncompressed()).toEqual([]);
    reader.close();
    device = await startUpdateDevice(server, mac);
  });

  test("gives way to a patch", async () => {
    const next = testImage(Buffer.from(`${"in the back room of a shop ".repeat(400)}!`), { version: "3.0.1" });
    await upload(server, next.bytes);
    await hello(WORDY);
    await setDesired(server, mac, next.id);
    await server.idle();
    expect(device.offers).toMatchObject([{ ...whole(next), Base: WORDY.id }]);
  });
});

describe("a patch", () => {
  test("is offered when it is much shorter, and makes the new image out of the old one", async () => {
    await hello(OLD);
    await setDesired(server, mac, NEW.id);
    await server.idle();
    const [offer] = device.offers;
    expect(offer).toMatchObject({ ...whole(NEW), Base: OLD.id });
    const sizeBytes = Number(offer?.["PatchBytes"]);
    expect(sizeBytes).toBeLessThan(600);
    expect((await getUpdate(server, mac)).offer).toEqual({ image: NEW.id, kind: "patch", bytes: sizeBytes });
    const patch = await device.download(NEW.id, sizeBytes, OLD.id);
    expect(Buffer.from(applyPatch(OLD.bytes, patch) as Uint8Array)).toEqual(NEW.bytes);
  });

  test("is not offered when it saves little, nor from an image that the server does not have", async () => {
    await hello(OLD);
    await setDesired(server, mac, OTHER.id);
    await server.idle();
    await hello(FOREIGN);
    expect(device.offers).toEqual([whole(OTHER), whole(OTHER)]);
  });

  test("that is being made when another image is wanted is not offered", async () => {
    const newer = testImage(changed(changed(PAYLOAD)), { version: "1.1.1" });
    await upload(server, newer.bytes);
    await hello(OLD);
    await Promise.all([setDesired(server, mac, newer.id), setDesired(server, mac, OTHER.id)]);
    await server.idle();
    expect(device.offers).toEqual([whole(OTHER)]);
  });

  test("is kept over a restart", async () => {
    await hello(OLD);
    await setDesired(server, mac, NEW.id);
    await server.idle();
    const { PatchBytes } = device.offers[0] ?? {};
    await server.stop();
    server = await startTestServer(folder.path);
    device = await startUpdateDevice(server, mac);
    await hello(OLD);
    expect(device.offers).toEqual([{ ...whole(NEW), Base: OLD.id, PatchBytes }]);
  });
});

describe("an image that failed", () => {
  test.each([UpdateState.Failed, UpdateState.RolledBack])(
    "is not offered again (%i) until it is set again",
    async (state) => {
      await hello(FOREIGN);
      await setDesired(server, mac, NEW.id);
      await server.idle();
      await failed(NEW, state, UpdateFailure.BadSignature);
      expect(await getUpdate(server, mac)).toMatchObject({ givenUp: true, failure: "bad-signature", image: NEW.id });
      await hello(FOREIGN);
      expect(device.offers).toHaveLength(1);
      await setDesired(server, mac, NEW.id, true);
      await server.idle();
      await hello(FOREIGN, [[HelloKey.FailedImage, id(NEW)]]);
      expect(device.offers.slice(1)).toEqual(Array(2).fill({ ...whole(NEW), Retry: true }));
      expect(await getUpdate(server, mac)).toMatchObject({ givenUp: false, retry: true });
    },
  );

  test("leaves other images alone", async () => {
    await hello(FOREIGN);
    await setDesired(server, mac, NEW.id);
    await failed(OLD, UpdateState.Failed, UpdateFailure.BadDigest);
    await hello(FOREIGN, [[HelloKey.FailedImage, id(OLD)]]);
    expect(device.offers).toHaveLength(2);
  });

  test("and says so only in hello is given up as well; a retry is one retry", async () => {
    await hello(FOREIGN);
    await setDesired(server, mac, NEW.id, true);
    await server.idle();
    device.report(UpdateState.Verified, NEW.id);
    device.report(UpdateState.Restarting, NEW.id);
    const fate: Array<[HelloKey, unknown]> = [
      [HelloKey.Failure, UpdateFailure.Hang],
      [HelloKey.FailedImage, id(NEW)],
    ];
    await hello(FOREIGN, fate);
    await hello(FOREIGN, fate);
    expect(device.offers).toHaveLength(1);
    const update = await getUpdate(server, mac);
    expect(update).toMatchObject({ givenUp: true, state: "rolled-back", failure: "hang", image: NEW.id });
    expect(update.history.map(({ state }) => state)).toEqual(["verified", "restarting", "rolled-back"]);
    await failed(NEW, UpdateState.RolledBack, UpdateFailure.Hang);
    expect((await getUpdate(server, mac)).history).toHaveLength(3);
  });
});

describe("a failure that is on the record of a device and told after every hello", () => {
  const record: Array<[HelloKey, unknown]> = [
    [HelloKey.Failure, UpdateFailure.Crash],
    [HelloKey.FailedImage, id(NEW)],
  ];
  const states = async () => (await getUpdate(server, mac)).history.map(({ state }) => state);

  async function connectAgain(): Promise<void> {
    await hello(FOREIGN, record);
    await failed(NEW, UpdateState.RolledBack, UpdateFailure.Crash);
  }

  test("is written down once, also when other things have happened since", async () => {
    await connectAgain();
    await connectAgain();
    device.report(UpdateState.Confirmed, FOREIGN.id);
    await connectAgain();
    expect(await states()).toEqual(["rolled-back", "confirmed"]);
  });

  test("does not end a retry before it has begun, and ends it afterwards", async () => {
    await connectAgain();
    await setDesired(server, mac, NEW.id, true);
    await connectAgain();
    expect(await getUpdate(server, mac)).toMatchObject({ givenUp: false });
    await connectAgain();
    expect(device.offers).toEqual(Array(3).fill({ ...whole(NEW), Retry: true }));
    device.report(UpdateState.Downloading, NEW.id, [[UpdateKey.Percent, 5]]);
    await failed(NEW, UpdateState.RolledBack, UpdateFailure.Crash);
    expect(await getUpdate(server, mac)).toMatchObject({ givenUp: true, failure: "crash" });
    expect(await states()).toEqual(["rolled-back", "downloading", "rolled-back"]);
    await connectAgain();
    expect([device.offers.length, await states()]).toEqual([3, ["rolled-back", "downloading", "rolled-back"]]);
  });

  test("is the answer to an offer that does not ask for a retry", async () => {
    await connectAgain();
    await setDesired(server, mac, NEW.id);
    await failed(NEW, UpdateState.RolledBack, UpdateFailure.Crash);
    expect(await getUpdate(server, mac)).toMatchObject({ givenUp: true, state: "rolled-back" });
    expect(await states()).toHaveLength(2);
  });

  test("keeps no image away that was damaged in flash", async () => {
    await hello(FOREIGN);
    await setDesired(server, mac, NEW.id);
    await hello(FOREIGN, [
      [HelloKey.Failure, UpdateFailure.Damaged],
      [HelloKey.FailedImage, id(NEW)],
    ]);
    await failed(NEW, UpdateState.RolledBack, UpdateFailure.Damaged);
    await hello(FOREIGN);
    expect(device.offers).toHaveLength(3);
  });
});

describe("reports", () => {
  test("are kept over a restart, a download in one line", async () => {
    await hello(OLD);
    device.report(UpdateState.Queued, NEW.id);
    for (const percent of [0, 10, 55, 100])
      device.report(UpdateState.Downloading, NEW.id, [[UpdateKey.Percent, percent]]);
    device.report(UpdateState.Verified, NEW.id);
    await server.idle();
    await server.stop();
    server = await startTestServer(folder.path);
    const step = { atMs: TEST_NOW_MS, image: NEW.id, percent: null, failure: null };
    expect(await getUpdate(server, mac)).toEqual({
      desired: null,
      retry: false,
      givenUp: false,
      confirmed: false,
      online: false,
      running: OLD.id,
      trial: false,
      underWay: NEW.id,
      offer: null,
      image: NEW.id,
      state: "verified",
      percent: null,
      failure: null,
      history: [
        { ...step, state: "queued" },
        { ...step, state: "downloading", percent: 100 },
        { ...step, state: "verified" },
      ],
    });
  });

  test("a download that begins anew, without its patch, is another line, and says why to its end", async () => {
    const percent = (value: number) => device.report(UpdateState.Downloading, NEW.id, [[UpdateKey.Percent, value]]);
    await hello(OLD);
    await setDesired(server, mac, NEW.id);
    percent(50);
    device.report(UpdateState.Downloading, NEW.id, [
      [UpdateKey.Percent, 0],
      [UpdateKey.Failure, UpdateFailure.BadPatch],
    ]);
    percent(2);
    percent(40);
    await server.idle();
    const { history, givenUp } = await getUpdate(server, mac);
    const steps = history.map((step) => [step.state, step.percent, step.failure]);
    expect(steps).toEqual([
      ["downloading", 50, null],
      ["downloading", 40, "bad-patch"],
    ]);
    expect(givenUp).toBe(false);
  });

  test("a confirmation that was lost is in the next hello", async () => {
    await hello(OLD);
    device.report(UpdateState.Restarting, NEW.id);
    await hello(NEW, [[HelloKey.Trial, true]]);
    expect(await getUpdate(server, mac)).toMatchObject({ state: "restarting", trial: true, running: NEW.id });
    await hello(NEW);
    expect(await getUpdate(server, mac)).toMatchObject({ state: "confirmed", trial: false, image: NEW.id });
    device.report(UpdateState.Confirmed, NEW.id);
    await hello(NEW);
    expect((await getUpdate(server, mac)).history.map(({ state }) => state)).toEqual(["restarting", "confirmed"]);
  });

  test("the last hundred are kept", async () => {
    for (let i = 0; i < 150; i++) device.report(UpdateState.Failed, NEW.id, [[UpdateKey.Failure, i]]);
    await server.idle();
    const { history } = await getUpdate(server, mac);
    expect(history).toHaveLength(100);
    expect(history[0]).toMatchObject({ failure: "unknown-50" });
    expect(history.at(-1)).toMatchObject({ state: "failed", failure: "unknown-149" });
  });

  test("a confirmation ends the trial, without another hello", async () => {
    await hello(NEW, [[HelloKey.Trial, true]]);
    expect(await getUpdate(server, mac)).toMatchObject({ running: NEW.id, trial: true });
    device.report(UpdateState.Confirmed, OTHER.id);
    await server.idle();
    expect(await getUpdate(server, mac)).toMatchObject({ trial: true });
    device.report(UpdateState.Confirmed, NEW.id);
    await server.idle();
    expect(await getUpdate(server, mac)).toMatchObject({ running: NEW.id, trial: false });
  });

  test("are told to who watches", async () => {
    const abort = new AbortController();
    const response = await fetch(`${server.url}/api/v1/live?device=${mac}`, { signal: abort.signal });
    let text = "";
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      if (text === "") device.report(UpdateState.Downloading, NEW.id, [[UpdateKey.Percent, 3]]);
      text += Buffer.from(part).toString();
      if (text.includes("event: update")) break;
    }
    abort.abort();
    const data = { device: mac, atMs: TEST_NOW_MS, state: "downloading", image: NEW.id, percent: 3, failure: null };
    expect(text).toContain(`event: update\ndata: ${JSON.stringify(data)}\n\n`);
  });
});

describe("a desired image that cannot be", () => {
  test.each<[string, () => Promise<Response>, number, string]>([
    ["of a device that nobody knows", () => setDesired(server, "5ccf7f000001", NEW.id), 404, "deviceUnknown"],
    ["that is not stored", () => setDesired(server, mac, "0011223344556677"), 422, "imageNotStored"],
    ["of no id", () => setDesired(server, mac, "latest"), 400, "badRequest"],
  ])("%s", async (_what, act, status, code) => {
    await hello(OLD);
    const answer = await act();
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
  });

  test("of another product", async () => {
    await hello(OLD);
    const image = testImage(noise(20, 4), { product: "thermometer" });
    await upload(server, image.bytes);
    const answer = await setDesired(server, mac, image.id);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      code: "imageUnsuitable",
      detail: `the device is a counter, image ${image.id} is for a thermometer`,
    });
  });
});
