/**
 * The group commit: takes batches of messages, decodes them, applies the receiver rule and stores everything in one
 * transaction. Its result names the acknowledgements that may now be sent, and not before: `synchronous = FULL` makes a
 * commit in WAL mode durable (SQLite, "PRAGMA synchronous").
 *
 * Runs in the writer thread, and in tests directly. Reads no clock: time comes with each message.
 */
import type Database from "better-sqlite3";
import { PAYLOAD_UP_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { type Batch, BatchKind, readBatch } from "../ingest/batch.ts";
import { decodeHello, decodeState } from "../ingest/messages.ts";
import { judgePack } from "../ingest/receiver-rule.ts";
import { decodePack, type MalformedReason, type Pack } from "../ingest/senml-pack.ts";
import { ACK_FIELDS, type LiveReading, type Malformed, type Tallies } from "../ingest/writer-messages.ts";
import { LIVE_READINGS_PER_COMMIT_MAX } from "../limits.ts";
import { macToText } from "../mac-address.ts";
import { DeviceCache, type DeviceEntry, type EpochEntry, type StreamEntry } from "./device-cache.ts";
import { ReadingInserter } from "./reading-inserter.ts";

export interface CommitResult {
  acks: Float64Array<ArrayBuffer>;
  tallies: Tallies;
  malformed: Malformed[];
  live: LiveReading[];
  liveLeftOut: number;
}

/** `last_seen_ms` is written at most this often; it is for people, and each write costs a page. */
const SEEN_STEP_MS = 1000;

export class Writer {
  isLiveWanted = false;
  readonly #db: Database.Database;
  readonly #cache: DeviceCache;
  readonly #readings: ReadingInserter;
  readonly #sql: ReturnType<typeof prepare>;
  #dirtyEpochs: EpochEntry[] = [];
  #dirtyStreams: StreamEntry[] = [];
  #acksDue: EpochEntry[] = [];
  #seen: DeviceEntry[] = [];
  #result: Omit<CommitResult, "acks"> = emptyResult();

  /** The caller keeps the connection and closes it. */
  constructor(db: Database.Database) {
    this.#db = db;
    this.#cache = new DeviceCache(db);
    this.#readings = new ReadingInserter(db);
    this.#sql = prepare(db);
  }

  /** Nobody is connected yet, or any more. */
  markAllOffline(): void {
    this.#sql.allOffline.run();
  }

  /** Throws when the database takes no writes. */
  probe(): void {
    this.#sql.probe.run();
  }

  /** All or nothing: throws what SQLite throws, and then nothing of these batches is stored. */
  commit(batches: Batch[]): CommitResult {
    this.#cache.trim();
    this.#result = emptyResult();
    this.#readings.begin();
    try {
      this.#sql.begin.run();
      for (const batch of batches) {
        readBatch(batch, (kind, mac, receivedAtMs, payload) => this.#take(kind, mac, receivedAtMs, payload));
      }
      this.#readings.flush();
      this.#writeDirty();
      this.#sql.commit.run();
    } catch (error) {
      this.#abandon();
      throw error;
    }
    this.#result.tallies.duplicates += this.#result.tallies.stored - this.#readings.inserted;
    this.#result.tallies.stored = this.#readings.inserted;
    return { ...this.#result, acks: this.#takeAcks() };
  }

  #take(kind: BatchKind, mac: number, receivedAtMs: number, payload: Uint8Array): void {
    if (payload.length > PAYLOAD_UP_MAX_BYTES) {
      this.#malformed("tooLong", mac, payload.length);
      return;
    }
    switch (kind) {
      case BatchKind.Data:
        this.#takeData(mac, receivedAtMs, payload);
        break;
      case BatchKind.Hello:
        this.#takeHello(mac, receivedAtMs, payload);
        break;
      case BatchKind.State:
        this.#takeState(mac, receivedAtMs, payload);
        break;
      case BatchKind.Gone:
        this.#sql.offline.run(macToText(mac));
        break;
    }
  }

  #takeData(mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const pack = decodePack(payload, receivedAtMs);
    if (typeof pack === "string") {
      this.#malformed(pack, mac, payload.length);
      return;
    }
    const device = this.#see(mac, receivedAtMs);
    const epoch = this.#cache.epoch(device, pack.epoch, receivedAtMs);
    const verdict = judgePack(epoch.watermark, pack.firstSequence, pack.records.length, pack.oldestSequence);
    const { tallies } = this.#result;
    tallies.duplicates += verdict.duplicates;
    if (verdict.isLostInTransit) tallies.lostInTransit++;
    if (verdict.gap !== null) {
      const { from, to } = verdict.gap;
      tallies.dropped += to - from + 1;
      this.#sql.addGap.run(device.id, epoch.id, from, to, receivedAtMs);
    }
    if (verdict.accepted > 0) this.#store(device, epoch, pack, verdict.duplicates, receivedAtMs);
    if (verdict.watermark !== epoch.watermark) {
      epoch.watermark = verdict.watermark;
      if (!epoch.isDirty) this.#dirtyEpochs.push(epoch);
      epoch.isDirty = true;
    }
    this.#owe(epoch);
  }

  #store(device: DeviceEntry, epoch: EpochEntry, pack: Pack, from: number, receivedAtMs: number): void {
    const { tallies } = this.#result;
    for (let i = from; i < pack.records.length; i++) {
      const record = pack.records[i];
      if (record === undefined) break;
      const sequence = pack.firstSequence + i;
      if (!record.stored) {
        tallies.rejected++;
        this.#sql.addRejected.run(device.id, epoch.id, sequence, record.reason, record.record, receivedAtMs);
        continue;
      }
      const { timeMs, value, clock } = record;
      const stream = this.#cache.stream(device, record.stream, timeMs, value);
      this.#readings.add(stream.id, timeMs, epoch.id, sequence, value, clock);
      tallies.stored++;
      stream.count++;
      if (timeMs < stream.firstTimeMs) stream.firstTimeMs = timeMs;
      if (timeMs >= stream.lastTimeMs) {
        stream.lastTimeMs = timeMs;
        stream.lastValue = value;
      }
      if (!stream.isDirty) this.#dirtyStreams.push(stream);
      stream.isDirty = true;
      if (this.isLiveWanted) {
        this.#tell({ mac: device.mac, stream: record.stream, timeMs, value, epoch: epoch.epoch, sequence, clock });
      }
    }
  }

  #takeHello(mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const hello = decodeHello(payload);
    if (hello === null) {
      this.#malformed("hello", mac, payload.length);
      return;
    }
    const device = this.#see(mac, receivedAtMs);
    this.#sql.hello.run({ ...hello, id: device.id, helloMs: receivedAtMs });
    this.#owe(this.#cache.epoch(device, hello.epoch, receivedAtMs));
  }

  #takeState(mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const state = decodeState(payload);
    if (state === null) {
      this.#malformed("state", mac, payload.length);
      return;
    }
    // The last will is sent by the broker; it says that the device was not there.
    if (!state.online) {
      this.#sql.offline.run(macToText(mac));
      return;
    }
    const device = this.#see(mac, receivedAtMs);
    this.#sql.state.run({ ...state, online: 1, id: device.id, stateMs: receivedAtMs });
  }

  #see(mac: number, nowMs: number): DeviceEntry {
    const device = this.#cache.device(mac, nowMs);
    if (nowMs > device.seenMs) device.seenMs = nowMs;
    if (!device.isSeen && device.seenMs >= device.lastSeenMs + SEEN_STEP_MS) {
      device.isSeen = true;
      this.#seen.push(device);
    }
    return device;
  }

  #owe(epoch: EpochEntry): void {
    if (!epoch.isAckDue) this.#acksDue.push(epoch);
    epoch.isAckDue = true;
  }

  #tell(reading: LiveReading): void {
    if (this.#result.live.length < LIVE_READINGS_PER_COMMIT_MAX) this.#result.live.push(reading);
    else this.#result.liveLeftOut++;
  }

  #malformed(reason: MalformedReason, mac: number, bytes: number): void {
    this.#result.malformed.push({ reason, mac, bytes });
  }

  #writeDirty(): void {
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
    this.#dirtyEpochs = [];
    this.#dirtyStreams = [];
    this.#seen = [];
  }

  #takeAcks(): Float64Array<ArrayBuffer> {
    const acks = new Float64Array(this.#acksDue.length * ACK_FIELDS);
    let at = 0;
    for (const entry of this.#acksDue) {
      acks[at++] = entry.mac;
      acks[at++] = entry.epoch;
      acks[at++] = entry.watermark;
      entry.isAckDue = false;
    }
    this.#acksDue = [];
    return acks;
  }

  #abandon(): void {
    this.#cache.clear();
    this.#dirtyEpochs = [];
    this.#dirtyStreams = [];
    this.#seen = [];
    this.#acksDue = [];
    // Some errors (disk full among them) have rolled back already (SQLite, "lang_transaction").
    if (this.#db.inTransaction) this.#sql.rollback.run();
  }
}

