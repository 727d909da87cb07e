/** Well-formed input. Bytes and values are those of RFC 8949 appendix A where it has them. */
import { hexOf, putHex } from "../testing/hex.ts";
import { CborError, MajorType } from "./format.ts";
import { CborReader } from "./reader.ts";

const buffer = memory.data(256);

function reading(hex: string): CborReader {
  const reader = new CborReader();
  reader.begin(buffer, putHex(buffer, hex));
  return reader;
}

/** The error of a reader after a read that should have failed. */
function errorOf(reader: CborReader): CborError {
  expect(reader.finished).toBe(false);
  return reader.error;
}

function floatOf(hex: string): f64 {
  const reader = reading(hex);
  expect(reader.head()).toBe(true);
  expect(reader.major).toBe(MajorType.Simple);
  expect(reader.finished).toBe(true);
  return reader.float();
}

describe("CborReader: unsigned", () => {
  test("each width", () => {
    const reader = reading("00" + "17" + "1818" + "18ff" + "1903e8" + "1a000f4240" + "1affffffff");
    expect(reader.unsigned()).toBe(0);
    expect(reader.unsigned()).toBe(23);
    expect(reader.unsigned()).toBe(24);
    expect(reader.unsigned()).toBe(255);
    expect(reader.unsigned()).toBe(1000);
    expect(reader.unsigned()).toBe(1000000);
    expect(reader.unsigned()).toBe(4294967295);
    expect(reader.finished).toBe(true);
  });

  test("longer than needed is still a number (RFC 8949 section 4.2 binds encoders only)", () => {
    const reader = reading("1b0000000000000017" + "190001");
    expect(reader.unsigned()).toBe(23);
    expect(reader.unsigned()).toBe(1);
    expect(reader.finished).toBe(true);
  });

  test("above 32 bits: Range", () => {
    const reader = reading("1b000000e8d4a51000");
    expect(reader.unsigned()).toBe(0);
    expect(errorOf(reader)).toBe(CborError.Range);
  });

  test("a negative one: WrongType", () => {
    const reader = reading("20");
    expect(reader.unsigned()).toBe(0);
    expect(errorOf(reader)).toBe(CborError.WrongType);
  });
});

describe("CborReader: integer", () => {
  test("both signs up to the ends of 32 bits", () => {
    const reader = reading("20" + "29" + "3863" + "3903e7" + "0a" + "1a7fffffff" + "3a7fffffff");
    expect(reader.integer()).toBe(-1);
    expect(reader.integer()).toBe(-10);
    expect(reader.integer()).toBe(-100);
    expect(reader.integer()).toBe(-1000);
    expect(reader.integer()).toBe(10);
    expect(reader.integer()).toBe(i32.MAX_VALUE);
    expect(reader.integer()).toBe(i32.MIN_VALUE);
    expect(reader.finished).toBe(true);
  });

  test("one beyond either end: Range", () => {
    const above = reading("1a80000000");
    expect(above.integer()).toBe(0);
    expect(errorOf(above)).toBe(CborError.Range);
    const below = reading("3a80000000");
    expect(below.integer()).toBe(0);
    expect(errorOf(below)).toBe(CborError.Range);
  });

  test("a text: WrongType", () => {
    const reader = reading("6161");
    expect(reader.integer()).toBe(0);
    expect(errorOf(reader)).toBe(CborError.WrongType);
  });
});

describe("CborReader: boolean", () => {
  test("false and true", () => {
    const reader = reading("f4f5");
    expect(reader.boolean()).toBe(false);
    expect(reader.error).toBe(CborError.None);
    expect(reader.boolean()).toBe(true);
    expect(reader.finished).toBe(true);
  });

  test("null, undefined, another simple value, a float and a number are none", () => {
    const others = ["f6", "f7", "f0", "f8ff", "f90014", "f90015", "fa00000014", "fa00000015", "14", "15"];
    for (let i = 0; i < others.length; i++) {
      const reader = reading(others[i]);
      expect(reader.boolean()).toBe(false);
      expect(errorOf(reader)).toBe(CborError.WrongType, others[i]);
    }
  });
});

