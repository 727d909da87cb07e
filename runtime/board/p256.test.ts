import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { verifyP256 } from "./p256.ts";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

/** RFC 6979 A.2.5: P-256, SHA-256, message "sample". */
const KEY = bytes(
  "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6" +
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
);
const SIGNATURE = bytes(
  "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716" +
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
);
const MESSAGE = Buffer.from("sample");

function flipped(original: Uint8Array, index: number): Uint8Array {
  const copy = original.slice();
  copy[index] = (copy[index] as number) ^ 1;
  return copy;
}

describe("ECDSA P-256 with SHA-256", () => {
  test("RFC 6979 A.2.5", () => {
    expect(verifyP256(MESSAGE, SIGNATURE, KEY)).toBe(true);
    expect(verifyP256(Buffer.from("test"), SIGNATURE, KEY)).toBe(false);
  });

  test.each([0, 31, 32, 63])("one bit in byte %i of signature or key makes it invalid", (index) => {
    expect(verifyP256(MESSAGE, flipped(SIGNATURE, index), KEY)).toBe(false);
    // A flipped coordinate is no point of the curve any more.
    expect(verifyP256(MESSAGE, SIGNATURE, flipped(KEY, index))).toBe(false);
  });

  test.each([
    ["a key of zeros", SIGNATURE, new Uint8Array(64)],
    ["a key of ones", SIGNATURE, new Uint8Array(64).fill(0xff)],
    ["a signature of zeros", new Uint8Array(64), KEY],
    ["a signature of ones", new Uint8Array(64).fill(0xff), KEY],
  ])("%s is not valid, and no error", (_, signature, key) => {
    expect(verifyP256(MESSAGE, signature, key)).toBe(false);
  });

  test("signatures that node has made, by more keys than are remembered, each asked twice", () => {
    const signed = Array.from({ length: 40 }, (_, index) => {
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const { x, y } = publicKey.export({ format: "jwk" });
      const message = Buffer.alloc(128, index);
      return {
        message,
        key: Buffer.concat([Buffer.from(x as string, "base64url"), Buffer.from(y as string, "base64url")]),
        signature: sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" }),
      };
    });
    for (const round of [0, 1]) {
      for (const [index, { message, signature, key }] of signed.entries()) {
        const other = signed[(index + 1) % signed.length];
        expect(verifyP256(message, signature, key), `round ${round}`).toBe(true);
        expect(verifyP256(message, signature, other?.key as Uint8Array), `round ${round}`).toBe(false);
      }
    }
  });
});
