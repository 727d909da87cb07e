import { PACKET_DOWN_MAX_BYTES } from "../../contract/limits.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { incomingBytes, putIncoming, resetStage, setReadError, setReadMax } from "../testing/stage.ts";
import { PacketReader } from "./packet-reader.ts";

const buffer = memory.data(2048);
const HANDLE = 0;

/** CONNACK, SUBACK, PINGRESP, then PUBLISH "hi" on topic a/b. */
const FOUR_PACKETS = "20020000" + "9003000100" + "d000" + "30070003612f626869";
const FOUR_FOUND = "20:0000 90:000100 d0: 30:0003612f626869 ";

function send(hex: string): void {
  putIncoming(buffer, putHex(buffer, hex));
}

/** A PUBLISH of `packetBytes` in all, header included, its body 5a throughout. */
function sendLong(packetBytes: i32): void {
  const headBytes = packetBytes - 2 < 128 ? 2 : packetBytes - 3 < 16384 ? 3 : 4;
  let rest = packetBytes - headBytes;
  store<u8>(buffer, 0x30);
  for (let i = 1; i < headBytes; i++) {
    store<u8>(buffer + i, (rest & 127) | (i < headBytes - 1 ? 128 : 0));
    rest >>= 7;
  }
  putIncoming(buffer, headBytes);
  store<u8>(buffer, 0x5a);
  for (let i = headBytes; i < packetBytes; i++) putIncoming(buffer, 1);
}

/** Every packet that can be found now, as `first:body` in hexadecimal. */
function found(reader: PacketReader): string {
  let text = "";
  while (reader.next(HANDLE)) {
    store<u8>(buffer, reader.first);
    text += hexOf(buffer, 1) + ":" + hexOf(reader.body, reader.bodyBytes) + " ";
  }
  return text;
}

beforeEach(() => {
  resetStage();
});

describe("PacketReader: whole packets", () => {
  test("several in one read", () => {
    const reader = new PacketReader();
    send(FOUR_PACKETS);
    expect(found(reader)).toBe(FOUR_FOUND);
    expect(reader.broken).toBe(false);
  });

  test("in reads of any size, down to a byte", () => {
    for (let size = 1; size <= 21; size++) {
      const reader = new PacketReader();
      setReadMax(size);
      send(FOUR_PACKETS);
      expect(found(reader)).toBe(FOUR_FOUND);
    }
  });

  test("a byte now and then", () => {
    const reader = new PacketReader();
    let text = "";
    for (let i = 0; i < FOUR_PACKETS.length; i += 2) {
      send(FOUR_PACKETS.substr(i, 2));
      text += found(reader);
    }
    expect(text).toBe(FOUR_FOUND);
  });

  test("nothing to read, or an error: no packet", () => {
    const reader = new PacketReader();
    expect(reader.next(HANDLE)).toBe(false);
    setReadError(-9);
    expect(reader.next(HANDLE)).toBe(false);
    expect(reader.broken).toBe(false);
  });

  test("a packet found stays where it is while the next one waits", () => {
    const reader = new PacketReader();
    send(FOUR_PACKETS);
    expect(reader.next(HANDLE)).toBe(true);
    expect(reader.next(HANDLE)).toBe(true);
    const body = hexOf(reader.body, reader.bodyBytes);
    send("d000");
    expect(hexOf(reader.body, reader.bodyBytes)).toBe(body);
  });

  test("a remaining length longer than needed counts as what it says", () => {
    const reader = new PacketReader();
    send("d0808000" + "d000");
    expect(found(reader)).toBe("d0: d0: ");
  });

  test("a new connection forgets half a packet of the last one", () => {
    const reader = new PacketReader();
    send("300a0003");
    expect(reader.next(HANDLE)).toBe(false);
    reader.begin();
    send("d000");
    expect(found(reader)).toBe("d0: ");
  });
});

describe("PacketReader: packets too long", () => {
  test("one that fills the buffer is taken", () => {
    const reader = new PacketReader();
    sendLong(PACKET_DOWN_MAX_BYTES);
    expect(reader.next(HANDLE)).toBe(true);
    expect(reader.bodyBytes).toBe(PACKET_DOWN_MAX_BYTES - 3);
    expect(load<u8>(reader.body + reader.bodyBytes - 1)).toBe(0x5a);
    expect(reader.skipped).toBe(0);
  });

  test("one byte more is stepped over and counted, and the next one is found", () => {
    const reader = new PacketReader();
    sendLong(PACKET_DOWN_MAX_BYTES + 1);
    send("d000");
    expect(found(reader)).toBe("d0: ");
    expect(reader.skipped).toBe(1);
  });

  test("between two others, in reads of any size", () => {
    const sizes: i32[] = [1, 2, 3, 7, 100, 1087, 1088, 1089, 5000];
    for (let i = 0; i < sizes.length; i++) {
      const reader = new PacketReader();
      setReadMax(sizes[i]);
      send("20020000");
      sendLong(5000);
      sendLong(17000);
      send("30070003612f626869");
      expect(found(reader)).toBe("20:0000 30:0003612f626869 ");
      expect(reader.skipped).toBe(2);
      expect(incomingBytes()).toBe(0);
    }
  });

  test("of the largest remaining length there is: waited for, never kept", () => {
    const reader = new PacketReader();
    send("30ffffff7f");
    for (let i = 0; i < 50; i++) sendLong(1000);
    expect(found(reader)).toBe("");
    expect(reader.skipped).toBe(1);
    expect(reader.broken).toBe(false);
    expect(incomingBytes()).toBe(0);
  });

  test("a new connection ends the stepping over", () => {
    const reader = new PacketReader();
    send("30ffffff7f00");
    expect(reader.next(HANDLE)).toBe(false);
    reader.begin();
    send("d000");
    expect(found(reader)).toBe("d0: ");
  });
});

describe("PacketReader: a remaining length of five bytes (2.2.3 allows four)", () => {
  test("breaks the stream, however it arrives", () => {
    for (let size = 1; size <= 6; size++) {
      const reader = new PacketReader();
      setReadMax(size);
      send("d000" + "308080808001");
      expect(found(reader)).toBe("d0: ");
      expect(reader.broken).toBe(true);
      resetStage();
    }
  });

  test("for good: what follows is not read as packets, until a new connection", () => {
    const reader = new PacketReader();
    send("30ffffffff" + "d000");
    expect(reader.next(HANDLE)).toBe(false);
    send("d000");
    expect(reader.next(HANDLE)).toBe(false);
    expect(reader.broken).toBe(true);
    resetStage();
    reader.begin();
    send("d000");
    expect(found(reader)).toBe("d0: ");
    expect(reader.broken).toBe(false);
  });
});
