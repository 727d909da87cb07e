/**
 * An image is a program as it is stored, sent and run: this header, then the payload (a WebAssembly module, or the native
 * form of native-image.ts). Everything is little-endian; texts are ASCII, filled up with zeros.
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 4 | magic, the bytes `LNTL` |
 * | 4 | 4 | version of this header, 1 |
 * | 8 | 4 | ImageArch |
 * | 12 | 4 | host ABI version needed |
 * | 16 | 16 | product, as `counter` |
 * | 32 | 4 | board id, 0 = any |
 * | 36 | 16 | version, as `1.2.0` |
 * | 52 | 4 | security counter: a device refuses one below that of the newest program it has confirmed |
 * | 56 | 4 | payload, bytes |
 * | 60 | 4 | RAM needed, bytes |
 * | 64 | 32 | SHA-256 of the payload (FIPS 180-4) |
 * | 96 | 8 | key id: the first bytes of the SHA-256 of the public key (x, then y) |
 * | 104 | 24 | zero |
 * | 128 | 64 | ECDSA P-256 signature with SHA-256 over bytes 0 to 127: r, then s, big-endian (FIPS 186-5) |
 *
 * An image is named by its id: the first IMAGE_ID_BYTES of the SHA-256 of the whole header.
 */
export const IMAGE_MAGIC = 0x4c544e4c;
export const IMAGE_HEADER_VERSION = 1;
export const IMAGE_VERSION_OFFSET = 4;
export const IMAGE_ARCH_OFFSET = 8;
export const IMAGE_ABI_OFFSET = 12;
export const IMAGE_PRODUCT_OFFSET = 16;
export const IMAGE_PRODUCT_BYTES = 16;
export const IMAGE_BOARD_OFFSET = 32;
export const IMAGE_PROGRAM_VERSION_OFFSET = 36;
export const IMAGE_PROGRAM_VERSION_BYTES = 16;
export const IMAGE_SECURITY_COUNTER_OFFSET = 52;
export const IMAGE_PAYLOAD_BYTES_OFFSET = 56;
export const IMAGE_RAM_BYTES_OFFSET = 60;
export const IMAGE_DIGEST_OFFSET = 64;
export const IMAGE_KEY_ID_OFFSET = 96;
export const IMAGE_RESERVED_OFFSET = 104;
export const IMAGE_SIGNATURE_OFFSET = 128;
/** What the signature covers. */
export const IMAGE_SIGNED_BYTES = 128;
export const IMAGE_HEADER_BYTES = 192;

export const SHA256_BYTES = 32;
export const P256_SIGNATURE_BYTES = 64;
export const P256_PUBLIC_KEY_BYTES = 64;
export const KEY_ID_BYTES = 8;
export const IMAGE_ID_BYTES = 8;

export enum ImageArch {
  Wasm32 = 1,
  Lx106 = 2,
}

/** The product of the boot program; it stands in the boot area only. */
export const BOOT_PRODUCT = "boot";
