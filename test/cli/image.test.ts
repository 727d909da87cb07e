/** `lintel keys` and `lintel image`: from a payload to a signed image, to a patch and back; what a person gets wrong. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compileSource } from "../../runtime/wasm/compile-source.ts";
import { runLintel, runLintelOnFullDisk } from "./run-lintel.ts";

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-image-"));
  const source = (delayMs: number) =>
    `export function start(): void {}\nexport function poll(): u32 { return ${delayMs}; }\n`;
  await writeFile(at("one.wasm"), await compileSource(source(1000)));
  await writeFile(at("two.wasm"), await compileSource(source(2000)));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function good(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runLintel(...args, "--json");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

test("a key, two images, a patch between them", { timeout: 120_000 }, async () => {
  await good("keys", "new", "--out", at("own"));
  for (const [name, version] of [
    ["one", "1.0.0"],
    ["two", "1.1.0"],
  ] as const) {
    const packed = await good(
      ...["image", "pack", at(`${name}.wasm`), "--product", "counter", "--version", version],
      ...["--counter", "3", "-o", at(`${name}.image`)],
    );
    expect(packed).toMatchObject({ product: "counter", version, engine: "wasm", securityCounter: 3, keyId: null });
    await good("image", "sign", at(`${name}.image`), "--key", at("own.key.pem"));
  }
  const { id } = await good("image", "verify", at("two.image"), "--key", at("own.pub.pem"));
  await good("image", "delta", at("one.image"), at("two.image"), "-o", at("patch"));
  expect(await good("image", "inspect", at("patch"))).toMatchObject({ kind: "patch", id, fault: null });
  expect(await good("image", "apply", at("one.image"), at("patch"), "-o", at("made.image"))).toMatchObject({ id });
  expect(await readFile(at("made.image"))).toEqual(await readFile(at("two.image")));

  const refused = await runLintel("image", "apply", at("two.image"), at("patch"), "-o", at("none"));
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/^lintel: .*starts from another image/);
  const again = await runLintel("keys", "new", "--out", at("own"));
  expect(again.code).toBe(1);
  expect(again.stderr).toMatch(/exists: name another file with --out/);
});

test("an image that is not whole: what it says of itself, what is wrong, and exit code 1", async () => {
  await good("image", "pack", at("one.wasm"), "--version", "1.0.0-rc1", "-o", at("whole.image"));
  const whole = await readFile(at("whole.image"));
  await writeFile(at("cut.image"), whole.subarray(0, -1));
  const { code, stdout, stderr } = await runLintel("image", "inspect", at("cut.image"));
  expect(code).toBe(1);
  expect(stdout).toContain("product one, version 1.0.0-rc1");
  expect(stderr).toMatch(/^lintel: no device takes .*cut\.image: it is truncated\n$/);
  const asJson = await runLintel("image", "inspect", at("cut.image"), "--json");
  expect(asJson.code).toBe(1);
  expect(JSON.parse(asJson.stdout)).toMatchObject({ version: "1.0.0-rc1", fault: "it is truncated" });
});

test("another version than the program's own is warned of", { timeout: 120_000 }, async () => {
  const pack = ["image", "pack", "firmware/counter", "-o", at("counter.image"), "--version"];
  const other = await runLintel(...pack, "0.1.7");
  expect(other.code).toBe(0);
  expect(other.stderr).toMatch(
    /^lintel: warning: devices will report version 0\.1\.0, as VERSION .*, and not 0\.1\.7\n$/,
  );
  expect((await good(...pack, "0.1.7"))["warnings"]).toHaveLength(1);
  expect((await good(...pack, "0.1.0"))["warnings"]).toEqual([]);
});

test("a program that crashes while it starts: one line, and memory as a possibility only", async () => {
  await writeFile(
    at("crash.wasm"),
    await compileSource(
      "export function start(): void { unreachable(); }\nexport function poll(): u32 { return 1; }\n",
    ),
  );
  const { code, stderr } = await runLintel("image", "pack", at("crash.wasm"), "--version", "1");
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^lintel: the program crashes while it starts: .*unreachable; that may be its own, or too little/,
  );
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

test("a key in a folder that is made for it", async () => {
  const name = at("keys/of/mine");
  const files = await good("keys", "new", "--out", name);
  expect(files).toMatchObject({ privateFile: `${name}.key.pem`, publicFile: `${name}.pub.pem` });
  expect(await good("keys", "show", `${name}.key.pem`)).toMatchObject({ kind: "private", keyId: files["keyId"] });
});

test("a key on a full disk: no half of it is left", async () => {
  const { code, stdout, stderr } = await runLintelOnFullDisk(0, "keys", "new", "--out", at("full/key"));
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^lintel: cannot write .*key\.key\.pem: EFBIG.*\n$/);
  expect(await readdir(at("full"))).toEqual([]);
});

const WRONG: Array<[string, () => string[], RegExp]> = [
  ["an image without a version", () => ["image", "pack", at("one.wasm")], /add --version/],
  ["a version that is none", () => ["image", "pack", at("one.wasm"), "--version", "abc"], /--version.*as 1\.2\.0/],
  ["a payload that is none", () => ["image", "pack", at("nothing.bin"), "--version", "1"], /neither WebAssembly nor/],
  [
    "an update with what is no image",
    () => ["update", "--device", "024c4e540001", "--image", at("one.wasm")],
    /no image/,
  ],
  ["a key that is none", () => ["keys", "show", at("one.wasm")], /not a P-256 key.*lintel keys new/],
];

test.each(WRONG)("%s", async (_name, args, message) => {
  await writeFile(at("nothing.bin"), "nothing");
  const { code, stdout, stderr } = await runLintel(...args());
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^lintel: /);
  expect(stderr).toMatch(message);
});
