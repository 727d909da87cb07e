/**
 * Debian's binutils-xtensa-lx106 as the outside judge of this room, for tests. Their tables were generated from the
 * configuration of the core, and share nothing with ours.
 */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "xtensa-lx106-elf-";
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

interface ObjdumpLine {
  address: number;
  text: string;
}

/** False (and one line is printed) where the tools are missing; that is an error in CI. */
export function hasBinutils(what: string): boolean {
  const isThere = ["as", "objcopy", "objdump"].every((tool) => spawnSync(PREFIX + tool, ["--version"]).status === 0);
  if (!isThere) {
    if (process.env["CI"]) throw new Error("binutils-xtensa-lx106 is not installed, and CI must not skip its tests");
    console.log(`skipped: ${what} against binutils (install binutils-xtensa-lx106 to run it)`);
  }
  return isThere;
}

/** The bytes that `as` makes of lines, each taken as it is written (no relaxation). */
export function assembleWithGas(lines: readonly string[]): Uint8Array {
  return inFolder((folder) => {
    const { stderr, status } = runGas(folder, lines);
    if (status !== 0) throw new Error(`xtensa-lx106-elf-as: ${stderr.slice(0, 2000)}`);
    const file = join(folder, "code.bin");
    runTool("objcopy", ["-O", "binary", "-j", ".text", join(folder, "code.o"), file]);
    return readFileSync(file);
  });
}

/** Indices of the lines that `as` refuses. */
export function refusedByGas(lines: readonly string[]): Set<number> {
  return inFolder((folder) => {
    const { stderr } = runGas(folder, lines);
    return new Set([...stderr.matchAll(/code\.s:(\d+): Error/g)].map((match) => Number(match[1]) - 1));
  });
}

/** What objdump says about a raw block; its tabs become spaces. */
export function disassembleWithObjdump(code: Uint8Array, address: number): ObjdumpLine[] {
  return inFolder((folder) => {
    const file = join(folder, "code.bin");
    writeFileSync(file, code);
    const flags = ["-D", "-z", "-b", "binary", "-m", "xtensa", `--adjust-vma=${address}`];
    return runTool("objdump", [...flags, file])
      .split("\n")
      .map((line) => line.split("\t"))
      .filter((fields) => fields.length > 2)
      .map(([start = "", , ...text]) => ({ address: Number.parseInt(start, 16), text: text.join(" ").trim() }));
  });
}

/** The numbers of the lines stay those of `lines`. */
function runGas(folder: string, lines: readonly string[]): SpawnSyncReturns<string> {
  const source = join(folder, "code.s");
  writeFileSync(source, `${lines.join("\n")}\n`);
  return run("as", ["--no-transform", "--no-target-align", "-o", join(folder, "code.o"), source]);
}

function runTool(tool: string, args: readonly string[]): string {
  const { status, stdout, stderr } = run(tool, args);
  if (status !== 0) throw new Error(`${PREFIX}${tool}: ${stderr.slice(0, 2000)}`);
  return stdout;
}

function run(tool: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(PREFIX + tool, args, { encoding: "utf8", maxBuffer: OUTPUT_BYTES_MAX });
}

function inFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), "lintel-lx106-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
