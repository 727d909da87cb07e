/**
 * Which names are in the air: a scan each `everyS` seconds tells how many networks and beacons there are, and how strong those on
 * the list are. Names that are not on the list do not leave the board.
 */
import { NET_FOUND_HEADER_BYTES, NET_FOUND_MAX_BYTES } from "../../runtime/contract/host-abi.ts";
import { SCAN_FOUND_MAX } from "../../runtime/contract/limits.ts";
import { BeaconSetting } from "../../runtime/contract/product-settings.ts";
import { STREAM_NETWORKS_HEARD, STREAM_WATCHED_DBM } from "../../runtime/contract/stream-ids.ts";
import { net_found, net_scan, random_fill, Session, sameBytes } from "../../runtime/device/index.ts";

const WATCHED_MAX = 4;
const found = memory.data(NET_FOUND_MAX_BYTES, 4);

export class Hearing {
  private everyS: u32 = 0;
  isScanning: bool = false;
  private scannedS: u32 = 0;
  private heard: i32 = 0;
  /** A bit for each name that was found in this scan: the strongest of that name comes first. */
  private told: u32 = 0;

  /**
   * `everyS` 0 = never. When the first scan is, is up to chance: boards that have power at the same time would all be silent while
   * they listen, and never hear each other.
   */
  begin(everyS: u32): void {
    this.everyS = everyS;
    random_fill(found, 4);
    if (everyS != 0) this.scannedS = (load<u32>(found) % everyS) - everyS;
  }

  /** The host wakes the program when a scan has ended. */
  poll(session: Session): void {
    const nowS = session.clock.uptimeS;
    if (!this.isScanning) {
      if (this.everyS == 0 || <i32>(nowS - this.scannedS) < <i32>this.everyS || net_scan() < 0) return;
      this.scannedS = nowS;
      this.isScanning = true;
      this.heard = 0;
      this.told = 0;
    }
    for (let taken = 0; taken <= SCAN_FOUND_MAX; taken++) {
      const bytes = net_found(found, NET_FOUND_MAX_BYTES);
      if (bytes < 0) return;
      if (bytes == 0) break;
      this.heard++;
      this.compare(session, bytes - NET_FOUND_HEADER_BYTES);
    }
    this.isScanning = false;
    session.record(STREAM_NETWORKS_HEARD, this.heard);
  }

  private compare(session: Session, nameBytes: u32): void {
    const config = session.config;
    for (let index = 0; index < WATCHED_MAX; index++) {
      config.textItem(BeaconSetting.Watch, index);
      const isNamed = nameBytes != 0 && config.textBytes == nameBytes;
      if (!isNamed || !sameBytes(config.textPointer, found + NET_FOUND_HEADER_BYTES, nameBytes)) continue;
      if ((this.told >> index) & 1) continue;
      this.told |= 1 << index;
      session.record(STREAM_WATCHED_DBM + index, -(<i32>load<u8>(found)));
    }
  }
}
