/** Input that is not well-formed (RFC 8949 appendix F), that the reader leaves out, or that ends too early. */

import { GOLDEN_ACK_DELAY, GOLDEN_DATA_ABSOLUTE, GOLDEN_HELLO } from "../../contract/golden-vectors.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { CborError } from "./format.ts";
import { CborReader } from "./reader.ts";

const buffer = memory.data(256);

function reading(hex: string): CborReader {
  const reader = new CborReader();
  reader.begin(buffer, putHex(buffer, hex));
  return reader;
}

function skipError(hex: string): CborError {
  const reader = reading(hex);
  const isWhole = reader.skip();
  expect(isWhole).toBe(reader.error == CborError.None, hex);
  return reader.error;
}

describe("CborReader: truncation", () => {
  test("every shorter form of a message is Truncated, and the whole is not", () => {
    const messages = [
      GOLDEN_HELLO,
      GOLDEN_DATA_ABSOLUTE,
      GOLDEN_ACK_DELAY,
      "c1fb41d452d9ec200000",
      "d818456449455446",
      "f8ff",
    ];
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      for (let length = 0; length < message.length; length += 2) {
        expect(skipError(message.substr(0, length))).toBe(CborError.Truncated, message.substr(0, length));
      }
      expect(skipError(message)).toBe(CborError.None, message);
    }
  });

  test("nothing at all", () => {
    const reader = reading("");
    expect(reader.finished).toBe(true);
    expect(reader.unsigned()).toBe(0);
    expect(reader.error).toBe(CborError.Truncated);
  });

  test("a string longer than what is left", () => {
    const lengths = ["4101", "6261", "59ffff00", "5affffffff00", "7bffffffffffffffff00", "5b800000000000000000"];
    const expected: CborError[] = [
      CborError.None,
      CborError.Truncated,
      CborError.Truncated,
      CborError.Truncated,
      CborError.Truncated,
      CborError.Truncated,
    ];
    for (let i = 0; i < lengths.length; i++) expect(skipError(lengths[i])).toBe(expected[i], lengths[i]);
  });

  test("a count that cannot be true is found at once", () => {
    const counts = [
      "9affffffff0000",
      "baffffffff0000",
      "9bffffffffffffffff00",
      "bbffffffffffffffff00",
      "bb800000000000000100",
    ];
    for (let i = 0; i < counts.length; i++) expect(skipError(counts[i])).toBe(CborError.Truncated, counts[i]);
  });

  test("a count above 32 bits is out of Range for array and map", () => {
    const array = reading("9b0000000100000000");
    expect(array.array()).toBe(0);
    expect(array.error).toBe(CborError.Range);
    const map = reading("bb0000000100000000");
    expect(map.map()).toBe(0);
    expect(map.error).toBe(CborError.Range);
  });
});

describe("CborReader: indefinite lengths", () => {
  test("of strings, arrays and maps: Unsupported", () => {
    const items = [
      "5f42010243030405ff",
      "7f657374726561646d696e67ff",
      "9fff",
      "9f0102ff",
      "bf61610161629f0203ffff",
      "8301820203" + "9f0405ff",
    ];
    for (let i = 0; i < items.length; i++) expect(skipError(items[i])).toBe(CborError.Unsupported, items[i]);
  });

  test("the accessors say the same", () => {
    const array = reading("9fff");
    array.array();
    expect(array.error).toBe(CborError.Unsupported);
    const text = reading("7fff");
    text.text();
    expect(text.error).toBe(CborError.Unsupported);
  });

  test("of numbers and tags, and a break outside: Malformed", () => {
    const items = ["1f", "3f", "df", "ff", "81ff"];
    for (let i = 0; i < items.length; i++) expect(skipError(items[i])).toBe(CborError.Malformed, items[i]);
  });
});

describe("CborReader: reserved heads", () => {
  test("additional information 28, 29 and 30 of every major type: Malformed", () => {
    for (let major = 0; major < 8; major++) {
      for (let info = 28; info <= 30; info++) {
        store<u8>(buffer, (major << 5) | info);
        memory.fill(buffer + 1, 0, 16);
        const reader = new CborReader();
        reader.begin(buffer, 17);
        expect(reader.head()).toBe(false);
        expect(reader.error).toBe(CborError.Malformed, hexOf(buffer, 1));
      }
    }
  });

  test("a simple value below 32 in two bytes: Malformed (section 3.3)", () => {
    expect(skipError("f800")).toBe(CborError.Malformed);
    expect(skipError("f814")).toBe(CborError.Malformed);
    expect(skipError("f81f")).toBe(CborError.Malformed);
    expect(skipError("f820")).toBe(CborError.None);
  });
});

describe("CborReader: the first error sticks", () => {
  test("every read after it answers zero and leaves it as it is", () => {
    const reader = reading("6161" + "01" + "f5" + "8101" + "a10101" + "6161" + "4161");
    expect(reader.unsigned()).toBe(0);
    expect(reader.error).toBe(CborError.WrongType);
    expect(reader.unsigned()).toBe(0);
    expect(reader.integer()).toBe(0);
    expect(reader.boolean()).toBe(false);
    expect(reader.array()).toBe(0);
    expect(reader.map()).toBe(0);
    expect(reader.text()).toBe(false);
    expect(reader.bytes()).toBe(false);
    expect(reader.head()).toBe(false);
    expect(reader.skip()).toBe(false);
    expect(reader.fail(CborError.Range)).toBe(false);
    expect(reader.error).toBe(CborError.WrongType);
    expect(reader.finished).toBe(false);
  });

  test("begin forgets it", () => {
    const reader = reading("ff");
    reader.head();
    expect(reader.error).toBe(CborError.Malformed);
    reader.begin(buffer, putHex(buffer, "07"));
    expect(reader.unsigned()).toBe(7);
    expect(reader.finished).toBe(true);
  });

  test("bytes after the message: not finished, and no error", () => {
    const reader = reading("0700");
    reader.unsigned();
    expect(reader.error).toBe(CborError.None);
    expect(reader.finished).toBe(false);
  });
});
