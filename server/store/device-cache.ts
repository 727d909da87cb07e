/**
 * What the writer remembers of devices between commits, so that a pack costs no look-up: row ids, watermarks and the
 * running figures of streams. A cache and nothing more: after a failed transaction it is thrown away and read again.
 */
import type Database from "better-sqlite3";
import { Registration, type Standing } from "../access/registration.ts";
import { DEVICE_CACHE_MAX, DEVICE_DETAIL_CACHE_MAX } from "../limits.ts";
import { macToText } from "../mac-address.ts";
import { DAY_MS, dayOf } from "./day.ts";
import { sealDueMs } from "./sealer.ts";

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
  /** The day of which `unsealed` has a row for sure: from here on, and before there; none while the first is infinite. */
  notedFromMs: number;
  notedToMs: number;
}

export interface DeviceEntry {
  id: number;
  mac: number;
  /** Null: it belongs to none yet. */
  organisation: number | null;
  standing: Standing;
  /** As stored. */
  lastSeenMs: number;
  /** As it will be after this commit. */
  seenMs: number;
  isSeen: boolean;
  epochs: Map<number, EpochEntry>;
  streams: Map<number, StreamEntry>;
}

type IdRow = { id: number };
type DeviceRow = IdRow & { lastSeenMs: number; organisation: number | null; standing: Standing };
type StreamFigures = Omit<StreamEntry, "isDirty" | "notedFromMs" | "notedToMs">;

const NOTHING_NOTED = { notedFromMs: Number.POSITIVE_INFINITY, notedToMs: 0 };

export class DeviceCache {
  readonly #onAdded: (deviceId: number, atMs: number) => void;
  readonly #devices = new Map<number, DeviceEntry>();
  /** By id. */
  readonly #noted = new Map<number, StreamEntry>();
  readonly #findDevice: Database.Statement<[string], DeviceRow>;
  readonly #addDevice: Database.Statement<[string, number, number]>;
  readonly #findEpoch: Database.Statement<[number, number], IdRow & { watermark: number }>;
  readonly #addEpoch: Database.Statement<[number, number, number]>;
  readonly #findStream: Database.Statement<[number, number], StreamFigures>;
  readonly #addStream: Database.Statement<[number, number, number, number, number]>;
  readonly #note: Database.Statement<[number, number, number]>;

  /** `onAdded`: a device has come that nobody knew. */
  constructor(db: Database.Database, onAdded: (deviceId: number, atMs: number) => void) {
    this.#onAdded = onAdded;
    this.#findDevice = db.prepare(
      `SELECT d.id, d.last_seen_ms AS lastSeenMs, d.standing, p.organisation_id AS organisation
       FROM devices d LEFT JOIN projects p ON p.id = d.project_id WHERE d.mac = ?`,
    );
    this.#addDevice = db.prepare(
      `INSERT INTO devices (mac, first_seen_ms, last_seen_ms, project_id)
       VALUES (?, ?, ?, (SELECT id FROM projects WHERE registration = ${Registration.Anyone} ORDER BY id LIMIT 1))`,
    );
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
    this.#note = db.prepare("INSERT INTO unsealed (stream_id, day, due_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
  }

  /** Between transactions only: an entry that is in use must stay the same object. */
  trim(): void {
    if (this.#devices.size > DEVICE_CACHE_MAX) this.clear();
  }

  clear(): void {
    this.#devices.clear();
    this.#noted.clear();
  }

  /** The stream gets a reading of a day other than the one before: it is to be packed one day (store/sealer.ts). */
  note(stream: StreamEntry, timeMs: number, nowMs: number): void {
    const day = dayOf(timeMs);
    this.#note.run(stream.id, day, sealDueMs(day, nowMs));
    stream.notedFromMs = day * DAY_MS;
    stream.notedToMs = stream.notedFromMs + DAY_MS;
    this.#noted.set(stream.id, stream);
  }

  /** Some day of the stream is packed and noted no more. */
  forgetNoted(streamId: number): void {
    const stream = this.#noted.get(streamId);
    if (stream === undefined) return;
    Object.assign(stream, NOTHING_NOTED);
    this.#noted.delete(streamId);
  }

  /** Between transactions, or before the device is used in one. */
  forget(mac: number): void {
    this.#devices.delete(mac);
  }

  /** The device, registered when it is seen for the first time. */
  device(mac: number, nowMs: number): DeviceEntry {
    let entry = this.#devices.get(mac);
    if (entry !== undefined) return entry;
    const name = macToText(mac);
    if (this.#findDevice.get(name) === undefined) {
      this.#onAdded(Number(this.#addDevice.run(name, nowMs, nowMs).lastInsertRowid), nowMs);
    }
    const row = this.#findDevice.get(name);
    if (row === undefined) throw new Error(`device ${name} was not added`);
    entry = { ...row, mac, seenMs: row.lastSeenMs, isSeen: false, epochs: new Map(), streams: new Map() };
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
      entry = {
        id,
        count: 0,
        firstTimeMs: timeMs,
        lastTimeMs: timeMs,
        lastValue: value,
        isDirty: false,
        ...NOTHING_NOTED,
      };
    } else {
      entry = { ...row, isDirty: false, ...NOTHING_NOTED };
    }
    if (device.streams.size >= DEVICE_DETAIL_CACHE_MAX) {
      forgetClean(device.streams, (forgotten) => this.#noted.delete(forgotten.id));
    }
    device.streams.set(stream, entry);
    return entry;
  }
}

/** Entries that the open transaction has changed stay. */
function forgetClean<T extends { isDirty: boolean; isAckDue?: boolean }>(
  entries: Map<number, T>,
  onForgotten?: (entry: T) => void,
): void {
  for (const [key, entry] of entries) {
    if (entry.isDirty || entry.isAckDue === true) continue;
    entries.delete(key);
    onForgotten?.(entry);
  }
}
