/** What is wrong with a graph's text: each fault with its place, told with the line and a caret below what is meant. */

/** A stretch of the source. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

export interface Fault {
  readonly message: string;
  readonly at: Place;
}

/** A fault with where a person finds it; line and column count from 1. */
export interface PlacedFault {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** More would only bury the first ones. */
const FAULTS_MAX = 20;
/** Of a line that is longer, what stands around the fault is shown. */
const SHOWN_LINE_MAX = 120;

export class GraphErrors extends Error {
  readonly file: string;
  readonly faults: readonly PlacedFault[];

  constructor(faults: readonly Fault[], source: string, file: string) {
    const shown = [...faults].sort((a, b) => a.at.offset - b.at.offset).slice(0, FAULTS_MAX);
    const more = faults.length - shown.length;
    const texts = shown.map((fault) => describeFault(fault, source, file));
    super([...texts, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"));
    this.file = file;
    this.faults = shown.map((fault) => placeFault(fault, source));
  }
}

export function placeFault({ message, at }: Fault, source: string): PlacedFault {
  return { message, ...lineAndColumn(source, at.offset) };
}

/** As compilers do: file:line:column, the line itself, and a caret. */
export function describeFault({ message, at }: Fault, source: string, file: string): string {
  const { line, column } = lineAndColumn(source, at.offset);
  const whole = (source.split("\n")[line - 1] ?? "").replace(/\r$/, "");
  const from = whole.length <= SHOWN_LINE_MAX ? 0 : Math.max(0, column - SHOWN_LINE_MAX / 2);
  const text = whole.slice(from, from + SHOWN_LINE_MAX);
  const before = text.slice(0, column - 1 - from).replace(/[^\t]/g, " ");
  const width = Math.max(1, Math.min(at.length, text.length - before.length));
  const margin = String(line);
  return [
    `${file}:${line}:${column}: ${message}`,
    `  ${margin} | ${text}`,
    `  ${" ".repeat(margin.length)} | ${before}${"^".repeat(width)}`,
  ].join("\n");
}

export function lineOf(source: string, offset: number): number {
  return lineAndColumn(source, offset).line;
}

function lineAndColumn(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
