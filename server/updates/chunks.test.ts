/** Images piece by piece: what devices ask for, lose, repeat, and ask for in error. */
import { generate } from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PACKET_DOWN_MAX_BYTES, PAYLOAD_DOWN_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { UpdateKey, UpdateState } from "../../runtime/contract/update-messages.ts";
import { encodeCbor } from "../ingest/cbor-codec.ts";
import { CHUNKS_UNSENT_MAX_BYTES } from "../limits.ts";
import { Metrics } from "../metrics.ts";
import type { LintelServer } from "../server-options.ts";
import { memoryPair } from "../testing/memory-pair.ts";
import { makeRandom, mutate } from "../testing/mutate.ts";
import { getUpdate, noise, startUpdateDevice, testImage, type UpdateDevice, upload } from "../testing/test-images.ts";
import { countingPack, inMemory, makeFolder, startTestServer } from "../testing/test-server.ts";
import { ChunkDesk } from "./chunk-desk.ts";
import { DownloadRates } from "./download-rates.ts";
import { SentOffers } from "./sent-offers.ts";

const MAC = "5ccf7f123456";
const IMAGE = testImage(noise(10_000, 1));
const SIZE = IMAGE.bytes.length;
const UNKNOWN = "0011223344556677";

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;
let device: UpdateDevice;

beforeAll(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path);
  await upload(server, IMAGE.bytes);
  device = await startUpdateDevice(server, MAC);
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}

/** What the answer to one request brings. */
async function answer(image: string, offset: number, lengthBytes: number, base?: string) {
  const before = device.chunks.length;
  device.ask(image, offset, lengthBytes, base);
  await device.client.ping();
  return device.chunks.slice(before);
}

describe("a download", () => {
  test("brings the image as it was stored", async () => {
    expect(await device.download(IMAGE.id, SIZE)).toEqual(IMAGE.bytes);
  });

  test("with lost chunks, asked for again", async () => {
    const random = makeRandom(7);
    expect(await device.download(IMAGE.id, SIZE, undefined, () => random() < 0.3)).toEqual(IMAGE.bytes);
  });

  test("the answer to a request is chunks in order, each no longer than a device takes", async () => {
    const chunks = await answer(IMAGE.id, 100, 4096);
    expect(chunks.map(({ offset, bytes }) => [offset, bytes.length])).toEqual([
      [100, 768],
      [868, 768],
      [1636, 768],
      [2404, 768],
      [3172, 768],
      [3940, 256],
    ]);
    expect(chunks.every(({ image, base }) => image === IMAGE.id && base === undefined)).toBe(true);
    for (const { topic, payload } of device.client.messages) {
      expect(payload.length).toBeLessThanOrEqual(PAYLOAD_DOWN_MAX_BYTES);
      expect(topic.length + payload.length + 5).toBeLessThanOrEqual(PACKET_DOWN_MAX_BYTES);
    }
  });

  test("a repeated request has the same answer", async () => {
    expect(await answer(IMAGE.id, 4096, 1000)).toEqual(await answer(IMAGE.id, 4096, 1000));
  });

  test("a piece goes no further than the image", async () => {
    const chunks = await answer(IMAGE.id, SIZE - 800, 4096);
    expect(chunks.map(({ offset, bytes }) => [offset, bytes.length])).toEqual([
      [SIZE - 800, 768],
      [SIZE - 32, 32],
    ]);
  });

  test.each<[string, [string, number, number, string?]]>([
    ["at the end", [IMAGE.id, SIZE, 1]],
    ["far beyond it", [IMAGE.id, 0xffffffff, 4096]],
    ["an image that is not there", [UNKNOWN, 0, 192]],
    ["a patch that is not there", [IMAGE.id, 0, 224, UNKNOWN]],
  ])("%s there is nothing, and that is the answer", async (_what, request) => {
    const [image, offset, , base] = request;
    expect(await answer(...request)).toEqual([{ image, offset, bytes: Buffer.alloc(0), base }]);
  });

  test("is not sent to a device that does not listen", async () => {
    const deaf = await inMemory(server, "5ccf7f000009").connect();
    deaf.publish(
      deaf.topic("update"),
      encodeCbor(
        new Map<number, unknown>([
          [UpdateKey.Image, Buffer.from(IMAGE.id, "hex")],
          [UpdateKey.Offset, 0],
          [UpdateKey.Length, 192],
        ]),
      ),
    );
    await deaf.ping();
    expect(deaf.messages).toEqual([]);
    deaf.drop();
  });

  test("is seen by who watches, and still reaches the device", async () => {
    const observer = await inMemory(server, "observer").connect();
    await observer.subscribe("lintel/1/+/chunk");
    const { length } = device.chunks;
    device.ask(IMAGE.id, 0, 768);
    await device.client.until(() => device.chunks.length === length + 1, "the chunk");
    await observer.until(() => observer.messages.length === 1, "the chunk");
    observer.drop();
    await observer.closed();
  });
});

