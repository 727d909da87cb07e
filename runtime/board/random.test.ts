import { expect, test } from "vitest";
import { SeededRandom } from "./random.ts";

function bytesOf(random: { fill(bytes: Uint8Array): void }): number[] {
  const bytes = new Uint8Array(33);
  random.fill(bytes);
  return [...bytes];
}

test("a seed replays, another seed differs", () => {
  expect(bytesOf(new SeededRandom(7))).toEqual(bytesOf(new SeededRandom(7)));
  expect(bytesOf(new SeededRandom(7))).not.toEqual(bytesOf(new SeededRandom(8)));
});

test("a fork depends on its label alone, not on what was drawn before", () => {
  const random = new SeededRandom(7);
  const first = bytesOf(random.fork(3));
  bytesOf(random);
  random.fork(4);
  expect(bytesOf(random.fork(3))).toEqual(first);
  expect(bytesOf(random.fork(4))).not.toEqual(first);
});

test("numbers stay within their bounds and reach them", () => {
  const random = new SeededRandom(1);
  const drawn = new Set(Array.from({ length: 200 }, () => random.integer(-1, 2)));
  expect([...drawn].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
  for (let index = 0; index < 200; index++) {
    const fraction = random.fraction();
    expect(fraction >= 0 && fraction < 1).toBe(true);
  }
});

test("every byte value occurs", () => {
  const bytes = new Uint8Array(8192);
  new SeededRandom(1).fill(bytes);
  expect(new Set(bytes).size).toBe(256);
});
