/**
 * What other tools make of the same pair of images: bsdiff, xdelta3 and zstd (Debian packages of these names), where they are
 * installed, and the whole image in gzip. Sizes only: bspatch(1) keeps both images in memory, which the chip does not have.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { compressImage } from "../../runtime/image/compress.ts";
import { makePatch } from "../../runtime/image/make-patch.ts";

export interface FileSizes {
  image: number;
  /** The whole image, as Lintel compresses it and in gzip. */
  compressed: number;
  gzip: number;
  /** The patch. */
  lintel: number;
  /** null: not installed. */
  bsdiff: number | null;
  xdelta3: number | null;
  zstd: number | null;
}

export function fileSizes(before: Uint8Array, after: Uint8Array): FileSizes {
  const folder = mkdtempSync(join(tmpdir(), "lintel-bench-"));
  try {
    const from = join(folder, "before");
    const to = join(folder, "after");
    const patch = join(folder, "patch");
    writeFileSync(from, before);
    writeFileSync(to, after);
    return {
      image: after.length,
      compressed: compressImage(after).length,
      gzip: gzipSync(after, { level: 9 }).length,
      lintel: makePatch(before, after).length,
      bsdiff: sizeBy("bsdiff", [from, to, patch], patch),
      // No names and no checksum; of its second compressions, djw is the smallest here.
      xdelta3: sizeBy("xdelta3", ["-e", "-f", "-9", "-S", "djw", "-A", "-n", "-s", from, to, patch], patch),
      zstd: sizeBy("zstd", ["-q", "-f", "--ultra", "-22", `--patch-from=${from}`, to, "-o", patch], patch),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sizeBy(tool: string, args: string[], patch: string): number | null {
  const { error, status, stderr } = spawnSync(tool, args, { encoding: "utf8" });
  if (error !== undefined) {
    if ("code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  if (status !== 0) throw new Error(`${tool} ended with ${status}: ${stderr}`);
  return statSync(patch).size;
}
