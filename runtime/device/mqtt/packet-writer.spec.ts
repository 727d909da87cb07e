/** Section and table numbers, and the examples, are those of the OASIS standard MQTT 3.1.1. */
import { hexOf, putHex } from "../testing/hex.ts";
import { PacketWriter } from "./packet-writer.ts";

const buffer = memory.data(16);

function packetOf(writer: PacketWriter): string {
  expect(writer.overflow).toBe(false);
  return hexOf(writer.packet, writer.packetBytes);
}

/** Fixed header of a packet whose body is `bodyBytes` of aa. */
function headOf(bodyBytes: i32): string {
  const writer = new PacketWriter(bodyBytes + 5);
  writer.begin();
  memory.fill(writer.cursor, 0xaa, bodyBytes);
  writer.advance(bodyBytes);
  writer.finish(0x30);
  expect(writer.overflow).toBe(false);
  const headBytes = writer.packetBytes - bodyBytes;
  expect(load<u8>(writer.packet + writer.packetBytes - 1)).toBe(bodyBytes > 0 ? 0xaa : 0);
  return hexOf(writer.packet, headBytes);
}

describe("PacketWriter: remaining length (2.2.3, table 2.4)", () => {
  test("one byte", () => {
    expect(headOf(0)).toBe("3000");
    expect(headOf(1)).toBe("3001");
    expect(headOf(127)).toBe("307f");
  });

  test("two bytes", () => {
    expect(headOf(128)).toBe("308001");
    expect(headOf(321)).toBe("30c102");
    expect(headOf(16383)).toBe("30ff7f");
  });

  test("three and four bytes", () => {
    expect(headOf(16384)).toBe("30808001");
    expect(headOf(2097151)).toBe("30ffff7f");
    expect(headOf(2097152)).toBe("3080808001");
  });
});

describe("PacketWriter: fields", () => {
  test("a UTF-8 string with its length (1.5.3, the example: A and U+2A6D4)", () => {
    const writer = new PacketWriter(16);
    writer.begin();
    writer.field(buffer, putHex(buffer, "41f0aa9b94"));
    writer.finish(0x30);
    expect(packetOf(writer)).toBe("3007" + "0005" + "41f0aa9b94");
  });

  test("the variable header of CONNECT (3.1.2, the example)", () => {
    const writer = new PacketWriter(32);
    writer.begin();
    writer.short(4);
    writer.ascii("MQTT");
    writer.byte(4);
    writer.byte(0xce);
    writer.short(10);
    writer.finish(0x10);
    expect(packetOf(writer)).toBe("100a" + "00044d515454" + "04" + "ce" + "000a");
  });

  test("SUBSCRIBE to a/b and c/d (3.8, the example)", () => {
    const writer = new PacketWriter(32);
    writer.begin();
    writer.short(10);
    writer.short(3);
    writer.ascii("a/b");
    writer.byte(1);
    writer.short(3);
    writer.ascii("c/d");
    writer.byte(2);
    writer.finish(0x82);
    expect(packetOf(writer)).toBe("820e" + "000a" + "0003612f62" + "01" + "0003632f64" + "02");
  });

  test("PINGREQ (3.12) after a longer packet", () => {
    const writer = new PacketWriter(300);
    writer.begin();
    for (let i = 0; i < 200; i++) writer.byte(i);
    writer.finish(0x30);
    writer.begin();
    writer.finish(0xc0);
    expect(packetOf(writer)).toBe("c000");
  });

  test("a payload encoded in place", () => {
    const writer = new PacketWriter(16);
    writer.begin();
    writer.short(1);
    writer.ascii("a");
    expect(writer.roomBytes).toBe(16 - 5 - 3);
    store<u16>(writer.cursor, 0xbbaa);
    writer.advance(2);
    expect(writer.roomBytes).toBe(16 - 5 - 5);
    writer.finish(0x31);
    expect(packetOf(writer)).toBe("3105" + "000161" + "aabb");
  });
});

describe("PacketWriter: overflow", () => {
  test("a body of exactly the capacity fits, one byte more does not", () => {
    const writer = new PacketWriter(5 + 4);
    writer.begin();
    writer.raw(buffer, 4);
    expect(writer.overflow).toBe(false);
    expect(writer.roomBytes).toBe(0);
    writer.byte(1);
    expect(writer.overflow).toBe(true);
    expect(writer.roomBytes).toBe(0);
  });

  test("it sticks, even for bytes that would fit, until the next packet begins", () => {
    const writer = new PacketWriter(5 + 4);
    writer.begin();
    writer.byte(1);
    writer.raw(buffer, 4);
    expect(writer.overflow).toBe(true);
    writer.byte(2);
    expect(writer.overflow).toBe(true);
    expect(writer.roomBytes).toBe(3);
    writer.begin();
    expect(writer.overflow).toBe(false);
    expect(writer.roomBytes).toBe(4);
  });

  test("a length near 2^32 does not wrap", () => {
    const writer = new PacketWriter(5 + 4);
    writer.begin();
    writer.raw(buffer, u32.MAX_VALUE);
    expect(writer.overflow).toBe(true);
    expect(writer.roomBytes).toBe(4);
  });
});
