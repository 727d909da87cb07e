/** The radio on the host of the real chip, beside the virtual board: what is heard and sent, and who has the radio when. */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { NetStatus, RADIO_RECORD_BYTES, RADIO_WHO_BYTES, RadioKind } from "../../../runtime/contract/host-abi.ts";
import { RADIO_FRAME_MAX_BYTES, RADIO_FRAME_MIN_BYTES, RADIO_LOG_MAX } from "../../../runtime/contract/limits.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { bytesOf, DATA, HostScript, linesOf } from "./host-script.ts";
import { NAME, STATION, Story, TEXT } from "./story.ts";

const PHONE = "aabbccddeeff";
const OTHER_PHONE = "a2bbccddee00";
const BUFFER = DATA + 2048;
/** Above any scan of the virtual board. */
const SCAN_MS = 2000;
/** First bytes of frames, IEEE 802.11-2020 9.2.4.1. */
const CONTROL = { [RadioKind.Probe]: 0x40, [RadioKind.Beacon]: 0x80 };

/** A frame as the SDK hands it over: 12 bytes about the reception, 112 of the frame, 4 of counts. */
function heard(frameControl: number, sender: string, rssiDbm: number, sizeBytes = 128): string {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeInt8(rssiDbm, 0);
  bytes.writeUInt8(frameControl, 12);
  bytes.write(sender, 22, "hex");
  return bytes.toString("hex");
}

/** On the channel that is listened to. */
function hear(story: Story, kind: RadioKind, sender: string, rssiDbm: number, channel = 6): void {
  story.twin.air.send({ kind, address: Buffer.from(sender, "hex"), channel }, rssiDbm);
  story.event("wifi", "frame", heard(CONTROL[kind], sender, rssiDbm));
}

function beacon(sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, 0x11).fill(0).fill(CONTROL[RadioKind.Beacon], 0, 1);
}

