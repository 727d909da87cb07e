/**
 * The host of the real chip, as its compiler makes it, on the emulated chip: machine code runs machine code. What it takes from the
 * vendor is served by TypeScript at addresses behind the mask ROM, one for each undefined symbol: time, the serial port, flash,
 * pins, resets. What is not served ends the test.
 */

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyP256 } from "../../../runtime/board/p256.ts";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { P256_PUBLIC_KEY_BYTES } from "../../../runtime/contract/image-header.ts";
import { FLASH_MAP_ADDRESS } from "../../../runtime/contract/native-image.ts";
import type { RoutineContext } from "../../../runtime/esp8266/bus.ts";
import { type CallResult, Chip } from "../../../runtime/esp8266/chip.ts";
import { CPU_CYCLES_PER_MS } from "../../../runtime/esp8266/device/native-machine.ts";
import { maskRom } from "../../../runtime/esp8266/rom/mask-rom.ts";
import { poisoned } from "../../../runtime/esp8266/rom/rom-routine.ts";
import { compileForChip, undefinedSymbols } from "./build-host.ts";
import { linkHost } from "./link-host.ts";

const MIB = 0x100000;
const SDK_ADDRESS = 0x40010000;
/** Data of the vendor's, in RAM that nobody else has here. */
const VENDOR_DATA_ADDRESS = 0x3fffb000;
const RESET_INFO_ADDRESS = VENDOR_DATA_ADDRESS + 0x40;
const STACK_TOP = 0x3fffb000;
const WINBOND = 0x1440ef;
/** user_interface.h of the SDK. */
const STATION_CONNECTING = 1;
/** Registers that a call0 function leaves as they were; a0 is where setjmp returns to. */
const KEPT_REGISTERS = [0, 1, 12, 13, 14, 15];

type Served = (core: RoutineContext) => number | void;

export interface HostFirmware {
  segments: { address: number; bytes: Uint8Array }[];
  symbols: ReadonlyMap<string, number>;
  /** Names by address. */
  vendor: ReadonlyMap<number, string>;
}

