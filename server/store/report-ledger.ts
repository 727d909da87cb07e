/**
 * IOTile reports, the writer's side: checked against the device's secret, which never leaves the store's threads, and stored as packs are, with
 * their watermark, in one transaction.
 *
 * Ids are one rising sequence of a device, of which each streamer sends its selection: what one has sent says nothing of another's. So a
 * streamer is an epoch of the device, its number the epoch's, and the ids are sequence numbers; what is at or below the
 * watermark was stored before. Ids that are left out belong to other streamers and are no gaps.
 *
 * A reading that comes alone has no id. It is counted in an epoch of its own, and known again by its stream, time and value as
 * long as its day is not packed.
 */
import type Database from "better-sqlite3";
import { Standing } from "../access/registration.ts";
import { decodeReport, type IndividualReport, type ListReport, type ReportRefusal } from "../ingest/iotile-report.ts";
import { SignatureVerdict } from "../ingest/pack-signature.ts";
import { judgeIds } from "../ingest/receiver-rule.ts";
import type { ReportRequest, StoredReport } from "../ingest/report-requests.ts";
import { isHashRight, isReportSignedWith, needsKey } from "../ingest/report-signature.ts";
import { macToText } from "../mac-address.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { DeviceCache, DeviceEntry, EpochEntry } from "./device-cache.ts";
import type { Handlers } from "./handlers.ts";
import type { ReadingKeeper } from "./reading-keeper.ts";
import type { SignatureLedger } from "./signature-ledger.ts";

/** Above every streamer's number. */
const INDIVIDUAL_EPOCH = 256;

export class ReportLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #cache: DeviceCache;
  readonly #keeper: ReadingKeeper;
  readonly #signatures: SignatureLedger;
  readonly handlers: Handlers<ReportRequest> = {
    addReport: ({ mac, bytes, atMs }) => this.#add(mac, bytes, atMs),
  };

  constructor(db: Database.Database, cache: DeviceCache, keeper: ReadingKeeper, signatures: SignatureLedger) {
    this.#sql = prepare(db);
    this.#cache = cache;
    this.#keeper = keeper;
    this.#signatures = signatures;
  }

  #add(mac: number, bytes: Uint8Array, atMs: number): StoreAnswer {
    if (this.#sql.known.get(macToText(mac)) === undefined) return { outcome: "deviceUnknown" };
    const report = decodeReport(bytes, atMs);
    if (typeof report === "string") return refused(report);
    const device = this.#cache.device(mac, atMs);
    if (device.standing !== Standing.Active) return { outcome: "deviceNotActive" };
    const refusal = report.kind === "list" ? this.#judge(device, report) : undefined;
    if (refusal !== undefined) return refused(refusal);
    this.#keeper.begin();
    this.#keeper.see(mac, atMs);
    const { known, acknowledged } =
      report.kind === "list" ? this.#addList(device, report, atMs) : this.#addOne(device, report, atMs);
    this.#keeper.finish();
    const { stored, existed, rejected, live, liveLeftOut } = this.#keeper;
    const done: StoredReport = { stored, rejected, duplicates: known + existed, acknowledged, live, liveLeftOut };
    return { outcome: "done", report: done };
  }

  #judge(device: DeviceEntry, report: ListReport): ReportRefusal | undefined {
    if (!needsKey(report)) return isHashRight(report) ? undefined : "signature";
    const secrets = this.#signatures.secretsOf(device.id);
    if (secrets.length === 0) return "noSecret";
    return secrets.some((secret) => isReportSignedWith(secret, report)) ? undefined : "signature";
  }

  #addList(device: DeviceEntry, report: ListReport, atMs: number): { known: number; acknowledged: number } {
    const epoch = this.#cache.epoch(device, report.streamer, atMs);
    const ids = report.readings.map(({ id }) => id);
    const { duplicates, watermark } = judgeIds(epoch.watermark, ids);
    for (const { id, record } of report.readings.slice(duplicates)) {
      this.#keeper.keep(device, epoch, id, record, null, atMs);
    }
    const first = ids[duplicates];
    if (first !== undefined && needsKey(report))
      this.#signatures.add(device.id, epoch.id, first, watermark, SignatureVerdict.Verified, atMs);
    this.#keeper.reach(epoch, watermark);
    return { known: duplicates, acknowledged: watermark };
  }

  #addOne(device: DeviceEntry, { record }: IndividualReport, atMs: number): { known: number; acknowledged: null } {
    const epoch = this.#cache.epoch(device, INDIVIDUAL_EPOCH, atMs);
    if (this.#isKnown(device, epoch, record)) return { known: 1, acknowledged: null };
    const sequence = epoch.watermark + 1;
    this.#keeper.keep(device, epoch, sequence, record, null, atMs);
    this.#keeper.reach(epoch, sequence);
    return { known: 0, acknowledged: null };
  }

  #isKnown(device: DeviceEntry, epoch: EpochEntry, record: IndividualReport["record"]): boolean {
    const { stream, timeMs, value } = record;
    return this.#sql.reading.get(device.id, stream, timeMs, epoch.id, value) !== undefined;
  }
}

function refused(refusal: ReportRefusal): StoreAnswer {
  return { outcome: "reportRefused", refusal };
}

function prepare(db: Database.Database) {
  return {
    known: db.prepare<[string]>("SELECT 1 FROM devices WHERE mac = ?"),
    reading: db.prepare<[number, number, number, number, number]>(
      `SELECT 1 FROM readings WHERE stream_id = (SELECT id FROM streams WHERE device_id = ? AND stream = ?)
         AND time_ms = ? AND epoch_id = ? AND value = ?`,
    ),
  };
}
