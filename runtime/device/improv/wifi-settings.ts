/** Wi-Fi settings that somebody sends: joined first, and written into the configuration when that has worked. */
import { CONFIG_TEXT_MAX_BYTES, ConfigKey } from "../../contract/config-record.ts";
import { NetStatus, SSID_MAX_BYTES } from "../../contract/host-abi.ts";
import { CborWriter } from "../cbor/writer.ts";
import { Config } from "../config/config.ts";
import { ConfigWriter } from "../config/config-writer.ts";
import { elapsedMs } from "../hal/clock.ts";
import { net_join, net_status } from "../imports/host.ts";

/** Less than the 30 s after which tools stop to wait, so that they are told. */
export const JOIN_MAX_MS = 25000;
/** A map of two texts: its head, and the longest heads of the keys and the texts. */
const VALUES_BYTES: u32 = 1 + 1 + 2 + SSID_MAX_BYTES + 1 + 2 + CONFIG_TEXT_MAX_BYTES;

export enum JoinState {
  Joining = 0,
  Joined = 1,
  Failed = 2,
}

export class WifiSettings {
  private readonly values: StaticArray<u8> = new StaticArray<u8>(VALUES_BYTES);
  private readonly cbor: CborWriter = new CborWriter();
  private readonly configWriter: ConfigWriter;
  private sinceMs: u32 = 0;

  constructor(config: Config) {
    this.configWriter = new ConfigWriter(config);
  }

  /** Takes name and passphrase, a length of one byte before each. False where that is not what the bytes are. */
  take(pointer: usize, length: u32): bool {
    if (length < 2) return false;
    const ssidBytes = <u32>load<u8>(pointer);
    if (ssidBytes == 0 || ssidBytes > <u32>SSID_MAX_BYTES || ssidBytes + 2 > length) return false;
    const passphraseBytes = <u32>load<u8>(pointer + 1 + ssidBytes);
    if (passphraseBytes > <u32>CONFIG_TEXT_MAX_BYTES || ssidBytes + passphraseBytes + 2 != length) return false;
    const cbor = this.cbor;
    cbor.begin(changetype<usize>(this.values), VALUES_BYTES);
    cbor.map(2);
    cbor.integer(ConfigKey.Ssid);
    cbor.utf8(pointer + 1, ssidBytes);
    cbor.integer(ConfigKey.Passphrase);
    cbor.utf8(pointer + 2 + ssidBytes, passphraseBytes);
    return true;
  }

  /** Starts to join with the same bytes. */
  join(pointer: usize, nowMs: u32): void {
    this.sinceMs = nowMs;
    const ssidBytes = <u32>load<u8>(pointer);
    const passphrase = pointer + 1 + ssidBytes;
    net_join(pointer + 1, ssidBytes, passphrase + 1, load<u8>(passphrase));
  }

  check(nowMs: u32): JoinState {
    const status = net_status();
    if (status == NetStatus.Up) return JoinState.Joined;
    const isOver = elapsedMs(nowMs, this.sinceMs) >= JOIN_MAX_MS;
    return isOver || status == NetStatus.Denied || status == NetStatus.NotFound ? JoinState.Failed : JoinState.Joining;
  }

  /** Into the configuration; false when flash does not take it. */
  write(): bool {
    return this.configWriter.writeProven(changetype<usize>(this.values), this.cbor.length);
  }
}