describe.skipIf(!canRunHost("the radio on the host of the real chip"))("radio", () => {
  let driver: string;
  beforeAll(async () => {
    driver = await buildDriver();
  });

  /** Records of either side; hashes, which differ from board to board, as the number of the sender. */
  function recordsIn(bytes: readonly Buffer[]): string[] {
    const senders: string[] = [];
    return bytes.map((record) => {
      const who = record.toString("hex", RADIO_RECORD_BYTES - RADIO_WHO_BYTES);
      if (record[0] === RadioKind.Beacon) return record.toString("hex");
      if (!senders.includes(who)) senders.push(who);
      return `${record.toString("hex", 0, RADIO_RECORD_BYTES - RADIO_WHO_BYTES)} sender ${senders.indexOf(who)}`;
    });
  }

  test("probe requests and beacons: kind, strength, age, a beacon's address and channel, one hash for each phone", async () => {
    const story = new Story().call("radio_sniff", 6).call("net_status");
    hear(story, RadioKind.Probe, PHONE, -70);
    await story.run(100);
    hear(story, RadioKind.Beacon, "020000000009", -75);
    hear(story, RadioKind.Probe, OTHER_PHONE, -55);
    await story.run(1000);
    hear(story, RadioKind.Probe, PHONE, -71);
    await story.run(5);
    story.call("radio_read", BUFFER, 2 * RADIO_RECORD_BYTES + 7);
    for (const at of [0, 1]) story.get(BUFFER + at * RADIO_RECORD_BYTES, RADIO_RECORD_BYTES);
    for (let index = 0; index < 3; index++) {
      story.call("radio_read", BUFFER, RADIO_RECORD_BYTES);
      if (index < 2) story.get(BUFFER, RADIO_RECORD_BYTES);
    }
    const outcome = story.script.run(driver);
    expect(outcome.results).toEqual(story.expected);
    const records = bytesOf(outcome);
    expect(recordsIn(records)).toEqual(recordsIn(story.expectedBytes));
    expect(records[1]?.toString("hex")).toBe(`024b0000${"ed030000"}0200000000090600`);
    expect(outcome.lines).toContain("sdk wifi channel 6");
    const phones = Buffer.concat(records.filter((record) => record[0] === RadioKind.Probe));
    expect(phones.includes(Buffer.from("ccdd", "hex")), "nobody's address").toBe(false);
    const unsalted = createHash("sha256").update(Buffer.from(PHONE, "hex")).digest();
    expect(phones.includes(unsalted.subarray(0, 4))).toBe(false);
  });

  test("other frames, and parts of one, are not told", () => {
    const script = HostScript.running().call("radio_sniff", 6);
    // Data, an association, a beacon of another protocol version, and a probe request without the SDK's tail.
    for (const control of [0x08, 0x00, 0x81]) script.order("wifi", "frame", heard(control, PHONE, -20));
    script.order("wifi", "frame", heard(0x40, PHONE, -20, 60)).call("radio_read", DATA, RADIO_RECORD_BYTES);
    expect(script.run(driver).results).toEqual([0, 0]);
  });

  test("a full log drops the oldest and says how many; what was heard outlasts the listening; a poll is due", async () => {
    const story = new Story().call("radio_sniff", 6);
    await story.run(5);
    for (let index = 0; index < RADIO_LOG_MAX + 3; index++) hear(story, RadioKind.Beacon, PHONE, -60 - (index % 9));
    await story.run(5);
    story.call("radio_sniff", 11);
    hear(story, RadioKind.Beacon, OTHER_PHONE, -50, 11);
    story.call("radio_sniff", 0).event("wifi", "frame", heard(0x80, PHONE, -70));
    story.call("radio_read", DATA, 8000).get(DATA, (RADIO_LOG_MAX + 1) * RADIO_RECORD_BYTES);
    story.call("radio_read", DATA, 8000);
    const outcome = story.check(driver);
    expect(outcome.results.at(-2)).toBe(RADIO_LOG_MAX * RADIO_RECORD_BYTES);
    expect(bytesOf(outcome)[0]?.readUInt16LE(2)).toBe(4);
    expect(linesOf(outcome, "poll").slice(1)).toEqual(["8"]);
  });

  test("who listens is on no network: connections break, and neither join nor scan begins before it has ended", async () => {
    const story = await new Story().opened();
    story.call("radio_sniff", 14).call("net_status").call("radio_sniff", 3).call("net_status").call("tcp_status", 0);
    story.call("tcp_close", 0).call("net_join", TEXT, 3, TEXT, 0).call("net_scan").call("radio_sniff", 13);
    story.call("net_join", TEXT, 0, TEXT, 0).call("radio_sniff", 0).call("net_join", TEXT, 3, TEXT, 0);
    expect(story.call("net_status").check(driver).results.slice(-12)).toEqual([
      ...[NetStatus.Up, 0, NetStatus.Down, HostError.Broken, 0, HostError.Busy, HostError.Busy, 0],
      ...[HostError.BadArgument, 0, 0, NetStatus.Joining],
    ]);
  });

  test("who scans does not listen nor send, but may join", async () => {
    const story = new Story().put(TEXT, NAME).put(BUFFER, beacon(60)).call("net_scan").call("radio_sniff", 3);
    story.call("radio_beacon", BUFFER, 60).call("radio_sniff", 0).call("net_join", TEXT, 3, TEXT, 0).call("net_status");
    await story.run(SCAN_MS);
    story.event("wifi", "scan", "done").event("run", 2).event("wifi", "status", STATION.gotIp);
    await story.run(100);
    story.call("net_status").call("radio_beacon", BUFFER, 60);
    const outcome = story.check(driver);
    expect(outcome.results.slice(1, 3)).toEqual([HostError.Busy, HostError.Busy]);
    const asked = linesOf(outcome, "sdk").filter((line) => /^wifi (scan|connect)/.test(line));
    expect(asked, "the SDK looks for one thing at a time").toEqual(["wifi scan", "wifi connect"]);
  });

  test("beacons: one at a time, of the right size, and no other frame", async () => {
    const frame = beacon(RADIO_FRAME_MAX_BYTES + 1);
    const story = new Story().put(BUFFER, frame).call("radio_beacon", BUFFER, RADIO_FRAME_MAX_BYTES);
    story.call("radio_beacon", BUFFER, RADIO_FRAME_MIN_BYTES).event("wifi", "sent");
    await story.run(5);
    story.call("radio_beacon", BUFFER, RADIO_FRAME_MIN_BYTES - 1).call("radio_beacon", BUFFER, frame.length);
    story.call("radio_beacon", BUFFER, RADIO_FRAME_MIN_BYTES).event("wifi", "sent");
    await story.run(5);
    // A deauthentication, and a beacon with flags.
    for (const control of ["c000", "8001"]) {
      story.put(BUFFER, Buffer.from(control, "hex")).call("radio_beacon", BUFFER, 60);
    }
    const outcome = story.check(driver);
    expect(linesOf(outcome, "sdk").filter((line) => /^wifi (send|channel)/.test(line))).toEqual([
      "wifi channel 1",
      `wifi send ${frame.toString("hex", 0, RADIO_FRAME_MAX_BYTES)} 0`,
      "wifi channel 1",
      `wifi send ${frame.toString("hex", 0, RADIO_FRAME_MIN_BYTES)} 0`,
    ]);
  });

  test("a frame that the SDK forgets to tell of does not keep the next one for ever", () => {
    const script = HostScript.running().put(BUFFER, beacon(60)).call("radio_beacon", BUFFER, 60);
    script.call("radio_beacon", BUFFER, 60).order("run", 200).call("radio_beacon", BUFFER, 60);
    expect(script.run(driver).results).toEqual([0, HostError.Busy, 0]);
  });

  test("a hand-over ends the listening and forgets the log; the salt stays", () => {
    const listen = (script: HostScript) =>
      script
        .call("radio_sniff", 6)
        .order("wifi", "frame", heard(0x40, PHONE, -70))
        .call("radio_read", DATA, RADIO_RECORD_BYTES)
        .get(DATA + 8, RADIO_WHO_BYTES)
        .order("wifi", "frame", heard(0x40, PHONE, -70));
    const script = listen(HostScript.running()).order("plan", "poll", "call", "image_run", 0).order("run", 100);
    script.order("wifi", "frame", heard(0x40, PHONE, -70)).call("radio_read", DATA, RADIO_RECORD_BYTES);
    const outcome = listen(script).run(driver);
    expect(outcome.results).toEqual([0, RADIO_RECORD_BYTES, 0, 0, RADIO_RECORD_BYTES]);
    const [first, second] = bytesOf(outcome);
    expect(second).toEqual(first);
  });
});
