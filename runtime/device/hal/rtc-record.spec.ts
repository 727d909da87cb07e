import { putRtc, resetStage } from "../testing/stage.ts";
import { RtcRecord } from "./rtc-record.ts";

const RTC_BYTES = 512;
const buffer = memory.data(RTC_BYTES);

/** Fills the whole RTC memory with one byte. */
function fillRtc(byte: u8): void {
  memory.fill(buffer, byte, RTC_BYTES);
  putRtc(0, buffer, RTC_BYTES);
}

beforeEach(() => {
  resetStage();
});

describe("RtcRecord", () => {
  test("blank memory holds no record: of zeros, of ones, of any one byte", () => {
    for (let byte = 0; byte < 256; byte++) {
      fillRtc(<u8>byte);
      for (let count = 1; count <= 8; count++) {
        const record = new RtcRecord(0, count);
        record.set(0, 99);
        expect(record.load()).toBe(false);
        for (let i = 0; i < count; i++) expect(record.get(i)).toBe(0);
      }
    }
  });

  test("noise holds no record", () => {
    let seed: u32 = 20240229;
    let taken = 0;
    for (let round = 0; round < 1000; round++) {
      for (let i = 0; i < 12; i++) {
        seed = seed * 1664525 + 1013904223;
        store<u8>(buffer + i, seed >> 24);
      }
      putRtc(0, buffer, 12);
      if (new RtcRecord(0, 2).load()) taken++;
    }
    expect(taken).toBe(0);
  });

  test("what was saved is there after a restart, zeros included", () => {
    const saved = new RtcRecord(8, 3);
    saved.set(0, 0xdeadbeef);
    saved.set(2, 41);
    saved.save();
    const loaded = new RtcRecord(8, 3);
    expect(loaded.load()).toBe(true);
    expect(loaded.get(0)).toBe(0xdeadbeef);
    expect(loaded.get(1)).toBe(0);
    expect(loaded.get(2)).toBe(41);
    new RtcRecord(100, 2).save();
    expect(new RtcRecord(100, 2).load()).toBe(true);
  });

  test("two records side by side do not touch each other", () => {
    const first = new RtcRecord(0, 1);
    const second = new RtcRecord(8, 2);
    first.set(0, 1);
    second.set(0, 2);
    second.set(1, 3);
    first.save();
    second.save();
    expect(new RtcRecord(0, 1).load()).toBe(true);
    expect(new RtcRecord(8, 2).load()).toBe(true);
  });

  test("one bit changed anywhere: no record, and every word zero", () => {
    for (let bit = 0; bit < 96; bit++) {
      const record = new RtcRecord(0, 2);
      record.set(0, 0x12345678);
      record.set(1, 7);
      record.save();
      memory.fill(buffer, 0, 12);
      store<u32>(buffer, 0x12345678);
      store<u32>(buffer + 4, 7);
      store<u32>(buffer + 8, record.get(2));
      const flipped = buffer + (bit >> 3);
      const mask = 1 << (bit & 7);
      store<u8>(flipped, load<u8>(flipped) ^ <u8>mask);
      putRtc(0, buffer, 12);
      expect(record.load()).toBe(false);
      expect(record.get(0)).toBe(0);
      expect(record.get(1)).toBe(0);
    }
  });

  test("memory that the host refuses to read: no record", () => {
    expect(new RtcRecord(RTC_BYTES, 1).load()).toBe(false);
  });
});
