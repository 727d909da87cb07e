import { putHex } from "../testing/hex.ts";
import { putRandom, resetStage } from "../testing/stage.ts";
import { Backoff } from "./backoff.ts";

const words = memory.data(8);

/** What the next two random words will be: the jitter and the share of the asked delay. */
function chooseRandom(hex: string): void {
  putRandom(words, putHex(words, hex));
}

beforeEach(() => {
  resetStage();
});

describe("Backoff", () => {
  test("waits double from 1 s to 60 s; the lower end of each is half of it", () => {
    const backoff = new Backoff();
    const expected: u32[] = [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000];
    for (let i = 0; i < expected.length; i++) {
      chooseRandom("0000000000000000");
      expect(backoff.waitMs()).toBe(expected[i]);
    }
  });

  test("the upper end is the whole", () => {
    const backoff = new Backoff();
    const expected: u32[] = [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000];
    for (let i = 0; i < expected.length; i++) {
      chooseRandom("ffffffffffffffff");
      expect(backoff.waitMs()).toBe(expected[i]);
    }
  });

  test("after a connection that worked it begins again", () => {
    const backoff = new Backoff();
    for (let i = 0; i < 10; i++) backoff.waitMs();
    backoff.reset();
    chooseRandom("ffffffffffffffff");
    expect(backoff.waitMs()).toBe(1000);
  });

  test("first waits of many boards are spread over the whole half second", () => {
    const slots = new StaticArray<i32>(10);
    for (let i = 0; i < 1000; i++) {
      const wait = new Backoff().waitMs();
      expect(wait >= 500 && wait <= 1000).toBe(true);
      slots[min<i32>((wait - 500) / 50, 9)]++;
    }
    // 100 each if even; half of that is more than five standard deviations away.
    for (let i = 0; i < 10; i++) expect(slots[i]).toBeGreaterThan(50);
  });

  test("a delay that the server asks for adds a random part of it, once", () => {
    const backoff = new Backoff();
    backoff.ask(10000);
    chooseRandom("00000000" + "ffffffff");
    expect(backoff.waitMs()).toBe(500 + 9999);
    backoff.reset();
    chooseRandom("00000000" + "ffffffff");
    expect(backoff.waitMs()).toBe(500);
  });

  test("and is never taken for more than a minute", () => {
    const backoff = new Backoff();
    backoff.ask(u32.MAX_VALUE);
    chooseRandom("00000000" + "ffffffff");
    expect(backoff.waitMs()).toBe(500 + 59999);
  });
});
