import { describe, expect, test } from "vitest";
import { NativeImageWord } from "../../contract/native-image.ts";
import { NativeProgram, NativeProgramError } from "./native-program.ts";
import { TEST_PROGRAM } from "./test-program.ts";

function withWord(word: NativeImageWord, value: number): Uint8Array {
  const image = TEST_PROGRAM.slice();
  new DataView(image.buffer).setUint32(word * 4, value, true);
  return image;
}

describe("an image that is refused", () => {
  test.each([
    ["no bytes", new Uint8Array(0), "it has 0 bytes, its header alone 32"],
    ["half a header", TEST_PROGRAM.slice(0, 16), "it has 16 bytes, its header alone 32"],
    ["WebAssembly", withWord(NativeImageWord.Magic, 0x6d736100), "it begins with 0x6d736100, not 0x0131584c"],
    ["cut off", TEST_PROGRAM.slice(0, 600), "it is truncated: 600 of 692 bytes"],
    ["with something behind it", Uint8Array.of(...TEST_PROGRAM, 0, 0), "2 bytes follow its end"],
    ["larger than a slot", new Uint8Array(0x10f44), "its 69444 bytes do not fit the 65344 at 0xc000"],
    [
      "with too much RAM",
      withWord(NativeImageWord.RamBytes, 0x5004),
      "it needs 20484 bytes of RAM, a host reserves 20480",
    ],
    [
      "with no room for the table",
      withWord(NativeImageWord.RamBytes, 252),
      "its RAM of 252 bytes is not a number of words",
    ],
    ["without init", withWord(NativeImageWord.Init, 0), "it has no Init"],
    ["with start in its header", withWord(NativeImageWord.Start, 28), "its Start at 0x1c lies outside of its code"],
    ["with poll behind its end", withWord(NativeImageWord.Poll, 692), "its Poll at 0x2b4 lies outside of its code"],
    ["with heap_used far away", withWord(NativeImageWord.HeapUsed, 0xfffffffc), "its HeapUsed at 0xfffffffc"],
  ])("%s", (name, image, message) => {
    const bytes = name === "larger than a slot" ? resized(image) : image;
    expect(() => NativeProgram.load(bytes)).toThrow(NativeProgramError);
    expect(() => NativeProgram.load(bytes)).toThrow(message);
  });

  /** The test program with zeros behind it, and a header that knows of them. */
  function resized(image: Uint8Array): Uint8Array {
    image.set(withWord(NativeImageWord.ImageBytes, image.length));
    return image;
  }

  test("every reason is told", () => {
    const image = withWord(NativeImageWord.Poll, 0);
    new DataView(image.buffer).setUint32(NativeImageWord.RamBytes * 4, 0xffff0000, true);
    expect(() => NativeProgram.load(image)).toThrow(
      "This is not a native program: it needs 4294901760 bytes of RAM, a host reserves 20480; it has no Poll.",
    );
  });
});

test("heap functions are optional", () => {
  expect(NativeProgram.load(withWord(NativeImageWord.HeapUsed, 0)).entries.heapUsed).toBeUndefined();
});

test("places are named with the symbols that a compiler gives", () => {
  const program = NativeProgram.load(TEST_PROGRAM, {
    functions: [
      { name: "poll", offset: 0x100, sizeBytes: 0x20 },
      { name: "start", offset: 0x80, sizeBytes: 0x40 },
    ],
    trapSites: [{ offset: 0x110, trap: "integer divide by zero" }],
  });
  expect(program.describe(0x402cc1d0)).toBe("0x402cc1d0 (poll + 0x10)");
  expect(program.describe(0x402cc180)).toBe("0x402cc180");
  expect(program.trapAt(0x402cc1d0)).toBe("integer divide by zero");
  expect(program.trapAt(0x402cc1d2)).toBeUndefined();
});
