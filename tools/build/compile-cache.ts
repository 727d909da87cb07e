/**
 * What the compiler made before, kept below the package: most of the time of a build is asc's, and most builds are of sources
 * that have not changed. Kept is what came out, with a digest of every file that asc asked for, also of those that were not there:
 * one that appears may shadow another. Only asc is spared; machine code is made anew, by whatever tools/aot is now.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "./package-root.ts";

const FOLDER = join(PACKAGE_ROOT, "build", "compiled");
/** Of some 400 KB each. The oldest ones go. */
const KEPT_MAX = 32;
const SUFFIX = ".json";

export interface Compilation {
  wasm: Uint8Array;
  /** Readable form of the module. */
  text: string;
}

/** The text of a source; null: there is none. */
export type ReadSource = (path: string) => string | null;

interface Kept {
  /** Path and digest; null: it was not there. */
  sources: [string, string | null][];
  wasm: string;
  text: string;
}

/** `args`: all that decides what comes out, besides the sources that `compile` reads by what it is given. */
export async function compileOnce(
  args: readonly string[],
  compile: (read: ReadSource) => Promise<Compilation>,
  folder = FOLDER,
): Promise<Compilation> {
  const file = join(folder, `${digestOf(JSON.stringify([compilerVersion(), ...args]))}${SUFFIX}`);
  const kept = keptIn(file);
  if (kept?.sources.every(([path, digest]) => sourceDigest(readSource(path)) === digest) === true) {
    return { wasm: new Uint8Array(Buffer.from(kept.wasm, "base64")), text: kept.text };
  }
  const sources = new Map<string, string | null>();
  const made = await compile((path) => {
    const source = readSource(path);
    sources.set(path, sourceDigest(source));
    return source;
  });
  keep(file, { sources: [...sources], wasm: Buffer.from(made.wasm).toString("base64"), text: made.text }, folder);
  return made;
}

function keptIn(file: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Kept;
  } catch {
    // Not there, or cut off with the power.
    return undefined;
  }
}

/** Where nothing can be written, nothing is kept. A reader, or another process that keeps the same, sees a whole file. */
function keep(file: string, kept: Kept, folder: string): void {
  const unfinished = `${file}.${randomUUID()}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(unfinished, JSON.stringify(kept));
    renameSync(unfinished, file);
    const files = readdirSync(folder).map((name) => join(folder, name));
    const aged = files.map((path) => ({ path, changedMs: statSync(path).mtimeMs }));
    aged.sort((a, b) => b.changedMs - a.changedMs);
    for (const { path } of aged.slice(KEPT_MAX)) rmSync(path, { force: true });
  } catch {
    discard(unfinished);
  }
}

function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Its folder is none, or cannot be written.
  }
}

export function readSource(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function sourceDigest(source: string | null): string | null {
  return source === null ? null : digestOf(source);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** package.json pins it. */
function compilerVersion(): string {
  const text = readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8");
  return (JSON.parse(text) as { dependencies: { assemblyscript: string } }).dependencies.assemblyscript;
}
