/** Random modules, one after the other: which differ between V8 and the emulated chip, and how often nothing can be said. */
import { SeededRandom } from "../../runtime/board/random.ts";
import type { ChipSettings } from "../native/program-on-chip.ts";
import { compareRuns, type Verdict } from "./compare-runs.ts";
import { ModuleGenerator, type RandomModule } from "./random-module.ts";
import { planCalls } from "./run.ts";
import { runInV8 } from "./run-in-v8.ts";
import { runOnChip } from "./run-on-chip.ts";
import { runUnderQemu } from "./run-under-qemu.ts";

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
  underQemu: number;
  calls: number;
  traps: number;
  inconclusive: number;
  findings: Finding[];
}

export interface FuzzOptions {
  firstSeed: number;
  goesOn: (tally: FuzzTally) => boolean;
  /** The first ones run under QEMU too. */
  underQemu?: number;
  onFinding?: (finding: Finding) => void;
}

/** How a module is compiled and run depends on its seed alone. */
export function settingsOf(seed: number, { areAccessesTame }: RandomModule): ChipSettings & { memoryMaxBytes: number } {
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

export async function judgeModule(seed: number, module: RandomModule, isUnderQemu = false): Promise<Verdict> {
  const { wasm, areAccessesTame } = module;
  const calls = planCalls(wasm, seed);
  try {
    const tested = runOnChip(wasm, calls, settingsOf(seed, module));
    const judge = runInV8(wasm, calls, tested.program.native.exports);
    const verdict = compareRuns(judge, tested, calls);
    if (verdict.kind !== "same" || !isUnderQemu) return verdict;
    const second = compareRuns(judge, await runUnderQemu(wasm, calls, !areAccessesTame), calls);
    return second.kind === "different" ? { ...second, what: `under QEMU, ${second.what}` } : second;
  } catch (error) {
    // The module is valid, so whatever is thrown is a mistake of the compiler or of the emulator.
    return { kind: "different", what: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

export async function fuzzModules({ firstSeed, goesOn, underQemu = 0, onFinding }: FuzzOptions): Promise<FuzzTally> {
  const generator = new ModuleGenerator();
  const tally: FuzzTally = { modules: 0, underQemu: 0, calls: 0, traps: 0, inconclusive: 0, findings: [] };
  try {
    let next = generator.generate(firstSeed);
    for (let seed = firstSeed; goesOn(tally); seed++) {
      const module = await next;
      // The next one is made by another process while this one runs.
      next = generator.generate(seed + 1);
      const isUnderQemu = tally.underQemu < underQemu;
      const verdict = await judgeModule(seed, module, isUnderQemu);
      tally.modules++;
      if (verdict.kind === "inconclusive") tally.inconclusive++;
      else if (verdict.kind === "same") {
        tally.calls += verdict.calls;
        tally.traps += verdict.traps;
        if (isUnderQemu) tally.underQemu++;
      } else {
        const finding = { seed, what: verdict.what, module };
        tally.findings.push(finding);
        onFinding?.(finding);
      }
    }
    await next;
  } finally {
    generator.close();
  }
  return tally;
}
