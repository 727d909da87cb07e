/**
 * Boards, the writer's side: who they are, where they belong and what lets them in.
 *
 * A secret comes to a board as a part of its configuration, so what its desired configuration says is `next_secret` until the
 * board has said that it works with that; then it is `secret`, and the claim that let the board in is used up. Until then both
 * are good: a board that tries a configuration goes back by itself, with the secret it had.
 */
import type Database from "better-sqlite3";
import { Registration, Standing } from "../access/registration.ts";
import type { DeviceCredential, RegistrationRequest } from "../access/registration-requests.ts";
import type { ChangeKind, NewChange, TellChange } from "../events/change-kinds.ts";
import { DEVICES_PER_PROJECT_MAX, SECRET_AGAIN_MS, WAITING_PER_PROJECT_MAX } from "../limits.ts";
import { macToText } from "../mac-address.ts";
import { DesiredPart, PartState } from "../orders/order-requests.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { Handlers } from "./handlers.ts";

type ReplaceDevice = Extract<RegistrationRequest, { kind: "replaceDevice" }>;

interface RegistrationNews {
  /** Forgets what the writer remembers of the device. */
  forget(mac: number): void;
  /** The device belongs to another organisation from now on. */
  onElsewhere(deviceId: number): void;
  /** The device belongs to another project from now on, maybe of another organisation. */
  onMoved(deviceId: number, atMs: number): void;
  /** A board goes on in the place of one. */
  onReplaced(from: number, to: number, atMs: number): void;
  tell: TellChange;
}

