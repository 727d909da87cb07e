/**
 * What the server has stored, read back through its API and counted independently of the server's own counters.
 */
import { STREAM_VISITORS_IN, STREAM_VISITORS_OUT } from "../../runtime/contract/stream-ids.ts";
import type { ApiClient } from "../client/api-client.ts";

export interface Tally {
  devices: number;
  /** Sum of the visitor streams. */
  visitorsCounted: number;
  readingsStored: number;
  /** Readings stored more than once. */
  duplicates: number;
  /** Sequence numbers that are missing below the highest one stored, and readings that could not be stored. */
  lost: number;
}

export const VISITOR_STREAMS = new Set([STREAM_VISITORS_IN, STREAM_VISITORS_OUT].map((id) => id.toString(16)));

export async function tallyReadings(api: ApiClient): Promise<Tally> {
  const tally: Tally = { devices: 0, visitorsCounted: 0, readingsStored: 0, duplicates: 0, lost: 0 };
  for (const { mac } of await api.devices()) {
    tally.devices++;
    const sequences = new Map<number, Set<number>>();
    for (const { stream } of await api.series.streams(mac)) {
      for (const { value, epoch, sequence } of await api.readings(mac, stream)) {
        tally.readingsStored++;
        if (VISITOR_STREAMS.has(stream)) tally.visitorsCounted += value;
        const seen = sequences.get(epoch) ?? new Set();
        if (seen.has(sequence)) tally.duplicates++;
        sequences.set(epoch, seen.add(sequence));
      }
    }
    // A sequence begins at 1 in each epoch, so whatever is not there up to the highest was lost.
    for (const seen of sequences.values()) tally.lost += Math.max(...seen) - seen.size;
  }
  return tally;
}
