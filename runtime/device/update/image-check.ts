/**
 * May this image run on this board? Checks an image header in memory, and an image in a slot of flash: cheap and specific
 * questions first, the signature and the digest last.
 */
import { FLASH_BOOT_OFFSET, FLASH_SLOT_BYTES } from "../../contract/flash-map.ts";
import {
  IMAGE_ABI_OFFSET,
  IMAGE_ARCH_OFFSET,
  IMAGE_BOARD_OFFSET,
  IMAGE_DIGEST_OFFSET,
  IMAGE_HEADER_BYTES,
  IMAGE_HEADER_VERSION,
  IMAGE_KEY_ID_OFFSET,
  IMAGE_MAGIC,
  IMAGE_PAYLOAD_BYTES_OFFSET,
  IMAGE_PRODUCT_BYTES,
  IMAGE_PRODUCT_OFFSET,
  IMAGE_RAM_BYTES_OFFSET,
  IMAGE_SECURITY_COUNTER_OFFSET,
  IMAGE_SIGNATURE_OFFSET,
  IMAGE_SIGNED_BYTES,
  IMAGE_VERSION_OFFSET,
  KEY_ID_BYTES,
  P256_PUBLIC_KEY_BYTES,
  SHA256_BYTES,
} from "../../contract/image-header.ts";
import { PROGRAM_RAM_BYTES } from "../../contract/limits.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { abi_version, board_id, flash_read, sha256, sha256_flash, verify_p256 } from "../imports/host.ts";
import { Factory } from "./factory.ts";
import { sameBytes } from "./image-id.ts";

export class ImageCheck {
  readonly factory: Factory = new Factory();
  private readonly bytes: StaticArray<u8> = new StaticArray<u8>(IMAGE_HEADER_BYTES);
  private readonly hash: StaticArray<u8> = new StaticArray<u8>(SHA256_BYTES);

  /** The header that is checked: put it here, or have `readHeader` fetch it. */
  get header(): usize {
    return changetype<usize>(this.bytes);
  }

  private get digest(): usize {
    return changetype<usize>(this.hash);
  }

  private field(offset: usize): u32 {
    return load<u32>(this.header + offset);
  }

  /** Fetches the header at this place of flash; false when there is none. */
  readHeader(offset: u32): bool {
    flash_read(offset, this.header, IMAGE_HEADER_BYTES);
    return this.field(0) == IMAGE_MAGIC;
  }

  get counter(): u32 {
    return this.field(IMAGE_SECURITY_COUNTER_OFFSET);
  }

  get payloadBytes(): u32 {
    return this.field(IMAGE_PAYLOAD_BYTES_OFFSET);
  }

  /** The image's id; it stays where it is until the next call of any kind. */
  get id(): usize {
    sha256(this.header, IMAGE_HEADER_BYTES, this.digest);
    return this.digest;
  }

  /** Everything in the header but who signed it. `floor` is the least security counter that is taken. */
  checkFields(floor: u32): UpdateFailure {
    if (this.field(0) != IMAGE_MAGIC || this.payloadBytes == 0) return UpdateFailure.NotAnImage;
    if (this.field(IMAGE_VERSION_OFFSET) != IMAGE_HEADER_VERSION) return UpdateFailure.HeaderVersion;
    // The boot program is of this board's kind, whatever engine runs us.
    flash_read(FLASH_BOOT_OFFSET + IMAGE_ARCH_OFFSET, this.digest, 4);
    if (this.field(IMAGE_ARCH_OFFSET) != load<u32>(this.digest)) return UpdateFailure.WrongArch;
    if (this.field(IMAGE_ABI_OFFSET) > <u32>abi_version()) return UpdateFailure.AbiTooNew;
    this.factory.load();
    if (!sameBytes(this.header + IMAGE_PRODUCT_OFFSET, this.factory.product, IMAGE_PRODUCT_BYTES)) {
      return UpdateFailure.WrongProduct;
    }
    const board = this.field(IMAGE_BOARD_OFFSET);
    if (board != 0 && board != <u32>board_id()) return UpdateFailure.WrongBoard;
    if (this.payloadBytes > <u32>(FLASH_SLOT_BYTES - IMAGE_HEADER_BYTES)) return UpdateFailure.TooLarge;
    if (this.field(IMAGE_RAM_BYTES_OFFSET) > <u32>PROGRAM_RAM_BYTES) return UpdateFailure.TooMuchRam;
    return this.counter < floor ? UpdateFailure.Replayed : UpdateFailure.None;
  }

  /** Who signed the header. */
  checkSignature(): UpdateFailure {
    const header = this.header;
    this.factory.load();
    for (let index: u32 = 0; index < this.factory.keyCount; index++) {
      const key = this.factory.key(index);
      sha256(key, P256_PUBLIC_KEY_BYTES, this.digest);
      if (!sameBytes(header + IMAGE_KEY_ID_OFFSET, this.digest, KEY_ID_BYTES)) continue;
      const verdict = verify_p256(header, IMAGE_SIGNED_BYTES, header + IMAGE_SIGNATURE_OFFSET, key);
      return verdict == 1 ? UpdateFailure.None : UpdateFailure.BadSignature;
    }
    return UpdateFailure.UnknownKey;
  }

  /** The whole image at this place of flash. */
  checkImage(offset: u32, floor: u32, withSignature: bool): UpdateFailure {
    this.readHeader(offset);
    let failure = this.checkFields(floor);
    if (failure == UpdateFailure.None && withSignature) failure = this.checkSignature();
    if (failure != UpdateFailure.None) return failure;
    const isHashed = sha256_flash(offset + IMAGE_HEADER_BYTES, this.payloadBytes, this.digest) >= 0;
    return isHashed && sameBytes(this.header + IMAGE_DIGEST_OFFSET, this.digest, SHA256_BYTES)
      ? UpdateFailure.None
      : UpdateFailure.BadDigest;
  }
}
