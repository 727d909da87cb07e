/** Graphs run as IOTile's own system ran them, but for what is different on purpose. */
import { describe, expect, test } from "vitest";
import {
  DIFFERENCES_FOLDER,
  FORMS,
  type Form,
  ORIGINAL_FOLDER,
  type Outcome,
  readOriginals,
  runOriginal,
} from "./original.ts";

/** Most of a run are ticks; these are the readings that say something. */
function worthTelling({ readings }: Outcome): string[] {
  return readings
    .filter(([, stream]) => !stream.startsWith("system"))
    .map(([timeS, stream, value]) => `${timeS} ${stream} ${value}`);
}

describe("as the original", () => {
  const originals = readOriginals(ORIGINAL_FOLDER);

  test("there are graphs to compare", () => {
    expect(originals.length).toBeGreaterThan(100);
  });

  test.each(originals.flatMap((original) => FORMS.map((form) => [original.name, form, original] as const)))(
    "%s, %s",
    (_name, form, original) => {
      const { readings, rpcs } = original[form];
      expect(runOriginal(original, form)).toEqual({ readings, rpcs });
    },
  );
});

/** Where the original's plain form does as ours, which optimises it to the same. */
const OPTIMISER_ONLY = [
  ...["copy-all-of-counter", "copy-count-of-clock", "stream-optimised-away", "subtract-in-clock"],
  ...["unbuffered-diamond-optimised", "large-many-clocks", "large-many-gates"],
];
/** What the output of ours gets, worked out by hand from the rule that the difference is about. */
const OURS: Record<string, string> = {
  // "or" copies the input that fires: 11 at 2, 3 and 6, and not what was left of 10 at 5.
  "or-second-fires": "1=5 2=6 3=6 6=6",
  "or-bare-inputs": "1=5 2=7 4=6 5=8",
  // A gate that opens in a second lets the tick of that second through, the first of those that it counts, and none before.
  "stale-tick-fast": "5=5 6=6 7=7 8=8 9=9 10=10 11=11 12=12",
  "stale-tick-minute": "50=50 80=80 110=110",
  "stale-tick-reopened": "2=2 4=4 11=11 13=13 15=15 17=17 19=19",
  // A user's stream is none of the system's.
  "system-output-too": "5=3",
  "user-input-2": "5=9",
};

describe("different on purpose", () => {
  const differences = readOriginals(DIFFERENCES_FOLDER);

  test.each(differences.map((original) => [original.name, original] as const))(
    "%s: optimised as plain",
    (_, original) => {
      expect(runOriginal(original, "optimized")).toEqual(runOriginal(original, "plain"));
    },
  );

  test.each(OPTIMISER_ONLY)("%s: as the original without its optimiser", (name) => {
    expect(outcome(name, "plain").ours).toEqual(outcome(name, "plain").theirs);
    expect(outcome(name, "optimized").ours).not.toEqual(outcome(name, "optimized").theirs);
  });

  test.each(Object.entries(OURS))("%s: what the rule says, in both forms", (name, expected) => {
    for (const form of FORMS) {
      const { ours, theirs } = outcome(name, form);
      const output = ours.flatMap((told) => (/ output 1 /.test(told) ? told.replace(" output 1 ", "=") : []));
      expect(output.join(" ")).toBe(expected);
      expect(ours).not.toEqual(theirs);
    }
  });

  function outcome(name: string, form: Form): { ours: string[]; theirs: string[] } {
    const original = differences.find((each) => each.name === name);
    if (original === undefined) throw new Error(`there is no ${name}.sgf`);
    return { ours: worthTelling(runOriginal(original, form)), theirs: worthTelling(original[form]) };
  }
});
