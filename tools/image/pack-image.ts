/** Images from payloads, and their signatures (contract/image-header.ts). */
import { type KeyObject, sign } from "node:crypto";
import { HOST_ABI_VERSION } from "../../runtime/contract/host-abi.ts";
import {
  IMAGE_KEY_ID_OFFSET,
  IMAGE_SIGNATURE_OFFSET,
  IMAGE_SIGNED_BYTES,
  type ImageArch,
  KEY_ID_BYTES,
  P256_SIGNATURE_BYTES,
} from "../../runtime/contract/image-header.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import {
  checkImage,
  checkImageHeader,
  encodeImageHeader,
  ImageError,
  type ImageTarget,
  sha256,
} from "../../runtime/image/image-header.ts";
import { checkSignature, keyIdOf } from "../../runtime/image/verify-signature.ts";
import { failureText } from "./failure-texts.ts";
import { publicPoint } from "./keys.ts";

export interface ImageContents {
  payload: Uint8Array;
  arch: ImageArch;
  product: string;
  /** Of the program, as `1.2.0`. */
  version: string;
  /** 0, or absent: any. */
  board?: number;
  /** Devices refuse images with a lower one than that of a program which they have confirmed. */
  securityCounter?: number;
  ramBytes: number;
}

/** An image without a signature. Throws an ImageError where a device could not hold it. */
export function packImage({ payload, board = 0, securityCounter = 0, ...fields }: ImageContents): Uint8Array {
  const header = encodeImageHeader({
    ...fields,
    board,
    securityCounter,
    abiVersion: HOST_ABI_VERSION,
    payloadBytes: payload.length,
    digest: sha256(payload),
    keyId: new Uint8Array(KEY_ID_BYTES),
    signature: new Uint8Array(P256_SIGNATURE_BYTES),
  });
  const fault = checkImageHeader(header);
  if (fault !== UpdateFailure.None) throw new ImageError(`no image can be made of this: ${failureText(fault)}`);
  const image = new Uint8Array(header.length + payload.length);
  image.set(header);
  image.set(payload, header.length);
  return image;
}

/** The image with a signature in place of what it had. */
export function signImage(image: Uint8Array, privateKey: KeyObject): Uint8Array {
  const fault = checkImage(image);
  if (fault !== UpdateFailure.None) throw new ImageError(`only a whole image can be signed: ${failureText(fault)}`);
  const signed = Uint8Array.from(image);
  signed.set(keyIdOf(publicPoint(privateKey)), IMAGE_KEY_ID_OFFSET);
  const signature = sign("sha256", signed.subarray(0, IMAGE_SIGNED_BYTES), {
    key: privateKey,
    dsaEncoding: "ieee-p1363",
  });
  signed.set(signature, IMAGE_SIGNATURE_OFFSET);
  return signed;
}

export type Verdict = { ok: true } | { ok: false; failure: UpdateFailure };

/** Would a device that trusts these keys (x, then y) take the image? */
export function verifyImage(image: Uint8Array, publicKeys: readonly Uint8Array[], target: ImageTarget = {}): Verdict {
  // As the device does: all that can be told from the header, the signature included, before the payload.
  const failure = [
    () => checkImageHeader(image, target),
    () => checkSignature(image, publicKeys),
    () => checkImage(image, target),
  ].reduce((found, check) => (found === UpdateFailure.None ? check() : found), UpdateFailure.None);
  return failure === UpdateFailure.None ? { ok: true } : { ok: false, failure };
}
