/** `lintel kit`: files that a browser flashes a board with; what a person gets wrong. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FlashManifest } from "../../runtime/image/flash-kit.ts";
import { arduinoHostFile } from "../../runtime/image/testing/host-file.ts";
import { keyFiles, newKey, writeKey } from "../../tools/image/keys.ts";
import { runLintel } from "./run-lintel.ts";

let folder: string;
const at = (name: string) => join(folder, name);
const KIT = ["kit", "firmware/counter", "--board", "esp-01", "--host", "emulated"];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-kit-"));
  writeKey(newKey(), keyFiles(at("own")));
  await writeFile(at("cut.bin"), arduinoHostFile().subarray(0, -1));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("a folder with a manifest and what it names", { timeout: 120_000 }, async () => {
  const out = at("kit");
  const made = await runLintel(
    ...[...KIT, "--key", at("own.key.pem"), "--server", "shop-server.lan:1883", "--out", out, "--json"],
  );
  expect(made.code).toBe(0);
  expect(JSON.parse(made.stdout)).toMatchObject({ board: "esp-01", product: "counter", parts: 6, out, page: null });
  const manifest = JSON.parse(await readFile(join(out, "manifest.json"), "utf8")) as FlashManifest;
  expect(manifest.builds.map(({ chipFamily }) => chipFamily)).toEqual(["ESP8266"]);
  const { parts = [] } = manifest.builds[0] ?? {};
  // Offsets of contract/flash-map.ts, the region at 0xc0000.
  expect(parts).toEqual([
    { path: "host.bin", offset: 0 },
    { path: "boot-program.bin", offset: 0xc0000 },
    { path: "factory-record.bin", offset: 0xc7000 },
    { path: "slot-states.bin", offset: 0xc8000 },
    { path: "configuration.bin", offset: 0xca000 },
    { path: "program.bin", offset: 0xcc000 },
  ]);
  expect((await readdir(out)).sort()).toEqual(["manifest.json", ...parts.map(({ path }) => path)].sort());
  expect((await readFile(join(out, "configuration.bin"))).includes("shop-server.lan")).toBe(true);
});

test.each<[string, string[], RegExp]>([
  ["no server", [], /required option '--server <host:port>'/],
  ["a server that a board would look for in itself", ["--server", "127.0.0.1:1883", "--host", "x.bin"], /board itself/],
  ["a name that is too long", ["--server", `${"a".repeat(65)}:1883`], /--server takes 65 bytes, more than 64/],
  ["a host that is not there", ["--server", "10.0.0.2:1883", "--host", "nowhere.bin"], /nowhere\.bin/],
  [
    "a host that is cut off",
    ["--server", "10.0.0.2:1883", "--host", "cut.bin"],
    /cut\.bin is cut off: .*copy firmware\.bin/,
  ],
  ["an address that is none", ["--server", "10.0.0.2:1883", "--upload", "server"], /address of its API/],
])("%s: one line that says so", async (_, args, line) => {
  const here = args.map((arg) => (arg === "cut.bin" ? at(arg) : arg));
  const { code, stderr } = await runLintel(...KIT, "--key", at("own.key.pem"), ...here);
  expect(code).toBe(1);
  const told = stderr.split("\n").filter((text) => text !== "" && !text.startsWith("lintel: warning: "));
  expect(told).toEqual([expect.stringMatching(line)]);
});

test("a board whose name cannot stand in an address", async () => {
  const board = at("Own_Board.json");
  await writeFile(board, JSON.stringify({ name: "Own_Board" }));
  const args = ["--board", board, "--host", "emulated", "--key", at("own.key.pem"), "--server", "10.0.0.2:1883"];
  const { code, stderr } = await runLintel("kit", "firmware/counter", ...args);
  expect([code, stderr]).toEqual([1, expect.stringContaining("Own_Board is not lowercase letters")]);
});
