/**
 * A scan for Wi-Fi networks: it takes its time, then gives out what it has found, one network at a time. The records are those
 * of contract/host-abi.ts.
 */
import { HostError } from "../contract/error-codes.ts";
import { NET_FOUND_HEADER_BYTES, NetFoundFlag, SSID_MAX_BYTES } from "../contract/host-abi.ts";
import { SCAN_FOUND_MAX } from "../contract/limits.ts";
import type { Network, WifiNetwork } from "./network.ts";
import type { Cancel, TimeSource } from "./time-source.ts";

/** How long the chip's SDK listens on each of 13 channels unless told otherwise. */
const CHANNEL_MS = 120;
const SCAN_MS = 13 * CHANNEL_MS;
/** IEEE 802.11-2020 9.3.3.2: the elements of a beacon, the SSID first; 9.4.1.4: the bit of capabilities that means a passphrase. */
const CAPABILITY_OFFSET = 34;
const PRIVACY = 0x10;
const SSID_OFFSET = 36;
const STRENGTH_MAX = 0xff;

export class WifiScan {
  readonly #time: TimeSource;
  readonly #network: Network;
  readonly #wake: () => void;
  #running: Cancel | undefined;
  #found: WifiNetwork[] = [];
  #startedMs = 0;
  /** Of other boards, by SSID. */
  #heard = new Map<string, WifiNetwork>();

  constructor(time: TimeSource, network: Network, wake: () => void) {
    this.#time = time;
    this.#network = network;
    this.#wake = wake;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  start(): number {
    if (this.isRunning) return HostError.Busy;
    this.#found = [];
    this.#heard.clear();
    this.#startedMs = this.#time.nowMs();
    this.#running = this.#time.at(SCAN_MS, () => this.#end());
    return 0;
  }

  /** A beacon of another board: heard if the scan is at its channel just then. */
  hear(frame: Uint8Array, channel: number, rssiDbm: number): void {
    if (!this.isRunning || Math.floor((this.#time.nowMs() - this.#startedMs) / CHANNEL_MS) !== channel - 1) return;
    const [element = 0, length = 0] = frame.subarray(SSID_OFFSET);
    if (element !== 0) return;
    const ssid = Buffer.from(frame.subarray(SSID_OFFSET + 2, SSID_OFFSET + 2 + length)).toString();
    this.#heard.set(ssid, { ssid, rssiDbm, isOpen: ((frame[CAPABILITY_OFFSET] ?? 0) & PRIVACY) === 0 });
  }

  /** Takes the next network into `into` as a record; its bytes, 0 = no more. */
  take(into: Uint8Array): number {
    if (this.isRunning) return HostError.Busy;
    if (into.length < NET_FOUND_HEADER_BYTES) return HostError.BadArgument;
    const [next] = this.#found;
    if (next === undefined) return 0;
    const ssid = Buffer.from(next.ssid).subarray(0, SSID_MAX_BYTES);
    const sizeBytes = NET_FOUND_HEADER_BYTES + ssid.length;
    if (into.length < sizeBytes) return HostError.BadArgument;
    this.#found.shift();
    into[0] = Math.min(STRENGTH_MAX, Math.max(0, -next.rssiDbm));
    into[1] = next.isOpen ? NetFoundFlag.None : NetFoundFlag.Passphrase;
    into.set(ssid, NET_FOUND_HEADER_BYTES);
    return sizeBytes;
  }

  /** The chip was reset. */
  reset(): void {
    this.#running?.();
    this.#running = undefined;
    this.#found = [];
  }

  #end(): void {
    this.#running = undefined;
    const byStrength = [...this.#network.inRange(), ...this.#heard.values()].sort((a, b) => b.rssiDbm - a.rssiDbm);
    this.#found = byStrength.slice(0, SCAN_FOUND_MAX);
    this.#wake();
  }
}
