/**
 * Mistakes that were, or could have been, made: each is an edit of one place in the sources, which must be there exactly
 * once, and the scenarios in which it has to show.
 */
import { type Edit, replaceOnce } from "./programs.ts";

export interface Mutant {
  name: string;
  scenarios: readonly string[];
  edit?: Edit;
  /** A mistake of the server instead. */
  mistake?: { acknowledgesFirst: boolean };
}

function inFile(file: string, from: string, to: string): Edit {
  return (path, text) => (path === file ? replaceOnce(text, from, to) : text);
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "the server acknowledges before it has stored",
    scenarios: ["acknowledge"],
    mistake: { acknowledgesFirst: true },
  },
];
