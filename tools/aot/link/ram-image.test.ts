import { expect, test } from "vitest";
import { encodeRuns } from "./init-function.ts";
import { RamImage } from "./ram-image.ts";

test("bytes at odd addresses share words, the later one wins", () => {
  const ram = new RamImage();
  ram.setBytes(0x101, Uint8Array.of(1, 2, 3, 4));
  ram.setBytes(0x103, Uint8Array.of(9));
  expect(ram.runs()).toEqual([{ address: 0x100, words: [0x09020100, 4] }]);
  expect(ram.end).toBe(0x108);
});

test("zeros begin no run; a short gap stays inside one", () => {
  const ram = new RamImage();
  ram.setWord(0x100, 1);
  ram.setWord(0x104, 0);
  ram.setWord(0x10c, 2);
  ram.setWord(0x140, -3);
  ram.setWord(0x144, 0);
  expect(ram.runs()).toEqual([
    { address: 0x100, words: [1, 0, 0, 2] },
    { address: 0x140, words: [-3] },
  ]);
});

test("runs end with an address of zero", () => {
  expect(encodeRuns([{ address: 0x3ffe8100, words: [7, 8] }])).toEqual([0x3ffe8100, 2, 7, 8, 0]);
});
