/** Host functions of the network group. */
import { HostError } from "../contract/error-codes.ts";
import { SSID_MAX_BYTES, TcpFlag } from "../contract/host-abi.ts";
import type { HostImports } from "./host-imports.ts";
import { isError, type ProgramMemory } from "./host-memory.ts";
import type { VirtualBoard } from "./virtual-board.ts";

/** IEEE 802.11-2020 annex J.4: a passphrase has at most 63 characters, a key in hexadecimal 64. */
const PASSPHRASE_MAX_BYTES = 64;
/** RFC 1035 2.3.4, as text without the final dot. */
const HOST_NAME_MAX_BYTES = 253;
const PORT_MAX = 65535;

type NetworkGroup = Pick<
  HostImports,
  | "net_join"
  | "net_status"
  | "net_rssi"
  | "tcp_open"
  | "tcp_status"
  | "tcp_write"
  | "tcp_read"
  | "tcp_close"
  | "net_scan"
  | "net_found"
>;

export function networkFunctions(board: VirtualBoard, memory: ProgramMemory): NetworkGroup {
  const { network, sockets, scan, radio } = board;
  return {
    net_join(ssidPointer, ssidBytes, passPointer, passBytes) {
      const ssid = memory.range(ssidPointer, ssidBytes);
      if (isError(ssid)) return ssid;
      const passphrase = memory.range(passPointer, passBytes);
      if (isError(passphrase)) return passphrase;
      if (ssid.length === 0 || ssid.length > SSID_MAX_BYTES) return HostError.BadArgument;
      if (passphrase.length > PASSPHRASE_MAX_BYTES) return HostError.BadArgument;
      if (radio.isListening) return HostError.Busy;
      network.join(decode(ssid), decode(passphrase));
      return 0;
    },
    net_status: () => network.status(),
    net_rssi: () => Math.max(0, -network.rssiDbm()),
    tcp_open(hostPointer, hostBytes, port, flags) {
      const host = memory.range(hostPointer, hostBytes);
      if (isError(host)) return host;
      if (host.length === 0 || host.length > HOST_NAME_MAX_BYTES || !host.every(isPrintable)) {
        return HostError.BadArgument;
      }
      if (port < 1 || port > PORT_MAX || (flags & ~TcpFlag.Tls) !== 0) return HostError.BadArgument;
      const handle = sockets.open(decode(host), port, flags);
      if (handle === HostError.Unsupported) board.reportMissing("tcp_open with TLS");
      return handle;
    },
    tcp_status: (handle) => sockets.get(handle)?.status() ?? HostError.NotConnected,
    tcp_write(handle, pointer, sizeBytes) {
      const bytes = memory.range(pointer, sizeBytes);
      if (isError(bytes)) return bytes;
      return sockets.get(handle)?.write(bytes) ?? HostError.NotConnected;
    },
    tcp_read(handle, pointer, capacityBytes) {
      const into = memory.range(pointer, capacityBytes);
      if (isError(into)) return into;
      return sockets.get(handle)?.read(into) ?? HostError.NotConnected;
    },
    tcp_close: (handle) => sockets.close(handle),
    net_scan: () => (radio.isListening ? HostError.Busy : scan.start()),
    net_found(pointer, capacityBytes) {
      const into = memory.range(pointer, capacityBytes);
      return isError(into) ? into : scan.take(into);
    },
  };
}

function isPrintable(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f;
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
