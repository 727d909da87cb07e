import { putHex } from "../testing/hex.ts";
import { crc8 } from "./onewire.ts";

const buffer = memory.data(16);

describe("crc8", () => {
  test("the example of Maxim's application note 27: a ROM code and its CRC", () => {
    putHex(buffer, "021cb801000000a2");
    expect(crc8(buffer, 7)).toBe(0xa2);
    expect(crc8(buffer, 8)).toBe(0);
  });

  test("a scratchpad as a DS18B20 shows it after power-on", () => {
    expect(crc8(buffer, putHex(buffer, "50054b467fff0c10"))).toBe(0x1c);
  });

  test("each single bit that is wrong shows", () => {
    for (let bit = 0; bit < 64; bit++) {
      putHex(buffer, "021cb801000000a2");
      store<u8>(buffer + (bit >> 3), <u8>(load<u8>(buffer + (bit >> 3)) ^ ((<u32>1) << (bit & 7))));
      expect(crc8(buffer, 8)).not.toBe(0);
    }
  });
});
