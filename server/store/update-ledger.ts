/**
 * How the updates of devices fare, the writer's side: which image each ought to run, what it reports, what it says of
 * itself in `hello`, and from these whether it is to be offered an image.
 *
 * Reports are sent once, without an acknowledgement, so one can be lost; `hello` tells how the last update ended, and
 * what it tells beyond the last report is written down as if it had been reported.
 */
import type Database from "better-sqlite3";
import { BOOT_PRODUCT } from "../../runtime/contract/image-header.ts";
import { UpdateFailure, UpdateState } from "../../runtime/contract/update-messages.ts";
import type { Hello } from "../ingest/messages.ts";
import { UPDATE_HISTORY_MAX } from "../limits.ts";
import { macToNumber, macToText } from "../mac-address.ts";
import type { StoreAnswer, UpdateDue } from "../updates/store-requests.ts";
import { idBytes, idText, type UpdateReport } from "../updates/update-messages.ts";
import type { ImageShelf } from "./image-shelf.ts";

interface HistoryRow {
  id: number;
  state: number;
  image: Buffer | null;
  failure: number | null;
  told: number;
}

interface DesiredRow {
  image: Buffer;
  retry: number;
  tried: number;
  givenUp: number;
}

type Outcome = Omit<UpdateReport, "kind">;
type EndReport = Outcome & { image: Uint8Array };

export class UpdateLedger {
  readonly #images: ImageShelf;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database, images: ImageShelf) {
    this.#images = images;
    this.#sql = prepare(db);
  }

  setDesired(mac: number, image: string, isRetry: boolean, atMs: number): StoreAnswer {
    const device = this.#sql.device.get(macToText(mac));
    if (device === undefined) return { outcome: "deviceUnknown" };
    const product = this.#images.product(image);
    if (product === undefined) return { outcome: "imageUnknown" };
    // Nobody knows what a board runs that was only ever heard from its recovery program.
    const isKnown = device.product !== null && device.product !== BOOT_PRODUCT;
    if (isKnown && device.product !== product) return { outcome: "wrongProduct", product: device.product ?? "" };
    return { outcome: "done", due: this.aim(device.id, image, isRetry, atMs) };
  }

  /** The device, which is known, ought to run this image from now on. Null: it does. */
  aim(deviceId: number, image: string, isRetry: boolean, atMs: number): UpdateDue | null {
    this.#sql.setDesired.run(deviceId, idBytes(image), isRetry ? 1 : 0, atMs);
    const device = this.#sql.deviceById.get(deviceId);
    const running = device?.image ? idText(device.image) : null;
    return device === undefined || running === image ? null : { mac: macToNumber(device.mac), image, running, isRetry };
  }

  /** Nothing is wanted of the device. */
  letBe(deviceId: number): void {
    this.#sql.clearDesired.run(deviceId);
  }

  clearDesired(mac: number): StoreAnswer {
    const device = this.#sql.device.get(macToText(mac));
    if (device === undefined) return { outcome: "deviceUnknown" };
    this.letBe(device.id);
    return { outcome: "done" };
  }

  takeReport(deviceId: number, atMs: number, report: Outcome): void {
    const { state, image, percent } = report;
    // The device says so once; its next hello may be weeks away.
    if (image !== null && state === UpdateState.Confirmed) this.#sql.endTrial.run(deviceId, image);
    const desired = this.#sql.desired.get(deviceId);
    const isDesired = desired !== undefined && isSame(desired.image, image);
    if (image !== null && isEnd(state)) {
      this.#takeEnd(deviceId, atMs, { ...report, image }, isDesired ? desired : undefined);
      return;
    }
    const last = this.#sql.last.get(deviceId);
    // A download that goes on is one line, and so is what a hello has told already.
    if (last !== undefined && isSameStep(last, report)) this.#sql.goOn.run(percent, last.id);
    else this.#add(deviceId, atMs, report, 1);
    if (isDesired && state >= UpdateState.Downloading) this.#sql.setTried.run(deviceId, desired.image, atMs);
  }

  /**
   * A device reports the failure on its record after every hello. That is news once; and what was said of an image before
   * it was to be tried again says nothing about the new attempt, which begins with a download.
   */
  #takeEnd(deviceId: number, atMs: number, report: EndReport, desired: DesiredRow | undefined): void {
    const { image, state, failure } = report;
    const record = this.#sql.record.get(deviceId);
    const isOnRecord = record !== undefined && isSame(record.image, image) && record.failure === failure;
    const isOpen = desired !== undefined && desired.givenUp === 0;
    const isOld = isOnRecord && (!isOpen || (desired.retry === 1 && desired.tried === 0));
    const last = this.#sql.lastOf.get(deviceId, image);
    const isKnown = last !== undefined && last.state === state && last.failure === failure;
    if (isKnown && last.told === 0) this.#sql.goOn.run(null, last.id);
    else if (!isKnown || !isOld) this.#add(deviceId, atMs, report, 1);
    if (isOpen && !isOld && isFinal(failure)) this.#sql.giveUp.run(deviceId, image, atMs);
  }

  /** What to offer the device, or null. */
  takeHello(deviceId: number, mac: number, atMs: number, hello: Hello): UpdateDue | null {
    const last = this.#sql.last.get(deviceId);
    if (last !== undefined) this.#complete(deviceId, atMs, last, hello);
    const desired = this.#sql.desired.get(deviceId);
    if (desired === undefined) return null;
    if (isSame(desired.image, hello.image)) {
      if (hello.isTrial && desired.tried === 0) this.#sql.setTried.run(deviceId, desired.image, atMs);
      return null;
    }
    if (desired.givenUp === 1) return null;
    const hasFailed = isSame(desired.image, hello.failedImage) && isFinal(hello.failure);
    if (hasFailed && (desired.retry === 0 || desired.tried === 1)) {
      this.#sql.giveUp.run(deviceId, desired.image, atMs);
      return null;
    }
    const running = hello.image && idText(hello.image);
    return { mac, image: idText(desired.image), running, isRetry: desired.retry === 1 };
  }

  /** Writes down what became of the update that was under way, if its report did not come. */
  #complete(deviceId: number, atMs: number, last: HistoryRow, hello: Hello): void {
    const { image, state } = last;
    if (image === null || isEnd(state)) return;
    const isRunning = isSame(image, hello.image);
    if (isRunning && !hello.isTrial && isUnderWay(state)) {
      this.#add(deviceId, atMs, { state: UpdateState.Confirmed, image, percent: null, failure: null }, 0);
    } else if (!isRunning && isSame(image, hello.failedImage) && hasStarted(state)) {
      // Before the image was started, the failure may be that of an earlier attempt.
      this.#add(deviceId, atMs, { state: UpdateState.RolledBack, image, percent: null, failure: hello.failure }, 0);
    }
  }

  #add(deviceId: number, atMs: number, { state, image, percent, failure }: Outcome, told: number): void {
    this.#sql.add.run(deviceId, atMs, state, image, percent, failure, told);
    this.#sql.trim.run(deviceId, deviceId, UPDATE_HISTORY_MAX);
  }
}

