/**
 * Writes a device's configuration into its flash, as the provisioning over serial will do on a board, and reads it. The layout
 * is that of contract/config-record.ts.
 */
import { crc32 } from "node:zlib";
import { Decoder, Encoder } from "cbor-x";
import {
  CONFIG_CRC_OFFSET,
  CONFIG_HEADER_BYTES,
  CONFIG_LENGTH_OFFSET,
  CONFIG_MAGIC,
  CONFIG_MAX_BYTES,
  CONFIG_SEQUENCE_OFFSET,
  CONFIG_TRIAL_OFFSET,
  ConfigKey,
  ConfigTrial,
} from "../contract/config-record.ts";
import { HostError } from "../contract/error-codes.ts";
import { FLASH_CONFIG_COPIES, FLASH_CONFIG_OFFSET, FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import { SSID_MAX_BYTES } from "../contract/host-abi.ts";
import type { Flash } from "./flash.ts";

const TEXT_MAX_BYTES = 64;
const PORT_MAX = 65535;
const U32_MAX = 0xffffffff;
const WORD_BYTES = 4;

/** A setting of a product. */
export type SettingInput = number | boolean | string | Uint8Array | readonly number[] | readonly string[];

export interface DeviceConfig {
  ssid: string;
  passphrase: string;
  serverHost: string;
  serverPort: number;
  secret: string;
  /** Settings of the product, keyed by its own enum. */
  product: ReadonlyMap<number, SettingInput>;
}

const encoder = new Encoder({
  useRecords: false,
  mapsAsObjects: false,
  variableMapSize: true,
  tagUint8Array: false,
});

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false });

/** The record as it lies in flash: header and map. It is confirmed: what comes over serial is not tried out. */
export function encodeConfigRecord(config: DeviceConfig, sequence: number): Uint8Array {
  if (!isUnsigned(sequence, U32_MAX)) throw new Error(`The sequence of a configuration is not a u32: ${sequence}.`);
  if (!isUnsigned(config.serverPort, PORT_MAX) || config.serverPort === 0) {
    throw new Error(`The server port is not between 1 and ${PORT_MAX}: ${config.serverPort}.`);
  }
  for (const [key, value] of config.product) {
    const isInteger = typeof value !== "number" || Number.isSafeInteger(value);
    if (!isUnsigned(key, U32_MAX) || !isInteger) throw new Error(`Product setting ${key} is not an integer: ${value}.`);
  }
  const map = encoder.encode(
    new Map<number, unknown>([
      [ConfigKey.Ssid, textWithin("ssid", config.ssid, SSID_MAX_BYTES)],
      [ConfigKey.Passphrase, textWithin("passphrase", config.passphrase, TEXT_MAX_BYTES)],
      [ConfigKey.ServerHost, textWithin("serverHost", config.serverHost, TEXT_MAX_BYTES)],
      [ConfigKey.ServerPort, config.serverPort],
      [ConfigKey.Secret, textWithin("secret", config.secret, TEXT_MAX_BYTES)],
      [ConfigKey.Product, new Map(config.product)],
    ]),
  );
  if (map.length > CONFIG_MAX_BYTES) {
    throw new Error(`The configuration takes ${map.length} bytes, more than ${CONFIG_MAX_BYTES}; shorten its texts.`);
  }
  const record = new Uint8Array(CONFIG_HEADER_BYTES + map.length);
  record.set(map, CONFIG_HEADER_BYTES);
  const view = new DataView(record.buffer);
  view.setUint32(0, CONFIG_MAGIC, true);
  view.setUint32(CONFIG_SEQUENCE_OFFSET, sequence, true);
  view.setUint32(CONFIG_LENGTH_OFFSET, map.length, true);
  view.setUint32(CONFIG_CRC_OFFSET, crcOf(record, map.length), true);
  view.setUint32(CONFIG_TRIAL_OFFSET, ~ConfigTrial.Confirmed, true);
  return record;
}

/** Writes one copy; the sequence chooses which, so that the one before it stays. */
export function writeConfig(flash: Flash, config: DeviceConfig, sequence = 1): void {
  const record = encodeConfigRecord(config, sequence);
  const padded = new Uint8Array(Math.ceil(record.length / WORD_BYTES) * WORD_BYTES).fill(0xff);
  padded.set(record);
  const offset = FLASH_CONFIG_OFFSET + (sequence % FLASH_CONFIG_COPIES) * FLASH_SECTOR_BYTES;
  for (const result of [flash.erase(offset), flash.write(offset, padded)]) {
    if (result < 0) throw new Error(`Flash refused the configuration: ${HostError[result]}.`);
  }
}

/** The settings of the product in each copy that is whole, whichever of them the device uses. */
export function readSettings(flash: Flash): ReadonlyMap<unknown, unknown>[] {
  return Array.from({ length: FLASH_CONFIG_COPIES }, (_, copy) => {
    const record = new Uint8Array(CONFIG_HEADER_BYTES + CONFIG_MAX_BYTES);
    flash.read(FLASH_CONFIG_OFFSET + copy * FLASH_SECTOR_BYTES, record);
    const view = new DataView(record.buffer);
    const length = view.getUint32(CONFIG_LENGTH_OFFSET, true);
    const isWhole =
      view.getUint32(0, true) === CONFIG_MAGIC &&
      length <= CONFIG_MAX_BYTES &&
      view.getUint32(CONFIG_CRC_OFFSET, true) === crcOf(record, length);
    if (!isWhole) return undefined;
    const map: unknown = decoder.decode(record.subarray(CONFIG_HEADER_BYTES, CONFIG_HEADER_BYTES + length));
    const settings: unknown = map instanceof Map ? map.get(ConfigKey.Product) : undefined;
    return settings instanceof Map ? settings : undefined;
  }).filter((settings) => settings !== undefined);
}

function crcOf(record: Uint8Array, lengthBytes: number): number {
  const crcOfHeader = crc32(record.subarray(CONFIG_SEQUENCE_OFFSET, CONFIG_CRC_OFFSET));
  return crc32(record.subarray(CONFIG_HEADER_BYTES, CONFIG_HEADER_BYTES + lengthBytes), crcOfHeader);
}

function textWithin(name: string, text: string, maxBytes: number): string {
  const sizeBytes = new TextEncoder().encode(text).length;
  if (sizeBytes > maxBytes) throw new Error(`The ${name} takes ${sizeBytes} bytes, more than ${maxBytes}.`);
  return text;
}

function isUnsigned(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}