/** Compiled and linked by the linker script of a board with 1 MiB. */
export async function buildFirmware(): Promise<HostFirmware> {
  const folder = mkdtempSync(join(tmpdir(), "lintel-host-"));
  try {
    const objects = await compileForChip(folder);
    const names = undefinedSymbols(objects);
    const rom = new Map([...maskRom()].map(([address, { name }]) => [name, address]));
    const vendor = new Map<number, string>();
    const given = new Map<string, number>();
    names.forEach((name, index) => {
      if (name === "lintel_flash_mib") return;
      const address = rom.get(name) ?? (name === "flashchip" ? VENDOR_DATA_ADDRESS : SDK_ADDRESS + 4 * index);
      if (!rom.has(name)) vendor.set(address, name);
      given.set(name, address);
    });
    const { segments, symbols } = linkHost(folder, objects, 1, given);
    return { segments, symbols, vendor };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export class EmulatedHost {
  readonly lines: string[] = [];
  readonly chip: Chip;
  readonly flash = new Uint8Array(MIB).fill(0xff);
  /** Names and passphrases of the networks that it was told to join. */
  readonly joined: [ssid: string, passphrase: string][] = [];
  /** Signatures that were found valid. */
  validSignatures = 0;
  nowMs = 0;
  /** The SDK's bites after 3.2 s. */
  watchdogMs = 3200;
  restarts = 0;
  #line = "";
  readonly #firmware: HostFirmware;
  readonly #random = new SeededRandom(3);
  readonly #levels = new Uint8Array(17);
  readonly #interrupts = new Map<number, { routine: number; argument: number }>();
  readonly #rtc = new Uint8Array(768);
  /** When the call under way ends with the watchdog, in cycles. */
  #biteAt = Number.POSITIVE_INFINITY;

  constructor(firmware: HostFirmware) {
    this.#firmware = firmware;
    const routines = maskRom();
    const served = this.#served();
    for (const [address, name] of firmware.vendor) {
      const run =
        served[name] ??
        (() => {
          throw new Error(`The host has called ${name}, which nobody serves here.`);
        });
      const keeps = name === "setjmp" || name === "longjmp";
      const routine = {
        name,
        address,
        resultWords: 1 as const,
        run: (core: RoutineContext) => {
          const result = run(core);
          if (typeof result === "number") core.setResult(0, result >>> 0);
        },
      };
      routines.set(address, { name, run: keeps ? routine.run : poisoned(routine) });
    }
    this.chip = new Chip({ flash: this.flash, routines });
    for (const { address, bytes } of firmware.segments) {
      if (address >= FLASH_MAP_ADDRESS) this.flash.set(bytes, address - FLASH_MAP_ADDRESS);
      else this.chip.write(address, bytes);
    }
    this.chip.writeWord(VENDOR_DATA_ADDRESS, VENDOR_DATA_ADDRESS + 16);
    this.chip.writeWord(VENDOR_DATA_ADDRESS + 16, WINBOND);
    this.chip.writeWord(VENDOR_DATA_ADDRESS + 20, MIB);
    for (let word = 0; word < 7; word++) this.chip.writeWord(RESET_INFO_ADDRESS + 4 * word, 0);
  }

  /** What a program reaches of RTC memory: behind 64 blocks of the SDK's. */
  get rtcMemory(): Uint8Array {
    return this.#rtc.subarray(256);
  }

  /** What was put into `flash` is there for the chip. */
  begin(): void {
    this.chip.flashChanged(0, MIB);
    this.#call("setup");
  }

  /** Calls `loop` until this much later, or until the chip restarts. */
  run(ms: number): void {
    const endMs = this.nowMs + ms;
    const { restarts } = this;
    while (this.nowMs < endMs && this.restarts === restarts) this.#call("loop");
  }

  drive(pin: number, level: 0 | 1): void {
    this.#levels[pin] = level;
    const interrupt = this.#interrupts.get(pin);
    if (interrupt !== undefined) this.chip.call(interrupt.routine, [interrupt.argument], { stack: STACK_TOP });
  }

  /** The core calls the SDK's report of a crash, and that the host; then the chip restarts. */
  #call(name: string): void {
    const result = this.chip.call(this.#address(name), [], { stack: STACK_TOP });
    if (result.kind === "returned") return;
    if (result.kind !== "exception" && result.kind !== "stopped") throw new Error(`${name} ended with ${result.kind}.`);
    this.#crash(result);
  }

  #crash(result: CallResult): void {
    const words =
      result.kind === "exception"
        ? [2, result.cause, result.epc1, 0, 0, result.excvaddr]
        : [3, 4, this.chip.pc, 0, 0, 0];
    words.forEach((word, index) => this.chip.writeWord(RESET_INFO_ADDRESS + 4 * index, word));
    this.chip.call(this.#address("custom_crash_callback"), [RESET_INFO_ADDRESS, 0, 0], { stack: STACK_TOP });
    this.restarts++;
  }

  #address(name: string): number {
    // `setup` and `loop` are C++ here and C with the core's headers.
    const address = this.#firmware.symbols.get(name) ?? this.#firmware.symbols.get(`_Z${name.length}${name}v`);
    if (address === undefined) throw new Error(`The host has no ${name}.`);
    return address;
  }

  #out(byte: number): void {
    const char = String.fromCharCode(byte);
    if (char === "\n" && this.#line !== "") this.lines.push(this.#line);
    this.#line = char === "\n" ? "" : char === "\r" ? this.#line : this.#line + char;
  }

  /** A station that looks for its network and does not find it. */
  #servedRadio(): Record<string, Served> {
    const done = () => 1;
    return {
      wifi_fpm_get_sleep_type: () => 0,
      wifi_fpm_do_wakeup: done,
      wifi_fpm_close: done,
      wifi_set_opmode_current: done,
      wifi_station_set_config_current: (core) => {
        const config = Buffer.from(this.chip.read(core.argument(0), 96));
        const text = (from: number, to: number) => config.toString("latin1", from, to).replace(/\0+$/, "");
        this.joined.push([text(0, 32), text(32, 96)]);
        return 1;
      },
      wifi_station_set_reconnect_policy: done,
      wifi_station_connect: done,
      wifi_station_disconnect: done,
      wifi_station_get_connect_status: () => STATION_CONNECTING,
    };
  }

  /** By node:crypto, which verifies messages and not digests: so it is remembered which message a digest is of. */
  #servedCrypto(): Record<string, Served> {
    const hashes = new Map<number, Buffer[]>();
    const messages = new Map<string, Buffer>();
    return {
      br_sha256_init: (core) => {
        hashes.set(core.argument(0), []);
      },
      br_sha224_update: (core) => {
        hashes.get(core.argument(0))?.push(Buffer.from(this.chip.read(core.argument(1), core.argument(2))));
      },
      br_sha256_out: (core) => {
        const message = Buffer.concat(hashes.get(core.argument(0)) ?? []);
        const digest = createHash("sha256").update(message).digest();
        messages.set(digest.toString("hex"), message);
        this.chip.write(core.argument(1), digest);
      },
      stack_thunk_add_ref: () => 0,
      stack_thunk_del_ref: () => 0,
      thunk_verifyHere: (core) => core.call(this.#address("verifyHere"), [core.argument(0)]),
      br_ecdsa_i15_vrfy_raw: (core) => {
        const digest = Buffer.from(this.chip.read(core.argument(1), core.argument(2))).toString("hex");
        // br_ec_public_key: the curve, then where the point is, a 4 before it.
        const point = this.chip.read(core.memory.readWord(core.argument(3) + 4) + 1, P256_PUBLIC_KEY_BYTES);
        const signature = this.chip.read(core.argument(4), core.argument(5));
        const message = messages.get(digest);
        const isValid = message !== undefined && verifyP256(message, signature, point);
        if (isValid) this.validSignatures++;
        return isValid ? 1 : 0;
      },
    };
  }

  #served(): Record<string, Served> {
    const flashAt = (core: RoutineContext) => core.argument(0);
    const nothing = () => 0;
    return {
      millis: () => this.nowMs,
      micros64: (core) => {
        const us = this.nowMs * 1000;
        core.setResult(1, Math.floor(us / 2 ** 32));
        return us % 2 ** 32;
      },
      delay: (core) => {
        this.nowMs += core.argument(0);
      },
      uart_init: () => 1,
      uart_set_debug: nothing,
      uart_tx_free: () => 128,
      uart_rx_available: nothing,
      uart_read: nothing,
      uart_wait_tx_empty: nothing,
      uart_write: (core) => {
        for (const byte of this.chip.read(core.argument(1), core.argument(2))) this.#out(byte);
        return core.argument(2);
      },
      ets_putc: (core) => this.#out(core.argument(0)),
      system_get_rst_info: () => RESET_INFO_ADDRESS,
      system_soft_wdt_feed: () => {
        const bite = this.chip.cycles + this.watchdogMs * CPU_CYCLES_PER_MS;
        this.#biteAt = bite;
        this.chip.core.at(bite, () => {
          if (this.#biteAt === bite) this.chip.stop();
        });
      },
      system_restart: () => {
        this.restarts++;
      },
      system_rtc_mem_read: (core) => {
        this.chip.write(
          core.argument(1),
          this.#rtc.subarray(4 * core.argument(0), 4 * core.argument(0) + core.argument(2)),
        );
        return 1;
      },
      system_rtc_mem_write: (core) => {
        this.#rtc.set(this.chip.read(core.argument(1), core.argument(2)), 4 * core.argument(0));
        return 1;
      },
      os_get_random: (core) => {
        const bytes = new Uint8Array(core.argument(1));
        this.#random.fill(bytes);
        this.chip.write(core.argument(0), bytes);
      },
      wifi_get_macaddr: (core) => {
        this.chip.write(core.argument(1), Uint8Array.of(0x5c, 0xcf, 0x7f, 1, 2, 3));
        return 1;
      },
      ...this.#servedRadio(),
      ...this.#servedCrypto(),
      analogWriteRange: nothing,
      pinMode: nothing,
      digitalWrite: nothing,
      digitalRead: (core) => this.#levels[core.argument(0)] ?? 0,
      attachInterruptArg: (core) => {
        this.#interrupts.set(core.argument(0), { routine: core.argument(1), argument: core.argument(2) });
      },
      detachInterrupt: (core) => {
        this.#interrupts.delete(core.argument(0));
      },
      interrupts: nothing,
      noInterrupts: nothing,
      spi_flash_get_id: () => WINBOND,
      spi_flash_read: (core) => {
        this.chip.write(core.argument(1), this.flash.subarray(flashAt(core), flashAt(core) + core.argument(2)));
        return 0;
      },
      spi_flash_write: (core) => {
        const bytes = this.chip.read(core.argument(1), core.argument(2));
        bytes.forEach((byte, index) => {
          this.flash[flashAt(core) + index] = (this.flash[flashAt(core) + index] ?? 0) & byte;
        });
        this.chip.flashChanged(flashAt(core), bytes.length);
        return 0;
      },
      spi_flash_erase_sector: (core) => {
        const at = core.argument(0) * 4096;
        this.flash.fill(0xff, at, at + 4096);
        this.chip.flashChanged(at, 4096);
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
}
