/**
 * The configuration of a device as it lies in flash: a header of 20 bytes, little-endian, then a CBOR map.
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 4 | magic, the bytes `LCFG` |
 * | 4 | 4 | sequence; of two valid copies the higher one counts |
 * | 8 | 4 | length of the map, bytes |
 * | 12 | 4 | CRC-32 (ISO-HDLC) over bytes 4 to 11 and the map |
 * | 16 | 4 | trial word: written bit by bit, not under the CRC |
 *
 * A configuration that comes over the network is on trial until the server has answered a device that uses it. The trial
 * word begins as ones; bits are cleared as ConfigTrial says.
 *
 * A sensor graph lies in flash in the same form, with GRAPH_RECORD_MAGIC; instead of the map there is its version, u32, and
 * the compiled graph behind it (graph-format.ts).
 */
export const CONFIG_MAGIC = 0x4746434c;
/** The bytes `LGRC`. */
export const GRAPH_RECORD_MAGIC = 0x4352474c;
export const CONFIG_SEQUENCE_OFFSET = 4;
export const CONFIG_LENGTH_OFFSET = 8;
export const CONFIG_CRC_OFFSET = 12;
export const CONFIG_TRIAL_OFFSET = 16;
export const CONFIG_HEADER_BYTES = 20;
/** Largest map, bytes. */
export const CONFIG_MAX_BYTES = 512;
/** Most entries of the map: its head is one byte. */
export const CONFIG_ENTRIES_MAX = 23;
/** Longest text but the network name (SSID_MAX_BYTES). */
export const CONFIG_TEXT_MAX_BYTES = 64;

/** Bits of the trial word; a cleared bit means yes. */
export enum ConfigTrial {
  /** The server has answered a device with this configuration, or it was written over serial. */
  Confirmed = 1,
  /** Given up: the other copy counts. */
  Refused = 2,
  /** The lowest of CONFIG_TRIAL_ATTEMPTS bits, one for each start with it. */
  FirstAttempt = 4,
}
/** Starts with a configuration on trial before it is given up. */
export const CONFIG_TRIAL_ATTEMPTS = 3;
/** Time that a start with a configuration on trial has, milliseconds. */
export const CONFIG_TRIAL_MS = 300000;

/** Keys of the map. */
export enum ConfigKey {
  /** text, at most 32 bytes; empty or absent: boot waits until it is told one over serial */
  Ssid = 0,
  /** text, at most 64 bytes */
  Passphrase = 1,
  /** text, 1 to 64 bytes: host name or address of the server */
  ServerHost = 2,
  /** unsigned, 1 to 65535: port of its MQTT listener */
  ServerPort = 3,
  /** text, at most 64 bytes: MQTT password; the user name is the MAC address */
  Secret = 4,
  /** map: settings of the product, keyed by its own enum (product-settings.ts) */
  Product = 5,
  /** unsigned: version that the server gave this configuration; absent = written over serial. It outlasts a change of the Wi-Fi there */
  Version = 6,
}
