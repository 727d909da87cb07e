import { describe, expect, test } from "vitest";
import { HostError } from "../contract/error-codes.ts";
import { NET_FOUND_MAX_BYTES, NetFoundFlag } from "../contract/host-abi.ts";
import { SCAN_FOUND_MAX } from "../contract/limits.ts";
import type { AccessPoint } from "./memory-fabric.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { SeededRandom } from "./random.ts";
import { VirtualTime } from "./virtual-time.ts";
import { WifiScan } from "./wifi-scan.ts";

const SCANNED_MS = 2000;

function setUp(accessPoints: AccessPoint[]) {
  const time = new VirtualTime();
  const network = new MemoryNetwork({ time, random: new SeededRandom(1), accessPoints });
  const station = network.station({ rssiDbm: -50 });
  let wakes = 0;
  const scan = new WifiScan(time, station, () => wakes++);
  const take = (capBytes = NET_FOUND_MAX_BYTES): number | [number, number, string] => {
    const into = new Uint8Array(capBytes);
    const size = scan.take(into);
    return size <= 0 ? size : [into[0] ?? 0, into[1] ?? 0, Buffer.from(into.subarray(2, size)).toString()];
  };
  return { time, station, scan, take, wakes: () => wakes };
}

const NETWORKS: AccessPoint[] = [
  { ssid: "café", passphrase: "secret", rssiDbm: -80 },
  { ssid: "", passphrase: "hidden", rssiDbm: -90 },
  { ssid: "open", passphrase: "" },
];

describe("a scan", () => {
  test("finds the networks in range, the strongest first", async () => {
    const { time, scan, take, wakes } = setUp(NETWORKS);
    expect(scan.start()).toBe(0);
    await time.run(SCANNED_MS);
    expect(wakes()).toBe(1);
    expect([take(), take(), take(), take()]).toEqual([
      [50, NetFoundFlag.None, "open"],
      [80, NetFoundFlag.Passphrase, "café"],
      [90, NetFoundFlag.Passphrase, ""],
      0,
    ]);
  });

  test("is busy while it runs, and forgets what the one before has found", async () => {
    const { time, scan, take } = setUp(NETWORKS);
    scan.start();
    expect([scan.start(), take()]).toEqual([HostError.Busy, HostError.Busy]);
    await time.run(SCANNED_MS);
    take();
    scan.start();
    await time.run(2 * SCANNED_MS);
    expect(take()).toEqual([50, 0, "open"]);
  });

  test("a record that does not fit stays", async () => {
    const { time, scan, take } = setUp(NETWORKS);
    scan.start();
    await time.run(SCANNED_MS);
    expect([take(1), take(5)]).toEqual([HostError.BadArgument, HostError.BadArgument]);
    expect(take(6)).toEqual([50, 0, "open"]);
  });

  test("ends with a reset", async () => {
    const { time, scan, take, wakes } = setUp(NETWORKS);
    scan.start();
    scan.reset();
    await time.run(SCANNED_MS);
    expect([take(), wakes(), scan.isRunning]).toEqual([0, 0, false]);
  });

  test("keeps so many and no more; where the Wi-Fi is cut there is none", async () => {
    const many = Array.from({ length: SCAN_FOUND_MAX + 5 }, (_, index) => ({
      ssid: `n${index}`,
      passphrase: "",
      rssiDbm: -index,
    }));
    const { time, scan, take, station } = setUp(many);
    scan.start();
    await time.run(SCANNED_MS);
    const taken = Array.from({ length: SCAN_FOUND_MAX + 1 }, () => take());
    expect([taken[0], taken.at(-2), taken.at(-1)]).toEqual([[0, 0, "n0"], [31, 0, "n31"], 0]);
    station.cut("reset");
    scan.start();
    await time.run(2 * SCANNED_MS);
    expect(take()).toBe(0);
  });
});