function emptyResult(): Omit<CommitResult, "acks"> {
  return {
    tallies: { stored: 0, duplicates: 0, rejected: 0, dropped: 0, lostInTransit: 0 },
    malformed: [],
    live: [],
    liveLeftOut: 0,
  };
}

function prepare(db: Database.Database) {
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    setWatermark: db.prepare("UPDATE epochs SET watermark = ? WHERE id = ?"),
    setStream: db.prepare(
      "UPDATE streams SET reading_count = ?, first_time_ms = ?, last_time_ms = ?, last_value = ? WHERE id = ?",
    ),
    setSeen: db.prepare("UPDATE devices SET last_seen_ms = ? WHERE id = ?"),
    addGap: db.prepare(
      "INSERT INTO gaps (device_id, epoch_id, from_sequence, to_sequence, noticed_ms) VALUES (?, ?, ?, ?, ?)",
    ),
    addRejected: db.prepare(
      `INSERT INTO rejected (device_id, epoch_id, sequence, reason, record, received_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    hello: db.prepare(
      `UPDATE devices SET product = @product, version = @version, board = @board, abi = @abi, slot = @slot,
         reset_reason = @resetReason, boots = @boots, epoch = @epoch, hello_ms = @helloMs, online = 1
       WHERE id = @id`,
    ),
    state: db.prepare(
      `UPDATE devices SET online = @online, state_ms = @stateMs, rssi_dbm = @rssiDbm, free_bytes = @freeBytes,
         queued = @queued, dropped = @dropped, reconnects = @reconnects, uptime_s = @uptimeS, ignored = @ignored
       WHERE id = @id`,
    ),
    offline: db.prepare("UPDATE devices SET online = 0 WHERE mac = ?"),
    allOffline: db.prepare("UPDATE devices SET online = 0 WHERE online = 1"),
    probe: db.prepare("UPDATE probe SET count = count + 1"),
  };
}
