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
const PROGRAMS = 5;
const INSTRUCTIONS = 5000;
const UNDEFINED_WORDS = 200;

describe.skipIf(!hasTools("the emulated core against QEMU", [QEMU]))("the emulated core against QEMU", () => {
  test("random programs of every instruction, state after state", async () => {
    let compared = 0;
    const mnemonics = new Set<string>();
    for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
      const program = randomProgram(new SeededRandom(seed), INSTRUCTIONS);
      const comparison = await compareWithQemu(program);
      expect(comparison.differences, `seed ${seed}`).toEqual([]);
      expect(compareTranslated(program, comparison), `seed ${seed}`).toEqual([]);
      compared += comparison.instructions;
      for (const mnemonic of program.mnemonics) mnemonics.add(mnemonic);
    }
    console.log(`QEMU: ${compared} instructions of ${mnemonics.size} mnemonics, registers and SAR after each`);
    expect(compared).toBeGreaterThan(20_000);
    expect(mnemonics.size).toBeGreaterThan(115);
  });

  test("exceptions: cause, place, address, vector, return", async () => {
    const program = exceptionProgram(undefinedWords());
    const comparison = await compareWithQemu(program);
    const { differences, states } = comparison;
    const begun = states.findLast(({ pc }) => program.caseAddresses.includes(pc))?.pc ?? 0;
    expect(differences, program.cases[program.caseAddresses.indexOf(begun)]?.what ?? "").toEqual([]);
    expect(compareTranslated(program, comparison)).toEqual([]);
    const vectors = states.filter(({ pc }) => program.vectorAddresses.includes(pc)).length;
    console.log(`QEMU: ${vectors} exceptions, ${UNDEFINED_WORDS} of them words that are no instruction`);
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
