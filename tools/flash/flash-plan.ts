/**
 * What goes where when a board is flashed over serial, from the lowest offset up, for without the stub the ROM erases more
 * than it is told. The reading queue is not among it: a board that is flashed again keeps what it has not sent.
 */
import { type DeviceConfig, encodeConfigRecord } from "../../runtime/board/config-image.ts";
import {
  FLASH_BOOT_BYTES,
  FLASH_BOOT_OFFSET,
  FLASH_CONFIG_COPIES,
  FLASH_CONFIG_OFFSET,
  FLASH_FACTORY_OFFSET,
  FLASH_REGION_CHIP_OFFSET,
  FLASH_SECTOR_BYTES,
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_BYTES,
  FLASH_SLOT_STATES_OFFSET,
  FLASH_SLOT_STATES_SECTORS,
} from "../../runtime/contract/flash-map.ts";
import type { BoardContents } from "../image/flash-board.ts";
import { encodeFactoryRecord } from "../image/flash-board.ts";
import type { FlashPart } from "./esp-connection.ts";
import { FlashError } from "./flash-error.ts";

const ERASED = 0xff;
const SLOT_STATES_BYTES = FLASH_SLOT_STATES_SECTORS * FLASH_SECTOR_BYTES;
/** Of the configuration: the first one of its board, or of its board since it was flashed. */
const FIRST_SEQUENCE = 1;

export interface FlashContents extends Required<BoardContents> {
  /** For offset 0, as hostFor gives it. */
  host: Uint8Array;
  /** Absent: the board keeps the one it has, or waits to be told over serial. */
  config?: DeviceConfig;
}

export function flashPlan(contents: FlashContents): FlashPart[] {
  const { host, boot, product, publicKeys, board, config, image } = contents;
  return [
    { name: "host", offset: 0, bytes: host },
    { ...area("boot program", FLASH_BOOT_OFFSET, FLASH_BOOT_BYTES, boot), signedBy: publicKeys },
    area("factory record", FLASH_FACTORY_OFFSET, FLASH_SECTOR_BYTES, encodeFactoryRecord(product, publicKeys, board)),
    // Blank, so that boot takes slot A for what was flashed: it knows of no other.
    area("slot states", FLASH_SLOT_STATES_OFFSET, SLOT_STATES_BYTES, blank(SLOT_STATES_BYTES)),
    ...(config === undefined ? [] : [configPart(config)]),
    { ...area("program", FLASH_SLOT_A_OFFSET, FLASH_SLOT_BYTES, image), signedBy: publicKeys },
  ];
}

/** Both copies: an older one of a higher sequence would count. */
function configPart(config: DeviceConfig): FlashPart {
  const bytes = blank(FLASH_CONFIG_COPIES * FLASH_SECTOR_BYTES);
  const record = encodeConfigRecord(config, FIRST_SEQUENCE);
  bytes.set(record, (FIRST_SEQUENCE % FLASH_CONFIG_COPIES) * FLASH_SECTOR_BYTES);
  return { name: "configuration", offset: FLASH_REGION_CHIP_OFFSET + FLASH_CONFIG_OFFSET, bytes };
}

function area(name: string, offset: number, areaBytes: number, content: Uint8Array): FlashPart {
  if (content.length > areaBytes) {
    throw new FlashError(`the ${name} takes ${content.length} bytes, its place in flash has ${areaBytes}`);
  }
  const bytes = blank(Math.ceil(content.length / FLASH_SECTOR_BYTES) * FLASH_SECTOR_BYTES);
  bytes.set(content);
  return { name, offset: FLASH_REGION_CHIP_OFFSET + offset, bytes };
}

function blank(sizeBytes: number): Uint8Array {
  return new Uint8Array(sizeBytes).fill(ERASED);
}
