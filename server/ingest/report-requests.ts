/** IOTile reports between the main thread and the writer. */
import type { LiveReading } from "./live-reading.ts";

export type ReportRequest = { kind: "addReport"; mac: number; bytes: Uint8Array; atMs: number };

export interface StoredReport {
  stored: number;
  /** Stored before. */
  duplicates: number;
  /** Kept as they came: nobody knows when they were taken. */
  rejected: number;
  /** Everything of this streamer up to this id is durable; null: a reading that came alone has no id. */
  acknowledged: number | null;
  live: LiveReading[];
  liveLeftOut: number;
}
