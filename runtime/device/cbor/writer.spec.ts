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

  test("floats at the ends of half precision (bits of Python's struct)", () => {
    const writer = fresh();
    writer.float64(65504.0);
    writer.float64(65520.0);
    writer.float64(65536.0);
    expect(text(writer)).toBe("f97bff" + "fa477ff000" + "fa47800000");
    writer.begin(buffer, 64);
    // 2^-25, 1.5 * 2^-24 and the largest subnormal, negative.
    writer.float64(2.9802322387695312e-8);
    writer.float64(8.940696716308594e-8);
    writer.float64(-6.097555160522461e-5);
    expect(text(writer)).toBe("fa33000000" + "fa33c00000" + "f983ff");
  });

  test("heads on either side of each width", () => {
    const writer = fresh();
    const numbers: u64[] = [255, 256, 65535, 65536, 4294967295, 4294967296];
    for (let i = 0; i < numbers.length; i++) writer.head64(0, numbers[i]);
    expect(text(writer)).toBe("18ff" + "190100" + "19ffff" + "1a00010000" + "1affffffff" + "1b0000000100000000");
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
