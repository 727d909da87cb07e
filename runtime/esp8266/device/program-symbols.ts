/**
 * Names for programs that come out of flash, where only their bytes are: a build registers what its compiler knows, and a
 * device that later finds the same bytes in flash tells crashes with it. Without, it tells addresses.
 */
import { createHash } from "node:crypto";
import type { ProgramSymbols } from "./native-program.ts";

/** Builds that are remembered; the oldest is forgotten first. */
const BUILDS_MAX = 64;

/** By the SHA-256 of the image, the payload in flash. */
const symbols = new Map<string, ProgramSymbols>();

/** Before the first device runs it. */
export function registerSymbols(image: Uint8Array, known: ProgramSymbols): void {
  const digest = digestOf(image);
  symbols.delete(digest);
  symbols.set(digest, known);
  const [oldest] = symbols.keys();
  if (symbols.size > BUILDS_MAX && oldest !== undefined) symbols.delete(oldest);
}

export function symbolsOf(image: Uint8Array): ProgramSymbols {
  return symbols.get(digestOf(image)) ?? {};
}

function digestOf(image: Uint8Array): string {
  return createHash("sha256").update(image).digest("hex");
}
