/** Columns for people, as wide as their widest cell; nothing stands behind the last one. */
import { escapeControls } from "./escape-controls.ts";

export function tableOf(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  // Names are other people's.
  const lines = [head, ...rows].map((cells) => cells.map(escapeControls));
  const widths = head.map((_, at) => Math.max(...lines.map((cells) => (cells[at] ?? "").length)));
  return lines
    .map((cells) =>
      cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function showTable(head: readonly string[], rows: ReadonlyArray<readonly string[]>): void {
  console.log(tableOf(head, rows));
}

/** For machines one line of JSON; for people a table under its heads. */
export function printRows<T>(
  rows: readonly T[],
  json: boolean,
  heads: readonly string[],
  cells: (row: T) => readonly string[],
): void {
  if (json) console.log(JSON.stringify(rows));
  else showTable(heads, rows.map(cells));
}
