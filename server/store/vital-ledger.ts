/**
 * How often devices restart, connect again and lose readings, by days of UTC: what an update is held against. Written with a
 * `hello` and with a gap, so a device that does well costs nothing.
 */
import type Database from "better-sqlite3";
import { VITAL_DAYS_KEPT } from "../limits.ts";
import type { VitalCounts } from "../rollouts/vitals.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export class VitalLedger {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  add(deviceId: number, atMs: number, { restarts, reconnects, readingsLost }: VitalCounts): void {
    const day = Math.floor(atMs / DAY_MS);
    const { changes } = this.#sql.goOn.run(restarts, reconnects, readingsLost, deviceId, day);
    if (changes > 0) return;
    this.#sql.add.run(deviceId, day, restarts, reconnects, readingsLost);
    this.#sql.trim.run(deviceId, day - VITAL_DAYS_KEPT);
  }

  /** Events an hour in the last days, of a device that is known since `firstSeenMs`. */
  hourly(deviceId: number, firstSeenMs: number, atMs: number): VitalCounts {
    const day = Math.floor(atMs / DAY_MS) - VITAL_DAYS_KEPT + 1;
    const hours = Math.max(1, (atMs - Math.max(firstSeenMs, day * DAY_MS)) / HOUR_MS);
    const sums = this.#sql.sums.get(deviceId, day);
    return {
      restarts: (sums?.restarts ?? 0) / hours,
      reconnects: (sums?.reconnects ?? 0) / hours,
      readingsLost: (sums?.readingsLost ?? 0) / hours,
    };
  }
}

function prepare(db: Database.Database) {
  return {
    goOn: db.prepare(
      `UPDATE vital_days SET restarts = restarts + ?, reconnects = reconnects + ?, readings_lost = readings_lost + ?
       WHERE device_id = ? AND day = ?`,
    ),
    add: db.prepare("INSERT INTO vital_days VALUES (?, ?, ?, ?, ?)"),
    trim: db.prepare("DELETE FROM vital_days WHERE device_id = ? AND day <= ?"),
    sums: db.prepare<[number, number], VitalCounts>(
      `SELECT sum(restarts) AS restarts, sum(reconnects) AS reconnects, sum(readings_lost) AS readingsLost
       FROM vital_days WHERE device_id = ? AND day >= ?`,
    ),
  };
}
