/**
 * What is taken for a host. The judge of its first image is the emulated mask ROM (esp8266/rom/flash-boot.ts), which boot logs of
 * real chips are the judges of: what it starts from flash is taken, what it does not start is refused.
 */
import { describe, expect, test } from "vitest";
import { bootFromFlash } from "../esp8266/rom/flash-boot.ts";
import { readHostImage } from "./host-image.ts";
import { arduinoFile, arduinoHostFile, hostFile, romImage } from "./testing/host-file.ts";

const ANEW = ": copy firmware.bin again, or build the host anew";
/** Of the fixtures: segment heads of the sketch, behind its header, and where it ends. */
const SKETCH = 0x1000;
const ARDUINO = arduinoHostFile();
const OTHER_SKETCH = arduinoFile([{ address: 0x40201010, bytes: Buffer.alloc(50) }]);
/** Behind the loader's header, head, 100 bytes and checksum. */
const LOADER_END = 8 + 8 + 100 + 12;

function isStarted(file: Uint8Array): boolean {
  const read = (offset: number, into: Uint8Array) => into.set(file.subarray(offset, offset + into.length));
  const flash = { sizeBytes: file.length, read, write: () => {}, eraseSector: () => {} };
  return bootFromFlash({ flash, fill: () => true }).entry !== undefined;
}

function reasonOf(file: Uint8Array): string {
  const verdict = readHostImage(file);
  return verdict.ok ? "taken" : verdict.reason;
}

function changed(file: Uint8Array, at: number, ...bytes: number[]): Uint8Array {
  const copy = Uint8Array.from(file);
  copy.set(bytes, at);
  return copy;
}

test("hosts of one image and of two, wherever in their buffer they lie", () => {
  for (const file of [hostFile({ abi: 3, linkedMiB: 4 }), arduinoHostFile({ abi: 3, linkedMiB: 4 })]) {
    const behind = Buffer.concat([Buffer.alloc(3), file]).subarray(3);
    expect(readHostImage(behind)).toEqual({ ok: true, abiVersion: 3, flashMiB: 4 });
    expect(isStarted(file)).toBe(true);
  }
  // A signature, as the core's tools may put there.
  expect(reasonOf(Buffer.concat([ARDUINO, Buffer.alloc(260)]))).toBe("taken");
});

describe("cut off", () => {
  test.each([
    [7, "the header of the image at 0x0 ends at byte 8, and the file has 7"],
    [8, "the head of segment 1 of the image at 0x0 ends at byte 16, and the file has 8"],
    [115, "segment 1 of the image at 0x0 ends at byte 116, and the file has 115"],
    [LOADER_END - 1, "the checksum of the image at 0x0 ends at byte 128, and the file has 127"],
    [LOADER_END + 1, "it ends at byte 129, before the image at 0x1000"],
    [SKETCH, "it ends at byte 4096, before the image at 0x1000"],
    [SKETCH + 4, "the header of the image at 0x1000 ends at byte 4104, and the file has 4100"],
    [SKETCH + 299, "segment 2 of the image at 0x1000 ends at byte 4396, and the file has 4395"],
    [ARDUINO.length - 1, "the checksum of the image at 0x1000 ends at byte 4448, and the file has 4447"],
  ])("at byte %i", (length, text) => {
    expect(reasonOf(ARDUINO.subarray(0, length))).toBe(`is cut off: ${text}${ANEW}`);
  });

  test("at every byte: refused; behind the loader alone there is no host", () => {
    for (let length = 1; length < ARDUINO.length; length++) {
      const reason = reasonOf(ARDUINO.subarray(0, length));
      expect([length, reason]).toEqual([
        length,
        expect.stringMatching(length === LOADER_END ? /^is not a host of Lintel/ : /^is cut off: .*copy firmware\.bin/),
      ]);
    }
    const single = hostFile();
    for (let length = 1; length < single.length; length++) {
      expect(reasonOf(single.subarray(0, length))).toMatch(/^is cut off/);
      expect(isStarted(single.subarray(0, length))).toBe(false);
    }
  });
});

