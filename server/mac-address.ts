/**
 * A device's MAC address: twelve lowercase hex digits outside, a 48-bit number inside (it fits a double, is a cheap map
 * key and six bytes in a batch).
 */
import { MAC_HEX_LENGTH } from "../runtime/contract/topics.ts";

const MAC = new RegExp(`^[0-9a-f]{${MAC_HEX_LENGTH}}$`);

export function isMac(text: string): boolean {
  return MAC.test(text);
}

export function macToNumber(mac: string): number {
  return Number.parseInt(mac, 16);
}

export function macToText(mac: number): string {
  return mac.toString(16).padStart(MAC_HEX_LENGTH, "0");
}

/** EUI-64 of a 48-bit address as RFC 9039 writes it: ff and fe in the middle. */
export function macToEui64(mac: string): string {
  return `${mac.slice(0, 6)}fffe${mac.slice(6)}`;
}