export class RegistrationLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #news: RegistrationNews;
  readonly handlers: Handlers<RegistrationRequest> = {
    putDevice: ({ device: { mac, project, name, credential, isKept }, atMs }) => {
      const found = this.#place(mac, project);
      if (typeof found !== "object") return { outcome: found };
      if (isKept && found.id !== undefined && this.#sql.isShownOut.get(found.id) !== undefined)
        return { outcome: "deviceNotActive" };
      if (found.id === undefined) this.#add(mac, project, Standing.Active, atMs);
      else this.#tellDevice("device.updated", found.id, atMs, { project, name });
      this.#sql.place.run(project, Standing.Active, macToText(mac));
      if (found.id !== undefined) this.#news.onMoved(found.id, atMs);
      if (name !== undefined) this.#sql.setName.run(name, macToText(mac));
      if (found.id === undefined || !isKept) this.#setCredential(mac, credential);
      return this.#changed(mac, found.id === undefined ? "done" : "existed");
    },
    changeDevice: ({ mac, name, project, atMs }) => {
      const device = this.#sql.device.get(macToText(mac));
      if (device === undefined) return { outcome: "deviceUnknown" };
      if (project !== undefined) {
        const full = this.#fullness(project);
        if (full !== undefined) return { outcome: full };
        const isElsewhere = this.#sql.project.get(project)?.organisation !== device.organisation;
        if (isElsewhere) this.#tellDevice("device.removed", device.id, atMs, { moved: true });
        this.#sql.move.run(project, macToText(mac));
        if (isElsewhere) {
          this.#news.onElsewhere(device.id);
          this.#tellDevice("device.created", device.id, atMs, { moved: true });
        }
        this.#news.onMoved(device.id, atMs);
      }
      this.#tellDevice("device.updated", device.id, atMs, { project, name });
      if (name !== undefined) this.#sql.setName.run(name, macToText(mac));
      return this.#changed(mac, "done");
    },
    setStanding: ({ mac, standing, atMs }) => {
      const device = this.#sql.device.get(macToText(mac));
      if (device === undefined) return { outcome: "deviceUnknown" };
      this.#sql.setStanding.run(standing, macToText(mac));
      this.#tellDevice("device.updated", device.id, atMs, { standing: Standing[standing].toLowerCase() });
      return this.#changed(mac, "done");
    },
    replaceDevice: (request) => this.#replace(request),
    deleteDevice: ({ mac, atMs }) => this.#delete(mac, atMs),
  };

  constructor(db: Database.Database, news: RegistrationNews) {
    this.#sql = prepare(db);
    this.#news = news;
  }

  /** A board has shown the project's claim token, in the same transaction as what it says next. */
  register(mac: number, project: number, standing: Standing, atMs: number): void {
    if (this.#sql.device.get(macToText(mac)) !== undefined || this.#fullness(project) !== undefined) return;
    const isFull = (this.#sql.countWaiting.get(project)?.count ?? 0) >= WAITING_PER_PROJECT_MAX;
    if (standing === Standing.Waiting && isFull) return;
    this.#add(mac, project, standing, atMs);
    this.#news.forget(mac);
  }

  /** The device, which has just said hello, is in by a claim and has no secret of its own, nor one under way to it. */
  isSecretDue(deviceId: number, atMs: number): boolean {
    return this.#sql.secretDue.get(deviceId, atMs - SECRET_AGAIN_MS) !== undefined;
  }

  /** The device has said what became of its configuration. */
  takeResult(deviceId: number): void {
    this.#sql.confirmSecret.run(deviceId);
  }

  #place(mac: number, project: number): { id: number | undefined } | StoreAnswer["outcome"] {
    const to = this.#sql.project.get(project);
    if (to === undefined) return "projectUnknown";
    const device = this.#sql.device.get(macToText(mac));
    if (device !== undefined && device.organisation !== null && device.organisation !== to.organisation)
      return "deviceElsewhere";
    const isNew = device?.project !== project;
    return (isNew ? this.#fullness(project) : undefined) ?? { id: device?.id };
  }

  #fullness(project: number): "projectUnknown" | "tooManyDevices" | undefined {
    if (this.#sql.project.get(project) === undefined) return "projectUnknown";
    const count = this.#sql.count.get(project)?.count ?? 0;
    return count >= DEVICES_PER_PROJECT_MAX ? "tooManyDevices" : undefined;
  }

  #add(mac: number, project: number, standing: Standing, atMs: number): void {
    const { lastInsertRowid } = this.#sql.add.run(macToText(mac), atMs, atMs, project, standing);
    this.#tellDevice("device.created", Number(lastInsertRowid), atMs, { standing: Standing[standing].toLowerCase() });
  }

  #tellDevice(kind: ChangeKind, device: number, atMs: number, detail: NewChange["detail"]): void {
    this.#news.tell({ kind, device, atMs, ...(detail !== undefined && { detail }) });
  }

  #setCredential(mac: number, credential: DeviceCredential): void {
    const [secret, digest, untilMs] =
      credential.kind === "secret" ? [credential.secret, null, null] : [null, credential.digest, credential.untilMs];
    this.#sql.setCredential.run({ mac: macToText(mac), secret, digest, untilMs });
  }

  #replace({ mac, by, credential, isTakeOver, atMs }: ReplaceDevice): StoreAnswer {
    const former = this.#sql.device.get(macToText(mac));
    if (former === undefined || mac === by) return { outcome: "deviceUnknown" };
    if (former.project === null) return { outcome: "projectUnknown" };
    const found = this.#place(by, former.project);
    if (typeof found !== "object") return { outcome: found };
    if (found.id === undefined && credential === null) return { outcome: "deviceUnknown" };
    const { id: formerId, project } = former;
    const isInUse = this.#sql.inUse.get({ former: formerId, project, by: macToText(by) }) !== undefined;
    if (isInUse && !isTakeOver) return { outcome: "boardInUse" };
    if (found.id === undefined) this.#add(by, former.project, Standing.Active, atMs);
    if (credential !== null) this.#setCredential(by, credential);
    this.#sql.place.run(former.project, Standing.Active, macToText(by));
    this.#sql.takeName.run(former.id, macToText(by));
    this.#sql.replace.run(macToText(by), former.id);
    this.#tellDevice("device.replaced", former.id, atMs, { by: macToText(by) });
    const latter = this.#sql.device.get(macToText(by));
    if (latter !== undefined) {
      this.#news.onReplaced(former.id, latter.id, atMs);
      this.#news.onMoved(latter.id, atMs);
    }
    this.#news.forget(by);
    return this.#changed(mac, "done");
  }

  #delete(mac: number, atMs: number): StoreAnswer {
    const device = this.#sql.device.get(macToText(mac));
    if (device === undefined) return { outcome: "deviceUnknown" };
    if (this.#sql.anyStream.get(device.id) !== undefined) return { outcome: "deviceHasReadings" };
    this.#tellDevice("device.removed", device.id, atMs, {});
    // What points at the device goes with it, in whatever order.
    this.#sql.defer.run();
    for (const statement of this.#sql.dependents) statement.run(device.id);
    this.#sql.delete.run(device.id);
    return this.#changed(mac, "done");
  }

  #changed(mac: number, outcome: StoreAnswer["outcome"]): StoreAnswer {
    this.#news.forget(mac);
    return { outcome };
  }
}

interface DeviceRow {
  id: number;
  project: number | null;
  organisation: number | null;
}

/** The secret that the desired configuration of a device says, of `desired_parts p`; OrderDesk stores what was chosen as JSON. */
const CHOSEN_SECRET = "json_extract(p.chosen, '$.connection.secret')";
const CONFIG_OF = (device: string) => `p.device_id = ${device} AND p.part = ${DesiredPart.Config}`;
const ENDED_BADLY = `(${PartState.Refused}, ${PartState.RolledBack})`;

