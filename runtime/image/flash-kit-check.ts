/**
 * Would these parts make a board that starts, finds its server and waits for Wi-Fi? Looked at before a kit is written or stored:
 * whoever installs it has a browser and a cable, and nobody to ask. Signatures are looked at by the boards themselves.
 *
 * What is in a kit can be read by everyone who can open its page, so a kit with Wi-Fi or a device's secret is refused.
 */
import { crc32 } from "node:zlib";
import { Decoder } from "cbor-x";
import {
  CONFIG_CRC_OFFSET,
  CONFIG_HEADER_BYTES,
  CONFIG_LENGTH_OFFSET,
  CONFIG_MAGIC,
  CONFIG_MAX_BYTES,
  CONFIG_SEQUENCE_OFFSET,
  CONFIG_TEXT_MAX_BYTES,
  CONFIG_TRIAL_OFFSET,
  ConfigKey,
  ConfigTrial,
} from "../contract/config-record.ts";
import {
  FACTORY_BOARD_OFFSET,
  FACTORY_CRC_OFFSET,
  FACTORY_MAGIC,
  FACTORY_PRODUCT_OFFSET,
  FACTORY_RECORD_BYTES,
  FACTORY_VERSION,
  FACTORY_VERSION_OFFSET,
} from "../contract/factory-record.ts";
import {
  FLASH_BOOT_BYTES,
  FLASH_BOOT_OFFSET,
  FLASH_CONFIG_COPIES,
  FLASH_CONFIG_OFFSET,
  FLASH_FACTORY_OFFSET,
  FLASH_QUEUE_OFFSET,
  FLASH_REGION_BYTES,
  FLASH_REGION_CHIP_OFFSET,
  FLASH_SECTOR_BYTES,
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_BYTES,
  FLASH_SLOT_STATES_OFFSET,
  FLASH_SLOT_STATES_SECTORS,
} from "../contract/flash-map.ts";
import { BOOT_PRODUCT, IMAGE_HEADER_BYTES, IMAGE_PRODUCT_BYTES, ImageArch } from "../contract/image-header.ts";
import { UpdateFailure } from "../contract/update-messages.ts";
import { viewOf } from "./bytes.ts";
import { FLASH_KIT_NAME, FLASH_KIT_PARTS_MAX, type FlashKitPart } from "./flash-kit.ts";
import { readHostImage } from "./host-image.ts";
import { checkImage, decodeImageHeader } from "./image-header.ts";

const MIB = 0x100000;
const NAME = new RegExp(FLASH_KIT_NAME);
/** At the end of the flash, the vendor SDK's own (contract/flash-map.ts). */
const SDK_BYTES = MIB - FLASH_REGION_CHIP_OFFSET - FLASH_REGION_BYTES;
const ERASED = 0xff;
const PORT_MAX = 65_535;

export type FlashKitVerdict = { ok: true; product: string; version: string } | { ok: false; reason: string };

/** What is wrong, for people. */
class KitFault extends Error {}

export function checkFlashKit(parts: readonly FlashKitPart[], flashMiB: number): FlashKitVerdict {
  try {
    checkPlaces(parts, flashMiB);
    const { abiVersion } = checkHost(partAt(parts, 0, FLASH_REGION_CHIP_OFFSET, "host"), flashMiB);
    const region = (offset: number, areaBytes: number, what: string) =>
      partAt(parts, FLASH_REGION_CHIP_OFFSET + offset, areaBytes, what);
    checkProgram(region(FLASH_BOOT_OFFSET, FLASH_BOOT_BYTES, "boot program"), "boot program", abiVersion, BOOT_PRODUCT);
    const { product, board } = readFactoryRecord(region(FLASH_FACTORY_OFFSET, FLASH_SECTOR_BYTES, "factory record"));
    const image = region(FLASH_SLOT_A_OFFSET, FLASH_SLOT_BYTES, "program");
    const { version } = checkProgram(image, "program", abiVersion, product, board);
    checkBlank(region(FLASH_SLOT_STATES_OFFSET, FLASH_SLOT_STATES_SECTORS * FLASH_SECTOR_BYTES, "slot states"));
    checkConfig(region(FLASH_CONFIG_OFFSET, FLASH_CONFIG_COPIES * FLASH_SECTOR_BYTES, "configuration"));
    return { ok: true, product, version };
  } catch (error) {
    if (error instanceof KitFault) return { ok: false, reason: error.message };
    throw error;
  }
}