describe("CborReader: strings", () => {
  test("text and bytes are found where they lie", () => {
    const reader = reading("60" + "6449455446" + "4401020304" + "40");
    expect(reader.text()).toBe(true);
    expect(reader.stringLength).toBe(0);
    expect(reader.text()).toBe(true);
    expect(hexOf(reader.stringPointer, reader.stringLength)).toBe("49455446");
    expect(reader.bytes()).toBe(true);
    expect(reader.stringPointer).toBe(buffer + 7);
    expect(hexOf(reader.stringPointer, reader.stringLength)).toBe("01020304");
    expect(reader.bytes()).toBe(true);
    expect(reader.finished).toBe(true);
  });

  test("a text is no byte string, and the reverse", () => {
    const text = reading("6161");
    expect(text.bytes()).toBe(false);
    expect(errorOf(text)).toBe(CborError.WrongType);
    const bytes = reading("4161");
    expect(bytes.text()).toBe(false);
    expect(errorOf(bytes)).toBe(CborError.WrongType);
  });
});

describe("CborReader: arrays, maps and tags", () => {
  test("counts, then the items one by one: [1, [2, 3]] and {1: 2, 3: 4}", () => {
    const reader = reading("8201820203" + "a201020304");
    expect(reader.array()).toBe(2);
    expect(reader.unsigned()).toBe(1);
    expect(reader.array()).toBe(2);
    expect(reader.unsigned()).toBe(2);
    expect(reader.unsigned()).toBe(3);
    expect(reader.map()).toBe(2);
    for (let i: u32 = 1; i <= 4; i++) expect(reader.unsigned()).toBe(i);
    expect(reader.finished).toBe(true);
  });

  test("an array is no map, and the reverse", () => {
    const array = reading("80");
    expect(array.map()).toBe(0);
    expect(errorOf(array)).toBe(CborError.WrongType);
    const map = reading("a0");
    expect(map.array()).toBe(0);
    expect(errorOf(map)).toBe(CborError.WrongType);
  });

  test("a tag is a head of its own: 1(1363896240)", () => {
    const reader = reading("c11a514b67b0");
    expect(reader.head()).toBe(true);
    expect(reader.major).toBe(MajorType.Tag);
    expect(reader.argument).toBe(1);
    expect(reader.unsigned()).toBe(1363896240);
    expect(reader.finished).toBe(true);
  });
});

describe("CborReader: floats", () => {
  test("half precision", () => {
    expect(floatOf("f90000")).toBe(0.0);
    expect(floatOf("f93c00")).toBe(1.0);
    expect(floatOf("f93e00")).toBe(1.5);
    expect(floatOf("f97bff")).toBe(65504.0);
    expect(floatOf("f90001")).toBe(5.960464477539063e-8);
    expect(floatOf("f90400")).toBe(0.00006103515625);
    expect(floatOf("f9c400")).toBe(-4.0);
    expect(floatOf("f97c00")).toBe(f64.POSITIVE_INFINITY);
    expect(floatOf("f9fc00")).toBe(f64.NEGATIVE_INFINITY);
    expect(isNaN(floatOf("f97e00"))).toBe(true);
  });

  test("minus zero keeps its sign", () => {
    expect(reinterpret<u64>(floatOf("f98000"))).toBe(0x8000000000000000);
  });

  test("single and double precision", () => {
    expect(floatOf("fa47c35000")).toBe(100000.0);
    expect(floatOf("fa7f7fffff")).toBe(3.4028234663852886e38);
    expect(isNaN(floatOf("fa7fc00000"))).toBe(true);
    expect(floatOf("fb3ff199999999999a")).toBe(1.1);
    expect(floatOf("fb7e37e43c8800759c")).toBe(1.0e300);
    expect(floatOf("fbc010666666666666")).toBe(-4.1);
    expect(floatOf("fbfff0000000000000")).toBe(f64.NEGATIVE_INFINITY);
  });
});

describe("CborReader: skip", () => {
  test("steps over one whole item, however deep, and no further", () => {
    const items = [
      "00",
      "1bffffffffffffffff",
      "3bffffffffffffffff",
      "6449455446",
      "4401020304",
      "83010203",
      "8301820203820405",
      "a26161016162820203",
      "826161a161626163",
      "c074323031332d30332d32315432303a30343a30305a",
      "d818456449455446",
      "c1fb41d452d9ec200000",
      "f6",
      "f8ff",
      "fb3ff199999999999a",
      "8181818181818181818180",
    ];
    for (let i = 0; i < items.length; i++) {
      const reader = reading(items[i] + "182a");
      expect(reader.skip()).toBe(true, items[i]);
      expect(reader.unsigned()).toBe(42, items[i]);
      expect(reader.finished).toBe(true, items[i]);
    }
  });
});
