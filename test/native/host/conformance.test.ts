/**
 * The conformance of the host ABI (firmware/abi), run by the host of the real chip in the machine code that its compiler makes, on the
 * emulated chip with an emulated SDK: from a blank start over every way to end a program. The judge is that of test/abi.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { writeConfig } from "../../../runtime/board/config-image.ts";
import { Flash } from "../../../runtime/board/flash.ts";
import { I2cBus } from "../../../runtime/board/i2c-bus.ts";
import { FLASH_REGION_BYTES, FLASH_REGION_CHIP_OFFSET } from "../../../runtime/contract/flash-map.ts";
import { HOST_FUNCTIONS } from "../../../runtime/contract/host-functions.ts";
import { buildBoardImages } from "../../../tools/image/board-images.ts";
import { flashBoard } from "../../../tools/image/flash-board.ts";
import { runAbi } from "../../abi/abi-board.ts";
import { AbiWorld, ADC, BOARD_ID, ENVIRONMENT, sensor } from "../../abi/abi-world.ts";
import { BOOT_CONFIG } from "../../abi/boot-config.ts";
import { judgeReport } from "../../abi/judge-report.ts";
import { readReport } from "../../abi/report-lines.ts";
import { GXX, hasTools } from "../../qemu/installed.ts";
import { buildFirmware, EmulatedHost, type HostFirmware } from "../emulated-sdk/emulated-host.ts";

/** Of the chip's time; a run takes about a minute. */
const RUN_MAX_MS = 300_000;
/** A hanging program costs this much emulated time, where a board has 3.2 s. */
const WATCHDOG_MS = 50;
const BUILD_MS = 120_000;

interface Run {
  lines: readonly string[];
  host: EmulatedHost;
}

describe.skipIf(!hasTools("the conformance by the host of the real chip", [GXX]))("the conformance", () => {
  let firmware: HostFirmware;
  let region: Uint8Array;
  beforeAll(async () => {
    firmware = await buildFirmware();
    const flash = new Flash();
    flashBoard(flash, await buildBoardImages("firmware/abi", "lx106", { board: BOARD_ID }));
    writeConfig(flash, BOOT_CONFIG);
    region = new Uint8Array(FLASH_REGION_BYTES);
    flash.read(0, region);
  }, BUILD_MS);

  async function run(by = firmware): Promise<Run> {
    const world = new AbiWorld();
    const i2c = new I2cBus();
    i2c.attach(sensor());
    const wiresAt = (pin: number) => world.wires.flatMap(([at, device]) => (at === pin ? [device] : []));
    const host = new EmulatedHost(by, { time: world.time, network: world.network, air: world.air, i2c, wiresAt });
    host.flash.set(region, FLASH_REGION_CHIP_OFFSET);
    host.system.watchdogMs = WATCHDOG_MS;
    host.outputs.adc = ADC;
    world.connect(host.outputs.pins);
    let isDone = false;
    host.serial.onLine = (line) => {
      if (line.endsWith("abi env?")) {
        for (const fact of ENVIRONMENT) host.serial.receive(Buffer.from(`env ${fact}\n`));
      }
      isDone ||= line.includes(" abi done ");
    };
    host.begin();
    await host.live(RUN_MAX_MS, () => isDone);
    world.stop();
    return { lines: host.lines, host };
  }

  test("every function is shown, and none fails", async () => {
    const { lines, host } = await run();
    const verdict = judgeReport(readReport(lines));
    expect(verdict.faults).toEqual([]);
    expect(verdict.failed).toBe(0);
    expect(verdict.functions.map(({ name }) => name)).toEqual(HOST_FUNCTIONS.map(({ name }) => name));
    const onBoard = readReport(await runAbi("lx106"));
    const texts = (report: typeof onBoard) => report.checks.map(({ text }) => text);
    expect(texts(readReport(lines)), "as the virtual board's, check by check").toEqual(texts(onBoard));
    const starts = lines.filter((line) => line.startsWith("reset: "));
    expect(starts).toEqual(
      ["PowerOn", "Software", "DeepSleep", "Deadline", "Watchdog", "Crash"].map((reason) => `reset: ${reason}`),
    );
    expect(host.lwip.placesTaken, "buffers and control blocks are given back").toBe(0);
  }, 240_000);

  const wrong: [what: string, file: string, from: string, to: string, fn: string][] = [
    [
      "the program's globals are in reach",
      "program-memory.cpp",
      "? sizeBytes : PROGRAM_RAM_BYTES",
      "? sizeBytes : sizeBytes",
      "random_fill",
    ],
    ["who listens stays on the network", "radio.cpp", "  leaveNetwork();\n", "", "net_status"],
    ["any frame is sent", "radio.cpp", "bytesAt(ptr)[0] != BEACON || ", "", "radio_beacon"],
    ["no note of a deadline", "power.cpp", "  noteDeadline();\n", "", "deadline_set"],
    ["every board is a generic one", "factory.cpp", "return isValid ? ", "return !isValid ? ", "board_id"],
    [
      "a bus that keeps its pins",
      "pins.cpp",
      "InputPullup);\n  writeLatch(pin)",
      "Output);\n  writeLatch(pin)",
      "pin_read",
    ],
    ["pulses on inputs", "pins.cpp", "if (!isIn(outputs, pin)) return HostError::BadArgument;", "", "pwm_write"],
    [
      "no end of serial bytes",
      "serial.cpp",
      "? SERIAL_SEND_BYTES - underWayBytes : 0",
      "? SEND_QUEUE_BYTES - queuedBytes : SEND_QUEUE_BYTES - queuedBytes",
      "serial_write",
    ],
    [
      "presence where nobody is",
      "wires.cpp",
      "const bool isPresent = !isHigh(mask);",
      "const bool isPresent = true;",
      "onewire_transfer",
    ],
    [
      "slots too long",
      "wires.cpp",
      "delayMicroseconds(ONEWIRE_START_LOW_US);",
      "delayMicroseconds(40);",
      "onewire_triplet",
    ],
    [
      "a start pulse too short",
      "wires.cpp",
      "delayMicroseconds(lowUs);",
      "delayMicroseconds(lowUs / 2);",
      "pulse_read",
    ],
    ["scans beside scans", "scan.cpp", "isListening() || isWanted", "isListening()", "net_scan"],
  ];

  test.each(wrong)(
    "a host that is wrong is found: %s",
    async (_, file, from, to, fn) => {
      let edits = 0;
      const edited = await buildFirmware((name, text) => {
        if (name !== file) return text;
        edits = text.split(from).length - 1;
        return text.replace(from, to);
      });
      expect(edits, "the place is still there").toBeGreaterThan(0);
      const { faults } = judgeReport(readReport((await run(edited)).lines));
      // Boot does not start a program for a board that this one does not say it is: then the function was not shown.
      expect(faults.filter((fault) => fault.split(" ").includes(fn))).not.toEqual([]);
    },
    60_000,
  );
});
