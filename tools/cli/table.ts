/** Columns as wide as their longest cell, two spaces apart. */
export function table(rows: ReadonlyArray<readonly string[]>): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** For machines one line of JSON; for people a table under its heads. */
export function printRows<T>(
  rows: readonly T[],
  json: boolean,
  heads: readonly string[],
  cells: (row: T) => readonly string[],
): void {
  if (json) console.log(JSON.stringify(rows));
  else for (const line of table([heads, ...rows.map(cells)])) console.log(line);
}
