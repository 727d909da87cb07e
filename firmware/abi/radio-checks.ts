/** The radio group. It comes after the connections: whoever listens is on no network. */
import { HostError } from "../../runtime/contract/error-codes.ts";
import {
  NetStatus,
  RADIO_CHANNEL_MAX,
  RADIO_RECORD_BYTES,
  RADIO_WHO_BYTES,
  RadioKind,
} from "../../runtime/contract/host-abi.ts";
import { RADIO_FRAME_MAX_BYTES, RADIO_FRAME_MIN_BYTES } from "../../runtime/contract/limits.ts";
import {
  chip_mac,
  net_join,
  net_scan,
  net_status,
  radio_beacon,
  radio_read,
  radio_sniff,
} from "../../runtime/device/index.ts";
import { Checks, Next } from "./checks.ts";
import { NONE } from "./environment.ts";
import { fillScratch, isAll, isRestUntouched, other, putText, SCRATCH_BYTES, scratch } from "./memory-map.ts";

const HEAR_MAX_MS: u32 = 20_000;
const STRENGTH_MAX = 127;
const FILL: u8 = 0x3c;
/** IEEE 802.11-2020 9.3.3.1, 9.3.3.2: header, timestamp, interval and capabilities, then the elements. */
const BEACON_CONTROL: u8 = 0x80;
const DEAUTHENTICATION_CONTROL: u8 = 0xc0;
const SENDER_OFFSET = 10;
const NETWORK_OFFSET = 16;
const INTERVAL_OFFSET = 32;
const INTERVAL_UNITS: u16 = 100;
const NAME = "lintel conformance";
const BEACON_BYTES = RADIO_FRAME_MIN_BYTES + 2 + 18;

export class RadioChecks extends Checks {
  private hasHeard: bool = false;

  protected run(step: i32): Next {
    if (step == 0) return this.checkSniff();
    if (step == 1) return this.checkHeard("probe", this.environment.phoneChannel, RadioKind.Probe);
    if (step == 2) return this.checkHeard("beacon", this.environment.beaconChannel, RadioKind.Beacon);
    return this.checkBeacon();
  }

  private checkSniff(): Next {
    const report = this.report;
    report.of("radio_sniff");
    report.equal("bad-channel", radio_sniff(RADIO_CHANNEL_MAX + 1), HostError.BadArgument);
    report.equal("bad-negative", radio_sniff(-1), HostError.BadArgument);
    report.equal("off-already", radio_sniff(0), 0);
    report.of("radio_read");
    report.equal("none", radio_read(scratch, RADIO_RECORD_BYTES), 0);
    report.equal("bad-room", radio_read(scratch, RADIO_RECORD_BYTES - 1), HostError.BadArgument);
    report.equal("bad-no-room", radio_read(scratch, 0), HostError.BadArgument);
    report.of("radio_sniff");
    report.equal("first-channel", radio_sniff(1), 0);
    report.equal("last-channel", radio_sniff(RADIO_CHANNEL_MAX), 0);
    report.of("net_status");
    report.equal("left", net_status(), NetStatus.Down);
    report.of("net_join");
    report.equal("busy-listening", net_join(other, putText(other, NAME), 0, 0), HostError.Busy);
    report.of("net_scan");
    report.equal("busy-listening", net_scan(), HostError.Busy);
    return Next.Step;
  }

  private checkHeard(check: string, channel: i32, kind: RadioKind): Next {
    if (channel == NONE) return Next.Step;
    radio_sniff(channel);
    fillScratch(FILL);
    let size = radio_read(scratch, RADIO_RECORD_BYTES + RADIO_RECORD_BYTES - 1);
    while (size > 0 && load<u8>(scratch) != kind) size = radio_read(scratch, RADIO_RECORD_BYTES);
    if (this.lookAgain(size != 0, HEAR_MAX_MS)) return Next.Again;
    const report = this.report;
    report.of("radio_read");
    report.equal(check, size, RADIO_RECORD_BYTES);
    report.holds("stays-in-range", isRestUntouched(RADIO_RECORD_BYTES, FILL));
    report.within("strength", load<u8>(scratch, 1), 1, STRENGTH_MAX);
    report.within("age", load<i32>(scratch, 4), 0, HEAR_MAX_MS);
    report.holds("who", !isAll(scratch + 8, RADIO_WHO_BYTES, FILL));
    if (kind == RadioKind.Beacon) report.equal("beacon-channel", load<u8>(scratch, 14), channel);
    return Next.Step;
  }

  private checkBeacon(): Next {
    const report = this.report;
    report.of("radio_sniff");
    report.equal("off", radio_sniff(0), 0);
    while (radio_read(scratch, SCRATCH_BYTES) > 0) {}
    this.makeBeacon();
    report.of("radio_beacon");
    report.equal("bad-short", radio_beacon(scratch, RADIO_FRAME_MIN_BYTES - 1), HostError.BadArgument);
    report.equal("bad-long", radio_beacon(scratch, RADIO_FRAME_MAX_BYTES + 1), HostError.BadArgument);
    report.equal("bad-nothing", radio_beacon(0, 0), HostError.BadArgument);
    store<u8>(scratch, DEAUTHENTICATION_CONTROL);
    report.equal("bad-frame", radio_beacon(scratch, BEACON_BYTES), HostError.BadArgument);
    store<u8>(scratch, BEACON_CONTROL);
    report.equal("sends", radio_beacon(scratch, BEACON_BYTES), 0);
    report.equal("busy", radio_beacon(scratch, BEACON_BYTES), HostError.Busy);
    return Next.Done;
  }

  private makeBeacon(): void {
    memory.fill(scratch, 0, SCRATCH_BYTES);
    store<u8>(scratch, BEACON_CONTROL);
    memory.fill(scratch + 4, 0xff, 6);
    chip_mac(scratch + SENDER_OFFSET);
    chip_mac(scratch + NETWORK_OFFSET);
    store<u16>(scratch, INTERVAL_UNITS, INTERVAL_OFFSET);
    // Element 0, the SSID.
    store<u8>(scratch, <u8>putText(scratch + RADIO_FRAME_MIN_BYTES + 2, NAME), RADIO_FRAME_MIN_BYTES + 1);
  }
}
