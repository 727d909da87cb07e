/**
 * The emulated core against QEMU's lx106, state for state: program counter, a0 to a15, special registers before every
 * instruction. `npm run fuzz:core -- --seconds 600 --seed 1` takes as long as it is told.
 *
 * Where the two differ on purpose:
 * - PS and INTENABLE: QEMU keeps bits that this core does not have.
 * - QEMU's `sim` machine has RAM where the chip has ROM, flash and nothing; accesses that only the chip refuses (cause 3, 20,
 *   28, 29) have their tests beside the emulator.
 * - DEBUGCAUSE cannot be written under QEMU; CCOUNT there follows QEMU's own time.
 */
import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../runtime/board/random.ts";
import { decode } from "../../tools/lx106/decode.ts";
import { compareTranslated, compareWithQemu } from "./compare-cores.ts";
import { exceptionProgram } from "./exception-program.ts";
import { hasTools, QEMU } from "./installed.ts";
import { randomProgram } from "./random-program.ts";
import { specialRegisterProgram } from "./special-register-program.ts";

const SEED = 20261121;
const SEEDS = [1, 2, 3, 4, 5].map((number) => SEED + number);
/** Of each program; branches skip some of those that are drawn, loops add others. */
const INSTRUCTIONS = 5000;
/** Drawn in each program at least. */
const MNEMONICS = 115;
const UNDEFINED_WORDS = 200;

describe.skipIf(!hasTools("the emulated core against QEMU", [QEMU]))("the emulated core against QEMU", () => {
  test.each(SEEDS)("a random program of every instruction, state after state (seed %i)", async (seed) => {
    const program = randomProgram(new SeededRandom(seed), INSTRUCTIONS);
    const comparison = await compareWithQemu(program);
    expect(comparison.differences).toEqual([]);
    expect(compareTranslated(program, comparison)).toEqual([]);
    expect(comparison.instructions).toBeGreaterThan(INSTRUCTIONS);
    expect(program.mnemonics.size).toBeGreaterThan(MNEMONICS);
  });

  test("exceptions: cause, place, address, vector, return", async () => {
    const program = exceptionProgram(undefinedWords());
    const comparison = await compareWithQemu(program);
    const { differences, states } = comparison;
    const begun = states.findLast(({ pc }) => program.caseAddresses.includes(pc))?.pc ?? 0;
    expect(differences, program.cases[program.caseAddresses.indexOf(begun)]?.what ?? "").toEqual([]);
    expect(compareTranslated(program, comparison)).toEqual([]);
    const vectors = states.filter(({ pc }) => program.vectorAddresses.includes(pc)).length;
    expect(vectors).toBe(program.cases.length);
  });

  test("what special registers keep of what is written", async () => {
    const { differences, instructions } = await compareWithQemu(specialRegisterProgram());
    expect(differences).toEqual([]);
    expect(instructions).toBeGreaterThan(200);
  });
});

function undefinedWords(): number[][] {
  const random = new SeededRandom(SEED);
  const words: number[][] = [];
  while (words.length < UNDEFINED_WORDS) {
    const bytes = new Uint8Array(3);
    random.fill(bytes);
    if (decode(bytes) === undefined) words.push([...bytes]);
  }
  return words;
}
