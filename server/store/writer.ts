/**
 * The group commit: takes batches of messages, decodes them, applies the receiver rule and stores everything in one
 * transaction. Its result names the acknowledgements that may now be sent, and not before: `synchronous = FULL` makes a
 * commit in WAL mode durable (SQLite, "PRAGMA synchronous").
 *
 * Runs in the writer thread, and in tests directly. Reads no clock: time comes with each message.
 */
import type Database from "better-sqlite3";
import { Slot } from "../../runtime/contract/flash-map.ts";
import { BOOT_PRODUCT } from "../../runtime/contract/image-header.ts";
import { PAYLOAD_UP_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { UpdateState } from "../../runtime/contract/update-messages.ts";
import type { ProductSettings } from "../../runtime/product/setting.ts";
import { Standing } from "../access/registration.ts";
import { type Batch, BatchKind, readBatch } from "../ingest/batch.ts";
import type { LiveReading } from "../ingest/live-reading.ts";
import { decodeHello, decodeState } from "../ingest/messages.ts";
import { judgePack } from "../ingest/receiver-rule.ts";
import { decodeRegister } from "../ingest/register-record.ts";
import { CLOCK_ARRIVAL, decodePack, type MalformedReason, type Pack } from "../ingest/senml-pack.ts";
import { ACK_FIELDS, type LiveUpdate, type Malformed, type Tallies } from "../ingest/writer-messages.ts";
import { kebab } from "../kebab.ts";
import { LIVE_READINGS_PER_COMMIT_MAX } from "../limits.ts";
import { macToText } from "../mac-address.ts";
import { decodeResult } from "../orders/order-messages.ts";
import type { OrdersDue } from "../orders/order-requests.ts";
import type { StoreAnswer, StoreRequest, UpdateDue } from "../updates/store-requests.ts";
import { decodeUpdate, idText } from "../updates/update-messages.ts";
import type { DeviceEntry, EpochEntry } from "./device-cache.ts";
import { handle } from "./handlers.ts";
import { type Ledgers, openLedgers } from "./ledgers.ts";

export interface CommitResult {
  acks: Float64Array<ArrayBuffer>;
  tallies: Tallies;
  malformed: Malformed[];
  live: LiveReading[];
  liveLeftOut: number;
  liveUpdates: LiveUpdate[];
  /** Devices that have said hello and ought to run another image. */
  updatesDue: UpdateDue[];
  /** Devices that have something to be told. */
  ordersDue: OrdersDue[];
  /** Rollouts that have something to do. */
  rolloutsDue: number[];
  /** Devices that are to get a secret of their own. */
  secretsDue: number[];
}

const ENDS_OF_UPDATES: readonly number[] = [UpdateState.Confirmed, UpdateState.RolledBack, UpdateState.Failed];

export class Writer {
  readonly #db: Database.Database;
  readonly #ledgers: Ledgers;
  readonly #sql: ReturnType<typeof prepare>;
  #acksDue: EpochEntry[] = [];
  #result = emptyResult();

  /** The caller keeps the connection and closes it. */
  constructor(db: Database.Database, products: readonly ProductSettings[] = []) {
    this.#db = db;
    this.#ledgers = openLedgers(db, products);
    this.#sql = prepare(db);
  }

  /** A day of this stream was packed (store/housekeeper.ts). */
  readonly onSealed = (streamId: number): void => this.#ledgers.cache.forgetNoted(streamId);

  set isLiveWanted(isWanted: boolean) {
    this.#ledgers.keeper.isLiveWanted = isWanted;
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
    this.#ledgers.cache.trim();
    this.#result = emptyResult();
    this.#ledgers.keeper.begin();
    try {
      this.#sql.begin.run();
      for (const batch of batches) {
        readBatch(batch, (kind, mac, receivedAtMs, payload) => this.#take(kind, mac, receivedAtMs, payload));
      }
      this.#ledgers.keeper.finish();
      this.#ledgers.health.judgeTouched();
      this.#sql.commit.run();
    } catch (error) {
      this.#abandon();
      throw error;
    }
    const { stored, existed, rejected, live, liveLeftOut } = this.#ledgers.keeper;
    const tallies = { ...this.#result.tallies, stored, rejected };
    tallies.duplicates += existed;
    const acks = this.#takeAcks();
    return { ...this.#result, tallies, live, liveLeftOut, acks, rolloutsDue: this.#ledgers.rollouts.takeDue() };
  }

  /** A transaction of its own. Throws as `commit` does. */
  answer(request: StoreRequest): StoreAnswer {
    this.#sql.begin.run();
    try {
      const answer = handle(this.#ledgers.handlers, request);
      this.#ledgers.health.judgeTouched();
      this.#sql.commit.run();
      return answer;
    } catch (error) {
      this.#ledgers.keeper.abandon();
      if (this.#db.inTransaction) this.#sql.rollback.run();
      this.#reload();
      throw error;
    }
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
      case BatchKind.Update:
        this.#takeUpdate(mac, receivedAtMs, payload);
        break;
      case BatchKind.Result:
        this.#takeResult(mac, receivedAtMs, payload);
        break;
      case BatchKind.Register:
        this.#takeRegister(mac, receivedAtMs, payload);
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
    const device = this.#ledgers.keeper.see(mac, receivedAtMs);
    if (device.standing !== Standing.Active) return;
    const epoch = this.#ledgers.cache.epoch(device, pack.epoch, receivedAtMs);
    const verdict = judgePack(epoch.watermark, pack.firstSequence, pack.records.length, pack.oldestSequence);
    const { tallies } = this.#result;
    tallies.duplicates += verdict.duplicates;
    if (verdict.isLostInTransit) tallies.lostInTransit++;
    if (verdict.gap !== null) {
      const { from, to } = verdict.gap;
      tallies.dropped += to - from + 1;
      this.#sql.addGap.run(device.id, epoch.id, from, to, receivedAtMs);
      this.#ledgers.rollouts.news.noteGap(device.id, receivedAtMs, to - from + 1);
    }
    if (verdict.accepted > 0) {
      this.#store(device, epoch, pack, verdict.duplicates, receivedAtMs);
      const last = pack.records.at(-1);
      if (last?.stored === true) this.#ledgers.health.noteClock(device.id, last.clock !== CLOCK_ARRIVAL, receivedAtMs);
      if (pack.signature !== null) {
        const from = pack.firstSequence + verdict.duplicates;
        const to = pack.firstSequence + pack.records.length - 1;
        this.#ledgers.signatures.note(device.id, epoch.id, from, to, pack.signature, receivedAtMs);
      }
    }
    this.#ledgers.keeper.reach(epoch, verdict.watermark);
    this.#owe(epoch);
  }

  #store(device: DeviceEntry, epoch: EpochEntry, pack: Pack, from: number, receivedAtMs: number): void {
    for (let i = from; i < pack.records.length; i++) {
      const record = pack.records[i];
      if (record === undefined) break;
      this.#ledgers.keeper.keep(device, epoch, pack.firstSequence + i, record, pack.timeErrorS, receivedAtMs);
    }
  }

  #takeHello(mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const hello = decodeHello(payload);
    if (hello === null) {
      this.#malformed("hello", mac, payload.length);
      return;
    }
    const device = this.#ledgers.keeper.see(mac, receivedAtMs);
    this.#ledgers.rollouts.news.noteStart(device.id, receivedAtMs, hello);
    this.#sql.hello.run({ ...hello, trial: hello.isTrial ? 1 : 0, id: device.id, helloMs: receivedAtMs });
    this.#ledgers.health.touch(device.id, receivedAtMs);
    // People see who waits; it is not answered, so what it holds stays with it.
    if (device.standing !== Standing.Active) return;
    this.#owe(this.#ledgers.cache.epoch(device, hello.epoch, receivedAtMs));
    const due = this.#ledgers.updates.takeHello(device.id, mac, receivedAtMs, hello);
    if (due !== null) this.#result.updatesDue.push(due);
    this.#ledgers.rollouts.news.takeHello(device.id, receivedAtMs, hello);
    this.#tellOrders(this.#ledgers.orders.takeHello(device.id, mac, receivedAtMs, hello));
    if (hello.slot !== Slot.Boot && this.#ledgers.registrations.isSecretDue(device.id, receivedAtMs))
      this.#result.secretsDue.push(mac);
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
    const device = this.#ledgers.keeper.see(mac, receivedAtMs);
    if (device.standing !== Standing.Active) return;
    this.#sql.state.run({ ...state, online: 1, id: device.id, stateMs: receivedAtMs });
    this.#ledgers.health.touch(device.id, receivedAtMs);
    this.#ledgers.rollouts.news.takeState(device.id, receivedAtMs, state);
    this.#tellOrders(this.#ledgers.orders.takeState(device.id, mac, receivedAtMs));
  }

  #takeUpdate(mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const report = decodeUpdate(payload);
    if (report?.kind !== "report") {
      this.#malformed("update", mac, payload.length);
      return;
    }
    const device = this.#ledgers.keeper.see(mac, receivedAtMs);
    if (device.standing !== Standing.Active) return;
    this.#ledgers.updates.takeReport(device.id, receivedAtMs, report);
    this.#ledgers.rollouts.news.takeReport(device.id, receivedAtMs, report);
    if (ENDS_OF_UPDATES.includes(report.state)) {
      const detail = {
        image: report.image && idText(report.image),
        state: kebab(UpdateState[report.state], report.state),
      };
      this.#ledgers.tell({ kind: "device.updated-program", device: device.id, atMs: receivedAtMs, detail });
    }
    if (!this.#ledgers.keeper.isLiveWanted || this.#result.liveUpdates.length >= LIVE_READINGS_PER_COMMIT_MAX) return;
    const { state, image, percent, failure } = report;
    const { organisation } = device;
    const update = { mac, organisation, atMs: receivedAtMs, state, image: image && idText(image), percent, failure };
    this.#result.liveUpdates.push(update);
  }

  #takeResult(mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const result = decodeResult(payload);
    if (result === null) {
      this.#malformed("result", mac, payload.length);
      return;
    }
    const device = this.#ledgers.keeper.see(mac, receivedAtMs);
    if (device.standing !== Standing.Active) return;
    this.#tellOrders(this.#ledgers.orders.takeResult(device.id, mac, receivedAtMs, result));
    this.#ledgers.registrations.takeResult(device.id);
  }

  #takeRegister(mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const { project, standing } = decodeRegister(payload);
    this.#ledgers.registrations.register(mac, project, standing, receivedAtMs);
  }

  #tellOrders(due: OrdersDue | null): void {
    if (due !== null) this.#result.ordersDue.push(due);
  }

  #owe(epoch: EpochEntry): void {
    if (!epoch.isAckDue) this.#acksDue.push(epoch);
    epoch.isAckDue = true;
  }

  #malformed(reason: MalformedReason, mac: number, bytes: number): void {
    this.#result.malformed.push({ reason, mac, bytes });
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
    this.#ledgers.keeper.abandon();
    this.#acksDue = [];
    this.#ledgers.rollouts.takeDue();
    // Some errors (disk full among them) have rolled back already (SQLite, "lang_transaction").
    if (this.#db.inTransaction) this.#sql.rollback.run();
    this.#reload();
  }

  /** What is kept in memory may not be what is stored. */
  #reload(): void {
    this.#ledgers.health.reload();
    this.#ledgers.alerts.reload();
  }
}

