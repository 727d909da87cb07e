/**
 * Ids and digests in an export say what is in it. They are the same everywhere, so one that lies would stand here for an image, a key
 * or a file that somebody else means.
 */
import type Database from "better-sqlite3";
import { sha256 } from "../../../runtime/image/image-header.ts";
import { keyIdOf } from "../../../runtime/image/verify-signature.ts";
import { checkUpload } from "../../updates/image-check.ts";
import type { StoredImage } from "../../updates/store-requests.ts";
import { TransferError } from "./transfer-error.ts";

interface ImageRow extends Omit<StoredImage, "id" | "digest" | "keyId"> {
  id: Buffer;
  digest: Buffer;
  keyId: Buffer;
  bytes: Buffer;
}

/** The export is attached as `inp`. Throws TransferError that names the first one that is something else. */
export function checkContents(db: Database.Database): void {
  const images = db.prepare<[], ImageRow>(
    `SELECT id, product, version, arch, abi, board, security_counter AS securityCounter, payload_bytes AS payloadBytes,
       ram_bytes AS ramBytes, digest, key_id AS keyId, size_bytes AS sizeBytes, bytes FROM inp.images`,
  );
  for (const { bytes, ...row } of images.iterate()) {
    const verdict = checkUpload(bytes);
    if (!verdict.ok) throw refusal("image", row.id, verdict.reason);
    const digest = Buffer.from(verdict.image.digest);
    const found = { ...verdict.image, id: Buffer.from(verdict.image.id, "hex"), digest };
    const said = Object.entries(row);
    const isSame = ([name, value]: [string, unknown]) => areEqual(found[name as keyof typeof found], value);
    const other = said.find((one) => !isSame(one));
    if (other !== undefined) throw refusal("image", row.id, `its ${other[0]} is not that of its bytes`);
  }
  const keys = db.prepare<[], { id: Buffer; point: Buffer }>("SELECT key_id AS id, point FROM inp.trusted_keys");
  for (const { id, point } of keys.iterate())
    if (!areEqual(keyIdOf(point), id)) throw refusal("key", id, "its id is not that of its point");
  const files = db.prepare<[], { name: string; digest: Buffer; sizeBytes: number; bytes: Buffer }>(
    "SELECT name, digest, size_bytes AS sizeBytes, bytes FROM inp.event_files",
  );
  for (const { digest, sizeBytes, bytes } of files.iterate())
    if (sizeBytes !== bytes.length || !sha256(bytes).equals(digest))
      throw refusal("file of an event", digest, "its digest or its size is not that of its bytes");
}

function refusal(what: string, id: Buffer, reason: string): TransferError {
  return new TransferError("exportRefused", `${what} ${id.toString("hex")}: ${reason}`);
}

function areEqual(one: unknown, other: unknown): boolean {
  return one instanceof Uint8Array && other instanceof Uint8Array ? Buffer.compare(one, other) === 0 : one === other;
}
