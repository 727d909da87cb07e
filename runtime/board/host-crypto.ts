/**
 * Host functions of the crypto group, by node:crypto. `verify_p256` is given the message, not its digest: node:crypto verifies
 * nothing else, and crypto is never ours.
 */
import { createHash, createHmac } from "node:crypto";
import { HostError } from "../contract/error-codes.ts";
import { FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import { P256_PUBLIC_KEY_BYTES, P256_SIGNATURE_BYTES, SHA256_BYTES } from "../contract/image-header.ts";
import type { Flash } from "./flash.ts";
import type { HostImports } from "./host-imports.ts";
import { isError, type ProgramMemory } from "./host-memory.ts";
import { verifyP256 } from "./p256.ts";
import type { VirtualBoard } from "./virtual-board.ts";

type CryptoGroup = Pick<HostImports, "sha256" | "sha256_flash" | "hmac_sha256" | "verify_p256">;

export function cryptoFunctions(board: VirtualBoard, memory: ProgramMemory): CryptoGroup {
  return {
    sha256(pointer, sizeBytes, outPointer) {
      const bytes = memory.range(pointer, sizeBytes);
      if (isError(bytes)) return bytes;
      const out = memory.range(outPointer, SHA256_BYTES);
      if (isError(out)) return out;
      out.set(createHash("sha256").update(bytes).digest());
      return 0;
    },
    sha256_flash(offset, sizeBytes, outPointer) {
      const out = memory.range(outPointer, SHA256_BYTES);
      if (isError(out)) return out;
      if (sizeBytes < 0) return HostError.BadArgument;
      const digest = digestFlash(board.flash, offset >>> 0, sizeBytes);
      if (digest === undefined) return HostError.OutOfRange;
      out.set(digest);
      return 0;
    },
    hmac_sha256(keyPointer, keyBytes, pointer, sizeBytes, outPointer) {
      const key = memory.range(keyPointer, keyBytes);
      if (isError(key)) return key;
      const bytes = memory.range(pointer, sizeBytes);
      if (isError(bytes)) return bytes;
      const out = memory.range(outPointer, SHA256_BYTES);
      if (isError(out)) return out;
      out.set(createHmac("sha256", key).update(bytes).digest());
      return 0;
    },
    verify_p256(pointer, sizeBytes, signaturePointer, keyPointer) {
      const message = memory.range(pointer, sizeBytes);
      if (isError(message)) return message;
      const signature = memory.range(signaturePointer, P256_SIGNATURE_BYTES);
      if (isError(signature)) return signature;
      const key = memory.range(keyPointer, P256_PUBLIC_KEY_BYTES);
      if (isError(key)) return key;
      return verifyP256(message, signature, key) ? 1 : 0;
    },
  };
}

function digestFlash(flash: Flash, offset: number, sizeBytes: number): Uint8Array | undefined {
  if (offset + sizeBytes > flash.regionBytes) return undefined;
  const digest = createHash("sha256");
  const part = new Uint8Array(FLASH_SECTOR_BYTES);
  for (let done = 0; done < sizeBytes; done += part.length) {
    const piece = part.subarray(0, Math.min(part.length, sizeBytes - done));
    flash.read(offset + done, piece);
    digest.update(piece);
  }
  return digest.digest();
}
