/**
 * Readings on their way into the tables, within the open transaction of the writer: packs of devices, and reports that somebody
 * uploads. The running figures of streams, watermarks and times are counted in memory (device-cache.ts) and written once at the
 * end.
 */
import type Database from "better-sqlite3";
import type { LiveReading } from "../ingest/live-reading.ts";
import type { PackReading, PackReject } from "../ingest/senml-pack.ts";
import { LIVE_READINGS_PER_COMMIT_MAX, SEEN_AHEAD_MAX_MS } from "../limits.ts";
import type { DeviceCache, DeviceEntry, EpochEntry, StreamEntry } from "./device-cache.ts";
import { ReadingInserter } from "./reading-inserter.ts";
import type { Instant } from "./series.ts";

/** `last_seen_ms` is written at most this often; it is for people, and each write costs a page. */
const SEEN_STEP_MS = 1000;

/** Whoever wants the latest value of some streams, in the transaction that stores it. */
export interface StreamWatcher {
  watches(stream: number): boolean;
  takeValue(deviceId: number, stream: number, latest: Instant, atMs: number): void;
}

interface WatchedStream {
  deviceId: number;
  stream: number;
  entry: StreamEntry;
  atMs: number;
}

export class ReadingKeeper {
  isLiveWanted = false;
  /** Since `begin`. */
  live: LiveReading[] = [];
  liveLeftOut = 0;
  rejected = 0;
  readonly #cache: DeviceCache;
  readonly #onHeard: (deviceId: number, atMs: number) => void;
  readonly #inserter: ReadingInserter;
  readonly #watcher: StreamWatcher;
  #watched: WatchedStream[] = [];
  readonly #sql: ReturnType<typeof prepare>;
  #added = 0;
  #dirtyEpochs: EpochEntry[] = [];
  #dirtyStreams: StreamEntry[] = [];
  #seen: DeviceEntry[] = [];

  constructor(
    db: Database.Database,
    cache: DeviceCache,
    onHeard: (deviceId: number, atMs: number) => void,
    watcher: StreamWatcher,
  ) {
    this.#watcher = watcher;
    this.#cache = cache;
    this.#onHeard = onHeard;
    this.#inserter = new ReadingInserter(db);
    this.#sql = prepare(db);
  }

  /** Rows that the table has taken, and those that it had; whole after `finish`. */
  get stored(): number {
    return this.#inserter.inserted;
  }

  get existed(): number {
    return this.#added - this.#inserter.inserted;
  }

  begin(): void {
    this.#inserter.begin();
    this.#added = 0;
    this.rejected = 0;
    this.live = [];
    this.liveLeftOut = 0;
  }

  see(mac: number, nowMs: number): DeviceEntry {
    const device = this.#cache.device(mac, nowMs);
    // Also back, when a clock that was ahead has been set right: the device is heard now.
    if (nowMs > device.seenMs || nowMs < device.seenMs - SEEN_AHEAD_MAX_MS) device.seenMs = nowMs;
    this.#onHeard(device.id, nowMs);
    if (!device.isSeen && Math.abs(device.seenMs - device.lastSeenMs) >= SEEN_STEP_MS) {
      device.isSeen = true;
      this.#seen.push(device);
    }
    return device;
  }

  keep(
    device: DeviceEntry,
    epoch: EpochEntry,
    sequence: number,
    record: PackReading | PackReject,
    errorS: number | null,
    receivedAtMs: number,
  ): void {
    if (!record.stored) {
      this.rejected++;
      this.#sql.addRejected.run(device.id, epoch.id, sequence, record.reason, record.record, receivedAtMs);
      return;
    }
    const { timeMs, value, clock } = record;
    const stream = this.#cache.stream(device, record.stream, timeMs, value);
    if (timeMs < stream.notedFromMs || timeMs >= stream.notedToMs) this.#cache.note(stream, timeMs, receivedAtMs);
    this.#inserter.add(stream.id, timeMs, epoch.id, sequence, value, clock, errorS);
    this.#added++;
    stream.count++;
    if (timeMs < stream.firstTimeMs) stream.firstTimeMs = timeMs;
    if (timeMs >= stream.lastTimeMs) {
      stream.lastTimeMs = timeMs;
      stream.lastValue = value;
    }
    if (!stream.isDirty) {
      this.#dirtyStreams.push(stream);
      if (this.#watcher.watches(record.stream))
        this.#watched.push({ deviceId: device.id, stream: record.stream, entry: stream, atMs: receivedAtMs });
    }
    stream.isDirty = true;
    if (this.isLiveWanted) this.#tell(device, epoch, sequence, record, errorS);
  }

  /** Everything up to the watermark is accounted for. */
  reach(epoch: EpochEntry, watermark: number): void {
    if (watermark === epoch.watermark) return;
    epoch.watermark = watermark;
    if (!epoch.isDirty) this.#dirtyEpochs.push(epoch);
    epoch.isDirty = true;
  }

  /** Before the commit. */
  finish(): void {
    this.#inserter.flush();
    for (const epoch of this.#dirtyEpochs) {
      this.#sql.setWatermark.run(epoch.watermark, epoch.id);
      epoch.isDirty = false;
    }
    for (const stream of this.#dirtyStreams) {
      this.#sql.setStream.run(stream.count, stream.firstTimeMs, stream.lastTimeMs, stream.lastValue, stream.id);
      stream.isDirty = false;
    }
    for (const device of this.#seen) {
      this.#sql.setSeen.run(device.seenMs, device.id);
      device.lastSeenMs = device.seenMs;
      device.isSeen = false;
    }
    for (const { deviceId, stream, entry, atMs } of this.#watched) {
      const { lastTimeMs: timeMs, lastValue: value } = entry;
      this.#watcher.takeValue(deviceId, stream, { timeMs, value }, atMs);
    }
    this.#forgetDirty();
  }

  /** The transaction failed: what is remembered may not be what is stored. */
  abandon(): void {
    this.#cache.clear();
    this.#forgetDirty();
  }

  #forgetDirty(): void {
    this.#dirtyEpochs = [];
    this.#dirtyStreams = [];
    this.#watched = [];
    this.#seen = [];
  }

  #tell(
    { mac, organisation }: DeviceEntry,
    { epoch }: EpochEntry,
    sequence: number,
    { stream, timeMs, value, clock }: PackReading,
    errorS: number | null,
  ): void {
    if (this.live.length < LIVE_READINGS_PER_COMMIT_MAX) {
      this.live.push({ mac, organisation, stream, timeMs, value, epoch, sequence, clock, errorS });
    } else {
      this.liveLeftOut++;
    }
  }
}

function prepare(db: Database.Database) {
  return {
    setWatermark: db.prepare("UPDATE epochs SET watermark = ? WHERE id = ?"),
    setStream: db.prepare(
      "UPDATE streams SET reading_count = ?, first_time_ms = ?, last_time_ms = ?, last_value = ? WHERE id = ?",
    ),
    setSeen: db.prepare("UPDATE devices SET last_seen_ms = ? WHERE id = ?"),
    addRejected: db.prepare(
      `INSERT INTO rejected (device_id, epoch_id, sequence, reason, record, received_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
  };
}
