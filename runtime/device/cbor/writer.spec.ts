import { hexOf } from "../testing/hex.ts";
import { CborWriter } from "./writer.ts";

const buffer = memory.data(64);

function fresh(): CborWriter {
  const writer = new CborWriter();
  writer.begin(buffer, 64);
  return writer;
}

function text(writer: CborWriter): string {
  return hexOf(writer.start, writer.length);
}

describe("CborWriter: shortest heads (RFC 8949 appendix A)", () => {
  test("unsigned at each width", () => {
    const writer = fresh();
    writer.unsigned(23);
    writer.unsigned(24);
    writer.unsigned(1000);
    writer.unsigned(1000000);
    expect(text(writer)).toBe("171818" + "1903e8" + "1a000f4240");
  });

  test("negative", () => {
    const writer = fresh();
    writer.integer(-1);
    writer.integer(-100);
    writer.integer(i32.MIN_VALUE);
    expect(text(writer)).toBe("20" + "3863" + "3a7fffffff");
  });

  test("64 bits", () => {
    const writer = fresh();
    writer.head64(0, 1000000000000);
    expect(text(writer)).toBe("1b000000e8d4a51000");
  });

  test("floats in the shortest exact form", () => {
    const writer = fresh();
    writer.float64(1.5);
    writer.float64(5.960464477539063e-8);
    writer.float64(100000.0);
    writer.float64(1.1);
    writer.float64(f64.NaN);
    writer.float64(-f64.POSITIVE_INFINITY);
    expect(text(writer)).toBe("f93e00" + "f90001" + "fa47c35000" + "fb3ff199999999999a" + "f97e00" + "f9fc00");
  });

  test("text, stream name, booleans, null", () => {
    const writer = fresh();
    writer.text("IETF");
    writer.hex16(0x5c0a);
    writer.boolean(true);
    writer.boolean(false);
    writer.nil();
    expect(text(writer)).toBe("6449455446" + "6435633061" + "f5f4f6");
  });
});

describe("CborWriter: the end of the buffer", () => {
  test("a write that does not fit changes nothing behind the end and sticks", () => {
    store<u8>(buffer, 0xee, 4);
    const writer = new CborWriter();
    writer.begin(buffer, 4);
    writer.unsigned(1000);
    writer.unsigned(1000);
    expect(writer.overflow).toBe(true);
    writer.unsigned(1);
    expect(text(writer)).toBe("1903e8");
    expect(load<u8>(buffer, 4)).toBe(0xee);
  });
});
