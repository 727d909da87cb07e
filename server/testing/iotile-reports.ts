/**
 * For tests: reports as another implementation makes them. Written by Python 3 with struct, hashlib and hmac: individual readings
 * `pack("<BBHLLLL", 0, 0, stream, device, sent, time, value)`; lists `pack("<BBHLLLBBH", 1, n & 255, n >> 8, device, report,
 * sent, flags, streamer, 0x57ff)`, each reading `pack("<HHLLL", stream, 0, id, time, value)`, `pack("<LL", min(ids), max(ids))`,
 * then 16 bytes of sha256 or of hmac(key, ..., sha256). Device 0x42; UTC 753315200 s after 2000 is 2023-11-14T22:13:20Z.
 */
import { createHash } from "node:crypto";

export const IOTILE_DEVICE = "d--0000-0000-0000-0042";
/** bytes(range(32)) */
export const IOTILE_KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
export const IOTILE_TEXT_KEY = "sixteen characters and more";

export const REPORTS = {
  /** Stream 5001, value 77, 20 s before it was sent, by uptime. */
  individual: hex("0000015042000000600400004c0400004d000000"),
  /** Stream 5001, value 78, at 753315200 s UTC. */
  individualUtc: hex("000001504200000080ade6ac80ade6ac4e000000"),
  /** Report 1 of streamer 0, sent at 1120: 5001 id 7 at 1000 is 41; 5001 id 8 at 1060 is 42; 5002 id 11 at 1100 is 0xffffffff. */
  hashed: hex(
    "015c00004200000001000000600400000000ff570150000007000000e8030000290000000150000008000000240400002a000000025000000b0000004c040000ffffffff070000000b0000000e096e273ea7ca435a4a0e7355b8a6e8",
  ),
  /** The same as report 2, flags 1, with IOTILE_KEY. */
  keyed: hex(
    "015c00004200000002000000600400000100ff570150000007000000e8030000290000000150000008000000240400002a000000025000000b0000004c040000ffffffff070000000b0000009a6d4e2a190fb62d35474494d16e386c",
  ),
  /** As report 3 of streamer 1, flags 2, with hmac(IOTILE_KEY, pack("<LLL", 2, report, sent), sha256) as the key. */
  derived: hex(
    "015c00004200000003000000600400000201ff570150000007000000e8030000290000000150000008000000240400002a000000025000000b0000004c040000ffffffff070000000b000000a74566a173b038fc5a4ea6488ed22cc4",
  ),
  /** As report 4 of streamer 0, flags 2, with IOTILE_TEXT_KEY. */
  text: hex(
    "015c00004200000004000000600400000200ff570150000007000000e8030000290000000150000008000000240400002a000000025000000b0000004c040000ffffffff070000000b0000002213278b469205ee6d19343bdb62ed20",
  ),
  /** Sent at 753315200 s UTC: 5001 id 12 at 753315100 s UTC is 1; 5001 id 13 at uptime 900 is 2. */
  utc: hex(
    "014c0000420000000500000080ade6ac0000ff57015000000c0000001cade6ac01000000015000000d00000084030000020000000c0000000d0000004a5e01743177142aef53807683fe7647",
  ),
  /** No readings. */
  empty: hex("012c00004200000006000000600400000000ff570000000000000000e4f1d4e7fef6cad4ef67d68a6bc5d7e4"),
  /** Sent at 1200: id 11 as in `hashed`; 5001 id 12 at 1150 is 43. */
  later: hex(
    "014c00004200000007000000b00400000000ff57025000000b0000004c040000ffffffff015000000c0000007e0400002b0000000b0000000c000000a63b4e04b213fd1009eba30f2b7db05c",
  ),
  /** Ids 8, then 7; the footer says 7 to 8. */
  unsorted: hex(
    "014c00004200000008000000600400000000ff570150000008000000240400002a0000000150000007000000e8030000290000000700000008000000af0ebd1129682de55a754b8abfd42414",
  ),
  /** Flags 3, with IOTILE_KEY. */
  unknownKind: hex(
    "015c00004200000009000000600400000300ff570150000007000000e8030000290000000150000008000000240400002a000000025000000b0000004c040000ffffffff070000000b000000ed4a99169d5221646f7024a99d7593ea",
  ),
} as const;

/** With a hash that fits what it is now, whatever that is. */
export function hashAgain(report: Buffer): Buffer {
  if (report.length < 16) return report;
  const signed = report.subarray(0, -16);
  return Buffer.concat([signed, createHash("sha256").update(signed).digest().subarray(0, 16)]);
}

function hex(text: string): Buffer<ArrayBuffer> {
  return Buffer.from(text, "hex");
}
