/**
 * The host of the real chip (runtime/native), compiled here: by the compiler for the chip, into objects that are only looked at,
 * and by that of this machine together with a fake SDK (test/native/fake-sdk), into a program that takes orders. What is built for
 * this machine is kept in build/ under the digest of its sources.
 */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { GXX, hasPackages, LOCAL_GXX, missingPackages } from "../../qemu/installed.ts";

const ROOT = join(import.meta.dirname, "../../..");
export const NATIVE_FOLDER = join(ROOT, "runtime/native");
const DECLARATIONS = join(NATIVE_FOLDER, "declarations");
const SOURCES = join(NATIVE_FOLDER, "src");
const FAKE_SDK = join(ROOT, "test/native/fake-sdk");

const WARNINGS = ["-Wall", "-Wextra", "-Werror"];
const HOST_FLAGS = ["-std=gnu++17", "-fno-exceptions", "-fno-rtti", ...WARNINGS];
/** As PlatformIO's build of the core has them; the chip's compiler here has no C library, so its two headers are declared too. */
const CHIP_FLAGS = [
  "-Os",
  "-ffreestanding",
  "-mlongcalls",
  "-mtext-section-literals",
  "-ffunction-sections",
  "-fdata-sections",
  "-fno-threadsafe-statics",
  `-isystem${join(DECLARATIONS, "libc")}`,
];
/** Mistakes of the host show by themselves; addresses of functions fit a word of the table. */
const LOCAL_FLAGS = ["-O1", "-g", "-fno-pie", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

const BUILT = join(ROOT, "build/native-host");
const BUILD_MAX_MS = 50_000;
const WAIT_MS = 100;

const run = promisify(execFile);

/** False where this machine has no compiler or no OpenSSL to compile against (test/native/fake-sdk/bearssl.cpp). */
export function canRunHost(what: string): boolean {
  const missing = missingPackages([LOCAL_GXX]);
  if (missing.length === 0) {
    const probe = spawnSync(LOCAL_GXX, ["-E", "-x", "c++", "-"], { input: "#include <openssl/sha.h>\n" });
    if (probe.status !== 0) missing.push("libssl-dev");
  }
  return hasPackages(what, missing);
}

/** What a source is to say in place of what it says, by its name. */
export type SourceEdit = (name: string, text: string) => string;

/** Objects for the chip in `folder`, one for each source. */
export async function compileForChip(folder: string, edit?: SourceEdit): Promise<string[]> {
  const sources = edit === undefined ? cppFiles(SOURCES) : editedSources(folder, edit);
  return compileAll(GXX, sources, folder, [...HOST_FLAGS, ...CHIP_FLAGS]);
}

/** The program that takes orders. Test files run at the same time: the first one builds it, the others wait. */
export async function buildDriver(): Promise<string> {
  const kept = join(BUILT, digestOf([DECLARATIONS, SOURCES, FAKE_SDK]));
  const driver = join(kept, "driver");
  const underWay = `${kept}-under-way`;
  mkdirSync(BUILT, { recursive: true });
  const endMs = Date.now() + BUILD_MAX_MS;
  while (!existsSync(driver)) {
    if (isFirst(underWay)) {
      try {
        await linkDriver(underWay);
        renameSync(underWay, kept);
      } finally {
        rmSync(underWay, { recursive: true, force: true });
      }
    } else if (Date.now() > endMs) {
      throw new Error(`${underWay} is left over from a build that did not end: delete it`);
    } else {
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }
  return driver;
}

function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

async function linkDriver(folder: string): Promise<void> {
  const objects = await compileAll(LOCAL_GXX, cppFiles(SOURCES), folder, [...HOST_FLAGS, ...LOCAL_FLAGS]);
  const fakes = join(folder, "fake");
  mkdirSync(fakes);
  const flags = ["-std=gnu++17", ...WARNINGS, ...LOCAL_FLAGS, `-I${SOURCES}`];
  objects.push(...(await compileAll(LOCAL_GXX, cppFiles(FAKE_SDK), fakes, flags)));
  execFileSync(LOCAL_GXX, ["-no-pie", ...LOCAL_FLAGS, "-o", join(folder, "driver"), ...objects, "-lcrypto"]);
}

/** A binary tool of the chip's compiler. */
export function chipTool(name: string, ...args: string[]): string {
  return execFileSync(GXX.replace("g++", name), args, { encoding: "utf8" });
}

/** What these objects want from elsewhere, in order of names. */
export function undefinedSymbols(objects: readonly string[]): string[] {
  const lines = chipTool("nm", ...objects).split("\n");
  const named = (kind: RegExp) => lines.flatMap((line) => (kind.test(line.slice(9, 10)) ? [line.slice(11)] : []));
  const defined = new Set(named(/[TDBRVW]/));
  return [...new Set(named(/U/))].filter((name) => !defined.has(name)).sort();
}

async function compileAll(compiler: string, sources: string[], folder: string, flags: string[]): Promise<string[]> {
  const objects = sources.map((source) => join(folder, `${basename(source, ".cpp")}.o`));
  const queue = sources.map((source, index) => ["-c", source, "-o", objects[index] as string]);
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await run(compiler, [...flags, `-I${DECLARATIONS}`, ...next]);
    }
  };
  await Promise.all([work(), work()]);
  return objects;
}

/** All of them: a file includes what stands beside it first. */
function editedSources(folder: string, edit: SourceEdit): string[] {
  const copy = join(folder, "src");
  mkdirSync(copy);
  for (const name of readdirSync(SOURCES)) {
    writeFileSync(join(copy, name), edit(name, readFileSync(join(SOURCES, name), "utf8")));
  }
  return cppFiles(copy);
}

function cppFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".cpp"))
    .map((name) => join(folder, name));
}

function digestOf(folders: string[]): string {
  const digest = createHash("sha256").update(LOCAL_FLAGS.join(" "));
  for (const folder of folders) {
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
      if (/\.(cpp|h)$/.test(name)) digest.update(name).update(readFileSync(join(folder, name)));
    }
  }
  return digest.digest("hex").slice(0, 16);
}
