/**
 * Which readings came with a signature, and whether it is right: ranges of sequence numbers, beside the readings, which say their
 * own epoch and number. Nothing is turned away: a reading with a wrong signature is stored, and known as that.
 *
 * The secret is the device's own, or the one that was last chosen for its configuration. Until the device has said that it uses
 * that, a signature that does not fit may be one of the secret before, and is not checked.
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

interface SecretsRow {
  secret: string | null;
  nextSecret: string | null;
  chosen: string | null;
  state: PartState | null;
}

export class SignatureLedger {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** The pack's readings `from` to `to` are stored, in the same transaction. */
  note(deviceId: number, epochId: number, from: number, to: number, pack: PackSignature, atMs: number): void {
    this.add(deviceId, epochId, from, to, this.#judge(deviceId, pack), atMs);
  }

  /** The same, where it was judged already. */
  add(deviceId: number, epochId: number, from: number, to: number, verdict: SignatureVerdict, atMs: number): void {
    const last = this.#sql.last.get(deviceId);
    const goesOn = last?.epochId === epochId && last.verdict === verdict && last.toSequence === from - 1;
    if (goesOn) this.#sql.extend.run(to, atMs, last.id);
    else this.#sql.add.run(deviceId, epochId, from, to, verdict, atMs);
  }

  /** What the device may sign with: its own, one that it was sent, and one that was chosen for it. */
  secretsOf(deviceId: number): string[] {
    return usable(this.#sql.secrets.get(deviceId));
  }

  #judge(deviceId: number, pack: PackSignature): SignatureVerdict {
    const known = this.#sql.secrets.get(deviceId);
    const secrets = usable(known);
    if (known === undefined || secrets.length === 0) return SignatureVerdict.Unchecked;
    if (secrets.some((secret) => isSignedWith(secret, pack))) return SignatureVerdict.Verified;
    const isConfirmed = known.nextSecret === null && (known.chosen === null || known.state === PartState.Applied);
    return isConfirmed ? SignatureVerdict.Wrong : SignatureVerdict.Unchecked;
  }
}

function usable(known: SecretsRow | undefined): string[] {
  return [known?.secret, known?.nextSecret, known?.chosen].filter(
    (one) => typeof one === "string" && one !== "",
  ) as string[];
}

function prepare(db: Database.Database) {
  return {
    // As OrderDesk stores what was chosen: JSON.
    secrets: db.prepare<[number], SecretsRow>(
      `SELECT d.secret, d.next_secret AS nextSecret, json_extract(p.chosen, '$.connection.secret') AS chosen, p.state
       FROM devices d LEFT JOIN desired_parts p ON p.device_id = d.id AND p.part = ${DesiredPart.Config} WHERE d.id = ?`,
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
