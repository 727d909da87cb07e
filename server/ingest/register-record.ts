/** What a record of BatchKind.Register holds: where a board that is new belongs. Written by this server, so it is well-formed. */
import type { Standing } from "../access/registration.ts";

export interface RegisterRecord {
  project: number;
  standing: Standing;
}

const STANDING_OFFSET = 4;
const RECORD_BYTES = 5;

export function encodeRegister({ project, standing }: RegisterRecord): Uint8Array {
  const record = Buffer.alloc(RECORD_BYTES);
  record.writeUInt32LE(project);
  record[STANDING_OFFSET] = standing;
  return record;
}

export function decodeRegister(payload: Uint8Array): RegisterRecord {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return { project: view.getUint32(0, true), standing: view.getUint8(STANDING_OFFSET) as Standing };
}
