/**
 * A beacon frame in memory: IEEE 802.11-2020 9.3.3.1 (header of a management frame), 9.3.3.2 (body of a beacon), without the
 * checksum, which the radio adds. Elements: SSID (9.4.2.2), supported rates (9.4.2.3), DSSS parameter set (9.4.2.4) and, where there
 * is a payload, vendor specific (9.4.2.25).
 *
 * The frame announces an open network that nobody can join. Its BSSID is the board's address, made a local one (IEEE 802 8.4.4)
 * and different for each name.
 */
import { SSID_MAX_BYTES } from "../../runtime/contract/host-abi.ts";
import { chip_mac, radio_beacon } from "../../runtime/device/index.ts";

const CONTROL_BEACON: u16 = 0x0080;
const DESTINATION_OFFSET = 4;
const SENDER_OFFSET = 10;
const BSSID_OFFSET = 16;
const SEQUENCE_OFFSET = 22;
const TIMESTAMP_OFFSET = 24;
const INTERVAL_OFFSET = 32;
const CAPABILITY_OFFSET = 34;
const ELEMENTS_OFFSET = 36;
const MAC_BYTES = 6;
/** 9.4.1.4: an infrastructure network. */
const CAPABILITY_ESS: u16 = 1;
const ELEMENT_SSID = 0;
const ELEMENT_RATES = 1;
const ELEMENT_DSSS = 3;
const ELEMENT_VENDOR = 221;
/** 1, 2, 5.5 and 11 Mbit/s, which every station must know. */
const RATES = memory.data<u8>([0x82, 0x84, 0x8b, 0x96]);
const RATES_BYTES = 4;
const ELEMENT_HEAD_BYTES = 2;
const OUI_BYTES = 3;
const PAYLOAD_MAX_BYTES = 64;
const FRAME_BYTES = 36 + 2 + SSID_MAX_BYTES + 6 + 3 + 2 + OUI_BYTES + PAYLOAD_MAX_BYTES;

const frame = memory.data(FRAME_BYTES, 4);

export class BeaconFrame {
  /** Of the last frame. */
  sequence: u32 = 0;
  channel: u32 = 1;
  /** OUI and data of the vendor's element; fewer bytes than an OUI: there is none. */
  vendor: usize = 0;
  vendorBytes: u32 = 0;
  private end: usize = frame;

  /** Frame for name number `index`, that is sent each `intervalTu` units of 1024 us. */
  send(index: u32, name: usize, nameBytes: u32, intervalTu: u32, nowMs: u32): i32 {
    memory.fill(frame, 0, FRAME_BYTES);
    store<u16>(frame, CONTROL_BEACON);
    memory.fill(frame + DESTINATION_OFFSET, 0xff, MAC_BYTES);
    const sender = frame + SENDER_OFFSET;
    chip_mac(sender);
    store<u8>(sender, (load<u8>(sender) | 2) ^ (index << 2));
    memory.copy(frame + BSSID_OFFSET, sender, MAC_BYTES);
    // Twelve bits; the lower four number fragments.
    this.sequence = (this.sequence + 1) & 0xfff;
    store<u16>(frame, <u16>(this.sequence << 4), SEQUENCE_OFFSET);
    store<u64>(frame, <u64>nowMs * 1000, TIMESTAMP_OFFSET);
    store<u16>(frame, <u16>intervalTu, INTERVAL_OFFSET);
    store<u16>(frame, CAPABILITY_ESS, CAPABILITY_OFFSET);
    this.end = frame + ELEMENTS_OFFSET;
    this.put(ELEMENT_SSID, name, nameBytes);
    this.put(ELEMENT_RATES, RATES, RATES_BYTES);
    store<u8>(this.begin(ELEMENT_DSSS, 1), this.channel);
    if (this.vendorBytes >= <u32>OUI_BYTES) this.put(ELEMENT_VENDOR, this.vendor, this.vendorBytes);
    return radio_beacon(frame, <i32>(this.end - frame));
  }

  private put(id: u32, pointer: usize, length: u32): void {
    memory.copy(this.begin(id, length), pointer, length);
  }

  /** Returns where the element's contents go. */
  private begin(id: u32, length: u32): usize {
    const at = this.end;
    store<u8>(at, id);
    store<u8>(at, length, 1);
    this.end = at + ELEMENT_HEAD_BYTES + length;
    return at + ELEMENT_HEAD_BYTES;
  }
}
