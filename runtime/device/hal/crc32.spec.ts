import { putHex } from "../testing/hex.ts";
import { crc32 } from "./crc32.ts";

const buffer = memory.data(64);
/** "123456789" */
const CHECK_INPUT = "313233343536373839";

describe("crc32", () => {
  test("the check value of CRC-32/ISO-HDLC", () => {
    expect(crc32(0, buffer, putHex(buffer, CHECK_INPUT))).toBe(0xcbf43926);
  });

  test("in two parts as in one", () => {
    putHex(buffer, CHECK_INPUT);
    for (let first: u32 = 0; first <= 9; first++) {
      expect(crc32(crc32(0, buffer, first), buffer + first, 9 - first)).toBe(0xcbf43926);
    }
  });

  test("of nothing, of one zero byte, of 32 bytes ff (values of zlib)", () => {
    expect(crc32(0, buffer, 0)).toBe(0);
    store<u8>(buffer, 0);
    expect(crc32(0, buffer, 1)).toBe(0xd202ef8d);
    memory.fill(buffer, 0xff, 32);
    expect(crc32(0, buffer, 32)).toBe(0xff6cab0b);
  });
});
