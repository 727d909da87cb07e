/**
 * Signatures of images: ECDSA P-256 with SHA-256 by node:crypto. Keys are as devices hold them: x, then y, 64 bytes. An
 * image names its key, so a device with several verifies once.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import {
  IMAGE_KEY_ID_OFFSET,
  IMAGE_SIGNATURE_OFFSET,
  IMAGE_SIGNED_BYTES,
  KEY_ID_BYTES,
  P256_PUBLIC_KEY_BYTES,
  P256_SIGNATURE_BYTES,
} from "../contract/image-header.ts";
import { UpdateFailure } from "../contract/update-messages.ts";
import { sha256 } from "./image-header.ts";

const COORDINATE_BYTES = P256_PUBLIC_KEY_BYTES / 2;

/** The first bytes of the SHA-256 of the key. */
export function keyIdOf(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).subarray(0, KEY_ID_BYTES);
}

/** Throws when the 64 bytes are no point of the curve. */
export function keyFromPoint(publicKey: Uint8Array): KeyObject {
  const coordinate = (index: number) =>
    Buffer.from(publicKey.subarray(index * COORDINATE_BYTES, (index + 1) * COORDINATE_BYTES)).toString("base64url");
  return createPublicKey({
    key: { kty: "EC", crv: "P-256", x: coordinate(0), y: coordinate(1) },
    format: "jwk",
  });
}

/** Is the header, which must be whole, signed by one of these keys? None, UnknownKey or BadSignature. */
export function checkSignature(image: Uint8Array, publicKeys: readonly Uint8Array[]): UpdateFailure {
  const keyId = image.subarray(IMAGE_KEY_ID_OFFSET, IMAGE_KEY_ID_OFFSET + KEY_ID_BYTES);
  const publicKey = publicKeys.find((key) => Buffer.compare(keyIdOf(key), keyId) === 0);
  if (publicKey === undefined) return UpdateFailure.UnknownKey;
  const signature = image.subarray(IMAGE_SIGNATURE_OFFSET, IMAGE_SIGNATURE_OFFSET + P256_SIGNATURE_BYTES);
  const isValid = verify(
    "sha256",
    image.subarray(0, IMAGE_SIGNED_BYTES),
    { key: keyFromPoint(publicKey), dsaEncoding: "ieee-p1363" },
    signature,
  );
  return isValid ? UpdateFailure.None : UpdateFailure.BadSignature;
}
