/** Connections: what holds without a network, and with the peer of the environment. NetworkChecks has joined if there is one. */
import { HostError } from "../../runtime/contract/error-codes.ts";
import { NetStatus, TcpFlag, TcpStatus } from "../../runtime/contract/host-abi.ts";
import { TCP_MAX_HANDLES } from "../../runtime/contract/limits.ts";
import { net_status, tcp_close, tcp_open, tcp_read, tcp_status, tcp_write } from "../../runtime/device/index.ts";
import { Checks, Next } from "./checks.ts";
import { fillScratch, isRestUntouched, isSame, other, putText, SCRATCH_BYTES, scratch } from "./memory-map.ts";

const ANSWER_MAX_MS: u32 = 20_000;
const HOST_NAME_MAX_BYTES = 253;
/** No program sends more at once than a host with this much memory could take. */
const BUFFER_MAX_BYTES = 65_536;
/** RFC 6761 6.4: a name that resolves nowhere. */
const NOWHERE = "lintel.invalid";
/** Nothing listens there. */
const CLOSED_PORT = 1;
/** EOT: the peer ends the connection. */
const LAST_BYTE: u8 = 4;
const FILL: u8 = 0x3c;

export class TcpChecks extends Checks {
  private handle: i32 = HostError.NotConnected;
  private echoed: i32 = 0;

  protected run(step: i32): Next {
    if (step == 0) return this.checkBadArguments();
    if (step == 1) return this.checkBadHandles();
    if (this.environment.peerBytes == 0) return Next.Done;
    if (step == 2) return this.open();
    if (step == 3) return this.checkOpen();
    if (step == 4) return this.checkEcho();
    if (step == 5) return this.checkFull();
    if (step == 6) return this.checkPeerClose();
    if (step == 7) return this.checkHandles();
    if (step == 8) return this.openTo(NOWHERE, 80);
    if (step == 9) return this.checkEnd("nowhere", HostError.HostNotFound);
    if (step == 10) return this.openClosed();
    return this.checkEnd("closed-port", HostError.Refused) == Next.Again ? Next.Again : Next.Done;
  }

  private checkBadArguments(): Next {
    const report = this.report;
    const sizeBytes = putText(other, "hub");
    report.of("tcp_open");
    report.equal("bad-empty-host", tcp_open(other, 0, 1883, 0), HostError.BadArgument);
    memory.fill(scratch, 0x61, HOST_NAME_MAX_BYTES + 1);
    report.equal("bad-long-host", tcp_open(scratch, HOST_NAME_MAX_BYTES + 1, 1883, 0), HostError.BadArgument);
    report.equal("bad-port-0", tcp_open(other, sizeBytes, 0, 0), HostError.BadArgument);
    report.equal("bad-port-65536", tcp_open(other, sizeBytes, 65536, 0), HostError.BadArgument);
    report.equal("bad-neg-port", tcp_open(other, sizeBytes, -1, 0), HostError.BadArgument);
    report.equal("bad-flag", tcp_open(other, sizeBytes, 1883, 2), HostError.BadArgument);
    putText(other, "h b");
    report.equal("bad-space", tcp_open(other, sizeBytes, 1883, 0), HostError.BadArgument);
    store<u8>(other + 1, 0);
    report.equal("bad-zero-byte", tcp_open(other, sizeBytes, 1883, 0), HostError.BadArgument);
    putText(other, "hub");
    if (net_status() == NetStatus.Up) return Next.Step;
    report.equal("not-joined", tcp_open(other, sizeBytes, 1883, 0), HostError.NotConnected);
    // A host without TLS says so; one that has it has no network here.
    const secure = tcp_open(other, sizeBytes, 1883, TcpFlag.Tls);
    report.within("tls", secure, HostError.NotConnected, HostError.Unsupported);
    return Next.Step;
  }

  private checkBadHandles(): Next {
    const report = this.report;
    report.of("tcp_status");
    report.equal("bad-not-open", tcp_status(0), HostError.NotConnected);
    report.equal("bad-negative", tcp_status(-1), HostError.NotConnected);
    report.equal("bad-beyond", tcp_status(TCP_MAX_HANDLES), HostError.NotConnected);
    report.equal("bad-huge", tcp_status(i32.MAX_VALUE), HostError.NotConnected);
    report.of("tcp_write");
    report.equal("bad-not-open", tcp_write(0, other, 1), HostError.NotConnected);
    report.equal("bad-negative", tcp_write(-1, other, 1), HostError.NotConnected);
    report.of("tcp_read");
    report.equal("bad-not-open", tcp_read(0, other, 1), HostError.NotConnected);
    report.equal("bad-beyond", tcp_read(TCP_MAX_HANDLES, other, 1), HostError.NotConnected);
    report.of("tcp_close");
    report.equal("bad-not-open", tcp_close(0), HostError.NotConnected);
    report.equal("bad-negative", tcp_close(i32.MIN_VALUE), HostError.NotConnected);
    return Next.Step;
  }