/** The image will not run, whatever else comes. */
function isEnd(state: number): boolean {
  return state === UpdateState.RolledBack || state === UpdateState.Failed;
}

/** A device takes an image again that was damaged in flash: it was good before. */
function isFinal(failure: number | null): boolean {
  return failure !== UpdateFailure.Damaged;
}

/** Whole in its slot, and started or about to be. */
function hasStarted(state: number): boolean {
  return state === UpdateState.Verified || state === UpdateState.Restarting || state === UpdateState.Confirmed;
}

function isUnderWay(state: number): boolean {
  return state >= UpdateState.Queued && state <= UpdateState.Restarting;
}

/** The report says nothing but how far the step has come, or what a hello has told already. */
function isSameStep(last: HistoryRow, report: Outcome): boolean {
  if (last.state !== report.state || !isSame(last.image, report.image)) return false;
  // A download with a failure is one that begins anew, whole, for the patch is of no use.
  if (report.state <= UpdateState.Downloading) return report.failure === null;
  return last.told === 0 && last.failure === report.failure;
}

function isSame(id: Uint8Array | null, other: Uint8Array | null): boolean {
  return id === null || other === null ? id === other : Buffer.compare(id, other) === 0;
}

function prepare(db: Database.Database) {
  return {
    endTrial: db.prepare("UPDATE devices SET trial = 0 WHERE id = ? AND image = ?"),
    device: db.prepare<[string], { id: number; product: string | null; image: Buffer | null }>(
      "SELECT id, product, image FROM devices WHERE mac = ?",
    ),
    deviceById: db.prepare<[number], { mac: string; image: Buffer | null }>(
      "SELECT mac, image FROM devices WHERE id = ?",
    ),
    desired: db.prepare<[number], DesiredRow>(
      "SELECT image_id AS image, retry, tried, given_up AS givenUp FROM desired_images WHERE device_id = ?",
    ),
    setDesired: db.prepare(
      "INSERT OR REPLACE INTO desired_images (device_id, image_id, retry, set_ms) VALUES (?, ?, ?, ?)",
    ),
    clearDesired: db.prepare("DELETE FROM desired_images WHERE device_id = ?"),
    // What was received before the image was set is about an earlier attempt.
    setTried: db.prepare("UPDATE desired_images SET tried = 1 WHERE device_id = ? AND image_id = ? AND set_ms <= ?"),
    giveUp: db.prepare("UPDATE desired_images SET given_up = 1 WHERE device_id = ? AND image_id = ? AND set_ms <= ?"),
    last: db.prepare<[number], HistoryRow>(
      "SELECT id, state, image, failure, told FROM update_history WHERE device_id = ? ORDER BY id DESC LIMIT 1",
    ),
    lastOf: db.prepare<[number, Uint8Array], HistoryRow>(
      `SELECT id, state, image, failure, told FROM update_history WHERE device_id = ? AND image = ?
       ORDER BY id DESC LIMIT 1`,
    ),
    /** What the last hello said of the last failure. */
    record: db.prepare<[number], { failure: number | null; image: Buffer | null }>(
      "SELECT failure, failed_image AS image FROM devices WHERE id = ?",
    ),
    add: db.prepare(
      `INSERT INTO update_history (device_id, at_ms, state, image, percent, failure, told)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    goOn: db.prepare("UPDATE update_history SET percent = ?, told = 1 WHERE id = ?"),
    trim: db.prepare(
      `DELETE FROM update_history WHERE device_id = ? AND id <= (
         SELECT id FROM update_history WHERE device_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    ),
  };
}