describe("what is no good message", () => {
  const id = Buffer.from(IMAGE.id, "hex");
  test.each<[string, Array<[unknown, unknown]>]>([
    ["nothing", []],
    [
      "no image",
      [
        [UpdateKey.Offset, 0],
        [UpdateKey.Length, 1],
      ],
    ],
    [
      "an image id too long",
      [
        [UpdateKey.Image, Buffer.concat([id, id])],
        [UpdateKey.Offset, 0],
        [UpdateKey.Length, 1],
      ],
    ],
    [
      "no length",
      [
        [UpdateKey.Image, id],
        [UpdateKey.Offset, 0],
      ],
    ],
    [
      "length 0",
      [
        [UpdateKey.Image, id],
        [UpdateKey.Offset, 0],
        [UpdateKey.Length, 0],
      ],
    ],
    [
      "more than a sector",
      [
        [UpdateKey.Image, id],
        [UpdateKey.Offset, 0],
        [UpdateKey.Length, 4097],
      ],
    ],
    [
      "a negative offset",
      [
        [UpdateKey.Image, id],
        [UpdateKey.Offset, -1],
        [UpdateKey.Length, 1],
      ],
    ],
    [
      "a percentage of 101",
      [
        [UpdateKey.State, 2],
        [UpdateKey.Percent, 101],
      ],
    ],
    ["a state of text", [[UpdateKey.State, "downloading"]]],
  ])("%s: counted and dropped", async (_what, entries) => {
    const before = await metric('lintel_malformed_total{reason="update"}');
    const { length } = device.chunks;
    device.say(entries);
    await device.client.ping();
    expect(await metric('lintel_malformed_total{reason="update"}')).toBe((before || 0) + 1);
    expect(device.chunks).toHaveLength(length);
  });

  test("3,000 damaged requests and reports leave the next one as it should be", async () => {
    const random = makeRandom(99);
    const good = [
      encodeCbor(
        new Map<number, unknown>([
          [UpdateKey.Image, id],
          [UpdateKey.Offset, 4096],
          [UpdateKey.Length, 4096],
        ]),
      ),
      encodeCbor(
        new Map<number, unknown>([
          [UpdateKey.State, UpdateState.Downloading],
          [UpdateKey.Image, id],
          [UpdateKey.Percent, 40],
        ]),
      ),
      encodeCbor(
        new Map<number, unknown>([
          [UpdateKey.State, UpdateState.Failed],
          [UpdateKey.Image, id],
          [UpdateKey.Failure, 11],
        ]),
      ),
    ];
    for (let i = 0; i < 3000; i++) {
      device.client.publish(device.client.topic("update"), mutate(good[i % 3] as Uint8Array, random));
      if (i % 20 === 19) await device.client.ping();
    }
    await server.idle();
    device.report(UpdateState.Queued, IMAGE.id);
    await server.idle();
    expect(await getUpdate(server, MAC)).toMatchObject({ state: "queued", image: IMAGE.id });
    expect((await getUpdate(server, MAC)).history.length).toBeLessThanOrEqual(100);
    expect(await device.download(IMAGE.id, SIZE)).toEqual(IMAGE.bytes);
    device.client.data(countingPack(5, 1, 3));
    await device.client.ack(3);
  });
});

test("a device that asks for more than it reads is bounded, and only itself", async () => {
  const [near, far] = memoryPair();
  server.handle(far);
  const packet = (topic: string, payload: Uint8Array) =>
    generate({ cmd: "publish", topic, payload: Buffer.from(payload), qos: 0, dup: false, retain: false });
  near.write(
    generate({
      cmd: "connect",
      clientId: "greedy",
      username: "5ccf7f000008",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
    }),
  );
  // CONNACK has four bytes.
  while (near.readableLength < 4) await new Promise((resolve) => setImmediate(resolve));
  near.write(
    generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "lintel/1/5ccf7f000008/chunk", qos: 0 }] }),
  );
  const request = new Map<number, unknown>([
    [UpdateKey.Image, Buffer.from(IMAGE.id, "hex")],
    [UpdateKey.Offset, 0],
    [UpdateKey.Length, 4096],
  ]);
  let most = 0;
  for (let i = 0; i < 500; i++) {
    near.write(packet("lintel/1/5ccf7f000008/update", encodeCbor(request)));
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, far.writableLength);
  }
  expect(most).toBeLessThan(CHUNKS_UNSENT_MAX_BYTES + 1024);
  expect(await metric('lintel_shed_total{cause="chunks"}')).toBeGreaterThan(400);
  expect(await device.download(IMAGE.id, SIZE)).toEqual(IMAGE.bytes);
  near.destroy();
});

describe("a limit of bytes a second", () => {
  const LINK = (mac: number, sent: string[]) => ({
    mac,
    sinceMs: 0,
    unsentBytes: 0,
    isOpen: true,
    send: () => sent.push(String(mac)) > 0,
  });
  const request = encodeCbor(
    new Map<number, unknown>([
      [UpdateKey.Image, Buffer.from(IMAGE.id, "hex")],
      [UpdateKey.Offset, 0],
      [UpdateKey.Length, 700],
    ]),
  );

  test("makes devices wait in line, each with its last request", () => {
    let nowMs = 0;
    const sent: string[] = [];
    const rates = new DownloadRates(() => nowMs);
    rates.set(new Map([[IMAGE.id, 700]]));
    const store = { imageBytes: () => IMAGE.bytes, compressed: () => undefined, patchBytes: () => undefined };
    const ingest = { offer: () => {}, malformed: () => {} };
    const desk = new ChunkDesk({ store, ingest, offers: new SentOffers(), rates, metrics: new Metrics() });
    const links = [1, 2, 3].map((mac) => LINK(mac, sent));
    for (const link of [...links, ...links]) desk.take(link, request);
    expect(sent).toEqual(["1"]);
    const seen: number[] = [];
    for (nowMs = 1000; nowMs <= 5000; nowMs += 1000) {
      desk.pump();
      seen.push(sent.length);
    }
    expect(seen).toEqual([2, 3, 4, 4, 4]);
    // The first one asked twice: once it was answered, once it waited behind the others.
    expect(sent).toEqual(["1", "2", "3", "1"]);
  });
});
