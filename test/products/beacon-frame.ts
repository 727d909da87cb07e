/**
 * Reads a beacon frame field by field, by IEEE 802.11-2020: 9.2.4.1 frame control, 9.3.3.1 header, 9.4.1 fixed fields, 9.4.2.1
 * elements. It knows nothing of the program that made the frame, and refuses what is not whole.
 */
export interface DecodedBeacon {
  version: number;
  type: number;
  subtype: number;
  flags: number;
  durationUs: number;
  destination: string;
  sender: string;
  bssid: string;
  sequence: number;
  fragment: number;
  timestampUs: bigint;
  intervalTu: number;
  capabilities: number;
  elements: { id: number; bytes: Uint8Array }[];
}

export function decodeBeacon(frame: Uint8Array): DecodedBeacon {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const address = (offset: number) =>
    Array.from(frame.subarray(offset, offset + 6), (byte) => byte.toString(16).padStart(2, "0")).join(":");
  const control = view.getUint8(0);
  const elements: DecodedBeacon["elements"] = [];
  let at = 36;
  while (at < frame.length) {
    const length = view.getUint8(at + 1);
    if (at + 2 + length > frame.length) throw new Error(`element ${view.getUint8(at)} is cut off`);
    elements.push({ id: view.getUint8(at), bytes: frame.slice(at + 2, at + 2 + length) });
    at += 2 + length;
  }
  const control2 = view.getUint16(22, true);
  return {
    version: control & 3,
    type: (control >> 2) & 3,
    subtype: control >> 4,
    flags: view.getUint8(1),
    durationUs: view.getUint16(2, true),
    destination: address(4),
    sender: address(10),
    bssid: address(16),
    sequence: control2 >> 4,
    fragment: control2 & 15,
    timestampUs: view.getBigUint64(24, true),
    intervalTu: view.getUint16(32, true),
    capabilities: view.getUint16(34, true),
    elements,
  };
}
