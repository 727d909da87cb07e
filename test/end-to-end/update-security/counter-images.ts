/** The counter, and a newer one, as images for boards that trust one key; and images that say of themselves what they like. */
import { type KeyObject, sign } from "node:crypto";
import {
  IMAGE_HEADER_BYTES,
  IMAGE_SIGNATURE_OFFSET,
  IMAGE_SIGNED_BYTES,
  type ImageArch,
} from "../../../runtime/contract/image-header.ts";
import { encodeImageHeader, type ImageHeader, sha256 } from "../../../runtime/image/image-header.ts";
import { keyIdOf } from "../../../runtime/image/verify-signature.ts";
import type { Engine } from "../../../tools/build/compile-program.ts";
import type { BoardImages } from "../../../tools/image/board-images.ts";
import { buildImage } from "../../../tools/image/build-image.ts";
import { newKey, publicPoint } from "../../../tools/image/keys.ts";
import { signImage } from "../../../tools/image/pack-image.ts";

/** Security counter of what the boards run at first. */
export const FLOOR = 5;
const COUNTER = "firmware/counter";
/** As in its source. */
const OLD_VERSION = "0.1.0";
const NEW_VERSION = "0.2.0";

export interface CounterImages {
  /** What is on the boards. */
  board: BoardImages;
  /** The key that they trust. */
  key: KeyObject;
  /** Payload of a newer counter. */
  newPayload: Uint8Array;
}

export async function buildCounterImages(engine: Engine): Promise<CounterImages> {
  const key = newKey();
  const image = signImage(await buildImage(COUNTER, engine, { version: OLD_VERSION, securityCounter: FLOOR }), key);
  return {
    key,
    newPayload: newerPayload(image.subarray(IMAGE_HEADER_BYTES)),
    board: {
      engine,
      product: "counter",
      boot: signImage(await buildImage("firmware/boot", engine, { product: "boot", version: "1" }), key),
      image,
      publicKeys: [publicPoint(key)],
    },
  };
}

/** The program that says another version of itself: a second compiler run would take seconds. */
function newerPayload(payload: Uint8Array): Uint8Array {
  const changed = Buffer.from(payload);
  // AssemblyScript's strings are UTF-16. Not searched as text: that would look at even places only.
  const place = changed.indexOf(Buffer.from(OLD_VERSION, "utf16le"));
  if (place < 0) throw new Error(`the counter does not say that its version is ${OLD_VERSION}`);
  changed.write(NEW_VERSION, place, "utf16le");
  return changed;
}

export interface Forgery {
  key: KeyObject;
  payload: Uint8Array;
  arch: ImageArch;
  /** What the header says, whatever is true. */
  fields?: Partial<ImageHeader>;
  /** Changes the header before it is signed. */
  edit?: (header: Buffer) => void;
}

/** An image with a good signature, and a new id each time: no two signatures are the same. */
export function forge({ key, payload, arch, fields = {}, edit }: Forgery): Buffer {
  const header = Buffer.from(
    encodeImageHeader({
      arch,
      abiVersion: 1,
      product: "counter",
      board: 0,
      version: NEW_VERSION,
      securityCounter: FLOOR,
      payloadBytes: payload.length,
      ramBytes: 8192,
      digest: sha256(payload),
      keyId: keyIdOf(publicPoint(key)),
      signature: new Uint8Array(64),
      ...fields,
    }),
  );
  edit?.(header);
  sign("sha256", header.subarray(0, IMAGE_SIGNED_BYTES), { key, dsaEncoding: "ieee-p1363" }).copy(
    header,
    IMAGE_SIGNATURE_OFFSET,
  );
  return Buffer.concat([header, payload]);
}

/** A copy with one bit the other way round. */
export function flipped(bytes: Uint8Array, offset: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(offset) ^ (1 << bit), offset);
  return copy;
}