function checkPlaces(parts: readonly FlashKitPart[], flashMiB: number): void {
  if (parts.length > FLASH_KIT_PARTS_MAX) {
    throw new KitFault(`it has ${parts.length} parts, more than ${FLASH_KIT_PARTS_MAX}`);
  }
  if (new Set(parts.map(({ name }) => name)).size < parts.length) throw new KitFault("two of its parts have one name");
  const endOfFlash = flashMiB * MIB - SDK_BYTES;
  let end = 0;
  for (const { name, offset, bytes } of [...parts].sort((a, b) => a.offset - b.offset)) {
    if (!NAME.test(name))
      throw new KitFault(`a part is named "${name}": names are lowercase letters, digits and hyphens`);
    if (bytes.length === 0) throw new KitFault(`its part ${name} is empty`);
    if (offset % FLASH_SECTOR_BYTES !== 0) throw new KitFault(`its part ${name} does not begin a sector of the flash`);
    if (offset < end) throw new KitFault(`its part ${name} lies over the one before it`);
    end = offset + Math.ceil(bytes.length / FLASH_SECTOR_BYTES) * FLASH_SECTOR_BYTES;
    if (end > FLASH_REGION_CHIP_OFFSET + FLASH_QUEUE_OFFSET && end <= endOfFlash) {
      throw new KitFault(`its part ${name} lies where boards keep readings that are not sent`);
    }
    if (end > endOfFlash) throw new KitFault(`its part ${name} ends behind what a flash of ${flashMiB} MiB has for it`);
  }
}

function partAt(parts: readonly FlashKitPart[], offset: number, areaBytes: number, what: string): Uint8Array {
  const part = parts.find((candidate) => candidate.offset === offset);
  if (part === undefined) throw new KitFault(`it has no ${what}: nothing is for offset 0x${offset.toString(16)}`);
  if (part.bytes.length <= areaBytes) return part.bytes;
  throw new KitFault(`its ${what} has ${part.bytes.length} bytes, and room for ${areaBytes}`);
}

function checkHost(image: Uint8Array, flashMiB: number): { abiVersion: number } {
  const facts = readHostImage(image);
  if (!facts.ok) throw new KitFault(`its host ${facts.reason}`);
  if (facts.flashMiB !== 0 && facts.flashMiB !== flashMiB) {
    throw new KitFault(`its host is for a flash of ${facts.flashMiB} MiB, and the board has ${flashMiB} MiB`);
  }
  return facts;
}

/** `part` may have erased flash behind the image. */
function checkProgram(part: Uint8Array, what: string, abiVersion: number, product: string, board?: number) {
  const header = decodeImageHeader(part);
  if (typeof header === "number") throw new KitFault(`its ${what} is no image (${UpdateFailure[header]})`);
  const end = IMAGE_HEADER_BYTES + header.payloadBytes;
  const target = { arch: ImageArch.Lx106, abiVersion, product, ...(board === undefined ? {} : { board }) };
  const fault = checkImage(part.subarray(0, end), target);
  if (fault !== UpdateFailure.None) throw new KitFault(`its ${what} would not run (${UpdateFailure[fault]})`);
  if (header.version === "") throw new KitFault(`the header of its ${what} names no version`);
  return header;
}

