/** Runs random modules one after the other: which differ between V8 and the emulated chip, and how often nothing can be said. */
import { SeededRandom } from "../../runtime/board/random.ts";
import type { Imports } from "../native/program.ts";
import { type ChipSettings, compileForChip, type ProgramOnChip } from "../native/program-on-chip.ts";
import { compareRuns, planCalls, type Verdict } from "./compare-runs.ts";
import { ModuleGenerator, type RandomModule } from "./random-module.ts";

/** Random modules have one page and can grow to two. */
const MEMORY_MAX_BYTES = 2 * 65536;
const INSTRUCTIONS_MAX = 20_000_000;
const IMAGE_OFFSETS_MAX = 0x8000;
const IMAGE_ALIGNMENT = 4;
/** Most of the code of a random module runs once: translated at once, or as it gets warm, or never. */
const ENGINES: ChipSettings[] = [
  { engine: "translated", translateAfter: 0 },
  { engine: "translated", translateAfter: 4 },
  { engine: "interpreter" },
];

export interface Finding {
  seed: number;
  what: string;
  module: RandomModule;
}

export interface FuzzTally {
  modules: number;
  calls: number;
  traps: number;
  inconclusive: number;
  findings: Finding[];
}

/** How a module is compiled and run depends on its seed alone. */
export function settingsOf(seed: number, { areAccessesTame }: RandomModule): ChipSettings {
  const random = new SeededRandom(seed).fork(2);
  return {
    ...(ENGINES[random.integer(0, ENGINES.length - 1)] as ChipSettings),
    checked: !areAccessesTame,
    useRom: random.integer(0, 3) > 0,
    imageOffset: IMAGE_ALIGNMENT * random.integer(0, IMAGE_OFFSETS_MAX),
    memoryMaxBytes: MEMORY_MAX_BYTES,
    instructionsMax: INSTRUCTIONS_MAX,
  };
}

export function judgeModule(seed: number, module: RandomModule, settings = settingsOf(seed, module)): Verdict {
  const load = (imports: Imports): ProgramOnChip => compileForChip(module.wasm, { ...settings, imports });
  try {
    return compareRuns(module.wasm, planCalls(module.wasm, seed), load);
  } catch (error) {
    // The module is valid, so whatever is thrown is a mistake of the compiler or of the emulator.
    return { kind: "different", what: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** Modules from `firstSeed` on, as long as `goesOn` says so. */
export async function fuzzModules(
  firstSeed: number,
  goesOn: (tally: FuzzTally) => boolean,
  onFinding: (finding: Finding) => void = () => {},
): Promise<FuzzTally> {
  const generator = new ModuleGenerator();
  const tally: FuzzTally = { modules: 0, calls: 0, traps: 0, inconclusive: 0, findings: [] };
  try {
    let next = generator.generate(firstSeed);
    for (let seed = firstSeed; goesOn(tally); seed++) {
      const module = await next;
      // The next one is made by another process while this one runs.
      next = generator.generate(seed + 1);
      const verdict = judgeModule(seed, module);
      tally.modules++;
      if (verdict.kind === "inconclusive") tally.inconclusive++;
      else if (verdict.kind === "same") {
        tally.calls += verdict.calls;
        tally.traps += verdict.traps;
      } else {
        const finding = { seed, what: verdict.what, module };
        tally.findings.push(finding);
        onFinding(finding);
      }
    }
    await next;
  } finally {
    generator.close();
  }
  return tally;
}
