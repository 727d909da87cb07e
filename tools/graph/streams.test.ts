/** Streams as numbers and text. Numbers are type << 12 | system << 11 | id, and selectors as IOTile encodes them. */
import { describe, expect, test } from "vitest";
import { isCompilerMade, parseStream, selects, slotText, streamText } from "./streams.ts";

describe("a stream", () => {
  test.each([
    ["buffered 0", 0x0000],
    ["unbuffered 1023", 0x13ff],
    ["system input 2", 0x3802],
    ["constant 1024", 0x2400],
    ["counter 7", 0x4007],
    ["system output 1025", 0x5c01],
  ])("%s is 0x%s", (text, stream) => {
    expect(parseStream(text)).toBe(stream);
    expect(streamText(stream)).toBe(text);
  });

  test("in other writing, and what is none", () => {
    expect(parseStream("  system   input 0x10 ")).toBe(0x3810);
    for (const text of [
      "",
      "input",
      "input x",
      "inputs 1",
      "input -1",
      "input 2047",
      "input 99999",
      "user input 1",
      "all outputs",
    ]) {
      expect(parseStream(text)).toBeUndefined();
    }
  });

  test("of the compiler: from 1024 on, but not of the system", () => {
    expect([0x13ff, 0x1400, 0x3c01].map(isCompilerMade)).toEqual([false, true, false]);
  });
});

describe("a selector", () => {
  test.each<[string, number, string[], string[]]>([
    ["output 5", 0x5005, ["output 5"], ["output 6", "system output 5", "buffered 5"]],
    ["all outputs", 0xd7ff, ["output 5", "system output 1024"], ["system output 5", "buffered 5"]],
    ["all user buffered", 0x07ff, ["buffered 5"], ["system buffered 1024", "output 5"]],
    ["all system outputs", 0x5fff, ["system output 5"], ["output 5"]],
    ["all combined outputs", 0xdfff, ["system output 5", "output 5"], ["buffered 5"]],
  ])("%s", (text, selector, taken, left) => {
    expect(streamText(selector)).toBe(text);
    for (const name of taken) expect(selects(selector, parseStream(name) ?? -1)).toBe(true);
    for (const name of left) expect(selects(selector, parseStream(name) ?? -1)).toBe(false);
  });
});

test("tiles", () => expect([8, 11, 41].map(slotText)).toEqual(["controller", "slot 1", "slot 31"]));
