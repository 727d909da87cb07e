/** A mistake that was, or could have been, made, and where it must show. */
import type { Mistake, Payloads } from "./payloads.ts";

export interface Mutant {
  /** What is wrong. */
  name: string;
  /** The scenarios in which it must show: one is enough, those before it are searched first. */
  scenarios: readonly string[];
  /** Of the device or of the boot program. */
  device?: Mistake;
  /** Of the server. */
  server?: { acknowledgesFirst: boolean };
}

/** What a worker is asked to do; it crosses by structured clone. */
export interface MutantOrder {
  mutant: Mutant;
  base: Payloads;
}

export function mistake(file: string, from: string, to: string): Mistake {
  return { file, from, to };
}
