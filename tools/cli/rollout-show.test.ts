/** What a dry run says to people. */
import { expect, test } from "vitest";
import { dryRunLines } from "./rollout-show.ts";

const device = (name: string, returns: boolean) => ({ device: name, image: "0011223344556677", reason: null, returns });

test("boards that a roll-back could not bring back are told, and others are not talked of", () => {
  const left = { device: "c", image: null, reason: "other-board", returns: null };
  expect(dryRunLines({ fitting: 2, groups: [2], devices: [device("a", true), device("b", false), left] })).toEqual([
    "2 of 3 devices would be in it, in groups of 2",
    "  1 left out: with another board",
    expect.stringMatching(/^a roll-back would not bring back 1 of them: .* lintel release create$/),
    "a would be offered 0011223344556677",
    "b would be offered 0011223344556677",
  ]);
  expect(dryRunLines({ fitting: 1, groups: [1], devices: [device("a", true)] })).toHaveLength(2);
});
