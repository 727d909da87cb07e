import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  GOLDEN_DATA_ABSOLUTE,
  GOLDEN_DATA_RELATIVE,
  GOLDEN_HELLO,
  GOLDEN_STATE_ONLINE,
} from "../../runtime/contract/golden-vectors.ts";
import { makeRandom, mutate } from "../testing/mutate.ts";
import { decodeCbor, encodeCbor } from "./cbor-codec.ts";
import { decodeHello, decodeState } from "./messages.ts";
import { decodePack } from "./senml-pack.ts";
import { findCborFault } from "./well-formed.ts";

interface Vector {
  hex: string;
  roundtrip: boolean;
  decoded?: unknown;
  diagnostic?: string;
}

/** RFC 8949 appendix A as test-vectors: beside the clone, or where the variable says. */
const VECTORS = process.env["LINTEL_CBOR_VECTORS"]
  ? new URL(process.env["LINTEL_CBOR_VECTORS"], `file://${process.cwd()}/`)
  : new URL("../../../shared/cbor-vectors/appendix_a.json", import.meta.url);
const isHere = existsSync(VECTORS);
if (!isHere) console.log("RFC 8949 appendix A is skipped; set LINTEL_CBOR_VECTORS to its appendix_a.json");

/** What the codec answers where the vectors say something else, or cannot say it in JSON. */
const EXCEPTIONS: Record<string, unknown> = {
  // Bignums and integers beyond 2^53 are BigInt, as they should be.
  "1b000000e8d4a51000": 1000000000000n,
  "1bffffffffffffffff": 18446744073709551615n,
  c249010000000000000000: 18446744073709551616n,
  "3bffffffffffffffff": -18446744073709551616n,
  c349010000000000000000: -18446744073709551617n,
  // Tags that have a JavaScript type.
  c074323031332d30332d32315432303a30343a30305a: new Date("2013-03-21T20:04:00Z"),
  c11a514b67b0: new Date(1363896240_000),
  c1fb41d452d9ec200000: new Date(1363896240_500),
  // Tags that the codec does not interpret; the value stays beside its tag.
  d74401020304: { tag: 23, value: Buffer.from([1, 2, 3, 4]) },
  d818456449455446: { tag: 24, value: Buffer.from("6449455446", "hex") },
  d82076687474703a2f2f7777772e6578616d706c652e636f6d: { tag: 32, value: "http://www.example.com" },
  // The vector gives this one in diagnostic notation alone.
  a201020304: { 1: 2, 3: 4 },
  // JSON has no undefined, NaN, infinity or byte strings.
  f7: undefined,
  f97c00: Number.POSITIVE_INFINITY,
  f97e00: Number.NaN,
  f9fc00: Number.NEGATIVE_INFINITY,
  fa7f800000: Number.POSITIVE_INFINITY,
  fa7fc00000: Number.NaN,
  faff800000: Number.NEGATIVE_INFINITY,
  fb7ff0000000000000: Number.POSITIVE_INFINITY,
  fb7ff8000000000000: Number.NaN,
  fbfff0000000000000: Number.NEGATIVE_INFINITY,
  "40": Buffer.alloc(0),
  "4401020304": Buffer.from([1, 2, 3, 4]),
};

/** Refused, with this answer. */
const REFUSED: Record<string, string> = {
  // Simple values that RFC 8949 does not assign.
  f0: "unsupported",
  f8ff: "unsupported",
  // Well-formed in RFC 7049, no longer in RFC 8949 (3.3: two bytes for a value below 32).
  f818: "badSimple",
  // Strings of indefinite length; no device sends them.
  "5f42010243030405ff": "unsupported",
  "7f657374726561646d696e67ff": "unsupported",
};

