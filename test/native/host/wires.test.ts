/**
 * 1-Wire and pulses by the host of the real chip: what it answers, beside the virtual board, and what it does to the line, by the
 * times that the DS18B20's datasheet allows (table "AC electrical characteristics").
 */
import { beforeAll, describe, expect, test } from "vitest";
import { Ds18b20 } from "../../../runtime/board/sensors/ds18b20.ts";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { OneWireTriplet, PinEdge, PinMode } from "../../../runtime/contract/host-abi.ts";
import { ONEWIRE_TRANSFER_MAX_BYTES, PULSE_READ_MAX_US } from "../../../runtime/contract/limits.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { bytesOf, DATA, HostScript, linesOf, type Outcome } from "./host-script.ts";
import { Story } from "./story.ts";

const BUFFER = DATA + 1024;
const PIN = 5;
/** A device is present: low from 30 to 150 us after the reset pulse. */
const PRESENT = ["pulses", 30, 150] as const;
const { Bit, Complement, Taken } = OneWireTriplet;

const bitsOf = (bytes: Iterable<number>) =>
  [...bytes].flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1));

/** How long the host has pulled the line low, microseconds. */
function lowsOf(outcome: Outcome): number[] {
  return linesOf(outcome, "sdk").flatMap((line) => /^wire \d+ low (\d+)$/.exec(line)?.slice(1).map(Number) ?? []);
}

/** Longest that interrupts were off. */
function offUs(outcome: Outcome): number {
  return Math.max(...linesOf(outcome, "sdk").flatMap((line) => /^off (\d+)$/.exec(line)?.slice(1).map(Number) ?? []));
}

function widths(bytes: Buffer | undefined): number[] {
  return bytes === undefined ? [] : [...new Uint16Array(Uint8Array.from(bytes).buffer)];
}

