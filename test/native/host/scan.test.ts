/** Scans on the host of the real chip, beside the virtual board. */
import { beforeAll, describe, expect, test } from "vitest";
import type { AccessPoint } from "../../../runtime/board/memory-fabric.ts";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { NET_FOUND_HEADER_BYTES, NET_FOUND_MAX_BYTES } from "../../../runtime/contract/host-abi.ts";
import { SCAN_FOUND_MAX } from "../../../runtime/contract/limits.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { bytesOf, DATA, HostScript, linesOf } from "./host-script.ts";
import { STATION, Story } from "./story.ts";

/** Above any scan of the virtual board. */
const SCAN_MS = 2000;
/** AUTH_WPA2_PSK of the SDK. */
const WPA2 = 3;

/** As the SDK's list has them; a name without letters is hidden. */
function tellOf(accessPoints: readonly AccessPoint[]): string[] {
  return accessPoints.map(
    ({ ssid, rssiDbm, passphrase }) => `${ssid === "" ? "-" : ssid}:${rssiDbm}:${passphrase === "" ? 0 : WPA2}`,
  );
}

async function scanned(accessPoints: AccessPoint[]): Promise<Story> {
  const story = new Story({ accessPoints }).call("net_found", DATA, NET_FOUND_MAX_BYTES).call("net_scan");
  story.call("net_scan").call("net_found", DATA, NET_FOUND_MAX_BYTES).call("net_found", DATA, 0);
  await story.run(SCAN_MS);
  await story.event("wifi", "scan", "done", ...tellOf(accessPoints)).run(5);
  return story;
}

function take(story: Story, capacityBytes = NET_FOUND_MAX_BYTES): void {
  story.put(DATA, new Uint8Array(NET_FOUND_MAX_BYTES)).call("net_found", DATA, capacityBytes);
  story.get(DATA, NET_FOUND_MAX_BYTES);
}

describe.skipIf(!canRunHost("scans on the host of the real chip"))("scans", () => {
  let driver: string;
  beforeAll(async () => {
    driver = await buildDriver();
  });

  test("the strongest first, hidden ones without a name, the longest name whole; a record that does not fit stays", async () => {
    const story = await scanned([
      { ssid: "shop", passphrase: "secret", rssiDbm: -67 },
      { ssid: "guests", passphrase: "", rssiDbm: -80 },
      { ssid: "", passphrase: "x", rssiDbm: -40 },
      { ssid: "n".repeat(32), passphrase: "x", rssiDbm: -67 },
    ]);
    take(story, NET_FOUND_HEADER_BYTES - 1);
    take(story, NET_FOUND_HEADER_BYTES);
    for (const room of [NET_FOUND_HEADER_BYTES + 3, NET_FOUND_HEADER_BYTES + 4]) take(story, room);
    for (let index = 0; index < 4; index++) take(story);
    const outcome = story.check(driver);
    expect(bytesOf(outcome)[3]?.subarray(0, 6)).toEqual(Buffer.from("\x43\x01shop", "latin1"));
    expect(linesOf(outcome, "poll").slice(1), "the end of a scan wakes").toEqual([String(SCAN_MS + 3)]);
  });

  test("of more than are kept the strongest stay", async () => {
    const many = Array.from({ length: SCAN_FOUND_MAX + 8 }, (_, index) => ({
      ssid: `n${index}`,
      passphrase: "",
      rssiDbm: -40 - ((index * 7) % 50),
    }));
    const story = await scanned(many);
    for (let index = 0; index <= SCAN_FOUND_MAX; index++) take(story);
    expect(story.check(driver).results.at(-1)).toBe(0);
  });

  test("a second scan forgets what the first has found; one that fails finds nothing", async () => {
    const story = await scanned([{ ssid: "shop", passphrase: "", rssiDbm: -67 }]);
    story.call("net_scan");
    await story.run(SCAN_MS);
    await story.event("wifi", "scan", "done", "shop:-67:0").run(5);
    take(story);
    take(story);
    story.check(driver);
    const failed = HostScript.running().call("net_scan").order("wifi", "scan", "failed").order("run", 3);
    expect(failed.call("net_found", DATA, 2).call("net_scan").run(driver).results).toEqual([0, 0, 0]);
  });

  test("a station that looks for its network lets the scan go first, and one that is up scans beside it", () => {
    const looking = HostScript.running().put(DATA, "shop").call("net_join", DATA, 4, DATA, 0).order("run", 5);
    looking.call("net_scan").order("run", 5).call("net_status").order("wifi", "scan", "done").order("run", 3);
    const asked = (outcome: ReturnType<HostScript["run"]>) =>
      linesOf(outcome, "sdk").filter((line) => /^wifi (connect|disconnect|scan)/.test(line));
    const steps = ["wifi connect", "wifi disconnect", "wifi scan", "wifi connect"];
    expect(asked(looking.run(driver))).toEqual(steps);
    const joined = HostScript.running().put(DATA, "shop").call("net_join", DATA, 4, DATA, 0);
    joined.order("wifi", "status", STATION.gotIp).order("run", 5).call("net_scan").call("net_status");
    joined.order("wifi", "scan", "done").order("run", 5).call("net_status");
    const outcome = joined.run(driver);
    expect(asked(outcome)).toEqual(["wifi connect", "wifi scan"]);
    expect(outcome.results).toEqual([0, 0, 2, 2]);
  });

  test("what a program has begun to look for is not found by the next one, unless it asks", () => {
    const left = () =>
      HostScript.running()
        .call("net_scan")
        .order("plan", "poll", "call", "image_run", 0)
        .order("receive", "00")
        .order("run", 5);
    const forgotten = left().order("wifi", "scan", "done", "shop:-67:3").order("run", 3);
    expect(forgotten.call("net_found", DATA, NET_FOUND_MAX_BYTES).run(driver).results).toEqual([0, 0]);
    const asked = left().call("radio_sniff", 1).call("net_scan").call("net_scan");
    asked.order("wifi", "scan", "done", "shop:-67:3").order("run", 3).call("net_found", DATA, NET_FOUND_MAX_BYTES);
    const outcome = asked.run(driver);
    expect(outcome.results).toEqual([0, HostError.Busy, 0, HostError.Busy, NET_FOUND_HEADER_BYTES + 4]);
    expect(linesOf(outcome, "sdk").filter((line) => line === "wifi scan")).toHaveLength(1);
  });
});
