import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FLASH_SLOT_BYTES } from "../../runtime/contract/flash-map.ts";
import {
  BOOT_PRODUCT,
  IMAGE_HEADER_BYTES,
  IMAGE_PAYLOAD_BYTES_OFFSET,
  IMAGE_VERSION_OFFSET,
} from "../../runtime/contract/image-header.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import { silentLogger } from "../logger.ts";
import type { LintelServer } from "../server-options.ts";
import { noise, setDesired, testImage, upload } from "../testing/test-images.ts";
import { makeFolder, startDevice, startTestServer, TEST_NOW_MS } from "../testing/test-server.ts";
import { checkUpload } from "../updates/image-check.ts";
import { type ApiOptions, buildApi } from "./build-api.ts";

const MAC = "5ccf7f123456";
const IMAGE = testImage(noise(3000, 1), { board: 3 });
const LARGEST = testImage(noise(FLASH_SLOT_BYTES - IMAGE_HEADER_BYTES, 2));

let folder: ReturnType<typeof makeFolder>;
let server: LintelServer;

beforeAll(async () => {
  folder = makeFolder();
  server = await startTestServer(folder.path);
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const at = (path: string, method = "GET") => fetch(`${server.url}/api/v1/images${path}`, { method });

function changed(offset: number, value: number): Buffer {
  const bytes = Buffer.from(IMAGE.bytes);
  bytes.writeUInt32LE(value, offset);
  return bytes;
}

describe("an image", () => {
  test("is stored once and comes out as it went in", async () => {
    const first = await upload(server, IMAGE.bytes);
    expect(first.status).toBe(201);
    expect(first.headers.get("location")).toBe(`/api/v1/images/${IMAGE.id}`);
    const shown = {
      id: IMAGE.id,
      product: "counter",
      version: "1.2.0",
      arch: "lx106",
      abi: 1,
      board: 3,
      securityCounter: 7,
      sizeBytes: 3192,
      payloadBytes: 3000,
      compressedBytes: null,
      ramBytes: 4096,
      digest: IMAGE.bytes.subarray(64, 96).toString("hex"),
      keyId: "0000000000000000",
      created: new Date(TEST_NOW_MS).toISOString(),
    };
    expect(await first.json()).toEqual(shown);
    const second = await upload(server, IMAGE.bytes);
    expect([second.status, await second.json()]).toEqual([200, shown]);
    expect(await (await at(`/${IMAGE.id}`)).json()).toEqual(shown);
    const content = await at(`/${IMAGE.id}/content`);
    expect(content.headers.get("content-type")).toBe("application/octet-stream");
    expect(Buffer.from(await content.arrayBuffer())).toEqual(IMAGE.bytes);
  });

  test("fills a slot, and no more", async () => {
    expect((await upload(server, LARGEST.bytes)).status).toBe(201);
    const answer = await upload(server, Buffer.concat([LARGEST.bytes, Buffer.alloc(1)]));
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({
      code: "bodyTooLarge",
      detail: expect.stringContaining(`${FLASH_SLOT_BYTES}`),
    });
  });

  test("they are listed in pages", async () => {
    const first = (await (await at("?limit=1")).json()) as { items: Array<{ id: string }>; next: string };
    const second = (await (await at(`?limit=1&cursor=${first.next}`)).json()) as typeof first;
    expect([first.items[0]?.id, second.items[0]?.id, second.next]).toEqual([IMAGE.id, LARGEST.id, null]);
  });
});

describe("what is no image is refused in words", () => {
  test.each<[string, Buffer, number, string, RegExp]>([
    ["nothing", Buffer.alloc(0), 400, "notAnImage", /header/],
    ["something else", Buffer.from("GIF89a, and more"), 400, "notAnImage", /build one and sign it/],
    ["half a header", IMAGE.bytes.subarray(0, 100), 400, "notAnImage", /192 bytes/],
    ["a header of the future", changed(IMAGE_VERSION_OFFSET, 2), 422, "imageRefused", /newer server/],
    ["a machine that does not exist", changed(8, 9), 422, "imageRefused", /machine 9/],
    ["a cut image", IMAGE.bytes.subarray(0, 3000), 422, "imageRefused", /3000 bytes of payload, 2808 came/],
    ["a payload of 4 GiB", changed(IMAGE_PAYLOAD_BYTES_OFFSET, 0xffffffff), 422, "imageRefused", /4294967295/],
    ["a damaged payload", changed(IMAGE_HEADER_BYTES + 40, 5), 422, "imageRefused", /digest/],
    ["a header alone", testImage(Buffer.alloc(0)).bytes, 422, "imageRefused", /no payload/],
    ["a boot program", testImage(noise(9, 1), { product: BOOT_PRODUCT }).bytes, 422, "imageRefused", /serial/],
  ])("%s", async (_what, bytes, status, code, detail) => {
    const answer = await upload(server, bytes);
    const problem = (await answer.json()) as { code: string; detail: string };
    expect([answer.status, problem.code]).toEqual([status, code]);
    expect(problem.detail).toMatch(detail);
  });

  test("another type of body", async () => {
    expect((await upload(server, IMAGE.bytes, "application/zip")).status).toBe(415);
    expect((await upload(server, Buffer.from("{}"), "application/json")).status).toBeLessThan(500);
  });
});

test("a store that takes no changes just now: when to ask again", async () => {
  const api = await buildApi({
    updates: {
      addImage: async (bytes: Uint8Array) => ({ verdict: checkUpload(bytes), answer: { outcome: "unavailable" } }),
    },
    people: { organisations: () => [{ id: 1, slug: "home", name: "Home", createdMs: 0 }] },
    audit: { write: async () => ({ outcome: "unavailable" }) },
    facts: { products: [] },
    isLoginRequired: false,
    nowMs: Date.now,
    logger: silentLogger,
  } as unknown as ApiOptions);
  const headers = { "content-type": "application/octet-stream" };
  const answer = await api.inject({ method: "POST", url: "/api/v1/images", headers, payload: IMAGE.bytes });
  expect([answer.statusCode, answer.json().code, answer.headers["retry-after"]]).toEqual([503, "busy", "1"]);
  await api.close();
});

describe("deleting", () => {
  test("takes an image away, once", async () => {
    const image = testImage(noise(30, 8));
    await upload(server, image.bytes);
    expect((await at(`/${image.id}`, "DELETE")).status).toBe(204);
    for (const path of [`/${image.id}`, `/${image.id}/content`]) expect((await at(path)).status).toBe(404);
    expect(await (await at(`/${image.id}`, "DELETE")).json()).toMatchObject({ status: 404, code: "imageUnknown" });
  });

  test("not while a device runs it or ought to", async () => {
    const device = await startDevice(server, MAC);
    device.hello(1, [[HelloKey.Image, Buffer.from(IMAGE.id, "hex")]]);
    await device.ack(0);
    await setDesired(server, MAC, LARGEST.id);
    for (const image of [IMAGE, LARGEST]) {
      const answer = await at(`/${image.id}`, "DELETE");
      expect(await answer.json()).toMatchObject({ status: 409, code: "imageInUse" });
    }
    await fetch(`${server.url}/api/v1/devices/${MAC}/desired-image`, { method: "DELETE" });
    expect((await at(`/${LARGEST.id}`, "DELETE")).status).toBe(204);
  });
});
