/**
 * Which readings came with a signature, and whether it is right: ranges of sequence numbers, beside the readings, which say their
 * own epoch and number. Nothing is turned away: a reading with a wrong signature is stored, and known as that.
 *
 * The secret is the one that was last chosen for the device's configuration. Until the device has said that it uses that, a signature
 * that does not fit it may be one of the secret before, and is not checked.
 */
import type Database from "better-sqlite3";
import { isSignedWith, type PackSignature, SignatureVerdict } from "../ingest/pack-signature.ts";
import { DesiredPart, PartState } from "../orders/order-requests.ts";

interface LastRow {
  id: number;
  epochId: number;
  toSequence: number;
  verdict: number;
}

export class SignatureLedger {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** The pack's readings `from` to `to` are stored, in the same transaction. */
  note(deviceId: number, epochId: number, from: number, to: number, pack: PackSignature, atMs: number): void {
    const verdict = this.#judge(deviceId, pack);
    const last = this.#sql.last.get(deviceId);
    const goesOn = last?.epochId === epochId && last.verdict === verdict && last.toSequence === from - 1;
    if (goesOn) this.#sql.extend.run(to, atMs, last.id);
    else this.#sql.add.run(deviceId, epochId, from, to, verdict, atMs);
  }

  #judge(deviceId: number, pack: PackSignature): SignatureVerdict {
    const config = this.#sql.config.get(deviceId);
    if (config === undefined || !config.secret) return SignatureVerdict.Unchecked;
    if (isSignedWith(config.secret, pack)) return SignatureVerdict.Verified;
    return config.state === PartState.Applied ? SignatureVerdict.Wrong : SignatureVerdict.Unchecked;
  }
}

function prepare(db: Database.Database) {
  return {
    // As OrderDesk stores what was chosen: JSON.
    config: db.prepare<[number], { secret: string | null; state: PartState }>(
      `SELECT json_extract(chosen, '$.connection.secret') AS secret, state FROM desired_parts WHERE device_id = ? AND part = ${DesiredPart.Config}`,
    ),
    last: db.prepare<[number], LastRow>(
      `SELECT id, epoch_id AS epochId, to_sequence AS toSequence, verdict FROM signatures
       WHERE device_id = ? ORDER BY id DESC LIMIT 1`,
    ),
    extend: db.prepare("UPDATE signatures SET to_sequence = ?, last_ms = ? WHERE id = ?"),
    add: db.prepare(
      `INSERT INTO signatures (device_id, epoch_id, from_sequence, to_sequence, verdict, last_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
  };
}
