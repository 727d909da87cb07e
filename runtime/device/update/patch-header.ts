/** Is this the head of a patch that was offered, for the image that runs (contract/patch-format.ts)? */
import { FLASH_SLOT_BYTES } from "../../contract/flash-map.ts";
import { IMAGE_ID_BYTES } from "../../contract/image-header.ts";
import {
  PATCH_BASE_BYTES_OFFSET,
  PATCH_BASE_ID_OFFSET,
  PATCH_MAGIC,
  PATCH_SIZE_OFFSET,
  PATCH_VERSION,
  PATCH_VERSION_OFFSET,
} from "../../contract/patch-format.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { sameBytes } from "./image-id.ts";

/** `head` is aligned to words. */
export function checkPatchHead(head: usize, patchBytes: u32, baseId: usize, baseBytes: u32): UpdateFailure {
  if (load<u32>(head) != PATCH_MAGIC) return UpdateFailure.NotAnImage;
  if (load<u32>(head, PATCH_VERSION_OFFSET) != PATCH_VERSION) return UpdateFailure.HeaderVersion;
  if (
    !sameBytes(head + PATCH_BASE_ID_OFFSET, baseId, IMAGE_ID_BYTES) ||
    load<u32>(head, PATCH_BASE_BYTES_OFFSET) != baseBytes
  ) {
    return UpdateFailure.WrongBase;
  }
  if (load<u32>(head, PATCH_SIZE_OFFSET) != patchBytes) return UpdateFailure.NotAsOffered;
  // Nobody has signed a patch: one without an end must not be read for ever.
  return patchBytes > <u32>FLASH_SLOT_BYTES ? UpdateFailure.TooLarge : UpdateFailure.None;
}
