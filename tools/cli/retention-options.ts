/** How long a server keeps readings, from the command line. */
import { type Command, InvalidArgumentError } from "commander";
import type { RetentionOptions } from "../../server/store/retention.ts";

const DAY_MS = 86_400_000;
/** A year has leap days. */
const UNIT_MS: Record<string, number> = { d: DAY_MS, w: 7 * DAY_MS, y: 365.25 * DAY_MS };
const UNIT_BYTES: Record<string, number> = { MB: 1e6, GB: 1e9, TB: 1e12 };
/** Less would be deleted as fast as it comes. */
const SIZE_MIN_BYTES = 10e6;

export interface KeepOptions {
  keepRaw?: number;
  keepRollups?: number;
  maxSize?: number;
}

export function addKeepOptions(command: Command): Command {
  return command
    .option(
      "--keep-raw <time>",
      "how long readings are kept, as 400d or 2y; then their minutes, hours and days; for ever if not given",
      parseKeep,
    )
    .option("--keep-rollups <time>", "how long minutes, hours and days are kept; for ever if not given", parseKeep)
    .option("--max-size <size>", "of the database, as 20GB; above it the oldest days go first", parseSize);
}

export function retentionOf({ keepRaw, keepRollups, maxSize }: KeepOptions): RetentionOptions {
  return { rawMs: keepRaw ?? null, rollupsMs: keepRollups ?? null, maxBytes: maxSize ?? null };
}

export function parseKeep(text: string): number {
  const [, count, unit = ""] = /^(\d{1,5})([dwy])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  if (ms > 0) return ms;
  throw new InvalidArgumentError("Days, weeks or years are expected, as 400d, 8w or 10y.");
}

export function parseSize(text: string): number {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)([MGT]B)$/.exec(text) ?? [];
  const bytes = Number(count) * (UNIT_BYTES[unit] ?? Number.NaN);
  if (bytes >= SIZE_MIN_BYTES) return bytes;
  throw new InvalidArgumentError("A size from 10MB on is expected, as 500MB or 20GB.");
}
