/**
 * Damaged input to the device's CBOR reader and to `Ack.read`. Each input ends where the memory of the module ends, so
 * that a read beyond it traps; what they answer is compared with a decoder of its own (cbor-tree.ts). One seed, so a
 * failure repeats; the message of a failed expectation is the input.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../../runtime/board/random.ts";
import {
  GOLDEN_ACK,
  GOLDEN_ACK_DELAY,
  GOLDEN_DATA_ABSOLUTE,
  GOLDEN_DATA_RELATIVE,
  GOLDEN_HELLO,
  GOLDEN_STATE_OFFLINE,
  GOLDEN_STATE_ONLINE,
} from "../../runtime/contract/golden-vectors.ts";
import { AckKey } from "../../runtime/contract/messages.ts";
import { CborError } from "../../runtime/device/cbor/format.ts";
import { readAppendixA } from "./appendix-a.ts";
import { type CborItem, hasIndefinite, parseCbor, parseFirst, sameValue } from "./cbor-tree.ts";
import { mutate } from "./mutations.ts";
import { TestProgram } from "./test-program.ts";

const ROUNDS = 20_000;
const INPUT_MAX_BYTES = 1024;
const SEED = 8949;

const ACKS = [
  GOLDEN_ACK,
  GOLDEN_ACK_DELAY,
  "a1021a6553f13c",
  "a5001adeadbeef098301020301182b20f6021a6553f13c",
  "a30100181f01187a6474657874",
];
const OTHERS = [
  GOLDEN_HELLO,
  GOLDEN_DATA_ABSOLUTE,
  GOLDEN_DATA_RELATIVE,
  GOLDEN_STATE_OFFLINE,
  GOLDEN_STATE_ONLINE,
  "9f018202039f0405ffff",
  "bf6346756ef563416d7421ff",
  "c1fb41d452d9ec200000",
  "bbffffffffffffffff0000",
  "7b7fffffffffffffff61",
];

/** Answers of the transcoder for input after the item (test/programs/cbor-transcoder). */
const TRAILING_BYTES = -100;

const acks = ACKS.map(bytesOf);
const seeds = [...readAppendixA().map(({ hex }) => hex), ...ACKS, ...OTHERS].map(bytesOf);

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** The answers that the device may give to one input, from the reference decoder's point of view. */
function judge(input: Uint8Array): "ok" | "trailing" | "unsupported" | "malformed" {
  const first = parseFirst(input);
  if (first === undefined) return "malformed";
  if (hasIndefinite(first)) return "unsupported";
  return first.end === input.length ? "ok" : "trailing";
}