describe.skipIf(!isHere && !process.env["CI"])("RFC 8949 appendix A", () => {
  const vectors = isHere ? (JSON.parse(readFileSync(VECTORS, "utf8")) as Vector[]) : [];

  test("the vectors are there", () => {
    expect(vectors.length).toBeGreaterThanOrEqual(82);
  });

  test.each(vectors)("$hex", ({ hex, decoded }) => {
    const result = decodeCbor(Buffer.from(hex, "hex"));
    const refusal = REFUSED[hex];
    if (refusal !== undefined) {
      expect(result).toEqual({ ok: false, fault: refusal });
      return;
    }
    if (!result.ok) throw new Error(`refused: ${result.fault}`);
    if (Object.hasOwn(EXCEPTIONS, hex)) expect(plain(result.value)).toEqual(EXCEPTIONS[hex]);
    else expect(plain(result.value)).toEqual(decoded);
  });

  test.each(vectors.filter(({ hex, roundtrip }) => roundtrip && !(hex in REFUSED) && isOurs(hex)))(
    "$hex is written as it was read",
    ({ hex }) => {
      const result = decodeCbor(Buffer.from(hex, "hex"));
      expect(result.ok && Buffer.from(encodeCbor(result.value)).toString("hex")).toBe(hex);
    },
  );
});

/** Maps as JSON has them, so that they compare with the vectors. Tags that came as objects become plain ones. */
function plain(value: unknown): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, entry]) => [String(key), plain(entry)]));
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === "object" && value !== null && "tag" in value && "value" in value) {
    return { tag: value.tag, value: plain(value.value) };
  }
  return value;
}

/** What the server writes: integers, text, arrays, maps, booleans; and what it writes again of rejected records. */
function isOurs(hex: string): boolean {
  const major = Number.parseInt(hex.slice(0, 2), 16) >> 5;
  const isBig = hex.startsWith("1b") || hex.startsWith("3b");
  return !isBig && (major < 6 || ["f4", "f5", "f6", "f7"].includes(hex));
}

describe("well-formedness (RFC 8949 appendix F)", () => {
  test.each<[string, string]>([
    ["", "empty"],
    ["18", "truncated"],
    ["1b01020304050607", "truncated"],
    ["420000".slice(0, 4), "truncated"],
    ["5affffffff00", "truncated"],
    ["9bffffffffffffffff00", "truncated"],
    ["bb7fffffffffffffff0000", "truncated"],
    ["8101" + "00", "trailing"],
    ["9f01", "truncated"],
    ["a201020300".slice(0, 8), "truncated"],
    ["1c", "reserved"],
    ["1f", "reserved"],
    ["df00", "reserved"],
    ["ff", "badBreak"],
    ["81ff", "badBreak"],
    ["bf00ff", "badBreak"],
    ["5f00ff", "badBreak"],
    ["5f5f4100ffff", "badBreak"],
    ["f800", "badSimple"],
    ["f81f", "badSimple"],
    ["d81c00", "badTag"],
    ["d869820102", "badTag"],
    ["81".repeat(17) + "00", "tooDeep"],
  ])("%s is %s", (hex, fault) => {
    expect(findCborFault(Buffer.from(hex, "hex"))).toBe(fault);
  });

  test.each(["00", "9fff", "bf0001ff", "5f4100ff", "c11a514b67b0", "81".repeat(16) + "00", "a0", "80", "f8ff"])(
    "%s is well-formed",
    (hex) => {
      expect(findCborFault(Buffer.from(hex, "hex"))).toBeNull();
    },
  );
});

test("20,000 damaged messages are read or refused, never thrown", () => {
  const random = makeRandom(8949);
  const originals = [GOLDEN_DATA_ABSOLUTE, GOLDEN_DATA_RELATIVE, GOLDEN_HELLO, GOLDEN_STATE_ONLINE];
  let packs = 0;
  let refused = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = mutate(Buffer.from(originals[i % originals.length] ?? "", "hex"), random);
    const pack = decodePack(bytes, 1_700_000_000_000);
    if (typeof pack === "string") refused++;
    else packs++;
    decodeHello(bytes);
    decodeState(bytes);
  }
  expect(packs).toBeGreaterThan(500);
  expect(refused).toBeGreaterThan(1000);
});
