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
import type { AccountRequest } from "../access/account-requests.ts";
import type { AnswerRequest } from "../access/answer-requests.ts";
import type { MqttUserRequest } from "../access/mqtt-user-requests.ts";
import type { OrganisationRequest } from "../access/organisation-requests.ts";
import type { PeopleRequest } from "../access/people-requests.ts";
import { Standing } from "../access/registration.ts";
import type { RegistrationRequest } from "../access/registration-requests.ts";
import type { AlertRequest } from "../events/alert-requests.ts";
import type { TellChange } from "../events/change-kinds.ts";
import type { FleetRequest } from "../fleet/fleet-requests.ts";
import type { TemplateRequest } from "../fleet/template-requests.ts";
import type { HealthRequest } from "../health/health-requests.ts";
import { type Batch, BatchKind, readBatch } from "../ingest/batch.ts";
import type { LiveReading } from "../ingest/live-reading.ts";
import { decodeHello, decodeState } from "../ingest/messages.ts";
import { judgePack } from "../ingest/receiver-rule.ts";
import { decodeRegister } from "../ingest/register-record.ts";
import type { ReportRequest } from "../ingest/report-requests.ts";
import { CLOCK_ARRIVAL, decodePack, type MalformedReason, type Pack } from "../ingest/senml-pack.ts";
import { ACK_FIELDS, type LiveUpdate, type Malformed, type Tallies } from "../ingest/writer-messages.ts";
import { kebab } from "../kebab.ts";
import { LIVE_READINGS_PER_COMMIT_MAX } from "../limits.ts";
import { macToText } from "../mac-address.ts";
import type { ConfigLevelRequest } from "../orders/config-levels.ts";
import { decodeResult } from "../orders/order-messages.ts";
import type { OrdersDue } from "../orders/order-requests.ts";
import type { RolloutRequest } from "../rollouts/rollout-requests.ts";
import type { StoreAnswer, StoreRequest, UpdateDue } from "../updates/store-requests.ts";
import { decodeUpdate, idText } from "../updates/update-messages.ts";
import { AccountLedger } from "./account-ledger.ts";
import { AlertLedger } from "./alert-ledger.ts";
import { AnswerLedger } from "./answer-ledger.ts";
import { ConfigLevelLedger } from "./config-level-ledger.ts";
import { ConfigResolver } from "./config-resolver.ts";
import type { DerivedRequest } from "./derived-definition.ts";
import { DerivedLedger } from "./derived-ledger.ts";
import { DeviceCache, type DeviceEntry, type EpochEntry } from "./device-cache.ts";
import { EventLedger } from "./event-ledger.ts";
import type { EventRequest, NoteRequest } from "./event-requests.ts";
import { FleetLedger } from "./fleet-ledger.ts";
import { type Handlers, handle } from "./handlers.ts";
import { HealthLedger } from "./health-ledger.ts";
import { ImageShelf } from "./image-shelf.ts";
import { KitShelf } from "./kit-shelf.ts";
import { MqttUserLedger } from "./mqtt-user-ledger.ts";
import { NoteLedger } from "./note-ledger.ts";
import { NoticeLedger } from "./notice-ledger.ts";
import { OrderLedger } from "./order-ledger.ts";
import { OrganisationLedger } from "./organisation-ledger.ts";
import { Outbox } from "./outbox.ts";
import { PeopleLedger } from "./people-ledger.ts";
import { ReadingKeeper } from "./reading-keeper.ts";
import { RegistrationLedger } from "./registration-ledger.ts";
import { ReleaseLedger } from "./release-ledger.ts";
import { ReportLedger } from "./report-ledger.ts";
import { RolloutLedger } from "./rollout-ledger.ts";
import { SignatureLedger } from "./signature-ledger.ts";
import { TemplateLedger } from "./template-ledger.ts";
import { UpdateLedger } from "./update-ledger.ts";

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

/** Carried out by a ledger that offers a table of them. */
type HandledRequest =
  | PeopleRequest
  | AccountRequest
  | OrganisationRequest
  | AnswerRequest
  | DerivedRequest
  | EventRequest
  | NoteRequest
  | RolloutRequest
  | RegistrationRequest
  | MqttUserRequest
  | HealthRequest
  | AlertRequest
  | TemplateRequest
  | FleetRequest
  | ConfigLevelRequest
  | ReportRequest;

