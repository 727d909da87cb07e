/** Time, resets, RTC memory, the flash chip and chance of the SDK, and the C library's jumps. */
import { SeededRandom } from "../../../runtime/board/random.ts";
import type { RoutineContext } from "../../../runtime/esp8266/bus.ts";
import { CPU_CYCLES_PER_MS } from "../../../runtime/esp8266/device/native-machine.ts";
import { type Sdk, type ServedByName, VENDOR_RAM } from "./sdk.ts";

const WINBOND = 0x1440ef;
const SECTOR_BYTES = 4096;
const RESTART = 4;
const DEEP_SLEEP = 5;
/** 6.5 us for a tick of the RTC, shifted by 12. */
const RTC_TICK = 26624;
const US_PER_MS = 1000;
/** Registers that a call0 function leaves as they were; a0 is where setjmp returns to. */
const KEPT_REGISTERS = [0, 1, 12, 13, 14, 15];

export interface SystemParts {
  flash: Uint8Array;
  rtc: Uint8Array;
  /** The SDK's bites after 3.2 s. */
  watchdogMs: number;
  /** Where the program was when it did. */
  bittenAt: number;
}

/** `end`: the chip is to start again, with a reason of the SDK's, after a while. */
export function servedSystem(
  sdk: Sdk,
  parts: SystemParts,
  end: (reason: number, afterMs: number) => void,
): ServedByName {
  const random = new SeededRandom(3);
  /** When the call under way ends with the watchdog, in cycles. */
  let biteAt = Number.POSITIVE_INFINITY;
  const part = (core: RoutineContext) => [core.argument(0), core.argument(0) + core.argument(2)] as const;
  const blocks = (core: RoutineContext) => [4 * core.argument(0), 4 * core.argument(0) + core.argument(2)] as const;
  return {
    millis: () => sdk.nowMs,
    micros64: (core) => {
      const us = sdk.nowMs * US_PER_MS;
      core.setResult(1, Math.floor(us / 2 ** 32));
      return us % 2 ** 32;
    },
    delay: (core) => {
      sdk.nowMs += core.argument(0);
    },
    system_get_rst_info: () => VENDOR_RAM.resetInfo,
    system_soft_wdt_feed: () => {
      const bite = sdk.chip.cycles + parts.watchdogMs * CPU_CYCLES_PER_MS;
      biteAt = bite;
      sdk.chip.core.at(bite, () => {
        if (biteAt !== bite) return;
        parts.bittenAt = sdk.chip.pc;
        sdk.chip.stop();
      });
    },
    system_restart: () => end(RESTART, 0),
    system_rtc_clock_cali_proc: () => RTC_TICK,
    system_deep_sleep: (core) => {
      end(DEEP_SLEEP, (core.argument(0) + core.argument(1) * 2 ** 32) / US_PER_MS);
      return 1;
    },
    system_rtc_mem_read: (core) => {
      sdk.write(core.argument(1), parts.rtc.subarray(...blocks(core)));
      return 1;
    },
    system_rtc_mem_write: (core) => {
      parts.rtc.set(sdk.read(core.argument(1), core.argument(2)), 4 * core.argument(0));
      return 1;
    },
    os_get_random: (core) => {
      const bytes = new Uint8Array(core.argument(1));
      random.fill(bytes);
      sdk.write(core.argument(0), bytes);
    },
    spi_flash_get_id: () => WINBOND,
    spi_flash_read: (core) => {
      sdk.write(core.argument(1), parts.flash.subarray(...part(core)));
      return 0;
    },
    spi_flash_write: (core) => {
      const at = core.argument(0);
      const bytes = sdk.read(core.argument(1), core.argument(2));
      bytes.forEach((byte, index) => {
        parts.flash[at + index] = (parts.flash[at + index] ?? 0) & byte;
      });
      sdk.chip.flashChanged(at, bytes.length);
      return 0;
    },
    spi_flash_erase_sector: (core) => {
      const at = core.argument(0) * SECTOR_BYTES;
      parts.flash.fill(0xff, at, at + SECTOR_BYTES);
      sdk.chip.flashChanged(at, SECTOR_BYTES);
      return 0;
    },
    setjmp: (core) => {
      const place = core.argument(0);
      KEPT_REGISTERS.forEach((register, index) => core.memory.writeWord(place + 4 * index, core.get(register)));
      return 0;
    },
    longjmp: (core) => {
      const [place, value] = [core.argument(0), core.argument(1)];
      KEPT_REGISTERS.forEach((register, index) => core.set(register, core.memory.readWord(place + 4 * index)));
      core.jump(core.get(0));
      return value;
    },
  };
}