  private openPeer(): i32 {
    return tcp_open(this.environment.peer, this.environment.peerBytes, this.environment.peerPort, 0);
  }

  private open(): Next {
    this.report.of("tcp_open");
    this.handle = this.openPeer();
    this.report.equal("lowest-handle", this.handle, 0);
    this.report.of("tcp_status");
    this.report.equal("connecting", tcp_status(this.handle), TcpStatus.Connecting);
    return Next.Step;
  }

  private checkOpen(): Next {
    if (this.lookAgain(tcp_status(this.handle) != TcpStatus.Connecting, ANSWER_MAX_MS)) return Next.Again;
    const report = this.report;
    report.of("tcp_status");
    report.equal("open", tcp_status(this.handle), TcpStatus.Open);
    report.of("tcp_read");
    report.equal("none-yet", tcp_read(this.handle, scratch, 16), 0);
    report.of("tcp_write");
    report.equal("nothing", tcp_write(this.handle, 0, 0), 0);
    report.equal("writes", tcp_write(this.handle, other, putText(other, "hello")), 5);
    fillScratch(FILL);
    return Next.Step;
  }

  private checkEcho(): Next {
    const size = tcp_read(this.handle, scratch + this.echoed, 5 - this.echoed);
    if (size > 0) this.echoed += size;
    if (this.lookAgain(this.echoed == 5, ANSWER_MAX_MS)) return Next.Again;
    const report = this.report;
    report.of("tcp_read");
    report.equal("echo", this.echoed, 5);
    report.holds("echoed-bytes", isSame(scratch, other, 5));
    report.holds("stays-in-range", isRestUntouched(5, FILL));
    report.equal("no-room", tcp_read(this.handle, 0, 0), 0);
    this.echoed = 0;
    return Next.Step;
  }

  /** A buffer that is full takes nothing more, and what it took comes back. */
  private checkFull(): Next {
    const report = this.report;
    let taken = 0;
    let size = 1;
    while (size > 0 && taken < BUFFER_MAX_BYTES) {
      size = tcp_write(this.handle, scratch, SCRATCH_BYTES);
      taken += max(0, size);
    }
    report.of("tcp_write");
    report.equal("full", size, 0);
    report.within("taken", taken, SCRATCH_BYTES, BUFFER_MAX_BYTES);
    this.echoed = -taken;
    return Next.Step;
  }

  private checkPeerClose(): Next {
    while (this.echoed < 0) {
      const size = tcp_read(this.handle, scratch, SCRATCH_BYTES);
      if (size <= 0) break;
      this.echoed += size;
      if (this.echoed < 0) continue;
      this.report.of("tcp_read");
      this.report.equal("all-echoed", this.echoed, 0);
      store<u8>(other, LAST_BYTE);
      tcp_write(this.handle, other, 1);
    }
    if (this.lookAgain(tcp_status(this.handle) != TcpStatus.Open, ANSWER_MAX_MS)) return Next.Again;
    this.report.of("tcp_status");
    this.report.equal("closed-by-peer", tcp_status(this.handle), TcpStatus.Closed);
    this.report.of("tcp_close");
    this.report.equal("closes", tcp_close(this.handle), 0);
    this.report.equal("bad-again", tcp_close(this.handle), HostError.NotConnected);
    this.report.of("tcp_read");
    this.report.equal("bad-closed", tcp_read(this.handle, scratch, 1), HostError.NotConnected);
    return Next.Step;
  }

  private checkHandles(): Next {
    this.report.of("tcp_open");
    for (let handle = 0; handle < TCP_MAX_HANDLES; handle++) this.report.equal("each", this.openPeer(), handle);
    this.report.equal("no-handle", this.openPeer(), HostError.NoHandle);
    tcp_close(1);
    this.report.equal("freed-handle", this.openPeer(), 1);
    this.report.of("tcp_close");
    for (let handle = 0; handle < TCP_MAX_HANDLES; handle++) this.report.equal("each", tcp_close(handle), 0);
    return Next.Step;
  }

  private openTo(host: string, port: i32): Next {
    this.handle = tcp_open(other, putText(other, host), port, 0);
    return Next.Step;
  }

  private openClosed(): Next {
    this.handle = tcp_open(this.environment.peer, this.environment.peerBytes, CLOSED_PORT, 0);
    return Next.Step;
  }

  private checkEnd(check: string, expected: HostError): Next {
    if (this.lookAgain(tcp_status(this.handle) != TcpStatus.Connecting, ANSWER_MAX_MS)) return Next.Again;
    this.report.of("tcp_status");
    this.report.equal(check, tcp_status(this.handle), expected);
    tcp_close(this.handle);
    return Next.Step;
  }
}
