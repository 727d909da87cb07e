/** Packets as they are on the line, made by Python; those to the board are also what improv-wifi-serial-sdk 2.8.1 sends. */
import { hexOf, putHex } from "./hex.ts";
import { putSerial, takeSerial } from "./stage.ts";

export const ASK_STATE = "494d50524f560103020200e5";
export const ASK_INFO = "494d50524f560103020300e6";
export const ASK_NETWORKS = "494d50524f560103020400e7";
/** Command 5, the host name. */
export const ASK_NAME = "494d50524f560103020500e8";
/** Network `shop`, passphrase `wrong`. */
export const SHOP_WRONG = "494d50524f5601030d010b0473686f700577726f6e67ea";
export const AUTHORIZED = "494d50524f5601010102e2";
export const PROVISIONING = "494d50524f5601010103e3";
export const PROVISIONED = "494d50524f5601010104e4";
export const NO_ERROR = "494d50524f5601020100e1";
export const INVALID_PACKET = "494d50524f5601020101e2";
export const UNKNOWN_COMMAND = "494d50524f5601020102e3";
export const UNABLE_TO_CONNECT = "494d50524f5601020103e4";
export const UNKNOWN_ERROR = "494d50524f56010201ffe0";
/** No URLs: after settings, and after a request for the state. */
export const SETTINGS_DONE = "494d50524f560104020100e5";
export const STATE_URLS = "494d50524f560104020200e6";
export const NETWORKS_END = "494d50524f560104020400e8";

const buffer = memory.data(2048);

export function receiveHex(hex: string): void {
  putSerial(buffer, putHex(buffer, hex));
}

/** A packet around this data, with its checksum. */
export function packetOf(type: u32, dataHex: string): string {
  putHex(buffer, "494d50524f5601");
  const length = putHex(buffer + 9, dataHex);
  store<u8>(buffer + 7, type);
  store<u8>(buffer + 8, length);
  let sum: u32 = 0;
  for (let i = 0; i < 9 + length; i++) sum += load<u8>(buffer + i);
  store<u8>(buffer + 9 + length, sum);
  return hexOf(buffer, 10 + length);
}

/** What was sent since the last call: packets, each with a newline before and behind it, as `packet packet `. */
export function packetsSent(): string {
  const length = takeSerial(buffer);
  let text = "";
  let at = 0;
  while (at < length) {
    const packetBytes = 10 + <i32>load<u8>(buffer + at + 9);
    const isOnItsLine = load<u8>(buffer + at) == 10 && load<u8>(buffer + at + 1 + packetBytes) == 10;
    text += isOnItsLine ? hexOf(buffer + at + 1, packetBytes) + " " : "no packet at " + at.toString();
    at += packetBytes + 2;
  }
  return at == length ? text : text + "no whole packet";
}

export function linesOf(first: string, second: string = "", third: string = ""): string {
  return first + " " + (second == "" ? "" : second + " ") + (third == "" ? "" : third + " ");
}
