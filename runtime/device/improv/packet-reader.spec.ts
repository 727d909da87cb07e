import { hexOf, putHex } from "../testing/hex.ts";
import { ASK_INFO, ASK_STATE, packetOf, SHOP_WRONG } from "../testing/improv-frames.ts";
import { DATA_MAX_BYTES, PacketType } from "./format.ts";
import { Heard, PacketReader } from "./packet-reader.ts";

const buffer = memory.data(1024);

let reader = new PacketReader();
let damaged = 0;

/** Data of the packets heard in these bytes, as `type:data `. */
function heardIn(hex: string): string {
  const length = putHex(buffer, hex);
  let text = "";
  for (let i = 0; i < length; i++) {
    reader.put(load<u8>(buffer + i));
    text += heard();
  }
  return text;
}

function heard(): string {
  let text = "";
  for (let what = reader.next(); what != Heard.Nothing; what = reader.next()) {
    if (what == Heard.Damaged) damaged++;
    else text += reader.type.toString() + ":" + hexOf(reader.data, reader.dataBytes) + " ";
  }
  return text;
}

function repeated(hex: string, count: u32): string {
  let text = "";
  for (let i: u32 = 0; i < count; i++) text += hex;
  return text;
}

beforeEach(() => {
  reader = new PacketReader();
  damaged = 0;
});

describe("packets", () => {
  test("one after the other, with or without a newline between them", () => {
    expect(heardIn(ASK_STATE + "0a" + ASK_INFO + SHOP_WRONG)).toBe("3:0200 3:0300 3:010b0473686f700577726f6e67 ");
    expect(damaged).toBe(0);
    expect(reader.isWaiting).toBe(false);
  });

  test("without data, and with as much as there may be", () => {
    expect(heardIn(packetOf(9, ""))).toBe("9: ");
    const longest = repeated("aa", DATA_MAX_BYTES);
    expect(heardIn(packetOf(PacketType.Rpc, longest))).toBe("3:" + longest + " ");
  });

  test("behind text, and behind the beginnings of a packet", () => {
    expect(heardIn("48656c6c6f0d0a" + ASK_STATE)).toBe("3:0200 ");
    const beginnings: string[] = ["49", "494d", "494d50524f", "494d50524f56", "4949494d494d50"];
    for (let i = 0; i < beginnings.length; i++) expect(heardIn(beginnings[i] + ASK_STATE)).toBe("3:0200 ");
    expect(damaged).toBe(0);
  });
});

describe("what is no packet", () => {
  test("another version is passed over", () => {
    expect(heardIn("494d50524f560203020200e6" + ASK_STATE)).toBe("3:0200 ");
    expect(damaged).toBe(0);
  });

  test("any one bit wrong: not taken; the next packet is, unless the length had said that it belongs to it", () => {
    const bytes = ASK_STATE.length >> 1;
    for (let bit = 0; bit < bytes * 8; bit++) {
      reader = new PacketReader();
      const at = bit >> 3;
      putHex(buffer, ASK_STATE);
      store<u8>(buffer + at, <u32>load<u8>(buffer + at) ^ (1 << (bit & 7)));
      const text = heardIn(hexOf(buffer, bytes) + repeated(ASK_INFO, 12));
      expect(text.startsWith("3:0300 3:0300 ")).toBe(true, text);
      expect(text.length).toBe(12 * 7);
    }
  });

  test("an RPC with a wrong checksum, or too long, is damaged; others are passed over", () => {
    heardIn("494d50524f560103020200e6");
    expect(damaged).toBe(1);
    heardIn("494d50524f56010381");
    expect(damaged).toBe(2);
    heardIn("494d50524f560101010200");
    heardIn("494d50524f560101ff");
    expect(damaged).toBe(2);
    expect(heardIn(ASK_STATE)).toBe("3:0200 ");
  });

  test("a packet that was broken off: what comes behind is found when the rest does not come", () => {
    expect(heardIn("494d50524f5601036401620573686f70" + ASK_STATE)).toBe("");
    expect(reader.isWaiting).toBe(true);
    reader.giveUp();
    expect(heard()).toBe("3:0200 ");
    expect(reader.isWaiting).toBe(false);
  });

  test("10,000 random bytes, then a packet", () => {
    let seed: u32 = 20261121;
    for (let i = 0; i < 10000; i++) {
      seed = seed * 1664525 + 1013904223;
      reader.put(<u8>(seed >> 24));
      expect(heard()).toBe("");
    }
    expect(heardIn(ASK_STATE)).toBe("3:0200 ");
  });

  test("10,000 bytes of nothing but beginnings, in which a packet would be a surprise", () => {
    const LETTERS = "494d50524f560103";
    let seed: u32 = 7;
    for (let i = 0; i < 10000; i++) {
      seed = seed * 1664525 + 1013904223;
      const letter = (seed >> 24) & 7;
      const run = (seed >> 16) & 7;
      // Mostly the letter that comes next, now and then another one.
      const at: i32 = run == 0 ? <i32>letter : i & 7;
      reader.put(<u8>parseInt(LETTERS.substr(2 * at, 2), 16));
      heard();
    }
    for (let i = 0; i < 12; i++) {
      reader.giveUp();
      heard();
      if (!reader.isWaiting) break;
    }
    expect(heardIn("0a" + ASK_STATE + repeated("00", 140)).endsWith("3:0200 ")).toBe(true);
  });
});
