import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { verifyP256 } from "./p256-verify.ts";

const MESSAGE = Buffer.from("a signed header");
const HASH = createHash("sha256").update(MESSAGE).digest();

function rawKey(key: KeyObject): Buffer {
  const { x, y } = key.export({ format: "jwk" });
  return Buffer.concat([Buffer.from(x ?? "", "base64url"), Buffer.from(y ?? "", "base64url")]);
}

function signed(): { key: Buffer; signature: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { key: rawKey(publicKey), signature: sign("sha256", MESSAGE, { key: privateKey, dsaEncoding: "ieee-p1363" }) };
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe("ECDSA P-256", () => {
  test("takes the signatures of node:crypto, and none with one bit changed", () => {
    for (let round = 0; round < 8; round++) {
      const { key, signature } = signed();
      expect(verifyP256(HASH, signature, key)).toBe(true);
      const bit = (round * 67) % 512;
      expect(verifyP256(HASH, flipped(signature, bit), key)).toBe(false);
      expect(verifyP256(HASH, signature, flipped(key, bit))).toBe(false);
      expect(verifyP256(flipped(HASH, bit % 256), signature, key)).toBe(false);
    }
  });

  test("takes the example of RFC 6979, A.2.5 (SHA-256, message `sample`)", () => {
    const key = Buffer.from(
      "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
      "hex",
    );
    const signature = Buffer.from(
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
      "hex",
    );
    expect(verifyP256(createHash("sha256").update("sample").digest(), signature, key)).toBe(true);
    expect(verifyP256(createHash("sha256").update("simple").digest(), signature, key)).toBe(false);
  });

  test("refuses r or s of zero and above the order, and keys that are not on the curve", () => {
    const { key, signature } = signed();
    const zero = Buffer.alloc(32);
    const ones = Buffer.alloc(32, 0xff);
    const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
    for (const bad of [zero, ones]) {
      expect(verifyP256(HASH, Buffer.concat([bad, s]), key)).toBe(false);
      expect(verifyP256(HASH, Buffer.concat([r, bad]), key)).toBe(false);
    }
    expect(verifyP256(HASH, signature, Buffer.alloc(64))).toBe(false);
    expect(verifyP256(HASH, signature, Buffer.alloc(64, 0xff))).toBe(false);
  });
});