function readFactoryRecord(part: Uint8Array): { product: string; board: number } {
  const view = viewOf(part);
  const isWhole =
    part.length >= FACTORY_RECORD_BYTES &&
    view.getUint32(0, true) === FACTORY_MAGIC &&
    view.getUint32(FACTORY_VERSION_OFFSET, true) === FACTORY_VERSION &&
    view.getUint32(FACTORY_CRC_OFFSET, true) === crc32(part.subarray(0, FACTORY_CRC_OFFSET));
  if (!isWhole) throw new KitFault("its factory record is damaged, or of a version that is not known here");
  const name = part.subarray(FACTORY_PRODUCT_OFFSET, FACTORY_PRODUCT_OFFSET + IMAGE_PRODUCT_BYTES);
  const product = Buffer.from(name).toString("latin1").replace(/\0+$/, "");
  return { product, board: view.getUint32(FACTORY_BOARD_OFFSET, true) };
}

function checkBlank(part: Uint8Array): void {
  const areaBytes = FLASH_SLOT_STATES_SECTORS * FLASH_SECTOR_BYTES;
  if (part.length === areaBytes && part.every((byte) => byte === ERASED)) return;
  throw new KitFault("its slot states are not blank, so a board would look for a program elsewhere than in slot A");
}

function checkConfig(part: Uint8Array): void {
  const config = configsIn(part);
  if (config.length !== 1) throw new KitFault("its configuration is not one record in one of two places");
  const map = config[0] as ReadonlyMap<unknown, unknown>;
  const [host, port] = [map.get(ConfigKey.ServerHost), map.get(ConfigKey.ServerPort)];
  const hostBytes = typeof host === "string" ? Buffer.byteLength(host) : 0;
  if (hostBytes < 1 || hostBytes > CONFIG_TEXT_MAX_BYTES) throw new KitFault("its configuration names no server");
  const isPort = typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= PORT_MAX;
  if (!isPort) throw new KitFault("its configuration names no port of the server");
  // A device stops reading at a key that is no number.
  if ([...map.keys()].some((key) => typeof key !== "number")) throw new KitFault("its configuration has unknown keys");
  for (const key of [ConfigKey.Ssid, ConfigKey.Passphrase, ConfigKey.Secret]) {
    if ((map.get(key) ?? "") !== "") {
      throw new KitFault(
        "its configuration has Wi-Fi or a secret in it, and everyone can read a kit: leave them empty",
      );
    }
  }
}

function configsIn(part: Uint8Array): ReadonlyMap<unknown, unknown>[] {
  const found: ReadonlyMap<unknown, unknown>[] = [];
  for (let at = 0; at + CONFIG_HEADER_BYTES <= part.length; at += FLASH_SECTOR_BYTES) {
    const copy = part.subarray(at, at + FLASH_SECTOR_BYTES);
    if (copy.every((byte) => byte === ERASED)) continue;
    const map = readConfig(copy);
    if (map === undefined) throw new KitFault("its configuration is damaged");
    found.push(map);
  }
  return found;
}

function readConfig(copy: Uint8Array): ReadonlyMap<unknown, unknown> | undefined {
  const view = viewOf(copy);
  const lengthBytes = view.getUint32(CONFIG_LENGTH_OFFSET, true);
  if (view.getUint32(0, true) !== CONFIG_MAGIC || lengthBytes > CONFIG_MAX_BYTES) return undefined;
  const bytes = copy.subarray(CONFIG_HEADER_BYTES, CONFIG_HEADER_BYTES + lengthBytes);
  const head = copy.subarray(CONFIG_SEQUENCE_OFFSET, CONFIG_CRC_OFFSET);
  if (view.getUint32(CONFIG_CRC_OFFSET, true) !== crc32(bytes, crc32(head))) return undefined;
  if (!copy.subarray(CONFIG_HEADER_BYTES + lengthBytes).every((byte) => byte === ERASED)) return undefined;
  if (view.getUint32(CONFIG_TRIAL_OFFSET, true) !== ~ConfigTrial.Confirmed >>> 0) return undefined;
  try {
    const map: unknown = new Decoder({ useRecords: false, mapsAsObjects: false }).decode(bytes);
    return map instanceof Map ? map : undefined;
  } catch {
    return undefined;
  }
}
