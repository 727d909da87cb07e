/** Header bytes: what esptool's documentation ("Firmware Image Format", ESP8266) says. */
import { describe, expect, test } from "vitest";
import { FLASH_REGION_CHIP_OFFSET } from "../../runtime/contract/flash-map.ts";
import { emulatedHostImage } from "../../runtime/esp8266/device/emulated-host.ts";
import { arduinoHostFile, hostFile } from "../../runtime/image/testing/host-file.ts";
import { readBoard } from "../build/board.ts";
import type { Board } from "../build/board-schema.ts";
import { hostFor } from "./host-binary.ts";

const generic = readBoard("generic");

function boardWith(flash: Partial<Board["flash"]>): Board {
  return { ...generic, flash: { ...generic.flash, ...flash } };
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
    expect([...host.subarray(4)]).toEqual([...file.subarray(4)]);
    expect([...file.subarray(2, 4)]).toEqual([0x55, 0x55]);
  });
});

test("the emulated host is one for every board", () => {
  for (const name of ["esp-01", "nodemcu-v2"])
    expect(hostFor(emulatedHostImage(), "it", readBoard(name))[0]).toBe(0xe9);
});

test.each([
  ["something else", new Uint8Array(1000), /^it is not a host of Lintel: take the firmware\.bin/],
  ["no bytes", new Uint8Array(0), /^it is not a host of Lintel/],
  // All that can be wrong with its bytes: runtime/image/host-image.test.ts.
  ["one that is cut off", arduinoHostFile().subarray(0, -1), /^it is cut off: .*: copy firmware\.bin again/],
  ["one that is damaged", hostFile().fill(9, 30, 31), /^it is damaged: the checksum .*: copy firmware\.bin again/],
  [
    "one that is too large",
    Buffer.concat([arduinoHostFile(), Buffer.alloc(FLASH_REGION_CHIP_OFFSET)]),
    /has 790880 bytes.*room for 786432/,
  ],
  ["one of an older ABI", hostFile({ abi: 0 }), /host ABI 0.*build the host anew/],
  ["one for another flash", hostFile({ linkedMiB: 1 }), /built for a flash of 1 MiB, and generic has 4 MiB/],
])("%s is refused", (_, file, message) => {
  expect(() => hostFor(file, "it", boardWith({ sizeMiB: 4 }))).toThrow(message);
});
