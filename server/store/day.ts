/** Days of the store: UTC, counted from 1970-01-01. No reading is older (server/ingest/senml-pack.ts). */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const MINUTES_A_DAY = DAY_MS / MINUTE_MS;

export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}
