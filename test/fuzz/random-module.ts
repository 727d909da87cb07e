/**
 * Random modules out of binaryen's `wasm-opt --translate-to-fuzz`, which turns any bytes into a valid module that ends:
 * loops and calls count down a limit, which the export `hangLimitInitializer` sets again. One seed, one module.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../runtime/board/random.ts";
import { tameModule } from "./tame-module.ts";

export const HANG_LIMIT_EXPORT = "hangLimitInitializer";

export interface RandomModule {
  wasm: Uint8Array;
  /** Whether it is for an unchecked build: its accesses are all aligned and within memory. */
  areAccessesTame: boolean;
}

const INPUT_BYTES_LEAST = 200;
const INPUT_BYTES_MOST = 30_000;
/** How the module is made over before and after it is tamed; "" is not at all. Most programs come out of an optimiser. */
const OPTIMISATIONS = ["", "", "-O1", "-O2", "-O3", "-Oz", "--flatten", "--ssa"];
const COMMAND = "wasm-opt";
/** WebAssembly 1.0 and what has become usual since. Exported globals that change are what the comparison needs. */
const FEATURES = [
  ["--mvp-features", "--enable-mutable-globals"],
  ["--mvp-features", "--enable-mutable-globals", "--enable-sign-ext", "--enable-nontrapping-float-to-int"],
  ["--mvp-features", "--enable-mutable-globals", "--enable-multivalue"],
];

export function hasWasmOpt(): boolean {
  return spawnSync(COMMAND, ["--version"]).error === undefined;
}

export class ModuleGenerator {
  readonly #folder = mkdtempSync(join(tmpdir(), "lintel-fuzz-"));

  generate(seed: number): RandomModule {
    const random = new SeededRandom(seed);
    const areAccessesTame = random.integer(0, 1) === 1;
    const pick = <T>(list: T[]): T => list[random.integer(0, list.length - 1)] as T;
    const bytes = new Uint8Array(
      Math.round(INPUT_BYTES_LEAST * (INPUT_BYTES_MOST / INPUT_BYTES_LEAST) ** random.fraction()),
    );
    random.fill(bytes);
    const flags = [pick(["", "--no-fuzz-oob"]), pick(OPTIMISATIONS)].filter((flag) => flag !== "");
    const features = pick(FEATURES);
    const wild = this.#wasmOpt(bytes, [...features, "--translate-to-fuzz", ...flags]);
    const tame = tameModule(wild, { areAccessesTame });
    const last = pick(OPTIMISATIONS);
    return { wasm: last === "" ? tame : this.#wasmOpt(tame, [...features, last]), areAccessesTame };
  }

  #wasmOpt(input: Uint8Array, flags: string[]): Uint8Array {
    const [from, to] = [join(this.#folder, "in"), join(this.#folder, "out.wasm")];
    writeFileSync(from, input);
    const args = [from, ...flags, "-o", to];
    const { status, signal, stderr, error } = spawnSync(COMMAND, args, { encoding: "utf8" });
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`${COMMAND} ${flags.join(" ")} ended with ${status ?? signal}: ${stderr}`);
    return readFileSync(to);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
