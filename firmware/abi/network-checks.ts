/** Wi-Fi: joining and scanning. The connections over it: tcp-checks.ts, which goes on where this ends. */
import { HostError } from "../../runtime/contract/error-codes.ts";
import {
  NET_FOUND_HEADER_BYTES,
  NET_FOUND_MAX_BYTES,
  NetFoundFlag,
  NetStatus,
} from "../../runtime/contract/host-abi.ts";
import { SCAN_FOUND_MAX } from "../../runtime/contract/limits.ts";
import { net_found, net_join, net_rssi, net_scan, net_status } from "../../runtime/device/index.ts";
import { Checks, Next } from "./checks.ts";
import { fillScratch, isSame, other, putText, scratch } from "./memory-map.ts";

const SCAN_MAX_MS: u32 = 10_000;
const JOIN_MAX_MS: u32 = 20_000;
/** Nobody calls a network so. */
const NOWHERE = "lintel conformance 7f3a";
const STRENGTH_MAX = 127;

export class NetworkChecks extends Checks {
  private hasFound: bool = false;
  private found: i32 = 0;

  protected run(step: i32): Next {
    if (step == 0) return this.checkDown();
    if (step == 1) return this.checkFound();
    if (step == 2) return this.join(NOWHERE);
    if (step == 3) return this.checkJoin("nowhere", NetStatus.NotFound);
    if (step == 4) return this.environment.ssidBytes == 0 ? Next.Done : this.joinWrongly();
    if (step == 5) return this.isOpen ? Next.Step : this.checkJoin("wrong-passphrase", NetStatus.Denied);
    if (step == 6) return this.joinRightly();
    if (this.checkJoin("joins", NetStatus.Up) == Next.Again) return Next.Again;
    this.report.of("net_rssi");
    this.report.within("joined", net_rssi(), 1, STRENGTH_MAX);
    return Next.Done;
  }

  private checkDown(): Next {
    const report = this.report;
    report.of("net_status");
    report.equal("down", net_status(), NetStatus.Down);
    report.of("net_rssi");
    report.equal("unknown", net_rssi(), 0);
    report.of("net_join");
    const sizeBytes = putText(other, NOWHERE);
    report.equal("bad-empty-name", net_join(other, 0, 0, 0), HostError.BadArgument);
    report.equal("bad-long-name", net_join(other, 33, 0, 0), HostError.BadArgument);
    report.equal("bad-long-pass", net_join(other, sizeBytes, other, 65), HostError.BadArgument);
    report.of("net_status");
    report.equal("still-down", net_status(), NetStatus.Down);
    report.of("net_found");
    report.equal("not-scanned", net_found(scratch, NET_FOUND_MAX_BYTES), 0);
    report.equal("bad-room", net_found(scratch, NET_FOUND_HEADER_BYTES - 1), HostError.BadArgument);
    report.equal("bad-no-room", net_found(scratch, 0), HostError.BadArgument);
    report.of("net_scan");
    report.equal("starts", net_scan(), 0);
    report.equal("busy", net_scan(), HostError.Busy);
    report.of("net_found");
    report.equal("busy", net_found(scratch, NET_FOUND_MAX_BYTES), HostError.Busy);
    return Next.Step;
  }

  private checkFound(): Next {
    const report = this.report;
    const environment = this.environment;
    const size = net_found(scratch, NET_FOUND_MAX_BYTES);
    if (this.lookAgain(size != HostError.Busy, SCAN_MAX_MS)) return Next.Again;
    if (size > 0) {
      this.found++;
      const isNamed =
        size - NET_FOUND_HEADER_BYTES == environment.ssidBytes &&
        isSame(scratch + NET_FOUND_HEADER_BYTES, environment.ssid, environment.ssidBytes);
      if (isNamed) {
        this.hasFound = true;
        report.of("net_found");
        report.within("strength", load<u8>(scratch), 1, STRENGTH_MAX);
        report.equal("passphrase", load<u8>(scratch, 1), environment.passphraseBytes > 0 ? NetFoundFlag.Passphrase : 0);
      }
      return Next.Again;
    }
    report.of("net_found");
    report.equal("no-more", size, 0);
    report.within("bounded", this.found, 0, SCAN_FOUND_MAX);
    if (environment.ssidBytes > 0) report.holds("known-network", this.hasFound);
    return Next.Step;
  }

  private join(name: string): Next {
    this.report.of("net_join");
    this.report.equal("starts", net_join(other, putText(other, name), 0, 0), 0);
    return Next.Step;
  }

  private joinWrongly(): Next {
    fillScratch(0x78);
    if (!this.isOpen) net_join(this.environment.ssid, this.environment.ssidBytes, scratch, 8);
    return Next.Step;
  }

  /** An open network denies nobody. */
  private get isOpen(): bool {
    return this.environment.passphraseBytes == 0;
  }

  private joinRightly(): Next {
    const to = this.environment;
    this.report.of("net_join");
    this.report.equal("again", net_join(to.ssid, to.ssidBytes, to.passphrase, to.passphraseBytes), 0);
    this.report.of("net_status");
    this.report.equal("joining", net_status(), NetStatus.Joining);
    return Next.Step;
  }

  private checkJoin(check: string, expected: NetStatus): Next {
    const status = net_status();
    if (this.lookAgain(status != NetStatus.Joining && status != NetStatus.Down, JOIN_MAX_MS)) return Next.Again;
    this.report.of("net_status");
    this.report.equal(check, status, expected);
    return Next.Step;
  }
}
