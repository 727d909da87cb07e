/** Expected words: boot logs of real chips, from issues 2829, 8240 and 9122 of esp8266/Arduino. */
import { describe, expect, test } from "vitest";
import { ROM_CHECKSUM_SEED } from "../../contract/rom-image.ts";
import { bootFromFlash } from "./flash-boot.ts";

interface Segment {
  address: number;
  bytes: Uint8Array;
}

function imageOf(segments: Segment[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0xe9, segments.length, 0, 0, 0x04, 0x00, 0x10, 0x40)];
  let checksum = 0xef;
  for (const { address, bytes } of segments) {
    parts.push(new Uint8Array(Uint32Array.of(address, bytes.length).buffer), bytes);
    for (const byte of bytes) checksum ^= byte;
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const rest = new Uint8Array(16 - (length % 16));
  rest[rest.length - 1] = checksum;
  return Uint8Array.from([...parts, rest].flatMap((part) => [...part]));
}

function boot(image: Uint8Array) {
  const ram = new Map<number, Uint8Array>();
  const flash = new Uint8Array(0x10000).fill(0xff);
  flash.set(image);
  const result = bootFromFlash({
    flash: {
      sizeBytes: flash.length,
      read: (offset, into) => into.set(flash.subarray(offset, offset + into.length)),
      write: () => {},
      eraseSector: () => {},
    },
    fill: (address, bytes) => {
      if (address < 0x3ffe8000) return false;
      ram.set(address, bytes);
      return true;
    },
  });
  return { ...result, ram };
}

/** So many bytes whose XOR is `sum`. */
const bytesOf = (sizeBytes: number, sum = 0): Uint8Array => {
  const bytes = new Uint8Array(sizeBytes).map((_, index) => (index * 31) & 0xff);
  bytes[0] = (bytes[0] as number) ^ bytes.reduce((xor, byte) => xor ^ byte, sum);
  return bytes;
};

describe("an image of one segment", () => {
  const code = bytesOf(1384, ROM_CHECKSUM_SEED ^ 0x2d);

  test("is loaded, told, and entered", () => {
    const { text, entry, ram } = boot(imageOf([{ address: 0x4010f000, bytes: code }]));
    expect(text).toBe("load 0x4010f000, len 1384, room 16 \r\ntail 8\r\nchksum 0x2d\r\ncsum 0x2d\r\n");
    expect(entry).toBe(0x40100004);
    expect(ram.get(0x4010f000)).toEqual(code);
  });

  test("with a byte that flipped is told, and not entered", () => {
    const image = imageOf([{ address: 0x4010f000, bytes: code }]);
    image[100] = (image[100] as number) ^ 4;
    const { text, entry } = boot(image);
    expect(entry).toBeUndefined();
    expect(text).toMatch(/csum 0x29\r\ncsum err\r\nets_main\.c \r\n$/);
  });
});

test("segments begin where the block of the last one has room", () => {
  const { text } = boot(
    imageOf([
      { address: 0x40100000, bytes: bytesOf(25700, ROM_CHECKSUM_SEED ^ 0x0b) },
      { address: 0x3ffe8000, bytes: bytesOf(848, 0x0b ^ 0x3f) },
      { address: 0x3ffe8350, bytes: bytesOf(184, 0x3f ^ 0xb7) },
    ]),
  );
  const lines = [
    "load 0x40100000, len 25700, room 16 ",
    "tail 4",
    "chksum 0x0b",
    "load 0x3ffe8000, len 848, room 4 ",
    "tail 12",
    "chksum 0x3f",
    "ho 0 tail 12 room 4",
    "load 0x3ffe8350, len 184, room 12 ",
    "tail 12",
    "chksum 0xb7",
    "csum 0xb7",
    "",
  ];
  expect(text).toBe(lines.join("\r\n"));
});

test("blank flash: nothing to start", () => {
  expect(boot(new Uint8Array(0))).toMatchObject({ text: "ets_main.c \r\n", entry: undefined });
});

test("a segment where there is no RAM, or that is longer than the flash: nothing to start", () => {
  expect(boot(imageOf([{ address: 0, bytes: bytesOf(16) }])).entry).toBeUndefined();
  const image = imageOf([{ address: 0x40100000, bytes: bytesOf(16) }]);
  new DataView(image.buffer).setUint32(12, 0x20000, true);
  expect(boot(image).entry).toBeUndefined();
});
