/** Images and patches in the database, the writer's side: what is put there and taken away. */
import type Database from "better-sqlite3";
import { IMAGES_MAX, PATCHES_MAX } from "../limits.ts";
import type { StoreAnswer, StoredImage } from "../updates/store-requests.ts";
import { idBytes } from "../updates/update-messages.ts";

export class ImageShelf {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  has(id: string): boolean {
    return this.#sql.has.get(idBytes(id)) !== undefined;
  }

  product(id: string): string | undefined {
    return this.#sql.has.get(idBytes(id))?.product;
  }

  /** An id is a digest, so the same id is the same image. */
  add(image: StoredImage, bytes: Uint8Array, organisation: number, atMs: number): StoreAnswer {
    if (!this.has(image.id)) {
      if ((this.#sql.count.get()?.count ?? 0) >= IMAGES_MAX) return { outcome: "tooManyImages" };
      this.#sql.add.run({ ...image, id: idBytes(image.id), bytes, atMs });
    }
    const { changes } = this.#sql.own.run(idBytes(image.id), organisation, atMs);
    return { outcome: changes === 0 ? "existed" : "done" };
  }

  addCompressed(image: string, bytes: Uint8Array | null): StoreAnswer {
    const { changes } = this.#sql.addCompressed.run(bytes, idBytes(image));
    return { outcome: changes === 0 ? "imageUnknown" : "done" };
  }

  /** Boards of others neither keep it here nor are they told. */
  delete(id: string, organisation: number): StoreAnswer {
    const key = idBytes(id);
    if (this.#sql.isOwned.get(key, organisation) === undefined) return { outcome: "imageUnknown" };
    if (this.#sql.isDesired.get(key, organisation) !== undefined) return { outcome: "imageDesired" };
    if (this.#sql.isRunning.get(key, organisation) !== undefined) return { outcome: "imageRunning" };
    if (this.#sql.isReleased.get(key, organisation) !== undefined) return { outcome: "imageReleased" };
    this.#sql.disown.run(key, organisation);
    this.#sql.deleteUnowned.run(key);
    return { outcome: "done" };
  }

  addPatch(base: string, image: string, bytes: Uint8Array | null, atMs: number): StoreAnswer {
    if (!this.has(base) || !this.has(image)) return { outcome: "imageUnknown" };
    this.#sql.addPatch.run(idBytes(base), idBytes(image), bytes?.length ?? null, atMs, bytes);
    this.#sql.dropOldPatches.run(PATCHES_MAX);
    return { outcome: "done" };
  }
}

function prepare(db: Database.Database) {
  return {
    has: db.prepare<[Buffer], { product: string }>("SELECT product FROM images WHERE id = ?"),
    count: db.prepare<[], { count: number }>("SELECT count(*) AS count FROM images"),
    add: db.prepare(
      `INSERT INTO images (id, product, version, arch, abi, board, security_counter, payload_bytes, ram_bytes, digest,
         key_id, size_bytes, created_ms, bytes)
       VALUES (@id, @product, @version, @arch, @abi, @board, @securityCounter, @payloadBytes, @ramBytes, @digest,
         @keyId, @sizeBytes, @atMs, @bytes)`,
    ),
    addCompressed: db.prepare("UPDATE images SET compressed = ?, compress_tried = 1 WHERE id = ?"),
    own: db.prepare<[Buffer, number, number]>("INSERT INTO image_owners VALUES (?, ?, ?) ON CONFLICT DO NOTHING"),
    isOwned: db.prepare<[Buffer, number]>("SELECT 1 FROM image_owners WHERE image_id = ? AND organisation_id = ?"),
    isDesired: db.prepare<[Buffer, number]>(
      `SELECT 1 FROM desired_images i JOIN devices d ON d.id = i.device_id JOIN projects p ON p.id = d.project_id
       WHERE i.image_id = ? AND p.organisation_id = ? LIMIT 1`,
    ),
    isRunning: db.prepare<[Buffer, number]>(
      `SELECT 1 FROM devices d JOIN projects p ON p.id = d.project_id
       WHERE d.image = ? AND p.organisation_id = ? LIMIT 1`,
    ),
    isReleased: db.prepare<[Buffer, number]>(
      `SELECT 1 FROM release_images i JOIN releases r ON r.id = i.release_id
       WHERE i.image_id = ? AND r.organisation_id = ? LIMIT 1`,
    ),
    disown: db.prepare<[Buffer, number]>("DELETE FROM image_owners WHERE image_id = ? AND organisation_id = ?"),
    deleteUnowned: db.prepare<[Buffer]>(
      "DELETE FROM images WHERE id = ? AND NOT EXISTS (SELECT 1 FROM image_owners o WHERE o.image_id = images.id)",
    ),
    addPatch: db.prepare(
      `INSERT INTO patches (base_id, image_id, size_bytes, created_ms, bytes) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (base_id, image_id) DO NOTHING`,
    ),
    dropOldPatches: db.prepare(
      "DELETE FROM patches WHERE number <= (SELECT number FROM patches ORDER BY number DESC LIMIT 1 OFFSET ?)",
    ),
  };
}
