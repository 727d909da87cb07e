/** The SDK's radio: the station, scans, promiscuous mode and raw frames, with the memory network and the air behind it. */
import type { MemoryStation } from "../../../runtime/board/memory-station.ts";
import type { AirFrame, AirListener, RadioAir } from "../../../runtime/board/radio-air.ts";
import type { TimeSource } from "../../../runtime/board/time-source.ts";
import { NetStatus, RadioKind } from "../../../runtime/contract/host-abi.ts";
import { DONE, NOTHING, type Sdk, type ServedByName, VENDOR_RAM } from "./sdk.ts";

/** user_interface.h of the SDK: what wifi_station_get_connect_status answers. */
const STATION = {
  [NetStatus.Down]: 0,
  [NetStatus.Joining]: 1,
  [NetStatus.Denied]: 2,
  [NetStatus.NotFound]: 3,
  [NetStatus.Up]: 5,
};
const RSSI_UNKNOWN = 31;
const WPA2_PSK = 3;
/** 13 channels, 120 ms each. */
const SCAN_MS = 13 * 120;
/** bss_info, as declarations/user_interface.h has it. */
const BSS = { bytes: 56, ssid: 10, ssidBytes: 42, rssi: 44, authMode: 48, isHidden: 52 };
/** What the SDK tells of a frame of management (ESP8266 Technical Reference, "Sniffer Structure Introduction"). */
const SNIFFED = { bytes: 128, frame: 12, sender: 22 };
const CONTROL = { [RadioKind.Probe]: 0x40, [RadioKind.Beacon]: 0x80 };
const SENDER_OFFSET = 10;
const MAC_BYTES = 6;
/** IEEE 802.11-2020 15.2.3, at 1 Mbit/s. */
const PREAMBLE_US = 192;
const US_PER_BYTE = 8;

export class EmulatedWifi implements AirListener {
  readonly mac: Uint8Array;
  /** Names and passphrases of the networks that it was told to join. */
  readonly joined: [ssid: string, passphrase: string][] = [];
  readonly #sdk: Sdk;
  readonly #time: TimeSource;
  readonly #network: MemoryStation;
  readonly #air: RadioAir;
  #config: [ssid: string, passphrase: string] = ["", ""];
  #channel = 1;
  #onFrame = 0;
  #isPromiscuous = false;
  #onSent = 0;
  #isSending = false;
  /** Of the chip: what was asked for before one is nobody's after it. */
  #starts = 0;

  constructor(sdk: Sdk, mac: Uint8Array, time: TimeSource, network: MemoryStation, air: RadioAir) {
    this.mac = mac;
    this.#sdk = sdk;
    this.#time = time;
    this.#network = network;
    this.#air = air;
    air.attach(this);
  }

  reset(): void {
    this.#starts++;
    this.#isPromiscuous = false;
    this.#isSending = false;
    this.#network.vanish();
  }

  hear({ kind, address, channel }: AirFrame, rssiDbm: number): void {
    if (!this.#isPromiscuous || channel !== this.#channel) return;
    const bytes = new Uint8Array(SNIFFED.bytes);
    bytes[0] = rssiDbm & 0xff;
    bytes[SNIFFED.frame] = CONTROL[kind];
    bytes.set(address, SNIFFED.sender);
    this.#post(() => {
      if (!this.#isPromiscuous) return;
      this.#sdk.write(VENDOR_RAM.frame, bytes);
      this.#sdk.call(this.#onFrame, VENDOR_RAM.frame, bytes.length);
    });
  }

  served(): ServedByName {
    return {
      wifi_get_macaddr: (core) => {
        this.#sdk.write(core.argument(1), this.mac);
        return 1;
      },
      wifi_fpm_get_sleep_type: NOTHING,
      wifi_fpm_do_wakeup: DONE,
      wifi_fpm_close: DONE,
      wifi_set_opmode_current: DONE,
      wifi_station_set_config_current: (core) => {
        const config = Buffer.from(this.#sdk.read(core.argument(0), 96));
        const text = (from: number, to: number) => config.toString("latin1", from, to).replace(/\0+$/, "");
        this.#config = [text(0, 32), text(32, 96)];
        return 1;
      },
      wifi_station_set_reconnect_policy: DONE,
      wifi_station_connect: () => {
        if (this.#isPromiscuous) throw new Error("The host connects while it listens to everybody.");
        this.joined.push(this.#config);
        this.#network.join(...this.#config);
        return 1;
      },
      wifi_station_disconnect: () => {
        this.#network.leave();
        return 1;
      },
      wifi_station_get_connect_status: () => STATION[this.#network.status()],
      wifi_station_get_rssi: () => this.#network.rssiDbm() || RSSI_UNKNOWN,
      wifi_station_scan: (core) => {
        if (this.#isPromiscuous) throw new Error("The host scans while it listens to everybody.");
        const onScanned = core.argument(1);
        this.#after(SCAN_MS, () => {
          this.#sdk.call(onScanned, this.#writeFound(), 0);
        });
        return 1;
      },
      wifi_set_channel: (core) => {
        this.#channel = core.argument(0);
        return 1;
      },
      wifi_set_promiscuous_rx_cb: (core) => {
        this.#onFrame = core.argument(0);
      },
      wifi_promiscuous_enable: (core) => {
        this.#isPromiscuous = core.argument(0) !== 0;
      },
      wifi_register_send_pkt_freedom_cb: (core) => {
        this.#onSent = core.argument(0);
        return 0;
      },
      wifi_send_pkt_freedom: (core) => {
        if (this.#isSending) return -1;
        const frame = this.#sdk.read(core.argument(0), core.argument(1));
        const address = frame.slice(SENDER_OFFSET, SENDER_OFFSET + MAC_BYTES);
        this.#air.send({ kind: RadioKind.Beacon, address, channel: this.#channel }, undefined, this);
        this.#isSending = true;
        this.#after((PREAMBLE_US + US_PER_BYTE * frame.length) / 1000, () => {
          this.#isSending = false;
          this.#sdk.call(this.#onSent, 0);
        });
        return 0;
      },
    };
  }

  #after(delayMs: number, task: () => void): void {
    const starts = this.#starts;
    this.#time.at(delayMs, () => {
      if (starts === this.#starts) this.#post(task);
    });
  }

  #post(task: () => void): void {
    const starts = this.#starts;
    this.#sdk.post(() => {
      if (starts === this.#starts) task();
    });
  }

  /** The list of what is in range; its address, 0 = nothing is. */
  #writeFound(): number {
    const found = this.#network.inRange();
    found.forEach(({ ssid, rssiDbm, isOpen }, index) => {
      const bss = new Uint8Array(BSS.bytes);
      const name = Buffer.from(ssid);
      const place = VENDOR_RAM.networksFound + index * BSS.bytes;
      new DataView(bss.buffer).setUint32(0, index + 1 < found.length ? place + BSS.bytes : 0, true);
      bss.set(name, BSS.ssid);
      bss[BSS.ssidBytes] = name.length;
      bss[BSS.rssi] = rssiDbm & 0xff;
      bss[BSS.authMode] = isOpen ? 0 : WPA2_PSK;
      this.#sdk.write(place, bss);
    });
    return found.length === 0 ? 0 : VENDOR_RAM.networksFound;
  }
}