describe("damaged CBOR in the device's reader", () => {
  let program: TestProgram;
  beforeAll(async () => {
    program = await TestProgram.compile("cbor-transcoder");
  });

  function expectAnswer(answer: number, input: Uint8Array): void {
    const verdict = judge(input);
    const name = `${verdict}: ${hexOf(input)}`;
    if (verdict === "ok") expect(answer, name).toBeGreaterThanOrEqual(0);
    else if (verdict === "trailing") expect(answer, name).toBe(TRAILING_BYTES);
    else if (verdict === "unsupported") expect(answer, name).toBe(-CborError.Unsupported);
    // Where an indefinite length comes before the damage, the reader has stopped there.
    else {
      expect([-CborError.Truncated, -CborError.Malformed, -CborError.Unsupported], name).toContain(answer);
    }
  }

  test(`${ROUNDS} inputs: never a trap, and each answer is that of the reference decoder`, () => {
    const random = new SeededRandom(SEED);
    const verdicts = { ok: 0, trailing: 0, unsupported: 0, malformed: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const input = mutate(random, seeds, INPUT_MAX_BYTES);
      verdicts[judge(input)]++;
      const decoded = program.callWith("transcode", input);
      expectAnswer(decoded, input);
      // skip() may find another of two errors first, but agrees on what is well-formed.
      const skipped = program.callWith("skip", input);
      expectAnswer(skipped, input);
      expect(Math.sign(skipped), hexOf(input)).toBe(decoded >= 0 ? 0 : -1);
      if (decoded >= 0) expectSameValue(input, program.read(program.call("output"), decoded));
    }
    // The damage is neither so light nor so heavy that a branch stays untried.
    for (const count of Object.values(verdicts)) expect(count).toBeGreaterThan(ROUNDS / 50);
  });

  function expectSameValue(input: Uint8Array, output: Uint8Array): void {
    const before = parseCbor(input);
    const after = parseCbor(output);
    const name = `${hexOf(input)} -> ${hexOf(output)}`;
    expect(before !== undefined && after !== undefined && sameValue(before, after), name).toBe(true);
    expect(output.length, name).toBeLessThanOrEqual(input.length);
    // What the device has written, it reads and writes again as it is.
    expect(program.callWith("transcode", output), name).toBe(output.length);
    expect(hexOf(program.read(program.call("output"), output.length)), name).toBe(hexOf(output));
  }

  test("random bytes alone", () => {
    const random = new SeededRandom(SEED + 1);
    for (let round = 0; round < ROUNDS / 4; round++) {
      const input = new Uint8Array(random.integer(0, 40));
      random.fill(input);
      expectAnswer(program.callWith("transcode", input), input);
      expectAnswer(program.callWith("skip", input), input);
    }
  });

  test("every accessor on any input: a value or an error, never a trap", () => {
    const random = new SeededRandom(SEED + 2);
    const accessors = ["readUnsigned", "readInteger", "readBoolean", "readArray", "readMap", "readText", "readBytes"];
    for (let round = 0; round < ROUNDS / 4; round++) {
      const input = mutate(random, seeds, INPUT_MAX_BYTES);
      for (const accessor of accessors) {
        const value = program.callWith(accessor, input);
        const error = program.call("error");
        expect(CborError[error], hexOf(input)).toBeDefined();
        if (error !== CborError.None) expect(value, `${accessor} ${hexOf(input)}`).toBe(0);
      }
    }
  });

  test("nested as deep as a payload can be", () => {
    for (const opener of [0x81, 0xc1, 0xd8]) {
      const input = new Uint8Array(INPUT_MAX_BYTES).fill(opener);
      expectAnswer(program.callWith("skip", input), input);
      input[input.length - 1] = 0;
      expectAnswer(program.callWith("skip", input), input);
      expectAnswer(program.callWith("transcode", input), input);
    }
  });
});

/** What a device should take from an `ack`, or undefined where it should refuse it. */
function expectedAck(input: Uint8Array): Map<number, number> | undefined {
  const map = parseCbor(input);
  if (map === undefined || map.major !== 5 || hasIndefinite(map)) return undefined;
  const fields = new Map<number, number>();
  for (let i = 0; i < map.items.length; i += 2) {
    const [key, value] = map.items.slice(i, i + 2) as [CborItem, CborItem];
    if (key.major > 1 || key.argument > 0x7fffffffn) return undefined;
    if (key.major === 1 || AckKey[Number(key.argument)] === undefined) continue;
    if (value.major !== 0 || value.argument > 0xffffffffn) return undefined;
    fields.set(Number(key.argument), Number(value.argument));
  }
  return fields;
}

describe("damaged acks in Ack.read", () => {
  let program: TestProgram;
  beforeAll(async () => {
    program = await TestProgram.compile("ack-reader");
  });

  test(`${ROUNDS} inputs: taken or refused as the contract says, with the values of the reference decoder`, () => {
    const random = new SeededRandom(SEED + 3);
    let taken = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const input = mutate(random, round % 4 === 0 ? seeds : acks, INPUT_MAX_BYTES);
      const fields = expectedAck(input);
      const name = hexOf(input);
      expect(program.callWith("read", input), name).toBe(fields === undefined ? 0 : 1);
      if (fields === undefined) continue;
      taken++;
      const hasSequence = fields.has(AckKey.Epoch) && fields.has(AckKey.Sequence);
      expect(program.call("hasSequence"), name).toBe(Number(hasSequence));
      if (hasSequence) {
        expect(program.call("epoch") >>> 0, name).toBe(fields.get(AckKey.Epoch));
        expect(program.call("sequence") >>> 0, name).toBe(fields.get(AckKey.Sequence));
      }
      expect(program.call("unixS") >>> 0, name).toBe(fields.get(AckKey.UnixS) ?? 0);
      expect(program.call("reconnectDelayMs") >>> 0, name).toBe(fields.get(AckKey.ReconnectDelayMs) ?? 0);
    }
    expect(taken).toBeGreaterThan(ROUNDS / 50);
    expect(taken).toBeLessThan(ROUNDS / 2);
  });
});
