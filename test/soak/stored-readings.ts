/**
 * What a server has on disk, read with SQL of our own: nothing of the server says what it holds. What it has packed is unpacked
 * by its own code, which server/store/segment-format.test.ts holds against bytes written by hand.
 */
import Database from "better-sqlite3";
import { unpackSegment } from "../../server/store/segment-format.ts";

export interface StoredReading {
  stream: number;
  value: number;
  epochId: number;
  sequence: number;
  timeMs: number;
  /** server/ingest/senml-pack.ts: CLOCK_DEVICE, CLOCK_ARRIVAL, CLOCK_ESTIMATED. */
  clock: number;
  /** The largest distance from the truth that the time is said to have; null: none is said. */
  errorS: number | null;
}

export interface StoredGap {
  epochId: number;
  fromSequence: number;
  toSequence: number;
}

export interface StoredEpoch {
  epochId: number;
  watermark: number;
}

export interface StoredDevice {
  /** In the order of their sequence numbers; epochs in the order of their first message. */
  readings: StoredReading[];
  gaps: StoredGap[];
  epochs: StoredEpoch[];
  rejected: number;
}

type Key = [epochId: number, sequence: number, timeMs: number, clock: number];

export class DatabaseDamage extends Error {}

export function openStored(path: string): { device: (mac: string) => StoredDevice; close: () => void } {
  const db = new Database(path, { readonly: true });
  const state = db.pragma("integrity_check", { simple: true });
  if (state !== "ok") throw new DatabaseDamage(`the database is damaged: ${String(state)}`);
  const readings = db.prepare<[string], StoredReading>(
    `SELECT s.stream, r.value, r.epoch_id AS epochId, r.sequence, r.time_ms AS timeMs, r.clock, r.error_s AS errorS
     FROM readings r JOIN streams s ON s.id = r.stream_id JOIN devices d ON d.id = s.device_id
     WHERE d.mac = ? ORDER BY r.epoch_id, r.sequence`,
  );
  const segments = db.prepare<[string], { stream: number; count: number; body: Buffer }>(
    `SELECT s.stream, p.count, p.body
     FROM segments p JOIN streams s ON s.id = p.stream_id JOIN devices d ON d.id = s.device_id WHERE d.mac = ?`,
  );
  const packed = (mac: string) =>
    segments.all(mac).flatMap(({ stream, count, body }) => {
      const { values, epochIds, sequences, timesMs, clocks, errorsS } = unpackSegment(body, count);
      return Array.from(values, (value, i): StoredReading => {
        const errorS = errorsS[i] as number;
        const [epochId, sequence, timeMs, clock] = [epochIds, sequences, timesMs, clocks].map(
          (column) => column[i],
        ) as Key;
        return { stream, value, epochId, sequence, timeMs, clock, errorS: errorS < 0 ? null : errorS };
      });
    });
  const inOrder = (a: StoredReading, b: StoredReading) => a.epochId - b.epochId || a.sequence - b.sequence;
  const gaps = db.prepare<[string], StoredGap>(
    `SELECT g.epoch_id AS epochId, g.from_sequence AS fromSequence, g.to_sequence AS toSequence
     FROM gaps g JOIN devices d ON d.id = g.device_id WHERE d.mac = ? ORDER BY g.epoch_id, g.from_sequence`,
  );
  const epochs = db.prepare<[string], StoredEpoch>(
    `SELECT e.id AS epochId, e.watermark FROM epochs e JOIN devices d ON d.id = e.device_id
     WHERE d.mac = ? ORDER BY e.id`,
  );
  const rejected = db
    .prepare<[string], number>("SELECT count(*) FROM rejected r JOIN devices d ON d.id = r.device_id WHERE d.mac = ?")
    .pluck();
  return {
    device: (mac) => ({
      readings: [...readings.all(mac), ...packed(mac)].sort(inOrder),
      gaps: gaps.all(mac),
      epochs: epochs.all(mac),
      rejected: rejected.get(mac) ?? 0,
    }),
    close: () => db.close(),
  };
}