export class Writer {
  readonly #db: Database.Database;
  readonly #cache: DeviceCache;
  readonly #keeper: ReadingKeeper;
  readonly #images: ImageShelf;
  readonly #kits: KitShelf;
  readonly #updates: UpdateLedger;
  readonly #orders: OrderLedger;
  readonly #signatures: SignatureLedger;
  readonly #registrations: RegistrationLedger;
  readonly #rollouts: RolloutLedger;
  readonly #health: HealthLedger;
  readonly #alerts: AlertLedger;
  readonly #tellChange: TellChange;
  readonly #handlers: Handlers<HandledRequest>;
  readonly #sql: ReturnType<typeof prepare>;
  #acksDue: EpochEntry[] = [];
  #result = emptyResult();

  /** The caller keeps the connection and closes it. */
  constructor(db: Database.Database, products: readonly ProductSettings[] = []) {
    this.#db = db;
    const outbox = new Outbox(db);
    const { tell } = outbox;
    this.#tellChange = tell;
    const notices = new NoticeLedger(db, tell);
    const alerts = new AlertLedger(db, notices, tell);
    this.#alerts = alerts;
    outbox.onChange = alerts.takeChange;
    this.#cache = new DeviceCache(db, (device, atMs) => tell({ kind: "device.created", device, atMs }));
    this.#images = new ImageShelf(db);
    this.#kits = new KitShelf(db);
    this.#updates = new UpdateLedger(db, this.#images);
    const resolver = new ConfigResolver(db, products);
    const orders = new OrderLedger(db, tell, resolver);
    this.#orders = orders;
    this.#signatures = new SignatureLedger(db);
    const rollouts = new RolloutLedger(db, this.#updates, tell);
    this.#rollouts = rollouts;
    const health = new HealthLedger(db, tell);
    this.#health = health;
    this.#keeper = new ReadingKeeper(db, this.#cache, (deviceId, atMs) => health.hear(deviceId, atMs), alerts);
    const templates = new TemplateLedger(db, tell);
    const fleets = new FleetLedger(db);
    this.#registrations = new RegistrationLedger(db, {
      forget: (mac) => {
        this.#cache.forget(mac);
        health.lookAgain(macToText(mac));
      },
      onElsewhere: (deviceId) => {
        rollouts.release(deviceId);
        templates.leave(deviceId);
        fleets.leave(deviceId);
      },
      onMoved: (deviceId, atMs) => {
        orders.resolveAnew(deviceId, atMs);
      },
      onReplaced: (from, to) => {
        templates.handOver(from, to);
        fleets.handOver(from, to);
      },
      tell,
    });
    this.#handlers = {
      ...new PeopleLedger(db).handlers,
      ...new AccountLedger(db).handlers,
      ...new OrganisationLedger(db).handlers,
      ...new AnswerLedger(db).handlers,
      ...new DerivedLedger(db).handlers,
      ...new EventLedger(db).handlers,
      ...new NoteLedger(db).handlers,
      ...rollouts.handlers,
      ...new ReleaseLedger(db, rollouts, tell).handlers,
      ...this.#registrations.handlers,
      ...new MqttUserLedger(db).handlers,
      ...health.handlers,
      ...alerts.handlers,
      ...notices.handlers,
      stepAlerts: ({ atMs, isJump }) => stepAlerts(alerts, notices, atMs, isJump),
      ...templates.handlers,
      setDeviceTemplates: (request) => {
        // Its templates say what is normal for it.
        health.lookAgain(request.mac);
        return templates.handlers.setDeviceTemplates(request);
      },
      ...fleets.handlers,
      changeTags: (request) => {
        const answer = fleets.handlers.changeTags(request);
        const { device, add, remove, atMs } = request;
        if (answer.outcome === "done")
          tell({ kind: "device.updated", device, atMs, detail: { tags: { add, remove } } });
        return answer;
      },
      ...new ConfigLevelLedger(db, resolver, orders).handlers,
      ...new ReportLedger(db, this.#cache, this.#keeper, this.#signatures).handlers,
    };
    this.#sql = prepare(db);
  }

  /** A day of this stream was packed (store/housekeeper.ts). */
  readonly onSealed = (streamId: number): void => this.#cache.forgetNoted(streamId);

  set isLiveWanted(isWanted: boolean) {
    this.#keeper.isLiveWanted = isWanted;
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
    this.#keeper.begin();
    try {
      this.#sql.begin.run();
      for (const batch of batches) {
        readBatch(batch, (kind, mac, receivedAtMs, payload) => this.#take(kind, mac, receivedAtMs, payload));
      }
      this.#keeper.finish();
      this.#health.judgeTouched();
      this.#sql.commit.run();
    } catch (error) {
      this.#abandon();
      throw error;
    }
    const { stored, existed, rejected, live, liveLeftOut } = this.#keeper;
    const tallies = { ...this.#result.tallies, stored, rejected };
    tallies.duplicates += existed;
    const acks = this.#takeAcks();
    return { ...this.#result, tallies, live, liveLeftOut, acks, rolloutsDue: this.#rollouts.takeDue() };
  }

  /** A transaction of its own. Throws as `commit` does. */
  answer(request: StoreRequest): StoreAnswer {
    this.#sql.begin.run();
    try {
      const answer = this.#carryOut(request);
      this.#health.judgeTouched();
      this.#sql.commit.run();
      return answer;
    } catch (error) {
      this.#keeper.abandon();
      if (this.#db.inTransaction) this.#sql.rollback.run();
      this.#reload();
      throw error;
    }
  }

  #carryOut(request: StoreRequest): StoreAnswer {
    switch (request.kind) {
      case "addImage":
        return this.#images.add(request.image, request.bytes, request.organisation, request.atMs);
      case "addCompressed":
        return this.#images.addCompressed(request.image, request.bytes);
      case "deleteImage":
        return this.#images.delete(request.id, request.organisation);
      case "addPatch":
        return this.#images.addPatch(request.base, request.image, request.bytes, request.atMs);
      case "setDesired":
        return this.#setByHand(
          request.mac,
          this.#updates.setDesired(request.mac, request.image, request.isRetry, request.atMs),
        );
      case "clearDesired":
        return this.#setByHand(request.mac, this.#updates.clearDesired(request.mac));
      case "setPart":
        return this.#orders.setPart(request.change, request.isConnected, request.atMs);
      case "addCommand":
        return this.#orders.addCommand(request.command, request.isConnected, request.atMs);
      case "actuate":
        return this.#orders.actuate(request);
      case "setFlashKit":
        return this.#kits.set(request.kit, request.atMs);
      case "deleteFlashKit":
        return this.#kits.delete(request.board);
      default:
        return handle(this.#handlers, request);
    }
  }

  #setByHand(mac: number, answer: StoreAnswer): StoreAnswer {
    if (answer.outcome === "done") this.#rollouts.news.supersede(mac);
    return answer;
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
    const device = this.#keeper.see(mac, receivedAtMs);
    if (device.standing !== Standing.Active) return;
    const epoch = this.#cache.epoch(device, pack.epoch, receivedAtMs);
    const verdict = judgePack(epoch.watermark, pack.firstSequence, pack.records.length, pack.oldestSequence);
    const { tallies } = this.#result;
    tallies.duplicates += verdict.duplicates;
    if (verdict.isLostInTransit) tallies.lostInTransit++;
    if (verdict.gap !== null) {
      const { from, to } = verdict.gap;
      tallies.dropped += to - from + 1;
      this.#sql.addGap.run(device.id, epoch.id, from, to, receivedAtMs);
      this.#rollouts.news.noteGap(device.id, receivedAtMs, to - from + 1);
    }
    if (verdict.accepted > 0) {
      this.#store(device, epoch, pack, verdict.duplicates, receivedAtMs);
      const last = pack.records.at(-1);
      if (last?.stored === true) this.#health.noteClock(device.id, last.clock !== CLOCK_ARRIVAL, receivedAtMs);
      if (pack.signature !== null) {
        const from = pack.firstSequence + verdict.duplicates;
        const to = pack.firstSequence + pack.records.length - 1;
        this.#signatures.note(device.id, epoch.id, from, to, pack.signature, receivedAtMs);
      }
    }
    this.#keeper.reach(epoch, verdict.watermark);
    this.#owe(epoch);
  }

  #store(device: DeviceEntry, epoch: EpochEntry, pack: Pack, from: number, receivedAtMs: number): void {
    for (let i = from; i < pack.records.length; i++) {
      const record = pack.records[i];
      if (record === undefined) break;
      this.#keeper.keep(device, epoch, pack.firstSequence + i, record, pack.timeErrorS, receivedAtMs);
    }
  }

  #takeHello(mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const hello = decodeHello(payload);
    if (hello === null) {
      this.#malformed("hello", mac, payload.length);
      return;
    }
    const device = this.#keeper.see(mac, receivedAtMs);
    this.#rollouts.news.noteStart(device.id, receivedAtMs, hello);
    this.#sql.hello.run({ ...hello, trial: hello.isTrial ? 1 : 0, id: device.id, helloMs: receivedAtMs });
    this.#health.touch(device.id, receivedAtMs);
    // People see who waits; it is not answered, so what it holds stays with it.
    if (device.standing !== Standing.Active) return;
    this.#owe(this.#cache.epoch(device, hello.epoch, receivedAtMs));
    const due = this.#updates.takeHello(device.id, mac, receivedAtMs, hello);
    if (due !== null) this.#result.updatesDue.push(due);
    this.#rollouts.news.takeHello(device.id, receivedAtMs, hello);
    this.#tellOrders(this.#orders.takeHello(device.id, mac, receivedAtMs, hello));
    if (hello.slot !== Slot.Boot && this.#registrations.isSecretDue(device.id, receivedAtMs))
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
    const device = this.#keeper.see(mac, receivedAtMs);
    if (device.standing !== Standing.Active) return;
    this.#sql.state.run({ ...state, online: 1, id: device.id, stateMs: receivedAtMs });
    this.#health.touch(device.id, receivedAtMs);
    this.#rollouts.news.takeState(device.id, receivedAtMs, state);
    this.#tellOrders(this.#orders.takeState(device.id, mac, receivedAtMs));
  }

  #takeUpdate(mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const report = decodeUpdate(payload);
    if (report?.kind !== "report") {
      this.#malformed("update", mac, payload.length);
      return;
    }
    const device = this.#keeper.see(mac, receivedAtMs);
    if (device.standing !== Standing.Active) return;
    this.#updates.takeReport(device.id, receivedAtMs, report);
    this.#rollouts.news.takeReport(device.id, receivedAtMs, report);
    if (ENDS_OF_UPDATES.includes(report.state)) {
      const detail = {
        image: report.image && idText(report.image),
        state: kebab(UpdateState[report.state], report.state),
      };
      this.#tellChange({ kind: "device.updated-program", device: device.id, atMs: receivedAtMs, detail });
    }
    if (!this.#keeper.isLiveWanted || this.#result.liveUpdates.length >= LIVE_READINGS_PER_COMMIT_MAX) return;
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
    const device = this.#keeper.see(mac, receivedAtMs);
    if (device.standing !== Standing.Active) return;
    this.#tellOrders(this.#orders.takeResult(device.id, mac, receivedAtMs, result));
    this.#registrations.takeResult(device.id);
  }

  #takeRegister(mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const { project, standing } = decodeRegister(payload);
    this.#registrations.register(mac, project, standing, receivedAtMs);
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
    this.#keeper.abandon();
    this.#acksDue = [];
    this.#rollouts.takeDue();
    // Some errors (disk full among them) have rolled back already (SQLite, "lang_transaction").
    if (this.#db.inTransaction) this.#sql.rollback.run();
    this.#reload();
  }

  /** What is kept in memory may not be what is stored. */
  #reload(): void {
    this.#health.reload();
    this.#alerts.reload();
  }
}

function stepAlerts(alerts: AlertLedger, notices: NoticeLedger, atMs: number, isJump: boolean): StoreAnswer {
  if (isJump) {
    alerts.takeBack(atMs);
    notices.takeBack(atMs);
  }
  const isAllOpen = alerts.openDue(atMs);
  return { outcome: "done", isMore: !notices.deliverDue(atMs) || !isAllOpen };
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
