/**
 * Improv Wi-Fi over serial, version 1 (https://www.improv-wifi.com/serial/): a web page at the other end of the cable gives the
 * board its Wi-Fi. A packet is
 *
 *   IMPROV 1 type length data checksum
 *
 * a byte each but for the name and the data; the checksum is the sum of all bytes before it.
 */

/** The name and the version, as the bytes lie in two words, the second one 3 bytes long. */
export const PREAMBLE_FIRST: u32 = 0x52504d49;
export const PREAMBLE_REST: u32 = 0x01564f;
export const PREAMBLE_BYTES: u32 = 7;
export const TYPE_AT: u32 = 7;
export const LENGTH_AT: u32 = TYPE_AT + 1;
export const DATA_AT: u32 = LENGTH_AT + 1;
/** Most data that a packet may have: Wi-Fi settings take 100 bytes (a name of 32, a passphrase of 64). */
export const DATA_MAX_BYTES: u32 = 128;
/** `I`, which is nowhere else in the preamble. */
export const FIRST_BYTE: u32 = 0x49;

export function preambleByte(index: u32): u32 {
  const word = index < 4 ? PREAMBLE_FIRST : PREAMBLE_REST;
  return (word >> (8 * (index & 3))) & 0xff;
}

export enum PacketType {
  State = 1,
  Error = 2,
  /** The only one that goes to the board. */
  Rpc = 3,
  Result = 4,
}

/** Of the preamble and the type of an RPC, as far as a checksum counts. */
export const RPC_BEGINNING_SUM: u32 = 0xe1;

/** What a board can be told: the first byte of an RPC, or of its result. */
export enum ImprovCommand {
  None = 0,
  /** Name of a network, then its passphrase. */
  Settings = 1,
  State = 2,
  Info = 3,
  Networks = 4,
}

export enum ImprovState {
  /** Ready for Wi-Fi settings. */
  Authorized = 2,
  /** Joining with them. */
  Provisioning = 3,
  /** It has a network. */
  Provisioned = 4,
}

export enum ImprovError {
  None = 0,
  InvalidPacket = 1,
  UnknownCommand = 2,
  UnableToConnect = 3,
  Unknown = 0xff,
}
