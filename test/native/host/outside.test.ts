/** What the virtual board does not offer yet: radio, serial port, pulse width, I2C, scans; by their words in the contract. */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { NetStatus, RADIO_RECORD_BYTES } from "../../../runtime/contract/host-abi.ts";
import { HOST_FUNCTIONS, HostFunction } from "../../../runtime/contract/host-functions.ts";
import { nativeHeader } from "../../../tools/contract/native-header.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { bytesOf, DATA, HostScript, linesOf } from "./host-script.ts";

const { BadArgument, NotConnected, Broken } = HostError;

/** A frame as the SDK hands it over: 12 bytes about the reception, 112 of the frame, 4 of counts. */
function heard(frameControl: number, sender: string, rssiDbm: number, sizeBytes = 128): string {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeInt8(rssiDbm, 0);
  bytes.writeUInt8(frameControl, 12);
  bytes.write(sender, 22, "hex");
  return bytes.toString("hex");
}

describe.skipIf(!canRunHost("the outside of the host of the real chip"))("outside", () => {
  let driver: string;
  beforeAll(async () => {
    driver = await buildDriver();
  });

  const read = (script: HostScript) =>
    script.call("radio_read", DATA, RADIO_RECORD_BYTES).get(DATA, RADIO_RECORD_BYTES);

  test("probe requests: one hash for a sender, another for another, nobody's address; strength and age", () => {
    const script = HostScript.running().call("radio_sniff", 6);
    script.order("wifi", "frame", heard(0x40, "aabbccddeeff", -70)).order("run", 100);
    script
      .order("wifi", "frame", heard(0x40, "aabbccddee00", -55))
      .order("wifi", "frame", heard(0x40, "aabbccddeeff", -71));
    script
      .order("wifi", "frame", heard(0x80, "aabbccddeeff", -20))
      .order("wifi", "frame", heard(0x40, "010203040506", -20, 60));
    for (let index = 0; index < 4; index++) read(script);
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([0, RADIO_RECORD_BYTES, RADIO_RECORD_BYTES, RADIO_RECORD_BYTES, 0]);
    const [first, second, third] = bytesOf(outcome) as [Buffer, Buffer, Buffer];
    expect([first, second, third].map((record) => [record[6], record[7], record.readUInt32LE(8)])).toEqual([
      [70, 0, 100],
      [55, 0, 0],
      [71, 0, 0],
    ]);
    expect(first.subarray(0, 6)).toEqual(third.subarray(0, 6));
    expect(first.subarray(0, 6)).not.toEqual(second.subarray(0, 6));
    expect(Buffer.concat([first, second, third]).includes(Buffer.from("ccdd", "hex"))).toBe(false);
    const unsalted = createHash("sha256").update(Buffer.from("aabbccddeeff", "hex")).digest();
    expect(first.subarray(0, 6)).not.toEqual(unsalted.subarray(0, 6));
    expect(outcome.lines).toContain("sdk wifi channel 6");
  });

  test("a full log tells what it lost; a poll is due; 0 and a join end it", () => {
    const script = HostScript.running().call("radio_sniff", 1).order("run", 5);
    for (let index = 0; index < 40; index++) script.order("wifi", "frame", heard(0x40, "aabbccddeeff", -70));
    read(script.order("run", 5)).call("radio_sniff", 0);
    read(script.order("wifi", "frame", heard(0x40, "aabbccddeeff", -70)));
    script
      .call("radio_sniff", 1)
      .call("net_join", DATA, 4, DATA, 0)
      .call("net_status")
      .call("radio_sniff", 2)
      .call("net_status");
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([0, RADIO_RECORD_BYTES, 0, 0, 0, 0, NetStatus.Joining, 0, NetStatus.Down]);
    expect(bytesOf(outcome)[0]?.[7]).toBe(8);
    expect(linesOf(outcome, "poll").slice(1)).toEqual(["8"]);
  });

  test("bad channels, room and frames; a frame of management goes out as it is", () => {
    const frame = Buffer.alloc(30, 0x11).fill(0x80, 0, 1);
    const script = HostScript.running().call("radio_sniff", 15).call("radio_sniff", -1);
    script.call("radio_read", DATA, RADIO_RECORD_BYTES - 1).put(DATA, frame);
    script.call("radio_beacon", DATA, 23).call("radio_beacon", DATA, 1401).call("radio_beacon", DATA, 30);
    script.put(DATA, Uint8Array.of(0x08)).call("radio_beacon", DATA, 30);
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([BadArgument, BadArgument, BadArgument, BadArgument, BadArgument, 0, BadArgument]);
    expect(linesOf(outcome, "sdk").filter((line) => line.startsWith("wifi send"))).toEqual([
      `wifi send ${frame.toString("hex")} 0`,
    ]);
  });

  test("serial bytes wake, are read in parts and written as far as there is room", () => {
    const script = HostScript.running().order("run", 5).order("receive", "01020304").order("run", 5);
    script
      .call("serial_read", DATA, 3)
      .get(DATA, 3)
      .call("serial_read", DATA, 3)
      .call("serial_read", DATA, 3)
      .order("run", 5);
    script
      .put(DATA, `${"x".repeat(1999)}\n`)
      .call("serial_write", DATA, 2000)
      .call("serial_write", DATA, 2000)
      .order("run", 20);
    script.call("serial_write", DATA + 1999, 1).order("run", 2);
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([3, 1, 0, 1024, 0, 1]);
    expect(bytesOf(outcome)).toEqual([Buffer.from([1, 2, 3])]);
    expect(linesOf(outcome, "poll").slice(1)).toEqual(["8"]);
    expect(linesOf(outcome, "log").at(-1)).toBe("x".repeat(1024));
  });

  test("pulse width and the analogue input", () => {
    const script = HostScript.running().call("pwm_write", 5, 0).call("pwm_write", 5, 1023);
    script.call("pwm_write", 5, 1024).call("pwm_write", 5, -1).call("pwm_write", 6, 1);
    const outcome = script.order("adc", 512).call("adc_read").order("adc", 1024).call("adc_read").run(driver);
    expect(outcome.results).toEqual([0, 0, BadArgument, BadArgument, BadArgument, 512, 1023]);
    expect(linesOf(outcome, "sdk").filter((line) => line.startsWith("pwm"))).toEqual([
      "pwm range 1023",
      "pwm 5 0",
      "pwm 5 1023",
    ]);
  });

  test("I2C: a write keeps the bus for the read after it; nobody there, and a byte refused", () => {
    const script = HostScript.running().put(DATA, Uint8Array.of(0xf3)).order("i2c", 0, "1a2b");
    script
      .call("i2c_transfer", 0x40, DATA, 1, DATA + 8, 2)
      .get(DATA + 8, 2)
      .call("i2c_transfer", 0x40, 0, 0, 0, 0);
    script
      .order("i2c", 2)
      .call("i2c_transfer", 0x40, DATA, 1, DATA, 2)
      .order("i2c", 3)
      .call("i2c_transfer", 0x40, DATA, 1, 0, 0);
    script.call("i2c_transfer", 0x80, DATA, 1, 0, 0).call("i2c_transfer", 1, DATA, 129, 0, 0);
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([2, 0, NotConnected, Broken, BadArgument, BadArgument]);
    expect(bytesOf(outcome)).toEqual([Buffer.from("1a2b", "hex")]);
    expect(
      linesOf(outcome, "sdk")
        .filter((line) => line.startsWith("i2c"))
        .slice(0, 5),
    ).toEqual(["i2c on 4 5", "i2c write 64 f3 stop 0", "i2c read 64 2 stop 1", "i2c on 4 5", "i2c write 64  stop 1"]);
  });

  test("net_scan and net_found, where the contract has them", async () => {
    const known = HOST_FUNCTIONS.some(({ name }) => name === "net_scan");
    const functions = known
      ? HOST_FUNCTIONS
      : [
          ...HOST_FUNCTIONS,
          new HostFunction("network", "net_scan", "", true, "Starts to look for networks."),
          new HostFunction("network", "net_found", "*ptr cap", true, "Takes the next network found."),
        ];
    const errors = { Busy: -10, ...(HostError as unknown as Record<string, number>) };
    const scanning = await buildDriver(known ? undefined : nativeHeader({ functions, errors }));
    const found = (script: HostScript) => script.call("net_found", DATA, 34).get(DATA, 34);
    const script = HostScript.running()
      .call("net_found", DATA, 34)
      .call("net_scan")
      .call("net_scan")
      .call("net_found", DATA, 34);
    script
      .call("net_found", DATA, 33)
      .order("run", 5)
      .order("wifi", "scan", "done", "shop:-67:3", "guests:-80:0")
      .order("run", 5);
    for (let index = 0; index < 3; index++) found(script);
    const outcome = script.run(scanning);
    const busy = errors.Busy;
    expect(outcome.results).toEqual([0, 0, busy, busy, BadArgument, 6, 8, 0]);
    expect(bytesOf(outcome)[0]?.subarray(0, 6)).toEqual(Buffer.from("\x43\x01shop", "latin1"));
    expect(bytesOf(outcome)[1]?.subarray(0, 8)).toEqual(Buffer.from("\x50\x00guests", "latin1"));
    expect(linesOf(outcome, "poll").slice(1)).toEqual(["8"]);
  });
});
