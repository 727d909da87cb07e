/** Releases, and the keys that they have to be signed with: the writer's side. Who checks signatures is server/updates. */
import type Database from "better-sqlite3";
import type { TellChange } from "../events/change-kinds.ts";
import { RELEASES_MAX, TRUSTED_KEYS_MAX } from "../limits.ts";
import { ReleaseState, type RolloutRequest } from "../rollouts/rollout-requests.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import { idBytes } from "../updates/update-messages.ts";
import type { Handlers } from "./handlers.ts";
import type { RolloutLedger } from "./rollout-ledger.ts";

type Kinds = "addTrustedKey" | "deleteTrustedKey" | "addRelease" | "setReleaseState";
export type ReleaseRequest = Extract<RolloutRequest, { kind: Kinds }>;

export class ReleaseLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #rollouts: RolloutLedger;
  readonly #tell: TellChange;
  readonly handlers: Handlers<ReleaseRequest> = {
    addTrustedKey: ({ organisation, keyId, point, name, atMs }) => {
      if ((this.#sql.keyCount.get(organisation)?.count ?? 0) >= TRUSTED_KEYS_MAX) return { outcome: "tooManyKeys" };
      const { changes } = this.#sql.addKey.run(organisation, keyId, point, name, atMs);
      return { outcome: changes === 0 ? "existed" : "done" };
    },
    deleteTrustedKey: ({ organisation, keyId }) => {
      const { changes } = this.#sql.deleteKey.run(organisation, keyId);
      return { outcome: changes === 0 ? "keyUnknown" : "done" };
    },
    addRelease: (request) => this.#add(request),
    setReleaseState: ({ release, state, atMs }) => {
      const row = this.#sql.state.get(release);
      const before = row?.state;
      if (row === undefined || before === undefined) return { outcome: "releaseUnknown" };
      // What was withdrawn stays so: its successor is another release.
      if (state === ReleaseState.Released && before === ReleaseState.Withdrawn) return { outcome: "releaseNotOut" };
      if (before === state) return { outcome: "done" };
      this.#sql.setState.run(state, atMs, release);
      const kind = state === ReleaseState.Withdrawn ? "release.withdrawn" : "release.published";
      this.#tell({ kind, atMs, organisation: row.organisation, detail: { release, version: row.version } });
      if (state !== ReleaseState.Withdrawn) return { outcome: "done" };
      return { outcome: "done", ...this.#rollouts.withdraw(release, atMs) };
    },
  };

  constructor(db: Database.Database, rollouts: RolloutLedger, tell: TellChange) {
    this.#tell = tell;
    this.#sql = prepare(db);
    this.#rollouts = rollouts;
  }

  #add({
    organisation,
    version,
    notes,
    images,
    isDraft,
    atMs,
  }: Extract<ReleaseRequest, { kind: "addRelease" }>): StoreAnswer {
    if ((this.#sql.count.get(organisation)?.count ?? 0) >= RELEASES_MAX) return { outcome: "tooManyReleases" };
    if (this.#sql.ofVersion.get(organisation, version) !== undefined) return { outcome: "releaseExists" };
    const isOwned = (image: string) => this.#sql.owns.get(organisation, idBytes(image)) !== undefined;
    if (!images.every(isOwned)) return { outcome: "imageUnknown" };
    const state = isDraft ? ReleaseState.Draft : ReleaseState.Released;
    const release = Number(this.#sql.add.run(organisation, version, notes, state, atMs, atMs).lastInsertRowid);
    for (const image of images) this.#sql.addImage.run(release, idBytes(image));
    if (!isDraft) this.#tell({ kind: "release.published", atMs, organisation, detail: { release, version } });
    return { outcome: "done", release };
  }
}

function prepare(db: Database.Database) {
  return {
    keyCount: db.prepare<[number], { count: number }>(
      "SELECT count(*) AS count FROM trusted_keys WHERE organisation_id = ?",
    ),
    addKey: db.prepare("INSERT INTO trusted_keys VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    deleteKey: db.prepare("DELETE FROM trusted_keys WHERE organisation_id = ? AND key_id = ?"),
    count: db.prepare<[number], { count: number }>("SELECT count(*) AS count FROM releases WHERE organisation_id = ?"),
    ofVersion: db.prepare<[number, string]>("SELECT 1 FROM releases WHERE organisation_id = ? AND version = ?"),
    owns: db.prepare<[number, Buffer]>("SELECT 1 FROM image_owners WHERE organisation_id = ? AND image_id = ?"),
    add: db.prepare(
      `INSERT INTO releases (organisation_id, version, notes, state, created_ms, state_ms) VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    addImage: db.prepare("INSERT INTO release_images VALUES (?, ?) ON CONFLICT DO NOTHING"),
    state: db.prepare<[number], { state: ReleaseState; organisation: number; version: string }>(
      "SELECT state, organisation_id AS organisation, version FROM releases WHERE id = ?",
    ),
    setState: db.prepare("UPDATE releases SET state = ?, state_ms = ? WHERE id = ?"),
  };
}