/** What is known of a commit besides the readings themselves. */
type Gathered = Omit<CommitResult, "acks" | "rolloutsDue" | "live" | "liveLeftOut" | "tallies"> & {
  tallies: Omit<Tallies, "stored" | "rejected">;
};

function emptyResult(): Gathered {
  return {
    tallies: { duplicates: 0, dropped: 0, lostInTransit: 0 },
    malformed: [],
    liveUpdates: [],
    updatesDue: [],
    ordersDue: [],
    secretsDue: [],
  };
}

function prepare(db: Database.Database) {
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    addGap: db.prepare(
      "INSERT INTO gaps (device_id, epoch_id, from_sequence, to_sequence, noticed_ms) VALUES (?, ?, ?, ?, ?)",
    ),
    hello: db.prepare(
      // The recovery program is no product: the board is still what it was made for.
      `UPDATE devices SET product = CASE WHEN @product = '${BOOT_PRODUCT}' THEN coalesce(product, @product) ELSE @product END,
         version = @version, board = @board, abi = @abi, slot = @slot, reset_reason = @resetReason, boots = @boots,
         epoch = @epoch, image = @image, trial = @trial, failure = @failure, failed_image = @failedImage,
         config_version = @configVersion, graph_version = @graphVersion, hello_ms = @helloMs, online = 1
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
