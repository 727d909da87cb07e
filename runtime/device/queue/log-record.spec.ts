import { QueueRecord } from "../../contract/queue-format.ts";
import { LogRecord, recordBytes } from "./log-record.ts";

const record = new LogRecord();
const torn = new LogRecord();

/** Multiplicative congruential generator of Park and Miller ("minimal standard", CACM 31(10), 1988). */
let seed: u64 = 20240229;
function random32(): u32 {
  seed = (seed * 48271) % 2147483647;
  const high = <u32>seed;
  seed = (seed * 48271) % 2147483647;
  return (high << 16) ^ <u32>seed;
}

/**
 * The record as a cut in its word `index` leaves it: words before that whole, ones after it, and in it the bits of `left`
 * not yet cleared.
 */
function tear(index: u32, left: u32): void {
  for (let i: u32 = 0; i < 4; i++) torn.set(i, i < index ? record.word(i) : u32.MAX_VALUE);
  torn.set(index, record.word(index) | left);
}

/** Torn states of `record` that read as valid without being it, over all prefixes, single bits and `samples` subsets. */
function tornButValid(samples: i32): i32 {
  const words = record.sizeBytes / 4;
  let valid = 0;
  for (let index: u32 = 0; index < words; index++) {
    for (let bit: u32 = 0; bit < 32; bit++) {
      valid += isTornButValid(index, (<u32>1) << bit);
      valid += isTornButValid(index, ~((<u32>1) << bit));
    }
    valid += isTornButValid(index, u32.MAX_VALUE);
    for (let sample = 0; sample < samples; sample++) {
      const bits = random32();
      valid +=
        isTornButValid(index, bits) +
        isTornButValid(index, bits & random32()) +
        isTornButValid(index, bits | random32());
    }
  }
  return valid;
}

function isTornButValid(index: u32, left: u32): i32 {
  tear(index, left);
  const words = record.sizeBytes / 4;
  let isWhole = true;
  for (let i: u32 = 0; i < words; i++) if (torn.word(i) != record.word(i)) isWhole = false;
  return !isWhole && torn.isValid ? 1 : 0;
}

describe("LogRecord: values worked out by hand", () => {
  test("a short reading: 24 zeros in word 0, 23 in the value, 47 together", () => {
    record.reading(0x5001, 7, 60, 99);
    expect(record.word(0)).toBe(0x103c5001);
    expect(record.word(1)).toBe(0xbc000007);
    expect(record.sizeBytes).toBe(8);
    expect(record.isValid).toBe(true);
    expect(record.low).toBe(0x5001);
    expect(record.value).toBe(7);
    expect(record.ageS).toBe(60);
  });

  test("a negative one", () => {
    record.reading(0x5001, -1, 60, 99);
    expect(record.word(1)).toBe(0x63ffffff);
    expect(record.isValid).toBe(true);
    expect(record.value).toBe(-1);
  });

  test("a long reading: 27, 23 and 26 zeros", () => {
    record.reading(0x5003, 70000000, 60, 100000);
    expect(record.word(0)).toBe(0x20005003);
    expect(record.word(1)).toBe(0x042c1d80);
    expect(record.word(2)).toBe(0x000186a0);
    expect(record.word(3)).toBe(0xffffffcc);
    expect(record.sizeBytes).toBe(16);
    expect(record.isValid).toBe(true);
    expect(record.value).toBe(70000000);
  });

  test("26 bits of value and 12 of age are short, more is long", () => {
    record.reading(1, 33554431, 4095, 0);
    expect(record.kind).toBe(QueueRecord.Short);
    expect(record.value).toBe(33554431);
    expect(record.ageS).toBe(4095);
    record.reading(1, -33554432, 0, 0);
    expect(record.kind).toBe(QueueRecord.Short);
    expect(record.value).toBe(-33554432);
    record.reading(1, 33554432, 0, 0);
    expect(record.kind).toBe(QueueRecord.Long);
    record.reading(1, -33554433, 0, 0);
    expect(record.kind).toBe(QueueRecord.Long);
    expect(record.value).toBe(-33554433);
    record.reading(1, 0, 4096, 5000);
    expect(record.kind).toBe(QueueRecord.Long);
    expect(record.word(2)).toBe(5000);
  });

  test("sizes by the first word", () => {
    expect(recordBytes(0)).toBe(0);
    expect(recordBytes(0x10000000)).toBe(8);
    for (let kind: u32 = 2; kind <= 5; kind++) expect(recordBytes(kind << 28)).toBe(16);
    for (let kind: u32 = 6; kind <= 15; kind++) expect(recordBytes(kind << 28)).toBe(0);
  });
});

describe("LogRecord: a write that was cut short", () => {
  test("short readings: every prefix, bit and 3,000 subsets of a word", () => {
    let valid = 0;
    record.reading(0x5001, 7, 60, 0);
    valid += tornButValid(3000);
    record.reading(0xffff, -1, 4095, 0);
    valid += tornButValid(3000);
    record.reading(0, 0, 0, 0);
    valid += tornButValid(3000);
    for (let i = 0; i < 200; i++) {
      record.reading(random32() & 0xffff, <i32>random32() >> 6, random32() & 4095, 0);
      valid += tornButValid(20);
    }
    expect(valid).toBe(0);
  });

  test("long records of every kind", () => {
    let valid = 0;
    for (let kind: i32 = QueueRecord.Long; kind <= QueueRecord.Taken; kind++) {
      record.long(kind, 0x5003, 70000000, 100000);
      valid += tornButValid(2000);
      record.long(kind, 0xffff, u32.MAX_VALUE, u32.MAX_VALUE);
      valid += tornButValid(2000);
      record.long(kind, 0, 0, 0);
      valid += tornButValid(2000);
      for (let i = 0; i < 50; i++) {
        record.long(kind, random32(), random32(), random32());
        expect(record.isValid).toBe(true);
        valid += tornButValid(20);
      }
    }
    expect(valid).toBe(0);
  });

  test("nothing written and all zeros are no record", () => {
    for (let i: u32 = 0; i < 4; i++) torn.set(i, u32.MAX_VALUE);
    expect(torn.isValid).toBe(false);
    for (let i: u32 = 0; i < 4; i++) torn.set(i, 0);
    expect(torn.isValid).toBe(false);
  });
});
