/** Rows as people read them: columns as wide as their widest cell. */

export function showTable(header: readonly string[], rows: readonly string[][]): void {
  const lines = [header, ...rows];
  const widths = header.map((_, at) => Math.max(...lines.map((cells) => (cells[at] ?? "").length)));
  for (const cells of lines) {
    console.log(
      cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
}
