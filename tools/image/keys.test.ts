import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { keyFiles, keyIdText, newKey, publicPoint, readKey, readPrivateKey, writeKey } from "./keys.ts";

const folder = mkdtempSync(join(tmpdir(), "lintel-keys-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a pair of files: the private one is its owner's alone, neither is ever replaced", () => {
  const key = newKey();
  const files = keyFiles(join(folder, "mine"));
  writeKey(key, files);
  expect(statSync(files.privateFile).mode & 0o777).toBe(0o600);
  expect(readFileSync(files.privateFile, "latin1")).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(readFileSync(files.publicFile, "latin1")).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  expect(publicPoint(readKey(files.publicFile))).toEqual(publicPoint(key));
  expect(keyIdText(readPrivateKey(files.privateFile))).toMatch(/^[0-9a-f]{16}$/);
  expect(() => writeKey(newKey(), files)).toThrow(/exists/);
  expect(() => readPrivateKey(files.publicFile)).toThrow(/public key/);
});

test("a public key that openssl wrote: x, then y, as openssl prints them", () => {
  const file = join(folder, "openssl.pem");
  const base64 =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWHGVkdevBSxC49FxLX8gCKCL7sPZP4mjYHdQWaBNLmMpK7ujJxixCxpHIGHmpsK38qEWgexT1kOMeUIiFK0NNQ==";
  writeFileSync(file, `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`);
  expect(Buffer.from(publicPoint(readKey(file))).toString("hex")).toBe(
    "58719591d7af052c42e3d1712d7f2008a08beec3d93f89a360775059a04d2e63292bbba32718b10b1a472061e6a6c2b7f2a11681ec53d6438c79422214ad0d35",
  );
  expect(keyIdText(readKey(file))).toBe("3673ece7e3c91104");
});

test("what is no such key is refused with what to do", () => {
  const file = join(folder, "none.pem");
  expect(() => readKey(file)).toThrow(/cannot read .*none\.pem: ENOENT/);
  writeFileSync(file, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
  expect(() => readKey(file)).toThrow(/not a P-256 key.*lintel keys new/);
});
