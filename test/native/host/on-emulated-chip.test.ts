/**
 * The host's own machine code runs device programs, which are machine code too: the table, the call0 convention at both borders,
 * setjmp across a program, flash under a program's feet, a crash and its place. The judge is the virtual board with the same flash.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { Flash } from "../../../runtime/board/flash.ts";
import { MemoryNetwork } from "../../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { writeUnsignedImage } from "../../../runtime/board/unsigned-image.ts";
import { VirtualBoard } from "../../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../../runtime/board/virtual-time.ts";
import {
  FLASH_BOOT_OFFSET,
  FLASH_REGION_BYTES,
  FLASH_REGION_CHIP_OFFSET,
} from "../../../runtime/contract/flash-map.ts";
import { LogLevel } from "../../../runtime/contract/host-abi.ts";
import { IMAGE_HEADER_BYTES, IMAGE_RAM_BYTES_OFFSET, ImageArch } from "../../../runtime/contract/image-header.ts";
import { FLASH_MAP_ADDRESS } from "../../../runtime/contract/native-image.ts";
import { NativeDevice } from "../../../runtime/esp8266/device/native-device.ts";
import { buildNative, type NativeBuild } from "../../../tools/build/build-native.ts";
import { lineOf } from "../../../tools/monitor/serial-line.ts";
import { buildCounter, flashCounter } from "../../bench/counter-images.ts";
import { GXX, hasTools } from "../../qemu/installed.ts";
import { buildFirmware, EmulatedHost, type HostFirmware } from "../emulated-sdk/emulated-host.ts";
import { MAC } from "./board-twin.ts";

const NEVER_MS = 1e9;
/** firmware/counter/product.json. */
const BARRIER_PIN = 14;
const VISITORS = 3;
/** More than host_clock_ms takes. */
const CLOCK_MS_BYTES = 32;
/** runtime/device/hal/rtc-map.ts: the counter's totals, two words and their check. */
const RTC_PRODUCT_OFFSET = 24;
const RTC_RECORD_BYTES = 12;

function probe(defect: "None" | "Crash" | "Hang"): Promise<NativeBuild> {
  const from = "DEFECT: i32 = Defect.None";
  return buildNative("test/programs/probe", {
    edit: (path, text) => (path.endsWith("probe/main.ts") ? text.replace(from, from.replace("None", defect)) : text),
  });
}

/** A flash whose boot image is this program. */
function flashOf({ module }: NativeBuild): Flash {
  const flash = new Flash();
  const words = { [IMAGE_RAM_BYTES_OFFSET]: module.ramBytes };
  writeUnsignedImage(flash, FLASH_BOOT_OFFSET, ImageArch.Lx106, module.image, words);
  return flash;
}

function regionOf(flash: Flash): Uint8Array {
  const region = new Uint8Array(FLASH_REGION_BYTES);
  flash.read(0, region);
  return region;
}

/** What a log line says, without its time. */
function textsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^\d+\.\d{3} (\w+ .*)$/.exec(line)?.slice(1) ?? []);
}

