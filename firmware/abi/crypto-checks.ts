/**
 * The crypto group, against published vectors: FIPS 180-4 (its examples `abc` and the empty message), RFC 4231 test case 2,
 * RFC 6979 A.2.5. What a sector of ones hashes to was computed with Python's hashlib.
 */
import { HostError } from "../../runtime/contract/error-codes.ts";
import { FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import { SHA256_BYTES } from "../../runtime/contract/image-header.ts";
import { flash_erase, flash_size, hmac_sha256, sha256, sha256_flash, verify_p256 } from "../../runtime/device/index.ts";
import { Checks, Next } from "./checks.ts";
import { fillScratch, isRestUntouched, isSame, other, putText, scratch } from "./memory-map.ts";
import { OWN_SECTOR } from "./storage-checks.ts";

const FILL: u8 = 0x3c;
const KEY_BYTES = 64;

// biome-ignore format: bytes
const ABC = memory.data<u8>([0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad]);
// biome-ignore format: bytes
const EMPTY = memory.data<u8>([0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55]);
// biome-ignore format: bytes
const ONES = memory.data<u8>([0xf4, 0x7a, 0x8e, 0xc3, 0xe9, 0xaf, 0xf2, 0x31, 0x8d, 0x89, 0x69, 0x42, 0x28, 0x2a, 0xd4, 0xfe, 0x37, 0xd6, 0x39, 0x1c, 0x82, 0x91, 0x4f, 0x54, 0xa5, 0xda, 0x8a, 0x37, 0xde, 0x13, 0x00, 0xc6]);
// biome-ignore format: bytes
const JEFE = memory.data<u8>([0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43]);
// biome-ignore format: bytes
const PUBLIC_KEY = memory.data<u8>([0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61, 0xeb, 0x74, 0xc6, 0x35, 0x6d, 0x68, 0xc0, 0x49, 0xb8, 0x92, 0x3b, 0x61, 0xfa, 0x6c, 0xe6, 0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6, 0x79, 0x03, 0xfe, 0x10, 0x08, 0xb8, 0xbc, 0x99, 0xa4, 0x1a, 0xe9, 0xe9, 0x56, 0x28, 0xbc, 0x64, 0xf2, 0xf1, 0xb2, 0x0c, 0x2d, 0x7e, 0x9f, 0x51, 0x77, 0xa3, 0xc2, 0x94, 0xd4, 0x46, 0x22, 0x99]);
// biome-ignore format: bytes
const SIGNATURE = memory.data<u8>([0xef, 0xd4, 0x8b, 0x2a, 0xac, 0xb6, 0xa8, 0xfd, 0x11, 0x40, 0xdd, 0x9c, 0xd4, 0x5e, 0x81, 0xd6, 0x9d, 0x2c, 0x87, 0x7b, 0x56, 0xaa, 0xf9, 0x91, 0xc3, 0x4d, 0x0e, 0xa8, 0x4e, 0xaf, 0x37, 0x16, 0xf7, 0xcb, 0x1c, 0x94, 0x2d, 0x65, 0x7c, 0x41, 0xd4, 0x36, 0xc7, 0xa1, 0xb6, 0xe2, 0x9f, 0x65, 0xf3, 0xe9, 0x00, 0xdb, 0xb9, 0xaf, 0xf4, 0x06, 0x4d, 0xc4, 0xab, 0x2f, 0x84, 0x3a, 0xcd, 0xa8]);

export class CryptoChecks extends Checks {
  protected run(step: i32): Next {
    if (step == 0) this.checkHashes();
    else if (step == 1) this.checkFlashHash();
    else this.checkSignature();
    return step == 2 ? Next.Done : Next.Step;
  }

  private checkHashes(): void {
    const report = this.report;
    report.of("sha256");
    fillScratch(FILL);
    report.equal("hashes", sha256(other, putText(other, "abc"), scratch), 0);
    report.holds("abc", isSame(scratch, ABC, SHA256_BYTES));
    report.holds("stays-in-range", isRestUntouched(SHA256_BYTES, FILL));
    report.equal("empty-null", sha256(0, 0, scratch + 1), 0);
    report.holds("empty", isSame(scratch + 1, EMPTY, SHA256_BYTES));
    report.equal("in-place", sha256(other, 3, other), 0);
    report.holds("in-place-abc", isSame(other, ABC, SHA256_BYTES));
    report.of("hmac_sha256");
    const keyBytes = putText(other, "Jefe");
    const textBytes = putText(other + 8, "what do ya want for nothing?");
    report.equal("hashes", hmac_sha256(other, keyBytes, other + 8, textBytes, scratch), 0);
    report.holds("rfc4231", isSame(scratch, JEFE, SHA256_BYTES));
    report.equal("empty-key", hmac_sha256(0, 0, other + 8, textBytes, scratch), 0);
    report.holds("key-matters", !isSame(scratch, JEFE, SHA256_BYTES));
  }

  private checkFlashHash(): void {
    const report = this.report;
    const size = flash_size();
    flash_erase(OWN_SECTOR);
    report.of("sha256_flash");
    report.equal("hashes", sha256_flash(OWN_SECTOR, FLASH_SECTOR_BYTES, scratch), 0);
    report.holds("ones", isSame(scratch, ONES, SHA256_BYTES));
    report.equal("unaligned", sha256_flash(OWN_SECTOR + 1, 3, scratch), 0);
    report.equal("nothing-at-end", sha256_flash(size, 0, scratch), 0);
    report.holds("empty", isSame(scratch, EMPTY, SHA256_BYTES));
    report.equal("bad-over-end", sha256_flash(size - 1, 2, scratch), HostError.OutOfRange);
    report.equal("bad-behind", sha256_flash(size + 1, 0, scratch), HostError.OutOfRange);
    report.equal("bad-below-zero", sha256_flash(-4, 8, scratch), HostError.OutOfRange);
    report.equal("bad-negative", sha256_flash(OWN_SECTOR, -1, scratch), HostError.BadArgument);
    report.equal("bad-huge", sha256_flash(OWN_SECTOR, i32.MAX_VALUE, scratch), HostError.OutOfRange);
  }

  private checkSignature(): void {
    const report = this.report;
    report.of("verify_p256");
    const sizeBytes = putText(other, "sample");
    report.equal("rfc6979", verify_p256(other, sizeBytes, SIGNATURE, PUBLIC_KEY), 1);
    report.equal("shorter-text", verify_p256(other, sizeBytes - 1, SIGNATURE, PUBLIC_KEY), 0);
    report.equal("swapped", verify_p256(other, sizeBytes, PUBLIC_KEY, SIGNATURE), 0);
    memory.copy(scratch, SIGNATURE, KEY_BYTES);
    store<u8>(scratch + 63, load<u8>(scratch + 63) ^ 1);
    report.equal("other-bit", verify_p256(other, sizeBytes, scratch, PUBLIC_KEY), 0);
    memory.fill(scratch, 0, KEY_BYTES);
    report.equal("zero-signature", verify_p256(other, sizeBytes, scratch, PUBLIC_KEY), 0);
    report.equal("bad-zero-key", verify_p256(other, sizeBytes, SIGNATURE, scratch), 0);
  }
}
