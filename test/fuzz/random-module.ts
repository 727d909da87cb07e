/**
 * Random modules out of binaryen's `wasm-opt --translate-to-fuzz`, which turns any bytes into a valid module that ends:
 * loops and calls count down a limit, which the export `hangLimitInitializer` sets again. One seed, one module.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { SeededRandom } from "../../runtime/board/random.ts";
import { tameModule } from "./tame-module.ts";

export const HANG_LIMIT_EXPORT = "hangLimitInitializer";

export interface RandomModule {
  wasm: Uint8Array;
  /** Whether it is for an unchecked build: its accesses are all aligned and within memory. */
  areAccessesTame: boolean;
}

/**
 * The system's binaryen. npm puts another one first in the path, which comes with assemblyscript and is WebAssembly
 * itself: a hundred times slower to start.
 */
const COMMAND = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .map((folder) => join(folder, "wasm-opt"))
  .find((file) => existsSync(file));
const INPUT_BYTES_LEAST = 200;
const INPUT_BYTES_MOST = 30_000;
/** How the module is made over before and after it is tamed; "" is not at all. Most programs come out of an optimiser. */
const OPTIMISATIONS = ["", "", "-O1", "-O2", "-O3", "-Oz", "--flatten", "--ssa"];
/** WebAssembly 1.0 and what has become usual since. The comparison needs exported globals that change. */
const FEATURES = [
  ["--mvp-features", "--enable-mutable-globals"],
  ["--mvp-features", "--enable-mutable-globals", "--enable-sign-ext", "--enable-nontrapping-float-to-int"],
  ["--mvp-features", "--enable-mutable-globals", "--enable-multivalue"],
];

/** False (and one line is printed) where it is missing; that is an error in CI. */
export function hasWasmOpt(): boolean {
  if (COMMAND !== undefined && spawnSync(COMMAND, ["--version"]).status === 0) return true;
  if (process.env["CI"]) throw new Error("binaryen is not installed, and CI must not skip its tests");
  console.log("skipped: random modules (install binaryen to run them)");
  return false;
}

export class ModuleGenerator {
  readonly #folder = mkdtempSync(join(tmpdir(), "lintel-fuzz-"));

  async generate(seed: number): Promise<RandomModule> {
    const random = new SeededRandom(seed);
    const pick = <T>(list: T[]): T => list[random.integer(0, list.length - 1)] as T;
    const areAccessesTame = pick([true, false]);
    const ratio = INPUT_BYTES_MOST / INPUT_BYTES_LEAST;
    const bytes = new Uint8Array(Math.round(INPUT_BYTES_LEAST * ratio ** random.fraction()));
    random.fill(bytes);
    const flags = [pick(["", "--no-fuzz-oob"]), pick(OPTIMISATIONS)].filter((flag) => flag !== "");
    const features = pick(FEATURES);
    const last = pick(OPTIMISATIONS);
    const wild = await this.#wasmOpt(seed, bytes, [...features, "--translate-to-fuzz", ...flags]);
    const tame = tameModule(wild, { areAccessesTame });
    return { wasm: last === "" ? tame : await this.#wasmOpt(seed, tame, [...features, last]), areAccessesTame };
  }

  async #wasmOpt(seed: number, input: Uint8Array, flags: string[]): Promise<Uint8Array> {
    const [from, to] = [join(this.#folder, `${seed}.in`), join(this.#folder, `${seed}.wasm`)];
    await writeFile(from, input);
    // Its own threads would only take turns: a second process runs beside it anyway.
    const environment = { ...process.env, BINARYEN_CORES: "1" };
    if (COMMAND === undefined) throw new Error("binaryen is not installed");
    const child = spawn(COMMAND, [from, ...flags, "-o", to], { stdio: ["ignore", "ignore", "pipe"], env: environment });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk;
    });
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    if (code !== 0) throw new Error(`${COMMAND} ${flags.join(" ")} ended with ${code ?? signal}: ${errors}`);
    const wasm = await readFile(to);
    rmSync(from);
    rmSync(to);
    return wasm;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
