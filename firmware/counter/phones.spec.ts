import { resetStage } from "../../runtime/device/testing/stage.ts";
import { CAPACITY, CLASSES, ENDED_BYTES, ENDED_SECONDS_OFFSET, Phones, SEEN_S } from "./phones.ts";

const who = memory.data(8, 4);
let phones = new Phones();

/** Phone `number` is heard. */
function hear(number: u32, strength: u32, nowS: u32): void {
  store<u32>(who, number);
  store<u32>(who, ~number, 4);
  phones.hear(who, strength, nowS);
}

function visits(kind: i32): u32 {
  return load<u32>(phones.ended + kind * ENDED_BYTES);
}

function seconds(kind: i32): u32 {
  return load<u32>(phones.ended + kind * ENDED_BYTES, ENDED_SECONDS_OFFSET);
}

beforeEach(() => {
  resetStage();
  phones = new Phones();
  phones.forget();
  memory.fill(phones.ended, 0, CLASSES * ENDED_BYTES);
});

describe("phones around the board", () => {
  test("each counts once, within what time one asks for", () => {
    for (let nowS: u32 = 100; nowS < 400; nowS += 10) {
      hear(1, 50, nowS);
      if (nowS < 200) hear(2, 50, nowS);
      if (nowS == 300) hear(3, 50, nowS);
    }
    expect(phones.count).toBe(3);
    expect(phones.heardWithin(60, 399)).toBe(1);
    // Number 3 was heard 99 s ago, number 2 209 s ago; two seconds more count.
    expect(phones.heardWithin(96, 399)).toBe(1);
    expect(phones.heardWithin(97, 399)).toBe(2);
    expect(phones.heardWithin(206, 399)).toBe(2);
    expect(phones.heardWithin(207, 399)).toBe(3);
  });

  test("one that was silent for a quarter of an hour has gone; its visit ends when it was heard last", () => {
    hear(1, 80, 1000);
    hear(1, 61, 1250);
    hear(1, 90, 1300);
    phones.sweep(1302 + SEEN_S);
    expect(phones.count).toBe(1);
    phones.sweep(1303 + SEEN_S);
    expect(phones.count).toBe(0);
    // By its strongest signal it was in the middle, for 300 s.
    expect(visits(0)).toBe(0);
    expect(visits(1)).toBe(1);
    expect(visits(2)).toBe(0);
    expect(seconds(1)).toBe(300);
    hear(1, 80, 3000);
    expect(phones.count).toBe(1);
    phones.forget();
    expect(visits(2)).toBe(1);
    expect(seconds(2)).toBe(0);
  });

  test("classes end where the settings say", () => {
    phones.nearStrength = 40;
    phones.middleStrength = 50;
    const strengths: StaticArray<u32> = [40, 41, 50, 51, 255];
    for (let i = 0; i < strengths.length; i++) hear(i, strengths[i], 1);
    phones.forget();
    expect(visits(0)).toBe(1);
    expect(visits(1)).toBe(2);
    expect(visits(2)).toBe(2);
  });

  test("a full table forgets who was silent longest, and says how many those were", () => {
    const all = <u32>CAPACITY + 10;
    for (let number: u32 = 0; number < all; number++) hear(number, 50, 1000 + number);
    expect(phones.count).toBe(CAPACITY);
    expect(phones.forgotten).toBe(10);
    expect(visits(0)).toBe(10);
    // The last of them are there still.
    for (let number: u32 = 10; number < all; number++) hear(number, 50, 2000);
    expect(phones.forgotten).toBe(10);
    // The first of them is not.
    hear(0, 50, 2001);
    expect(phones.forgotten).toBe(11);
  });

  test("a visit longer than 18 hours counts as that", () => {
    for (let nowS: u32 = 0; nowS <= 80000; nowS += 800) hear(7, 50, nowS);
    phones.forget();
    expect(visits(0)).toBe(1);
    expect(seconds(0)).toBe(65535);
  });
});
