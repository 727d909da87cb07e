import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigKey } from "../../runtime/contract/config-record.ts";
import { BOOT_PRODUCT, ImageArch } from "../../runtime/contract/image-header.ts";
import { sha256 } from "../../runtime/image/image-header.ts";
import { arduinoHostFile, hostFile } from "../../runtime/image/testing/host-file.ts";
import { FLASH_KIT_REQUEST_MAX_BYTES, FLASH_KITS_MAX } from "../limits.ts";
import type { LintelServer } from "../server-options.ts";
import { noise, testImage } from "../testing/test-images.ts";
import { type TestPart, testConfig, testFactoryRecord, testKit, withParts } from "../testing/test-kit.ts";
import { makeFolder, startTestServer, TEST_NOW_MS } from "../testing/test-server.ts";

/** As much of the answers as is looked into. */
interface Answer {
  code: string;
  version: string;
  items: unknown[];
  builds: Array<{ parts: Array<{ path: string; offset: number }> }>;
}

const KIT = testKit();

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

const json = async (answer: Response) => (await answer.json()) as Answer;
const at = (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, init);
const api = (path: string, method = "GET") => at(`/api/v1/flash-kits${path}`, { method });

function put(board: string, parts: readonly TestPart[], facts: object = {}): Promise<Response> {
  const sent = parts.map(({ name, offset, bytes }) => ({ name, offset, content: bytes.toString("base64") }));
  return at(`/api/v1/flash-kits/${board}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ title: "Wemos <D1> mini", flashMiB: 4, parts: sent, ...facts }),
  });
}

/** As it is: fetch takes dots out of a path. */
function statusOf(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    get({ hostname, port, path }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on("error", reject);
  });
}

describe("a kit", () => {
  test("is stored, shown, replaced, kept over a restart, deleted", async () => {
    const first = await put("d1-mini", KIT);
    expect(first.status).toBe(201);
    const shown = {
      board: "d1-mini",
      title: "Wemos <D1> mini",
      product: "counter",
      version: "1.2.0",
      flashMiB: 4,
      stored: new Date(TEST_NOW_MS).toISOString(),
      parts: KIT.map(({ name, offset, bytes }) => ({
        name,
        offset,
        sizeBytes: bytes.length,
        digest: sha256(bytes).toString("hex"),
      })),
    };
    expect(await first.json()).toEqual(shown);
    const program = testImage(noise(6000, 3), { board: 2, version: "1.3.0" }).bytes;
    const second = await put("d1-mini", withParts(KIT, { name: "program", offset: 0xcc000, bytes: program }));
    expect([second.status, (await json(second)).version]).toEqual([200, "1.3.0"]);
    await server.stop();
    server = await startTestServer(folder.path);
    expect((await json(await api(""))).items).toMatchObject([{ board: "d1-mini", version: "1.3.0" }]);
    expect(Buffer.from(await (await at("/flash/d1-mini/program.bin")).arrayBuffer())).toEqual(program);
    expect((await api("/d1-mini", "DELETE")).status).toBe(204);
    expect(await (await api("/d1-mini", "DELETE")).json()).toMatchObject({ status: 404, code: "kitUnknown" });
    expect((await at("/flash/d1-mini/program.bin")).status).toBe(404);
  });

  test.each<[string, TestPart[], string]>([
    ["without a host", KIT.slice(1), "it has no host"],
    [
      "with something else in its place",
      withHost(noise(64, 4)),
      "its host is not a host of Lintel: take the firmware.bin",
    ],
    ["with a host for another flash", withHost(hostFile({ linkedMiB: 1 })), "flash of 1 MiB"],
    ["with a host that is cut off", withHost(arduinoHostFile().subarray(0, -1)), "its host is cut off: the checksum"],
    ["with a loader that is cut off", withHost(hostFile().subarray(0, 40)), "its host is cut off: segment 1"],
    [
      "with a damaged host",
      withHost(hostFile().fill(9, 30, 31)),
      "its host is damaged: the checksum of its first image",
    ],
    ["with a host of 200 segments", withHost(hostFile().fill(200, 1, 2)), "says that it has 200 segments"],
    ["with a host of no segments", withHost(hostFile().fill(0, 1, 2)), "says that it has 0 segments"],
    ["beyond the flash", [...KIT, { name: "more", offset: 0x3fc000, bytes: Buffer.alloc(1) }], "ends behind"],
    ["with an overlap", [...KIT, { name: "more", offset: 0xcd000, bytes: Buffer.alloc(1) }], "lies over"],
    ["off a sector", [...KIT, { name: "more", offset: 0x200010, bytes: Buffer.alloc(1) }], "begin a sector"],
    ["with one name twice", [...KIT, { name: "host", offset: 0x200000, bytes: Buffer.alloc(1) }], "one name"],
    ["with a boot program cut short", withParts(KIT, cut("boot-program")), "boot program would not run (Truncated)"],
    [
      "with a product where boot belongs",
      withParts(KIT, { name: "boot-program", offset: 0xc0000, bytes: testImage(noise(9, 1)).bytes }),
      "boot program would not run (WrongProduct)",
    ],
    ["with a program for another board", program({ board: 9 }), "program would not run (WrongBoard)"],
    ["with a program for another product", program({ product: "other" }), "program would not run (WrongProduct)"],
    ["with a program for another machine", program({ arch: ImageArch.Wasm32 }), "program would not run (WrongArch)"],
    ["with a program for a newer host", program({ abiVersion: 0xffff }), "program would not run (AbiTooNew)"],
    ["with boot as its program", program({ product: BOOT_PRODUCT }), "program would not run (WrongProduct)"],
    ["with damaged bytes of a program", withParts(KIT, flip("program", 4000)), "program would not run (BadDigest)"],
    ["with a damaged factory record", withParts(KIT, flip("factory-record", 20)), "factory record is damaged"],
    ["with slot states", withParts(KIT, flip("slot-states", 9)), "slot states are not blank"],
    ["with a damaged configuration", withParts(KIT, flip("configuration", 0x1016)), "configuration is damaged"],
    ["without a server", config([[ConfigKey.ServerHost, ""]]), "names no server"],
    ["with a server's port that is none", config([[ConfigKey.ServerPort, 65_536]]), "names no port of the server"],
    ["with a server that is too long", config([[ConfigKey.ServerHost, "s".repeat(65)]]), "names no server"],
    ["over the readings", [...KIT, { name: "more", offset: 0x200000, bytes: Buffer.alloc(1) }], "keep readings"],
    ["with Wi-Fi", config([[ConfigKey.Ssid, "shop"]]), "everyone can read a kit"],
    ["with a secret", config([[ConfigKey.Secret, "s"]]), "everyone can read a kit"],
  ])("%s is refused", async (_, parts, reason) => {
    const answer = await put("refused", parts);
    expect([answer.status, await answer.json()]).toMatchObject([
      422,
      { code: "kitRefused", detail: expect.stringContaining(reason) },
    ]);
    expect((await api("/refused")).status).toBe(404);
  });

  test("with a host of a loader and a sketch is taken", async () => {
    expect((await put("arduino", withHost(arduinoHostFile({ linkedMiB: 4 })))).status).toBe(201);
  });

  test("with a generic factory record fits a program for any board", async () => {
    const record = { name: "factory-record", offset: 0xc7000, bytes: testFactoryRecord("counter", 0) };
    expect((await put("generic", withParts(program({ board: 0 }), record))).status).toBe(201);
  });

  test("that is no kit at all is a bad request", async () => {
    expect((await put("a_b", KIT)).status).toBe(400);
    expect((await put("a", [])).status).toBe(400);
    expect((await put("a", KIT, { flashMiB: 0 })).status).toBe(400);
    expect((await put("a", KIT, { parts: [{ name: "../host", offset: 0, content: "AAAA" }] })).status).toBe(400);
    expect((await put("a", KIT, { parts: [{ name: "host", offset: 0, content: "AAAAA" }] })).status).toBe(400);
    const large = await put("a", KIT, { title: "a".repeat(FLASH_KIT_REQUEST_MAX_BYTES) });
    expect([large.status, (await json(large)).code]).toEqual([413, "bodyTooLarge"]);
  });

  test("too many are refused, a new one for a board that has one is not", async () => {
    const stored = (await json(await api(""))).items.length;
    for (let index = stored; index < FLASH_KITS_MAX; index++) expect((await put(`b${index}`, KIT)).status).toBe(201);
    expect(await (await put("one-more", KIT)).json()).toMatchObject({ status: 409, code: "tooManyKits" });
    expect((await put(`b${FLASH_KITS_MAX - 1}`, KIT)).status).toBe(200);
    for (let index = stored; index < FLASH_KITS_MAX; index++) await api(`/b${index}`, "DELETE");
  });
});

describe("for ESP Web Tools", () => {
  beforeAll(async () => {
    await put("d1-mini", KIT);
  });

  test("the manifest leads to the parts, and to no others once the kit was replaced", async () => {
    const answer = await at("/flash/d1-mini/manifest.json");
    expect(answer.headers.get("content-type")).toContain("application/json");
    const manifest = await json(answer);
    expect(manifest).toMatchObject({
      name: "counter on Wemos <D1> mini",
      version: "1.2.0",
      new_install_prompt_erase: true,
      builds: [{ chipFamily: "ESP8266" }],
    });
    const { parts = [] } = manifest.builds[0] ?? {};
    expect(parts.map(({ offset }) => offset)).toEqual(KIT.map(({ offset }) => offset));
    const urls = parts.map(({ path }) => new URL(path, answer.url));
    for (const [index, url] of urls.entries()) {
      const part = await fetch(url);
      expect(part.headers.get("content-type")).toBe("application/octet-stream");
      expect(Buffer.from(await part.arrayBuffer())).toEqual(KIT[index]?.bytes);
    }
    await put("d1-mini", program({ board: 2, version: "1.2.1" }));
    const statuses = await Promise.all(urls.map(async (url) => (await fetch(url)).status));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 404]);
  });

  test("what a browser has already is not sent again", async () => {
    for (const path of ["/flash", "/flash/d1-mini/manifest.json", "/flash/d1-mini/host.bin", "/flash/page.css"]) {
      const first = await at(path);
      const etag = first.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
      expect(first.headers.get("cache-control")).toBe("no-cache");
      const again = await at(path, { headers: { "if-none-match": `"other", ${etag}` } });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    }
  });

  test("its own files come with the server, and nothing else of the disk does", async () => {
    const button = await at("/esp-web-tools/install-button.js");
    expect(button.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(await button.text()).toContain("esp-web-install-button");
    const paths = [
      ...["/esp-web-tools/nothing.js", "/esp-web-tools/../package.json", "/esp-web-tools/..%2f..%2fpackage.json"],
      ...[
        "/flash/d1-mini/..%2f..%2fpackage.json",
        "/flash/../package.json",
        "/flash/d1-mini/host",
        "/flash/d1-mini/.bin",
      ],
      ...[
        "/flash/nobody/manifest.json",
        "/flash/nobody/host.bin",
        "/flash/d1-mini/host.bin?v=0",
        "/flash/%00/host.bin",
      ],
      ...["/flash/__proto__/manifest.json", "/flash/d1-mini/host.bin?v=0&v=1"],
    ];
    for (const path of paths) expect([path, await statusOf(path)]).toEqual([path, 404]);
  });

  test("the page names each board as text, whatever it is called", async () => {
    const page = await at("/flash");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const html = await page.text();
    expect(html).toContain('manifest="flash/d1-mini/manifest.json"');
    expect(html).toContain("<h2>Wemos &lt;D1&gt; mini</h2>");
    expect(html).not.toContain("<D1>");
  });
});

function withHost(bytes: Buffer): TestPart[] {
  return withParts(KIT, { name: "host", offset: 0, bytes });
}

function partOf(name: string): TestPart {
  return KIT.find((part) => part.name === name) as TestPart;
}

function cut(name: string): TestPart {
  const part = partOf(name);
  return { ...part, bytes: part.bytes.subarray(0, -1) };
}

function flip(name: string, offset: number): TestPart {
  const part = partOf(name);
  const bytes = Buffer.from(part.bytes);
  bytes[offset] = (bytes[offset] as number) ^ 1;
  return { ...part, bytes };
}

function program(fields: Parameters<typeof testImage>[1]): TestPart[] {
  return withParts(KIT, { ...partOf("program"), bytes: testImage(noise(5000, 2), { board: 2, ...fields }).bytes });
}

function config(changes: Parameters<typeof testConfig>[0]): TestPart[] {
  return withParts(KIT, { ...partOf("configuration"), bytes: testConfig(changes) });
}
