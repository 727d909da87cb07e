/** Keys that releases have to be signed with: public halves in PEM (SPKI, RFC 5280), as `lintel keys new` writes them. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { P256_PUBLIC_KEY_BYTES } from "../../runtime/contract/image-header.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { checkImage, checkImageHeader } from "../../runtime/image/image-header.ts";
import { checkSignature, keyIdOf } from "../../runtime/image/verify-signature.ts";

export interface PublicKey {
  keyId: Uint8Array;
  /** x, then y. */
  point: Uint8Array;
}

/** A text: why it is none. */
export function readPublicKey(pem: string): PublicKey | string {
  // Node would take the public half out of it; but then the secret has left its machine.
  if (pem.includes("PRIVATE KEY"))
    return "it is a private key, which belongs to nobody but its owner: send the .pub.pem";
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return "it is no public key in PEM form: send the .pub.pem that lintel keys new has written";
  }
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    return "it is no key of the curve P-256, which devices use";
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  return point.length === P256_PUBLIC_KEY_BYTES ? { point, keyId: keyIdOf(point) } : "its point has not 64 bytes";
}

/** Why an image cannot be released; null: it can. */
export function faultOfImage(image: Uint8Array, points: readonly Uint8Array[]): UpdateFailure | null {
  for (const check of [() => checkImageHeader(image), () => checkSignature(image, points), () => checkImage(image)]) {
    const fault = check();
    if (fault !== UpdateFailure.None) return fault;
  }
  return null;
}
