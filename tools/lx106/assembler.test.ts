/** The assembler on its own: addresses, pools, and what it refuses. Its bytes are compared with binutils elsewhere. */
import { describe, expect, test } from "vitest";
import { Assembler, Label } from "./assembler.ts";
import { formatLine, listCode } from "./listing.ts";

const ADDRESS = 0x40210000;

function listingOf(asm: Assembler): string[] {
  return [...listCode(asm.finish().bytes, ADDRESS)].map(formatLine);
}

test("labels reach forwards and backwards", () => {
  const asm = new Assembler(ADDRESS);
  const [top, end] = [new Label("top"), new Label("end")];
  asm.place(top);
  asm.emit("beqz.n", 2, end);
  asm.emit("j", top);
  asm.place(end);
  asm.emit("ret.n");
  expect(listingOf(asm)).toEqual([
    "40210000: 128c    beqz.n a2, 0x40210005",
    "40210002: fffe86  j 0x40210000",
    "40210005: f00d    ret.n",
  ]);
  expect(asm.finish().addressOf(end)).toBe(ADDRESS + 5);
});

test("a literal is kept once a pool, aligned, and read by the listing", () => {
  const asm = new Assembler(ADDRESS);
  const code = new Label("code");
  asm.emit("nop.n");
  asm.pool();
  asm.place(code);
  asm.loadLiteral(2, 0xcafe0001);
  asm.loadLiteral(3, 0xcafe0001 - 2 ** 32);
  asm.loadLiteral(4, code);
  asm.pool();
  asm.emit("ret.n");
  const { bytes, addressOf } = asm.finish();
  expect(addressOf(code)).toBe(ADDRESS + 12);
  const lines = [...listCode(bytes.subarray(12), ADDRESS + 12)].map((line) => line.text);
  expect(lines).toEqual(["l32r a2, 0x40210004", "l32r a3, 0x40210004", "l32r a4, 0x40210008", "ret.n"]);
  expect([...listCode(bytes, ADDRESS)].at(-2)?.text).toBe("l32r a4, 0x40210008 (0x4021000c)");
  expect(bytes.length).toBe(12 + 9 + 2);
});

test("data and alignment count from the address, not from the first byte", () => {
  const asm = new Assembler(0x1002);
  asm.bytes([1]);
  asm.align(4);
  asm.words([-1, 0x80000000]);
  expect([...asm.finish().bytes]).toEqual([1, 0, 255, 255, 255, 255, 0, 0, 0, 128]);
});

describe("refuses", () => {
  const asm = () => new Assembler(ADDRESS);

  test("a branch that does not reach, with the label and the distance", () => {
    const code = asm();
    const far = new Label("far");
    code.emit("beq", 2, 3, far);
    for (let index = 0; index < 50; index++) code.emit("nop");
    code.place(far);
    expect(() => code.finish()).toThrow(
      "beq at 0x40210000: target 0x40210099 is 153 bytes away, it must be -124 to 131 bytes away (label far)",
    );
  });

  test("a label that is missing or placed twice", () => {
    const code = asm();
    const label = new Label("lost");
    code.emit("j", label);
    expect(() => code.finish()).toThrow("label lost is used but never placed");
    code.place(label);
    expect(() => code.place(label)).toThrow("label lost is placed twice");
  });

  test("a literal without a pool, or too far from it", () => {
    expect(() => asm().loadLiteral(2, 1)).toThrow("call pool() ahead of the code");
    const code = asm();
    code.pool();
    code.loadLiteral(2, 7);
    code.bytes(new Uint8Array(262_200));
    code.loadLiteral(2, 7);
    expect(() => code.finish()).toThrow(/l32r at 0x[0-9a-f]+: literal 0x40210000 is -26\d+ bytes away/);
  });

  test("data that does not fit", () => {
    expect(() => asm().bytes([256])).toThrow("bytes takes numbers from 0 to 255, not 256");
    expect(() => asm().words([2 ** 32])).toThrow("a word is a whole number of 32 bits, not 4294967296");
    expect(() => asm().align(3)).toThrow("align takes a power of two from 1 to 4096, not 3");
    expect(() => new Assembler(-4)).toThrow("an address from 0 to 0xffffffff, not -4");
    const code = new Assembler(0xfffffffc);
    code.words([1, 2]);
    expect(() => code.finish()).toThrow("the code ends at 0x100000004, beyond 32 bits");
  });
});