describe("damaged", () => {
  test.each([
    ["no segments", 1, [0], "the image at 0x0 says that it has 0 segments, and there are 1 to 16"],
    ["200 segments", 1, [200], "the image at 0x0 says that it has 200 segments, and there are 1 to 16"],
    [
      "no segments of the sketch",
      SKETCH + 1,
      [0],
      "the image at 0x1000 says that it has 0 segments, and there are 1 to 16",
    ],
    ["an entry elsewhere", 7, [0x3f], "the image at 0x0 starts at 0x3f10f000, where it loads nothing"],
    [
      "an entry of the sketch elsewhere",
      SKETCH + 7,
      [0],
      "the image at 0x1000 starts at 0x201010, where it loads nothing",
    ],
    ["a byte of the loader", 40, [0], "the checksum of its first image is 0x53, its bytes make 0xfb"],
    ["the checksum", LOADER_END - 1, [0], "the checksum of its first image is 0x00, its bytes make 0x53"],
    ["the sketch's magic", SKETCH, [0xea], "no image begins at 0x1000, behind its loader"],
  ])("%s", (_, at, bytes, text) => {
    expect(reasonOf(changed(ARDUINO, at, ...bytes))).toBe(`is damaged: ${text}${ANEW}`);
  });

  test("a segment of an absurd size ends behind the file", () => {
    for (const at of [12, SKETCH + 12]) {
      expect(reasonOf(changed(ARDUINO, at, 0xff, 0xff, 0xff, 0xff))).toMatch(
        /^is cut off: segment 1 .* byte 42949\d+,/,
      );
    }
  });

  test("each bit of a single image: what the ROM does not start is refused, and so is an entry outside of it", () => {
    const file = hostFile();
    const before = readHostImage(file);
    for (let bit = 0; bit < 8 * file.length; bit++) {
      const at = bit >> 3;
      const damaged = changed(file, at, (file[at] as number) ^ (1 << (bit & 7)));
      const verdict = readHostImage(damaged);
      if (!isStarted(damaged)) expect([bit, verdict.ok]).toEqual([bit, false]);
      // Mode and size of the flash, addresses in range, and the filling before the checksum, or as much of it as a segment
      // takes in: they may be what they are.
      else if (verdict.ok) expect([at, verdict]).toEqual([expect.toSatisfy(isUnjudged), before]);
    }
    function isUnjudged(at: number): boolean {
      return (at >= 2 && at <= 12) || at >= 8 + 8 + 40;
    }
  });

  test("the loader is refused exactly where the ROM would not start it", () => {
    // Behind the header: magic, count, entry and addresses have tests of their own.
    for (let at = 16; at < LOADER_END; at++) {
      const damaged = changed(ARDUINO, at, (ARDUINO[at] as number) ^ 0x10);
      expect([at, reasonOf(damaged) === "taken"]).toEqual([at, isStarted(damaged)]);
    }
  });
});

test.each([
  ["no bytes", Buffer.alloc(0)],
  ["something else", Buffer.alloc(1000)],
  ["another firmware of one image", romImage([{ address: 0x40100000, bytes: Buffer.alloc(50) }])],
  ["another firmware of the Arduino core", OTHER_SKETCH],
  ["another firmware, whose second image is of another kind", changed(OTHER_SKETCH, SKETCH, 0xea)],
  [
    "a marker that is not on a word",
    romImage([{ address: 0x40100000, bytes: Buffer.concat([Buffer.alloc(23), hostFile().subarray(40, 56)]) }]),
  ],
])("%s is no host", (_, file) => {
  expect(reasonOf(file)).toBe("is not a host of Lintel: take the firmware.bin that PlatformIO made of runtime/native");
});
