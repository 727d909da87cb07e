/**
 * The configuration of a device as it lies in flash: a header of 16 bytes, little-endian, then a CBOR map.
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 4 | magic, the bytes `LCFG` |
 * | 4 | 4 | sequence; of two valid copies the higher one counts |
 * | 8 | 4 | length of the map, bytes |
 * | 12 | 4 | CRC-32 (ISO-HDLC) over bytes 4 to 11 and the map |
 */
export const CONFIG_MAGIC = 0x4746434c;
export const CONFIG_SEQUENCE_OFFSET = 4;
export const CONFIG_LENGTH_OFFSET = 8;
export const CONFIG_CRC_OFFSET = 12;
export const CONFIG_HEADER_BYTES = 16;
/** Largest map, bytes. */
export const CONFIG_MAX_BYTES = 512;

/** Keys of the map. */
export enum ConfigKey {
  /** text, at most 32 bytes */
  Ssid = 0,
  /** text, at most 64 bytes */
  Passphrase = 1,
  /** text, at most 64 bytes: host name or address of the server */
  ServerHost = 2,
  /** unsigned: port of its MQTT listener */
  ServerPort = 3,
  /** text, at most 64 bytes: MQTT password; the user name is the MAC address */
  Secret = 4,
  /** map: settings of the product, keyed by its own enum */
  Product = 5,
}

/** Product settings of the visitor counter. */
export enum CounterSetting {
  /** unsigned: GPIO of the barrier or PIR sensor; of two barriers the outer one */
  PinA = 0,
  /** unsigned: GPIO of the inner barrier; absent with a single one */
  PinB = 1,
  /** boolean: level of the pin while the beam is broken */
  ActiveHigh = 2,
  /** unsigned, ms: edges closer together than this are contact bounce */
  DebounceMs = 3,
  /** unsigned, s: one count is sent each period */
  PeriodS = 4,
}
