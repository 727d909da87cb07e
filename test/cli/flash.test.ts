/** `lintel flash` and its neighbours, as processes, against a board of `lintel sim --serial`: from blank to counting. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ImageArch } from "../../runtime/contract/image-header.ts";
import { arduinoHostFile } from "../../runtime/image/testing/host-file.ts";
import { freePort } from "../../tools/demo/free-port.ts";
import { readPrivateKey } from "../../tools/image/keys.ts";
import { packImage, signImage } from "../../tools/image/pack-image.ts";
import { runLintel } from "./run-lintel.ts";
import { RunningLintel, startServe } from "./start-lintel.ts";

const TIMEOUT_MS = 180_000;
const HOST = "127.0.0.1";

let folder: string;
let server: RunningLintel;
let board: RunningLintel;
let port: string;
let url: string;
let mqttPort: number;
let key: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-flash-"));
  board = new RunningLintel("sim", "--serial", "tcp:0", "--board", "esp-01", "--interval", "1");
  await runLintel("keys", "new", "--out", join(folder, "shop"));
  key = join(folder, "shop.key.pem");
  ({ server, mqttPort, url } = await startServe(folder, ["--registration", "closed"]));
  // The operator's token lies there.
  process.env["LINTEL_DATA"] = join(folder, "data");
  port = /rfc2217:[\d./:]+\d/.exec(await board.line(/is on rfc2217/))?.[0] ?? "";
}, TIMEOUT_MS);

afterAll(async () => {
  delete process.env["LINTEL_DATA"];
  await Promise.all([server?.kill(), board?.kill()]);
  await rm(folder, { recursive: true, force: true });
});

const CONFIG = ["--ssid", "shop", "--passphrase", "virtual-shop"];

const flashOnly = (...more: string[]) =>
  runLintel("flash", "--board", "esp-01", "--port", port, "--host", "emulated", "--key", key, ...more);
const flash = (...more: string[]) => flashOnly("--server", `${HOST}:${mqttPort}`, "--api", url, ...more);

/** What it ends with. */
function report(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

test("a blank board is flashed, comes online, and says so; again, nothing is left to do", {
  timeout: TIMEOUT_MS,
}, async () => {
  const first = await flash(...CONFIG, "--json");
  expect(first.stderr).toMatch(/ESP-01.*, MAC 5ccf7f000001, flash ef4014 of 1 MiB\nnot a board of Lintel yet/);
  expect(first.stderr).toMatch(/\d+\.\d{3} info connected, readings waiting \d+\n/);
  // It would not be let in with another one.
  expect(first.stderr).toContain("the server knows 5ccf7f000001 and its secret\n");
  expect(report(first.stdout)).toMatchObject({
    ...{ port, board: "esp-01", mac: "5ccf7f000001", flashId: "ef4014", flashBytes: 0x100000 },
    ...{ verified: true, online: true },
  });
  expect(first.code).toBe(0);
  // With a configuration it would get another secret.
  const second = await flashOnly("--keep-config", "--no-wait", "--json");
  expect(report(second.stdout)).toMatchObject({ writtenBytes: 8192, verified: true, online: false });
  // Boot has noted what it started.
  const written = second.stderr.split("\n").filter((line) => line.includes("[#"));
  expect(written).toEqual([expect.stringContaining("slot states")]);
});

test("a wrong server: what is wrong, and the board stays flashed", { timeout: TIMEOUT_MS }, async () => {
  const nobody = await freePort(HOST, 0);
  const { code, stdout, stderr } = await flash(...CONFIG, "--server", `${HOST}:${nobody}`, "--timeout", "8", "--json");
  expect(stderr).toMatch(/5ccf7f000001 is flashed, and not online after 8 s: no server answers at its address/);
  expect(report(stdout)).toMatchObject({ mac: "5ccf7f000001", verified: true, online: false });
  expect(code).toBe(1);
});

test("the monitor shows the start; flash is read and erased", { timeout: TIMEOUT_MS }, async () => {
  const seen = await runLintel("monitor", "--port", port, "--reset", "--seconds", "6", "--json");
  expect([seen.code, seen.stderr]).toEqual([0, ""]);
  expect(JSON.parse(seen.stdout.split("\n")[0] ?? "")).toEqual({
    ...{ kind: "reset", reason: "External", text: "reset: External" },
  });
  const file = join(folder, "flash.bin");
  const read = await runLintel("read", file, "--port", port, "--offset", "0xc0000", "--size", "0x1000", "--json");
  expect(report(read.stdout)).toMatchObject({ offset: 0xc0000, bytes: 0x1000 });
  expect((await readFile(file)).subarray(0, 4).toString()).toBe("LNTL");
  const asked = await runLintel("erase", "--port", port);
  // The board is not asked anything.
  expect([asked.code, asked.stdout, asked.stderr]).toEqual([
    1,
    "",
    "lintel: erase takes everything off a board, readings that were not sent too: say that with --yes\n",
  ]);
  const erased = await runLintel("erase", "--port", port, "--yes", "--json");
  expect(report(erased.stdout)).toMatchObject({ erasedBytes: 0x100000 });
  await runLintel("read", file, "--port", port, "--offset", "0xc0000", "--size", "64", "--json");
  expect((await readFile(file)).every((byte) => byte === 0xff)).toBe(true);
  // Nothing is left on it that could say anything.
  const silent = await runLintel("monitor", "--port", port, "--seconds", "6");
  expect([silent.code, silent.stdout]).toEqual([0, ""]);
  expect(silent.stderr.match(/^nothing heard for 5 s\. .*--reset.*cable.*115200 baud\?$/gm)).toHaveLength(1);
});

describe("one clear message, and nothing is written", () => {
  test.each<[string, () => Promise<string[]>, RegExp]>([
    ["no such port", async () => ["--port", "/dev/ttyUSB99"], /^lintel: there is no port \/dev\/ttyUSB99/m],
    [
      "nothing at a port over TCP",
      async () => ["--port", `rfc2217://${HOST}:${await freePort(HOST, 0)}`],
      /^lintel: no serial port at 127.*ECONNREFUSED/m,
    ],
    [
      "what is no serial port",
      async () => ["--port", `rfc2217://${HOST}:${mqttPort}`],
      /does not answer as a serial port/,
    ],
    ["a port that is none", async () => ["--port", "rfc2217://nowhere"], /write rfc2217:\/\/host:port/],
    [
      "another board",
      async () => ["--board", "nodemcu-v2", "--image", await image("good")],
      /has 1 MiB, and nodemcu-v2 has 4 MiB/,
    ],
    ["no host", async () => ["--host", key], /is not a host of Lintel: take the firmware\.bin/],
    [
      "a host that is cut off",
      async () => ["--host", await hostOf((bytes) => bytes.subarray(0, -1))],
      /host\.bin is cut off: .*: copy firmware\.bin again/,
    ],
    [
      "a damaged host",
      async () => ["--host", await hostOf((bytes) => bytes.fill(9, 30, 31))],
      /host\.bin is damaged: .*: copy firmware\.bin again/,
    ],
    ["a key that is none", async () => ["--key", join(folder, "none.pem")], /none\.pem/],
    ["an image of another engine", async () => ["--image", await image("wasm")], /is for another kind of machine/],
    [
      "an image that is not signed",
      async () => ["--image", await image("unsigned")],
      /not signed with a key that is trusted/,
    ],
    [
      "an image for another board",
      async () => ["--image", await image("foreign")],
      /for board 4711, and esp-01 is board/,
    ],
    ["an image that is none", async () => ["--image", key], /is not an image/],
    [
      "a server on the board itself",
      async () => ["--port", "/dev/ttyUSB0"],
      /127\.0\.0\.1 is the board itself, to a board/,
    ],
    ["an SSID that is too long", async () => ["--ssid", "s".repeat(33)], /--ssid takes 33 bytes, more than 32/],
    ["two wishes at once", async () => ["--keep-config"], /leave out --ssid and --server/],
  ])("%s", { timeout: TIMEOUT_MS }, async (name, more, message) => {
    // A board on a port of this computer would not find the server on it.
    const server = name === "no such port" ? ["--server", "192.0.2.1:1883"] : [];
    const { code, stdout, stderr } = await flash(...CONFIG, ...server, ...(await more()));
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(stdout).not.toMatch(/\[#|erasing/);
    expect(code).toBe(1);
  });
});

async function hostOf(change: (bytes: Buffer) => Buffer): Promise<string> {
  const file = join(folder, "host.bin");
  await writeFile(file, change(arduinoHostFile()));
  return file;
}

/** Of a payload that no device runs. */
async function image(kind: "wasm" | "unsigned" | "foreign" | "good"): Promise<string> {
  const file = join(folder, `${kind}.image`);
  const fields = { payload: new Uint8Array(64), product: "counter", version: "1.0", ramBytes: 8192 };
  const arch = kind === "wasm" ? ImageArch.Wasm32 : ImageArch.Lx106;
  const packed = packImage({ ...fields, arch, board: kind === "foreign" ? 4711 : 0 });
  await writeFile(file, kind === "unsigned" ? packed : signImage(packed, readPrivateKey(key)));
  return file;
}