describe.skipIf(!canRunHost("wires of the host of the real chip"))("wires", () => {
  let driver: string;
  beforeAll(async () => {
    driver = await buildDriver();
  });

  test("a transfer writes and reads slots as devices want them", () => {
    const { rom } = new Ds18b20(0x0123_4567_89ab);
    const slots = "1".repeat(8) + bitsOf(rom).join("");
    const script = HostScript.running()
      .order("wire", PIN, ...PRESENT)
      .order("wire", PIN, "bits", slots);
    script
      .put(BUFFER, Uint8Array.of(0x33))
      .call("onewire_transfer", PIN, BUFFER, 1, BUFFER + 1, 8)
      .get(BUFFER, 9);
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([8]);
    expect([...(bytesOf(outcome)[0] ?? [])]).toEqual([0x33, ...rom]);
    const [resetUs = 0, ...slotsUs] = lowsOf(outcome);
    expect(resetUs).toBeGreaterThanOrEqual(480);
    expect(resetUs).toBeLessThan(640);
    expect(slotsUs).toHaveLength(72);
    const written = slotsUs.slice(0, 8).map((us) => (us >= 1 && us < 15 ? 1 : us >= 60 && us <= 120 ? 0 : us));
    expect(written).toEqual(bitsOf([0x33]));
    for (const us of slotsUs.slice(8)) expect(us).toBeLessThan(15);
    expect(offUs(outcome)).toBeLessThanOrEqual(70);
  });

  test("the same errors as the virtual board's: nobody, a held line, a device that never lets go", () => {
    const story = new Story();
    story.call("onewire_transfer", PIN, 0, 0, 0, 0).call("onewire_triplet", PIN, 1);
    story.event("level", PIN, 0).twin.board.pins.setInput(PIN, 0);
    story.call("onewire_transfer", PIN, 0, 0, 0, 0).call("onewire_triplet", PIN, 0);
    story.call("pulse_read", PIN, 1000, 200, BUFFER, 8).get(BUFFER, 2);
    story.event("level", PIN, -1).twin.board.pins.setInput(PIN, undefined);
    story.twin.board.wires.attach(PIN, new Ds18b20(1));
    story.event("wire", PIN, ...PRESENT).call("onewire_transfer", PIN, 0, 0, 0, 0);
    const { Broken, NoDevice } = HostError;
    expect(story.check(driver).results).toEqual([NoDevice, Bit | Complement | Taken, Broken, Broken, 2, 0]);
    const script = HostScript.running().order("wire", PIN, "pulses", 30, 600);
    expect(script.call("onewire_transfer", PIN, 0, 0, 0, 0).run(driver).results).toEqual([Broken]);
  });

  test.each([
    ["0111", 0, Complement],
    ["1011", 1, Bit | Taken],
    ["0011", 0, 0],
    ["0011", 1, Taken],
    ["1111", 0, Bit | Complement | Taken],
  ])("a triplet of slots %s, direction %i", (slots, direction, result) => {
    const script = HostScript.running()
      .order("wire", PIN, ...PRESENT)
      .call("onewire_transfer", PIN, 0, 0, 0, 0);
    // The fake counts slots from the last reset pulse: those of the triplet are the first.
    script.order("wire", PIN, "bits", slots).call("onewire_triplet", PIN, direction);
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([0, result]);
    const [, first = 0, second = 0, written = 0] = lowsOf(outcome);
    expect([first < 15, second < 15, written < 15]).toEqual([true, true, (result & Taken) !== 0]);
  });

  test("pulses are as wide as they were, give or take what the look at the clock takes", () => {
    const edges = [30, 110, 190, 240, 266, 316, 386, 436];
    const script = HostScript.running().order("wire", PIN, "pulses", ...edges);
    script
      .call("pulse_read", PIN, 1100, 250, BUFFER, 200)
      .get(BUFFER, 16)
      .call("pulse_read", PIN, 1100, 250, BUFFER, 9);
    script.call("pulse_read", PIN, 1100, 79, BUFFER, 200).call("pulse_read", PIN, 200, 250, BUFFER, 200);
    const outcome = script.run(driver);
    expect(outcome.results).toEqual([16, 8, 2, 0]);
    const expected = [30, 80, 80, 50, 26, 50, 70, 50];
    widths(bytesOf(outcome)[0]).forEach((us, index) => {
      expect(Math.abs(us - (expected[index] as number))).toBeLessThanOrEqual(2);
    });
    expect(lowsOf(outcome)).toEqual([1100, 1100, 1100, 200]);
  });

  test("a line that never comes to rest ends with the time that a call may take", () => {
    const edges = Array.from({ length: 3000 }, (_, index) => 20 + 10 * index);
    const script = HostScript.running().order("wire", PIN, "pulses", ...edges);
    const outcome = script.call("pulse_read", PIN, 500, 0x7fffffff, BUFFER, 4096).run(driver);
    expect(outcome.results[0]).toBeGreaterThan(1500);
    expect(offUs(outcome)).toBeLessThanOrEqual(PULSE_READ_MAX_US - 500 + 20);
    expect(offUs(outcome)).toBeGreaterThan(9000);
  });

  test("the pin is lent: its level, its pulses and who watched it, as on the virtual board", async () => {
    const story = new Story();
    story.call("pin_mode", PIN, PinMode.Output).call("pin_write", PIN, 1).call("pin_watch", PIN, PinEdge.Both, 0);
    story.call("onewire_transfer", PIN, 0, 0, 0, 0).call("pin_read", PIN).call("pin_mode", PIN, PinMode.Output);
    story.call("pin_read", PIN).call("pin_edges", PIN).call("pwm_write", PIN, 300);
    story.call("pulse_read", PIN, 1000, 200, BUFFER, 8).call("pwm_write", PIN, 1).call("pin_read", PIN);
    await story.run(5);
    story.check(driver);
  });

  test("arguments: the pin comes after the addresses, and before lengths and times", () => {
    const story = new Story();
    for (const pin of [-1, 6, 17, 16, PIN]) {
      story.call("onewire_transfer", pin, 1, 1, 0, 0).call("onewire_transfer", pin, BUFFER, -1, BUFFER, 1);
      story.call("onewire_transfer", pin, BUFFER, ONEWIRE_TRANSFER_MAX_BYTES, BUFFER, 1);
      story.call("onewire_triplet", pin, 2).call("onewire_triplet", pin, -1);
      story.call("pulse_read", pin, -1, 200, BUFFER, 8).call("pulse_read", pin, PULSE_READ_MAX_US + 1, 200, BUFFER, 8);
      story
        .call("pulse_read", pin, 0, 0, BUFFER, 8)
        .call("pulse_read", pin, 0, 1, BUFFER, 1)
        .call("pulse_read", pin, 0, 1, 0, 0);
      story.call("pulse_read", pin, PULSE_READ_MAX_US, 1, BUFFER, 8);
    }
    story.check(driver);
  });
});
