/**
 * What the writer remembers of devices between commits, so that a pack costs no look-up: row ids, watermarks and the
 * running figures of streams. A cache and nothing more: after a failed transaction it is thrown away and read again.
 */
import type Database from "better-sqlite3";
import { DEVICE_CACHE_MAX, DEVICE_DETAIL_CACHE_MAX } from "../limits.ts";
import { macToText } from "../mac-address.ts";

export interface EpochEntry {
  id: number;
  mac: number;
  epoch: number;
  watermark: number;
  isDirty: boolean;
  isAckDue: boolean;
}

export interface StreamEntry {
  id: number;
  count: number;
  firstTimeMs: number;
  lastTimeMs: number;
  lastValue: number;
  isDirty: boolean;
}

export interface DeviceEntry {
  id: number;
  mac: number;
  /** As stored. */
  lastSeenMs: number;
  /** As it will be after this commit. */
  seenMs: number;
  isSeen: boolean;
  epochs: Map<number, EpochEntry>;
  streams: Map<number, StreamEntry>;
}

type IdRow = { id: number };

export class DeviceCache {
  readonly #devices = new Map<number, DeviceEntry>();
  readonly #findDevice: Database.Statement<[string], IdRow & { lastSeenMs: number }>;
  readonly #addDevice: Database.Statement<[string, number, number]>;
  readonly #findEpoch: Database.Statement<[number, number], IdRow & { watermark: number }>;
  readonly #addEpoch: Database.Statement<[number, number, number]>;
  readonly #findStream: Database.Statement<[number, number], Omit<StreamEntry, "isDirty">>;
  readonly #addStream: Database.Statement<[number, number, number, number, number]>;

  constructor(db: Database.Database) {
    this.#findDevice = db.prepare("SELECT id, last_seen_ms AS lastSeenMs FROM devices WHERE mac = ?");
    this.#addDevice = db.prepare("INSERT INTO devices (mac, first_seen_ms, last_seen_ms) VALUES (?, ?, ?)");
    this.#findEpoch = db.prepare("SELECT id, watermark FROM epochs WHERE device_id = ? AND epoch = ?");
    this.#addEpoch = db.prepare("INSERT INTO epochs (device_id, epoch, watermark, first_seen_ms) VALUES (?, ?, 0, ?)");
    this.#findStream = db.prepare(
      `SELECT id, reading_count AS count, first_time_ms AS firstTimeMs, last_time_ms AS lastTimeMs,
         last_value AS lastValue
       FROM streams WHERE device_id = ? AND stream = ?`,
    );
    this.#addStream = db.prepare(
      `INSERT INTO streams (device_id, stream, reading_count, first_time_ms, last_time_ms, last_value)
       VALUES (?, ?, 0, ?, ?, ?)`,
    );
  }

  /** Between transactions only: an entry that is in use must stay the same object. */
  trim(): void {
    if (this.#devices.size > DEVICE_CACHE_MAX) this.#devices.clear();
  }

  clear(): void {
    this.#devices.clear();
  }

  /** The device, registered when it is seen for the first time. */
  device(mac: number, nowMs: number): DeviceEntry {
    let entry = this.#devices.get(mac);
    if (entry !== undefined) return entry;
    const name = macToText(mac);
    const row = this.#findDevice.get(name);
    const id = row?.id ?? Number(this.#addDevice.run(name, nowMs, nowMs).lastInsertRowid);
    const lastSeenMs = row?.lastSeenMs ?? nowMs;
    entry = { id, mac, lastSeenMs, seenMs: lastSeenMs, isSeen: false, epochs: new Map(), streams: new Map() };
    this.#devices.set(mac, entry);
    return entry;
  }

  epoch(device: DeviceEntry, epoch: number, nowMs: number): EpochEntry {
    let entry = device.epochs.get(epoch);
    if (entry !== undefined) return entry;
    const row = this.#findEpoch.get(device.id, epoch);
    const id = row?.id ?? Number(this.#addEpoch.run(device.id, epoch, nowMs).lastInsertRowid);
    entry = { id, mac: device.mac, epoch, watermark: row?.watermark ?? 0, isDirty: false, isAckDue: false };
    if (device.epochs.size >= DEVICE_DETAIL_CACHE_MAX) forgetClean(device.epochs);
    device.epochs.set(epoch, entry);
    return entry;
  }

  stream(device: DeviceEntry, stream: number, timeMs: number, value: number): StreamEntry {
    let entry = device.streams.get(stream);
    if (entry !== undefined) return entry;
    const row = this.#findStream.get(device.id, stream);
    if (row === undefined) {
      const id = Number(this.#addStream.run(device.id, stream, timeMs, timeMs, value).lastInsertRowid);
      entry = { id, count: 0, firstTimeMs: timeMs, lastTimeMs: timeMs, lastValue: value, isDirty: false };
    } else {
      entry = { ...row, isDirty: false };
    }
    if (device.streams.size >= DEVICE_DETAIL_CACHE_MAX) forgetClean(device.streams);
    device.streams.set(stream, entry);
    return entry;
  }
}

/** Entries that the open transaction has changed stay. */
function forgetClean(entries: Map<number, { isDirty: boolean; isAckDue?: boolean }>): void {
  for (const [key, entry] of entries) if (!entry.isDirty && entry.isAckDue !== true) entries.delete(key);
}
