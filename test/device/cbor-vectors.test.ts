/**
 * The device's CBOR codec against RFC 8949 appendix A. What it leaves out is named here, vector by vector, with the
 * answer that it gives.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { CborError } from "../../runtime/device/cbor/format.ts";
import { readAppendixA, VECTORS_PATH, type Vector } from "./appendix-a.ts";
import { TestProgram } from "./test-program.ts";

const vectors = readAppendixA();
if (vectors.length === 0) {
  const message = `no RFC 8949 vectors at ${VECTORS_PATH}: set LINTEL_CBOR_VECTORS to appendix_a.json of cbor/test-vectors`;
  if (process.env.CI) throw new Error(message);
  console.log(message);
}

/** Not read, and why. */
const REFUSED = new Map<string, CborError>([
  ["5f42010243030405ff", CborError.Unsupported],
  ["7f657374726561646d696e67ff", CborError.Unsupported],
  ["9fff", CborError.Unsupported],
  ["9f018202039f0405ffff", CborError.Unsupported],
  ["9f01820203820405ff", CborError.Unsupported],
  ["83018202039f0405ff", CborError.Unsupported],
  ["83019f0203ff820405", CborError.Unsupported],
  ["9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", CborError.Unsupported],
  ["bf61610161629f0203ffff", CborError.Unsupported],
  ["826161bf61626163ff", CborError.Unsupported],
  ["bf6346756ef563416d7421ff", CborError.Unsupported],
  // simple(24), an example of RFC 7049; RFC 8949 section 3.3 made its encoding not well-formed.
  ["f818", CborError.Malformed],
]);

/** Read, and written in a shorter form (RFC 8949 section 4.1). */
const SHORTENED = new Map([
  ["fa7f800000", "f97c00"],
  ["fa7fc00000", "f97e00"],
  ["faff800000", "f9fc00"],
  ["fb7ff0000000000000", "f97c00"],
  ["fb7ff8000000000000", "f97e00"],
  ["fbfff0000000000000", "f9fc00"],
]);

const SPECIAL_FLOATS = new Map([
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["NaN", NaN],
]);

let program: TestProgram;
beforeAll(async () => {
  program = await TestProgram.compile("cbor-transcoder");
});

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** What the codec makes of the bytes: hexadecimal, or the negative answer. */
function transcoded(hex: string): string | number {
  const answer = program.callWith("transcode", bytesOf(hex));
  return answer < 0 ? answer : Buffer.from(program.read(program.call("output"), answer)).toString("hex");
}

function major(vector: Vector): number {
  return Number.parseInt(vector.hex.slice(0, 2), 16) >> 5;
}

function lastString(): Uint8Array {
  return program.read(program.call("stringPointer"), program.call("stringLength"));
}

/** Calls an accessor; its value, or the name of its error. */
function accessed(name: string, vector: Vector): number | string {
  const value = program.callWith(name, bytesOf(vector.hex));
  const error = program.call("error");
  return error === CborError.None ? value : (CborError[error] ?? `error ${error}`);
}

describe.skipIf(vectors.length === 0)("RFC 8949 appendix A through the device codec", () => {
  test("every vector is read and written again as it is, or is one of the named exceptions", () => {
    let identical = 0;
    for (const { hex, roundtrip } of vectors) {
      const refusal = REFUSED.get(hex);
      const shorter = SHORTENED.get(hex);
      if (refusal !== undefined) expect(transcoded(hex), hex).toBe(-refusal);
      else if (shorter !== undefined) expect(transcoded(hex), hex).toBe(shorter);
      else {
        expect(roundtrip, hex).toBe(true);
        expect(transcoded(hex), hex).toBe(hex);
        identical++;
      }
    }
    expect(identical).toBe(vectors.length - REFUSED.size - SHORTENED.size);
    expect(identical).toBeGreaterThan(60);
  });

  test("skip answers as a full read does", () => {
    for (const { hex } of vectors) {
      expect(program.callWith("skip", bytesOf(hex)), hex).toBe(0 - (REFUSED.get(hex) ?? CborError.None));
    }
  });

  test("integers: the value where it fits the accessor, else the error that says why not", () => {
    const integers = vectors.filter((vector) => major(vector) < 2);
    expect(integers.length).toBe(16);
    for (const vector of integers) {
      const value = vector.decoded as number;
      expect(program.callWith("readHead", bytesOf(vector.hex)), vector.hex).toBe(1);
      const argument = (program.call("argumentHigh") >>> 0) * 2 ** 32 + (program.call("argumentLow") >>> 0);
      expect(major(vector) === 1 ? -1 - argument : argument, vector.hex).toBe(value);
      expect(accessed("readInteger", vector), vector.hex).toBe(value === (value | 0) ? value : "Range");
      const unsigned = accessed("readUnsigned", vector);
      expect(unsigned, vector.hex).toBe(value < 0 ? "WrongType" : value < 2 ** 32 ? value : "Range");
    }
  });

  test("floats", () => {
    const floats = vectors.filter(({ hex }) => /^f[9ab]/.test(hex));
    expect(floats.length).toBe(22);
    for (const vector of floats) {
      expect(accessed("readFloat", vector), vector.hex).toBe(
        vector.decoded ?? SPECIAL_FLOATS.get(vector.diagnostic ?? ""),
      );
    }
  });

  test("texts and byte strings", () => {
    const texts = vectors.filter((vector) => major(vector) === 3 && vector.roundtrip);
    expect(texts.length).toBe(7);
    for (const vector of texts) {
      expect(accessed("readText", vector), vector.hex).toBe(1);
      expect(Buffer.from(lastString()).toString("utf8"), vector.hex).toBe(vector.decoded);
      expect(accessed("readBytes", vector), vector.hex).toBe("WrongType");
    }
    const byteStrings = vectors.filter((vector) => major(vector) === 2 && vector.roundtrip);
    expect(byteStrings.length).toBe(2);
    for (const vector of byteStrings) {
      expect(accessed("readBytes", vector), vector.hex).toBe(1);
      expect(`h'${Buffer.from(lastString()).toString("hex")}'`).toBe(vector.diagnostic);
      expect(accessed("readText", vector), vector.hex).toBe("WrongType");
    }
  });

  test("booleans; null, undefined and other simple values are none", () => {
    for (const vector of vectors.filter(({ hex }) => /^f[0-8]/.test(hex) && !REFUSED.has(hex))) {
      const isBoolean = typeof vector.decoded === "boolean";
      expect(accessed("readBoolean", vector), vector.hex).toBe(isBoolean ? Number(vector.decoded) : "WrongType");
    }
  });

  test("counts of arrays and maps", () => {
    const counted = vectors.filter((vector) => major(vector) >= 4 && major(vector) <= 5 && vector.roundtrip);
    expect(counted.length).toBe(9);
    for (const vector of counted) {
      const isMap = major(vector) === 5;
      const count = vector.decoded === undefined ? 2 : Object.keys(vector.decoded as object).length;
      expect(accessed(isMap ? "readMap" : "readArray", vector), vector.hex).toBe(count);
      expect(accessed(isMap ? "readArray" : "readMap", vector), vector.hex).toBe("WrongType");
    }
  });
});
