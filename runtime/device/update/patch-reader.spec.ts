import { FLASH_SLOT_A_OFFSET } from "../../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../contract/image-header.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { putFlash, resetStage } from "../testing/stage.ts";
import { OUTPUT_BYTES } from "./page-reader.ts";
import { PatchReader } from "./patch-reader.ts";

const buffer = memory.data(1024);

/** Behind a header: 10, 20 ... 70, 255. */
const PAYLOAD = "0a141e28323c46ff";

function begun(payloadBytes: u32): PatchReader {
  putFlash(FLASH_SLOT_A_OFFSET + IMAGE_HEADER_BYTES, buffer, putHex(buffer, PAYLOAD));
  const reader = new PatchReader(new StaticArray<u8>(OUTPUT_BYTES));
  reader.begin(FLASH_SLOT_A_OFFSET, IMAGE_HEADER_BYTES + 8, payloadBytes);
  return reader;
}

/** The payload that these operations make, fed byte by byte; "bad" where they fail, "more" where something is missing. */
function made(operationsHex: string, payloadBytes: u32): string {
  const reader = begun(payloadBytes);
  const length = putHex(buffer, operationsHex);
  for (let at = 0; at < length; at++) {
    const took = reader.feed(buffer + at, 1);
    if (reader.failed) return "bad";
    if (took == 0) return "behind";
  }
  return reader.finished ? hexOf(reader.output(), reader.outputBytes()) : "more";
}

beforeEach(() => {
  resetStage();
});

describe("PatchReader: operations", () => {
  test("copy, and copy with a correction", () => {
    expect(made("f802c101", 5)).toBe("0a141e2732");
  });

  test("insert, replace, copy on", () => {
    expect(made("e2070809f001f801", 5)).toBe("0708090114");
  });

  test("seek back, to the header of the base", () => {
    expect(made("f808f90ff801", 9)).toBe(PAYLOAD + "0a");
    expect(made("f9ff02f801", 1)).toBe("ff");
  });

  test("a correction carries into its second byte and no further", () => {
    expect(made("f806c0d804", 8)).toBe("0a141e28323c7200");
    expect(made("f803c0f003f803", 8)).toBe("0a141e20333c46ff");
  });

  test("recent corrections: the one used last comes first", () => {
    expect(made("c002c0060040", 8)).toBe("0b14212835" + "3c47ff");
  });

  test("numbers that do not fit the first byte", () => {
    let literal = "";
    for (let i = 0; i < 17; i++) literal += "05";
    expect(made("ef01" + literal, 17)).toBe(literal);
    expect(made("f700" + literal.substr(0, 16), 8)).toBe(literal.substr(0, 16));
  });
});

describe("PatchReader: output", () => {
  test("what is more than a page waits until the page was taken", () => {
    const reader = begun(600);
    memory.fill(buffer, 7, 600);
    store<u8>(buffer, 0xef);
    store<u8>(buffer + 1, 0xc8);
    store<u8>(buffer + 2, 0x04);
    expect(reader.feed(buffer, 603)).toBe(3 + OUTPUT_BYTES);
    expect(reader.outputBytes()).toBe(OUTPUT_BYTES);
    expect(reader.feed(buffer + 259, 344)).toBe(0);
    reader.taken();
    expect(reader.feed(buffer + 259, 344)).toBe(OUTPUT_BYTES);
    reader.taken();
    expect(reader.finished).toBe(false);
    expect(reader.feed(buffer + 515, 88)).toBe(88);
    expect(reader.finished).toBe(true);
    expect(reader.outputBytes()).toBe(88);
  });

  test("a copy goes on without input", () => {
    const reader = new PatchReader(new StaticArray<u8>(OUTPUT_BYTES));
    reader.begin(FLASH_SLOT_A_OFFSET, IMAGE_HEADER_BYTES + 300, 300);
    expect(reader.feed(buffer, putHex(buffer, "f8ac02"))).toBe(3);
    expect(reader.outputBytes()).toBe(OUTPUT_BYTES);
    expect(reader.finished).toBe(false);
    reader.taken();
    expect(reader.feed(0, 0)).toBe(0);
    expect(reader.outputBytes()).toBe(44);
    expect(reader.finished).toBe(true);
  });

  test("begin again forgets everything", () => {
    const reader = begun(8);
    reader.feed(buffer, putHex(buffer, "c0ffff01fa00"));
    expect(reader.failed).toBe(true);
    reader.begin(FLASH_SLOT_A_OFFSET, IMAGE_HEADER_BYTES + 8, 2);
    reader.feed(buffer, putHex(buffer, "00"));
    expect(reader.finished).toBe(true);
    expect(hexOf(reader.output(), reader.outputBytes())).toBe("0a14");
  });
});

describe("PatchReader: what it refuses", () => {
  test("to leave the base or the payload", () => {
    expect(made("f809", 9)).toBe("bad");
    expect(made("f808", 7)).toBe("bad");
    expect(made("f804f804f801", 9)).toBe("bad");
    expect(made("f98303", 1)).toBe("bad");
    expect(made("f912f801", 1)).toBe("bad");
    expect(made("f9ffff7f", 1)).toBe("bad");
    expect(made("c702", 9)).toBe("bad");
    expect(made("e10102", 1)).toBe("bad");
    expect(made("ffffff7f", 16)).toBe("bad");
  });

  test("numbers of more than three bytes, and operations that do not exist", () => {
    expect(made("f881808000", 1)).toBe("bad");
    expect(made("fa00", 1)).toBe("bad");
    expect(made("ff00", 1)).toBe("bad");
  });

  test("bytes behind the end", () => {
    expect(made("e001e0", 1)).toBe("behind");
  });

  test("to be finished before everything is there", () => {
    expect(made("f803", 8)).toBe("more");
    expect(made("e10102", 3)).toBe("more");
    expect(made("e102", 2)).toBe("more");
    expect(made("f8", 8)).toBe("more");
  });

  test("a base without a header", () => {
    const reader = new PatchReader(new StaticArray<u8>(OUTPUT_BYTES));
    reader.begin(FLASH_SLOT_A_OFFSET, IMAGE_HEADER_BYTES - 1, 8);
    expect(reader.failed).toBe(true);
    expect(reader.finished).toBe(false);
  });
});
