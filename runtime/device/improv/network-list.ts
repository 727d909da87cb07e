/**
 * The Wi-Fi networks in range, told one after the other as the scan gives them out: the strongest first, each name once, hidden
 * ones not at all. A list without an entry ends it.
 */
import { HostError } from "../../contract/error-codes.ts";
import { NET_FOUND_HEADER_BYTES, NET_FOUND_MAX_BYTES, NetFoundFlag } from "../../contract/host-abi.ts";
import { SCAN_FOUND_MAX } from "../../contract/limits.ts";
import { elapsedMs } from "../hal/clock.ts";
import { crc32 } from "../hal/crc32.ts";
import { net_found, net_scan } from "../imports/host.ts";
import { ImprovCommand } from "./format.ts";
import { PacketWriter } from "./packet-writer.ts";

/** A scan of all channels takes a second or two. */
const SCAN_MAX_MS = 10000;

export class NetworkList {
  isTelling: bool = false;
  private sinceMs: u32 = 0;
  private readonly found: StaticArray<u8> = new StaticArray<u8>(NET_FOUND_MAX_BYTES);
  /** CRC of each name that was told. */
  private readonly told: StaticArray<u32> = new StaticArray<u32>(SCAN_FOUND_MAX);
  private toldCount: i32 = 0;

  constructor(private readonly writer: PacketWriter) {}

  /** Starts to scan; where that cannot be done the list is empty. One under way goes on. */
  begin(nowMs: u32): void {
    if (this.isTelling) return;
    this.isTelling = true;
    this.sinceMs = nowMs;
    this.toldCount = 0;
    net_scan();
  }

  /** Tells what the scan has found, as long as the line takes it. */
  poll(nowMs: u32): void {
    for (let turn = 0; turn <= SCAN_FOUND_MAX && this.isTelling && this.writer.flush(); turn++) {
      const bytes = net_found(changetype<usize>(this.found), NET_FOUND_MAX_BYTES);
      if (bytes == HostError.Busy && elapsedMs(nowMs, this.sinceMs) < SCAN_MAX_MS) return;
      if (bytes > NET_FOUND_HEADER_BYTES) this.tell(bytes - NET_FOUND_HEADER_BYTES);
      else if (bytes <= 0) this.end();
    }
  }

  private end(): void {
    this.isTelling = false;
    this.writer.beginResult(ImprovCommand.Networks);
    this.writer.endResult();
  }

  private tell(nameBytes: u32): void {
    const record = changetype<usize>(this.found);
    const name = record + NET_FOUND_HEADER_BYTES;
    if (this.isKnown(crc32(0, name, nameBytes))) return;
    const writer = this.writer;
    writer.beginResult(ImprovCommand.Networks);
    writer.utf8(name, nameBytes);
    putStrength(writer, load<u8>(record));
    writer.text((load<u8>(record, 1) & NetFoundFlag.Passphrase) != 0 ? "YES" : "NO");
    writer.endResult();
  }

  /** Otherwise it is from now on. */
  private isKnown(name: u32): bool {
    for (let i = 0; i < this.toldCount; i++) {
      if (unchecked(this.told[i]) == name) return true;
    }
    if (this.toldCount < SCAN_FOUND_MAX) unchecked((this.told[this.toldCount++] = name));
    return false;
  }
}

/** As dBm in decimal: -67. */
function putStrength(writer: PacketWriter, minusDbm: u32): void {
  const begun = writer.beginText();
  if (minusDbm > 0) writer.put(MINUS);
  if (minusDbm >= 100) writer.put(ZERO + minusDbm / 100);
  if (minusDbm >= 10) writer.put(ZERO + ((minusDbm / 10) % 10));
  writer.put(ZERO + (minusDbm % 10));
  writer.endText(begun);
}

const MINUS: u32 = 45;
const ZERO: u32 = 48;
