import { expect, test } from "vitest";
import { runLockstep } from "./lockstep.ts";

test.each(Array.from({ length: 24 }, (_, index) => 1000 + index))(
  "random code runs alike on both engines, seed %i",
  (seed) => {
    const { exceptions, instructions, translated } = runLockstep({ seed, rounds: 12 });
    expect(instructions).toBeGreaterThan(500);
    expect(exceptions).toBeGreaterThan(0);
    expect(translated.instructions).toBeGreaterThan(instructions / 4);
  },
);