describe.skipIf(!hasTools("the host of the real chip on the emulated chip", [GXX]))("on the emulated chip", () => {
  let firmware: HostFirmware;
  beforeAll(async () => {
    firmware = await buildFirmware();
  });

  function chipWith(flash: Flash, prepare: (host: EmulatedHost) => void = () => {}): EmulatedHost {
    const host = new EmulatedHost(firmware);
    host.flash.set(regionOf(flash), FLASH_REGION_CHIP_OFFSET);
    prepare(host);
    host.begin();
    return host;
  }

  /** The same flash on a virtual board whose network is never there, and its log as the host would write it. */
  function virtualBoard(flash: Flash): {
    time: VirtualTime;
    board: VirtualBoard;
    device: NativeDevice;
    texts: string[];
  } {
    const time = new VirtualTime();
    const random = new SeededRandom(1);
    const network = new MemoryNetwork({ time, random, latencyMs: 1, joinMs: NEVER_MS });
    const texts: string[] = [];
    const log = (level: number, text: string) => texts.push(`${LogLevel[level]?.toLowerCase()} ${text}`);
    const board = new VirtualBoard({ time, random, network: network.station(), mac: MAC, flash, log });
    const device = NativeDevice.fromFlash(board, { bootMs: 0 });
    return { time, board, device, texts };
  }

  test("boot checks the signature of the counter and hands over; it joins, and counts into RTC memory as on the virtual board", async () => {
    const flash = new Flash();
    flashCounter(flash, await buildCounter("lx106"));
    const host = chipWith(flash, (it) => it.drive(BARRIER_PIN, 1));
    const { time, board, device, texts } = virtualBoard(flash);
    board.pins.setInput(BARRIER_PIN, 1);
    device.powerOn();
    const both = async (ms: number, level: 0 | 1) => {
      await time.runFor(ms);
      board.pins.setInput(BARRIER_PIN, level);
      host.run(ms);
      host.drive(BARRIER_PIN, level);
    };
    await both(1000, 1);
    for (let visitor = 0; visitor < VISITORS; visitor++) {
      await both(100, 0);
      // Bounce: seen, and not counted.
      await both(5, 1);
      await both(5, 0);
      await both(150, 1);
    }
    await both(300, 1);
    expect(host.lines[0]).toBe("reset: PowerOn");
    expect(textsOf(host.lines), "neither has anything to complain about").toEqual(texts);
    expect([host.wifi.joined, host.restarts]).toEqual([[["shop", "virtual-shop"]], 0]);
    expect(host.crypto.validSignatures).toBeGreaterThan(0);
    const record = new Uint8Array(RTC_RECORD_BYTES);
    board.power.rtcRead(RTC_PRODUCT_OFFSET, record);
    expect(host.rtcMemory.subarray(RTC_PRODUCT_OFFSET, RTC_PRODUCT_OFFSET + RTC_RECORD_BYTES)).toEqual(record);
    expect(new DataView(record.buffer).getUint32(0, true)).toBe(VISITORS);
    device.stop();
  }, 120_000);

  test("a program keeps its readings in flash over a restart of the chip", async () => {
    const build = await probe("None");
    const first = chipWith(flashOf(build));
    first.run(5500);
    const taken = textsOf(first.lines).filter((text) => text.startsWith("debug have "));
    expect(taken.length).toBeGreaterThanOrEqual(4);
    const second = new EmulatedHost(firmware);
    second.flash.set(first.flash);
    second.begin();
    second.run(2500);
    expect(second.restarts).toBe(0);
    expect(textsOf(second.lines).filter((text) => text.startsWith("debug have ")).length).toBeGreaterThanOrEqual(2);
    expect(
      Buffer.compare(
        second.flash.subarray(0, FLASH_REGION_CHIP_OFFSET),
        first.flash.subarray(0, FLASH_REGION_CHIP_OFFSET),
      ),
    ).toBe(0);
  });

  test("a program that traps: the crash line leads to the place of the trap", async () => {
    const build = await probe("Crash");
    const host = chipWith(flashOf(build));
    host.run(50);
    expect(host.restarts).toBe(1);
    const [, cause, at, image] =
      /^crash: cause (\d+) at (0x\w{8}) address 0x\w{8} image (0x\w{8})$/.exec(host.lines.at(-1) ?? "") ?? [];
    expect([cause, Number(image)]).toEqual(["0", FLASH_BOOT_OFFSET]);
    const known = { kind: "exception", cause: 0, epc1: Number(at), imageOffset: FLASH_BOOT_OFFSET };
    expect(lineOf(host.lines.at(-1) ?? ""), "lintel monitor knows it").toMatchObject(known);
    const place = Number(at) - FLASH_MAP_ADDRESS - FLASH_REGION_CHIP_OFFSET - Number(image) - IMAGE_HEADER_BYTES;
    expect(build.module.trapSites.find(({ offset }) => offset === place)?.trap).toBe("unreachable");
  });

  test("a program that hangs: the watchdog's line names a place within it, or within the function of the host that it calls", async () => {
    const build = await probe("Hang");
    const host = chipWith(flashOf(build));
    host.system.watchdogMs = 100;
    host.run(50);
    expect(host.restarts).toBe(1);
    const [, at, image] = /^watchdog: at (0x\w{8}) image (0x\w{8})$/.exec(host.lines.at(-1) ?? "") ?? [];
    expect(Number(image)).toBe(FLASH_BOOT_OFFSET);
    const place = Number(at) - FLASH_MAP_ADDRESS - FLASH_REGION_CHIP_OFFSET - IMAGE_HEADER_BYTES;
    const isInProgram = place > 0 && place < build.module.image.length;
    // The circle asks for the time again and again.
    const inFunction = Number(at) - (firmware.symbols.get("host_clock_ms") ?? 0);
    expect(isInProgram || (inFunction >= 0 && inFunction < CLOCK_MS_BYTES), at).toBe(true);
  });
});
