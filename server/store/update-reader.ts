/** Questions about images and updates, on the reader's connection. Image ids are hexadecimal text outside. */
import type Database from "better-sqlite3";
import { idBytes, idText } from "../updates/update-messages.ts";

export interface ImageRow {
  number: number;
  id: string;
  product: string;
  version: string;
  arch: number;
  abi: number;
  board: number;
  securityCounter: number;
  payloadBytes: number;
  ramBytes: number;
  digest: Buffer;
  keyId: Buffer;
  sizeBytes: number;
  /** Null: not worth while, or not made yet. */
  compressedBytes: number | null;
  /** 0: not made yet. */
  compressTried: number;
  createdMs: number;
}

export interface DesiredRow {
  image: string;
  retry: number;
  setMs: number;
  /** The device has begun with the image since it was set. */
  tried: number;
  givenUp: number;
}

export interface UpdateStepRow {
  atMs: number;
  state: number;
  image: string | null;
  percent: number | null;
  failure: number | null;
}

/** `sizeBytes` null: there is no patch worth having. */
export interface PatchRow {
  sizeBytes: number | null;
}

export class UpdateReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** In the order in which they came; `organisations` null: of all. */
  images(afterNumber: number, limit: number, organisations: readonly number[] | null): ImageRow[] {
    const rows =
      organisations === null
        ? this.#sql.images.all(afterNumber, limit)
        : this.#sql.imagesOf.all(afterNumber, JSON.stringify(organisations), limit);
    return rows.map(withIdText);
  }

  /** Organisations that have the image. */
  imageOwners(id: string): number[] {
    return this.#sql.owners.all(idBytes(id)).map(({ organisation }) => organisation);
  }

  image(id: string): ImageRow | undefined {
    const row = this.#sql.image.get(idBytes(id));
    return row && withIdText(row);
  }

  imageBytes(id: string): Buffer | undefined {
    return this.#sql.imageBytes.get(idBytes(id))?.bytes;
  }

  compressed(id: string): Buffer | undefined {
    return this.#sql.compressed.get(idBytes(id))?.bytes ?? undefined;
  }

  /** Images that were never compressed, in the order in which they came. */
  uncompressed(): string[] {
    return this.#sql.uncompressed.all().map(({ id }) => idText(id));
  }

  patch(base: string, image: string): PatchRow | undefined {
    return this.#sql.patch.get(idBytes(base), idBytes(image));
  }

  patchBytes(base: string, image: string): Buffer | undefined {
    return this.#sql.patchBytes.get(idBytes(base), idBytes(image))?.bytes ?? undefined;
  }

  desired(deviceId: number): DesiredRow | undefined {
    const row = this.#sql.desired.get(deviceId);
    return row && { ...row, image: idText(row.image) };
  }

  /** Oldest first; the last one is the present state. */
  updateHistory(deviceId: number): UpdateStepRow[] {
    return this.#sql.history.all(deviceId).map((row) => ({ ...row, image: row.image && idText(row.image) }));
  }
}

function withIdText(row: Omit<ImageRow, "id"> & { id: Buffer }): ImageRow {
  return { ...row, id: idText(row.id) };
}

const IMAGE_COLUMNS = `number, id, product, version, arch, abi, board, security_counter AS securityCounter,
  payload_bytes AS payloadBytes, ram_bytes AS ramBytes, digest, key_id AS keyId, size_bytes AS sizeBytes,
  length(compressed) AS compressedBytes, compress_tried AS compressTried, created_ms AS createdMs`;

type Stored<T> = Omit<T, "id"> & { id: Buffer };

function prepare(db: Database.Database) {
  return {
    images: db.prepare<[number, number], Stored<ImageRow>>(
      `SELECT ${IMAGE_COLUMNS} FROM images WHERE number > ? ORDER BY number LIMIT ?`,
    ),
    imagesOf: db.prepare<[number, string, number], Stored<ImageRow>>(
      `SELECT ${IMAGE_COLUMNS} FROM images WHERE number > ? AND id IN (
         SELECT image_id FROM image_owners WHERE organisation_id IN (SELECT value FROM json_each(?)))
       ORDER BY number LIMIT ?`,
    ),
    owners: db.prepare<[Buffer], { organisation: number }>(
      "SELECT organisation_id AS organisation FROM image_owners WHERE image_id = ?",
    ),
    image: db.prepare<[Buffer], Stored<ImageRow>>(`SELECT ${IMAGE_COLUMNS} FROM images WHERE id = ?`),
    imageBytes: db.prepare<[Buffer], { bytes: Buffer }>("SELECT bytes FROM images WHERE id = ?"),
    compressed: db.prepare<[Buffer], { bytes: Buffer | null }>("SELECT compressed AS bytes FROM images WHERE id = ?"),
    uncompressed: db.prepare<[], { id: Buffer }>("SELECT id FROM images WHERE compress_tried = 0 ORDER BY number"),
    patch: db.prepare<[Buffer, Buffer], PatchRow>(
      "SELECT size_bytes AS sizeBytes FROM patches WHERE base_id = ? AND image_id = ?",
    ),
    patchBytes: db.prepare<[Buffer, Buffer], { bytes: Buffer | null }>(
      "SELECT bytes FROM patches WHERE base_id = ? AND image_id = ?",
    ),
    desired: db.prepare<[number], Omit<DesiredRow, "image"> & { image: Buffer }>(
      `SELECT image_id AS image, retry, set_ms AS setMs, tried, given_up AS givenUp
       FROM desired_images WHERE device_id = ?`,
    ),
    history: db.prepare<[number], Omit<UpdateStepRow, "image"> & { image: Buffer | null }>(
      `SELECT at_ms AS atMs, state, image, percent, failure FROM update_history WHERE device_id = ? ORDER BY id`,
    ),
  };
}
