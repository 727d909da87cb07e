/** Header bytes: what esptool's documentation ("Firmware Image Format", ESP8266) says. */
import { describe, expect, test } from "vitest";
import { FLASH_REGION_CHIP_OFFSET } from "../../runtime/contract/flash-map.ts";
import { HOST_ABI_VERSION } from "../../runtime/contract/host-abi.ts";
import { emulatedHostImage } from "../../runtime/esp8266/device/emulated-host.ts";
import { readBoard } from "../build/board.ts";
import type { Board } from "../build/board-schema.ts";
import { hostFor } from "./host-binary.ts";

const generic = readBoard("generic");
const MARKER_AT = 256;

function boardWith(flash: Partial<Board["flash"]>): Board {
  return { ...generic, flash: { ...generic.flash, ...flash } };
}

/** A file that begins as an image and has a marker. */
function hostFile({ abi = HOST_ABI_VERSION, linkedMiB = 0, sizeBytes = 1024, at = MARKER_AT } = {}): Uint8Array {
  const file = new Uint8Array(sizeBytes);
  file.set([0xe9, 1, 0x55, 0x55]);
  file.set(new TextEncoder().encode("LNTLHOST"), at);
  const view = new DataView(file.buffer);
  view.setUint32(at + 8, abi, true);
  view.setUint32(at + 12, linkedMiB, true);
  return file;
}

describe("mode, size and frequency of the flash", () => {
  test.each([
    ["qio", 1, 40, 0x00, 0x20],
    ["qout", 4, 80, 0x01, 0x4f],
    ["dio", 4, 40, 0x02, 0x40],
    ["dout", 1, 26, 0x03, 0x21],
    ["dio", 2, 20, 0x02, 0x32],
    ["dio", 8, 40, 0x02, 0x80],
    ["dio", 16, 40, 0x02, 0x90],
  ] as const)("%s, %d MiB, %d MHz", (mode, sizeMiB, frequencyMHz, modeByte, sizeByte) => {
    const file = hostFile();
    const host = hostFor(file, "host", boardWith({ mode, sizeMiB, frequencyMHz }));
    expect([...host.subarray(0, 4)]).toEqual([0xe9, 1, modeByte, sizeByte]);
    expect(host.subarray(4)).toEqual(file.subarray(4));
    expect([...file.subarray(2, 4)]).toEqual([0x55, 0x55]);
  });
});

test("the emulated host is one for every board", () => {
  for (const name of ["esp-01", "nodemcu-v2"])
    expect(hostFor(emulatedHostImage(), "it", readBoard(name))[0]).toBe(0xe9);
});

test.each([
  ["something else", new Uint8Array(1000), /not a host of Lintel: take the firmware\.bin/],
  ["an image without the marker", Uint8Array.of(0xe9, 1, 0, 0), /not a host of Lintel/],
  ["a marker that is not on a word", hostFile({ at: 254 }), /not a host of Lintel/],
  ["a marker cut off", hostFile({ sizeBytes: 1024 }).subarray(0, MARKER_AT + 12), /not a host of Lintel/],
  ["no bytes", new Uint8Array(0), /not a host of Lintel/],
  ["one that is too large", hostFile({ sizeBytes: FLASH_REGION_CHIP_OFFSET + 4 }), /786436 bytes.*room for 786432/],
  ["one of an older ABI", hostFile({ abi: 0 }), /host ABI 0.*build the host anew/],
  ["one for another flash", hostFile({ linkedMiB: 1 }), /built for a flash of 1 MiB, and generic has 4 MiB/],
])("%s is refused", (_, file, message) => {
  expect(() => hostFor(file, "it", boardWith({ sizeMiB: 4 }))).toThrow(message);
});
