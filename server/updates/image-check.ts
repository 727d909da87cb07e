/**
 * Is an upload an image that a device could take? What is looked at here holds for every device: the header, the sizes and
 * the digest. The signature is looked at by the devices: they have the keys, the server has none.
 */
import { FLASH_SLOT_BYTES } from "../../runtime/contract/flash-map.ts";
import { BOOT_PRODUCT, IMAGE_HEADER_BYTES, ImageArch } from "../../runtime/contract/image-header.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { decodeImageHeader, imageIdText, sha256 } from "../../runtime/image/image-header.ts";
import type { StoredImage } from "./store-requests.ts";

export type ImageVerdict =
  | { ok: true; image: StoredImage }
  /** `isImage` false: these bytes are something else altogether. */
  | { ok: false; isImage: boolean; reason: string };

export function checkUpload(bytes: Uint8Array): ImageVerdict {
  const header = decodeImageHeader(bytes);
  if (typeof header === "number") return noHeader(header);
  const { payloadBytes, product, version, arch } = header;
  const cameBytes = bytes.length - IMAGE_HEADER_BYTES;
  if (product === "" || version === "") return refuse("its header names no product or no version");
  if (product === BOOT_PRODUCT) {
    return refuse("it is a boot program; that is written over serial and never updated over the network");
  }
  if (arch !== ImageArch.Wasm32 && arch !== ImageArch.Lx106) {
    return refuse(`its header names machine ${arch}; known are 1 (wasm32) and 2 (lx106)`);
  }
  if (payloadBytes === 0) return refuse("its header says that it has no payload");
  if (payloadBytes !== cameBytes) {
    return refuse(`its header says ${payloadBytes} bytes of payload, ${cameBytes} came; send the file whole`);
  }
  if (bytes.length > FLASH_SLOT_BYTES) {
    return refuse(`it has ${bytes.length} bytes, a slot of the flash holds ${FLASH_SLOT_BYTES}`);
  }
  if (!sha256(bytes.subarray(IMAGE_HEADER_BYTES)).equals(header.digest)) {
    return refuse("its payload is not the one that its header has the digest of; the file is damaged");
  }
  const { board, securityCounter, ramBytes, digest, keyId } = header;
  const id = imageIdText(bytes);
  const sizeBytes = bytes.length;
  const abi = header.abiVersion;
  return {
    ok: true,
    image: {
      id,
      product,
      version,
      arch,
      abi,
      board,
      securityCounter,
      payloadBytes,
      ramBytes,
      digest,
      keyId,
      sizeBytes,
    },
  };
}

function noHeader(failure: UpdateFailure): ImageVerdict {
  if (failure === UpdateFailure.HeaderVersion) {
    return refuse("its header is of a version that this server does not know; a newer server may");
  }
  const reason =
    failure === UpdateFailure.Truncated
      ? `it is shorter than the header of an image, ${IMAGE_HEADER_BYTES} bytes`
      : "it does not begin with the header of an image; build one and sign it";
  return { ok: false, isImage: false, reason };
}

function refuse(reason: string): ImageVerdict {
  return { ok: false, isImage: true, reason };
}
