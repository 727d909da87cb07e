/**
 * Flashes a board over serial: looks what it is, checks everything that can be checked, writes what is not right already, and
 * compares. Nothing is written before the checks. Whatever interrupts it, the same can be run again.
 */

import type { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { FACTORY_MAGIC } from "../../runtime/contract/factory-record.ts";
import {
  FLASH_BOOT_OFFSET,
  FLASH_FACTORY_OFFSET,
  FLASH_QUEUE_OFFSET,
  FLASH_REGION_BYTES,
  FLASH_REGION_CHIP_OFFSET,
  FLASH_REGION_MAX_BYTES,
} from "../../runtime/contract/flash-map.ts";
import { IMAGE_HEADER_BYTES, IMAGE_MAGIC, IMAGE_SIGNED_BYTES } from "../../runtime/contract/image-header.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { checkSignature } from "../../runtime/image/verify-signature.ts";
import type { Board } from "../build/board-schema.ts";
import { type ChipFacts, type ConnectOptions, EspConnection, type FlashPart } from "./esp-connection.ts";
import { FlashError } from "./flash-error.ts";

const KIB = 1024;
const MIB = 0x100000;
/** At the end of the flash, the vendor SDK's own. */
const SDK_BYTES = MIB - FLASH_REGION_CHIP_OFFSET - FLASH_REGION_BYTES;
const WORD_BYTES = 4;
const MAGICS = [
  [FLASH_FACTORY_OFFSET, FACTORY_MAGIC],
  [FLASH_BOOT_OFFSET, IMAGE_MAGIC],
] as const;

export interface FlashJob {
  parts: readonly FlashPart[];
  board: Board;
  connect: ConnectOptions;
  /** The whole flash first, the readings that were not sent included. */
  erase: boolean;
}

/** Whoever watches. */
export interface FlashListener {
  connected(facts: ChipFacts): void;
  note(text: string): void;
  /** Ends with `doneBytes` equal to `totalBytes`; 0 of 0: it was right already. */
  progress(what: string, doneBytes: number, totalBytes: number): void;
}

export interface FlashResult extends ChipFacts {
  /** Of all parts. */
  bytes: number;
  writtenBytes: number;
  /** What flash holds was compared after it was written; false: the ROM cannot do that, and the stub was not wanted. */
  verified: boolean;
}

export async function flashDevice(port: WebSerialPort, job: FlashJob, listener: FlashListener): Promise<FlashResult> {
  const connection = await EspConnection.open(port, job.connect);
  try {
    const { facts } = connection;
    checkFlashSize(facts, job.board);
    listener.connected(facts);
    if (facts.flashBytes > job.board.flash.sizeMiB * MIB) listener.note(unusedFlash(facts.flashBytes, job.board));
    if (await isToErase(connection, job, listener)) {
      await connection.eraseAll((done, total) => listener.progress("erasing", done, total));
    }
    const result = await writeParts(connection, job.parts, listener);
    await connection.leave();
    return { ...facts, ...result };
  } finally {
    await connection.close();
  }
}

function checkFlashSize({ flashBytes }: ChipFacts, { name, flash }: Board): void {
  if (flashBytes >= flash.sizeMiB * MIB) return;
  throw new FlashError(
    `the flash of this board has ${flashBytes / MIB} MiB, and ${name} has ${flash.sizeMiB} MiB: ` +
      "it is another board, so name it with --board (lintel boards)",
  );
}

/** A board that is flashed as a smaller one works, and keeps less. */
export function unusedFlash(flashBytes: number, { name, flash }: Board): string {
  const usedKiB = queueKiB(flash.sizeMiB * MIB);
  const lostKiB = queueKiB(flashBytes) - usedKiB;
  const lost =
    lostKiB > 0
      ? `it keeps readings that are not sent in ${usedKiB} KiB, and ${lostKiB} KiB more stay unused`
      : `the rest stays unused, for no board keeps readings in more than ${usedKiB} KiB`;
  const other = "if it is another board, name that with --board (lintel boards)";
  return `its flash has ${flashBytes / MIB} MiB, and ${name} has ${flash.sizeMiB} MiB: ${lost}; ${other}`;
}

/** Room for readings (contract/flash-map.ts). */
function queueKiB(flashBytes: number): number {
  const regionBytes = Math.min(flashBytes - SDK_BYTES - FLASH_REGION_CHIP_OFFSET, FLASH_REGION_MAX_BYTES);
  return (regionBytes - FLASH_QUEUE_OFFSET) / KIB;
}

/**
 * What another firmware left would be taken for readings that are damaged. A board of Lintel shows itself by two things, of
 * which an interrupted run has spoilt one at most.
 */
async function isToErase(connection: EspConnection, job: FlashJob, listener: FlashListener): Promise<boolean> {
  if (job.erase) return true;
  if (!connection.hasStub) return false;
  for (const [offset, magic] of MAGICS) {
    const bytes = await connection.read(FLASH_REGION_CHIP_OFFSET + offset, WORD_BYTES, () => {});
    if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === magic) return false;
  }
  listener.note("not a board of Lintel yet: its flash is erased first");
  return true;
}

async function writeParts(connection: EspConnection, parts: readonly FlashPart[], listener: FlashListener) {
  let writtenBytes = 0;
  for (const part of parts) {
    const { name, bytes } = part;
    if (connection.hasStub && (await isRight(connection, part))) {
      listener.progress(name, 0, 0);
      continue;
    }
    await connection.write(part, (done, total) => listener.progress(name, done, total));
    if (connection.hasStub && !(await connection.holds(part))) {
      throw new FlashError(
        `the ${name} reads back otherwise than it was written: run the same again; if it stays so, the flash is worn out`,
      );
    }
    writtenBytes += bytes.length;
  }
  const bytes = parts.reduce((sum, part) => sum + part.bytes.length, 0);
  return { bytes, writtenBytes, verified: connection.hasStub };
}

/** Signatures by ECDSA differ each time: an image on the board that is the same otherwise, and signed as well, stays. */
async function isRight(connection: EspConnection, part: FlashPart): Promise<boolean> {
  if (await connection.holds(part)) return true;
  if (part.signedBy === undefined) return false;
  const header = await connection.read(part.offset, IMAGE_HEADER_BYTES, () => {});
  const isSame = header.subarray(0, IMAGE_SIGNED_BYTES).every((byte, index) => byte === part.bytes[index]);
  if (!isSame || checkSignature(header, part.signedBy) !== UpdateFailure.None) return false;
  const bytes = part.bytes.slice();
  bytes.set(header);
  return connection.holds({ ...part, bytes });
}