function prepare(db: Database.Database) {
  return {
    device: db.prepare<[string], DeviceRow>(
      `SELECT d.id, d.project_id AS project, p.organisation_id AS organisation
       FROM devices d LEFT JOIN projects p ON p.id = d.project_id WHERE d.mac = ?`,
    ),
    project: db.prepare<[number], { organisation: number }>(
      "SELECT organisation_id AS organisation FROM projects WHERE id = ?",
    ),
    count: db.prepare<[number], { count: number }>("SELECT count(*) AS count FROM devices WHERE project_id = ?"),
    countWaiting: db.prepare<[number], { count: number }>(
      `SELECT count(*) AS count FROM devices WHERE project_id = ? AND standing = ${Standing.Waiting}`,
    ),
    add: db.prepare(
      "INSERT INTO devices (mac, first_seen_ms, last_seen_ms, project_id, standing) VALUES (?, ?, ?, ?, ?)",
    ),
    isShownOut: db.prepare<[number]>(
      `SELECT 1 FROM devices WHERE id = ? AND standing IN (${Standing.Revoked}, ${Standing.Replaced})`,
    ),
    place: db.prepare("UPDATE devices SET project_id = ?, standing = ?, replaced_by = NULL WHERE mac = ?"),
    move: db.prepare("UPDATE devices SET project_id = ? WHERE mac = ?"),
    setName: db.prepare("UPDATE devices SET name = ? WHERE mac = ?"),
    setStanding: db.prepare("UPDATE devices SET standing = ? WHERE mac = ?"),
    /** What its desired configuration says goes to the board at its next hello, and is good then. */
    setCredential: db.prepare(
      `UPDATE devices SET secret = @secret, claim_digest = @digest, claim_until_ms = @untilMs, next_secret =
         (SELECT nullif(${CHOSEN_SECRET}, @secret) FROM desired_parts p WHERE ${CONFIG_OF("devices.id")})
       WHERE mac = @mac`,
    ),
    confirmSecret: db.prepare(
      `UPDATE devices SET secret = next_secret, next_secret = NULL, claim_digest = NULL, claim_until_ms = NULL
       WHERE id = ? AND next_secret IS NOT NULL AND EXISTS (SELECT 1 FROM desired_parts p
         WHERE ${CONFIG_OF("devices.id")} AND p.state = ${PartState.Applied} AND ${CHOSEN_SECRET} = devices.next_secret)`,
    ),
    secretDue: db.prepare<[number, number]>(
      `SELECT 1 FROM devices d JOIN projects j ON j.id = d.project_id
       LEFT JOIN desired_parts p ON ${CONFIG_OF("d.id")}
       WHERE d.id = ? AND d.standing = ${Standing.Active} AND d.secret IS NULL AND d.product IS NOT NULL
         AND (d.claim_digest IS NOT NULL OR j.registration <> ${Registration.Anyone})
         AND (d.next_secret IS NULL OR (p.state IN ${ENDED_BADLY} AND p.state_ms <= ?))`,
    ),
    /**
     * It has measured, is at work, or belongs to another project. Not one that waits to be taken in, nor one whose place the former
     * has taken: its history is the same.
     */
    inUse: db.prepare<[{ former: number; project: number; by: string }]>(
      `SELECT 1 FROM devices d WHERE d.mac = @by AND d.replaced_by IS NOT @former AND (
         d.project_id <> @project OR (d.hello_ms IS NOT NULL AND d.standing <> ${Standing.Waiting})
         OR EXISTS (SELECT 1 FROM streams s WHERE s.device_id = d.id))`,
    ),
    takeName: db.prepare(
      "UPDATE devices SET name = coalesce((SELECT name FROM devices WHERE id = ?), name) WHERE mac = ?",
    ),
    replace: db.prepare(
      `UPDATE devices SET standing = ${Standing.Replaced}, replaced_by = (SELECT id FROM devices WHERE mac = ?) WHERE id = ?`,
    ),
    anyStream: db.prepare<[number]>("SELECT 1 FROM streams WHERE device_id = ? LIMIT 1"),
    defer: db.prepare("PRAGMA defer_foreign_keys = ON"),
    dependents: tablesOfDevices(db).map(([table, column]) =>
      db.prepare<[number]>(`DELETE FROM "${table}" WHERE "${column}" = ?`),
    ),
    delete: db.prepare("DELETE FROM devices WHERE id = ?"),
  };
}

/** Whatever table has rows of devices; those whose key says ON DELETE see to themselves. */
function tablesOfDevices(db: Database.Database): [string, string][] {
  const rows = db.prepare<[], { table: string; column: string }>(
    `SELECT m.name AS "table", f."from" AS "column" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
     WHERE m.type = 'table' AND f."table" = 'devices' AND f.on_delete = 'NO ACTION'`,
  );
  return rows.all().map(({ table, column }) => [table, column]);
}
