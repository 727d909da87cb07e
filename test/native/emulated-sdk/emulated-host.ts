/**
 * The host of the real chip, as its compiler makes it, on the emulated chip: machine code runs machine code. What it takes from the
 * vendor is served by TypeScript at addresses behind the mask ROM, one for each undefined symbol; what is not served ends the test.
 * Time stands still while the host's code runs, and moves where the vendor's waits.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { I2cBus } from "../../../runtime/board/i2c-bus.ts";
import { MemoryNetwork } from "../../../runtime/board/memory-network.ts";
import type { PinLevel } from "../../../runtime/board/pins.ts";
import { RadioAir } from "../../../runtime/board/radio-air.ts";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { VirtualTime } from "../../../runtime/board/virtual-time.ts";
import {
  FLASH_MAP_ADDRESS,
  PROGRAM_RAM_ADDRESS,
  PROGRAM_RESERVED_BYTES,
} from "../../../runtime/contract/native-image.ts";
import type { RoutineContext } from "../../../runtime/esp8266/bus.ts";
import { type CallResult, Chip } from "../../../runtime/esp8266/chip.ts";
import { maskRom } from "../../../runtime/esp8266/rom/mask-rom.ts";
import { poisoned } from "../../../runtime/esp8266/rom/rom-routine.ts";
import { compileForChip, type SourceEdit, undefinedSymbols } from "../host/build-host.ts";
import { linkHost } from "../host/link-host.ts";
import { EmulatedCrypto } from "./crypto.ts";
import { EmulatedLwip } from "./lwip.ts";
import { EmulatedOutputs, type WiresAt } from "./outputs.ts";
import { type Sdk, type ServedByName, STACK_TOP, VENDOR_RAM } from "./sdk.ts";
import { EmulatedSerial } from "./serial.ts";
import { type SystemParts, servedSystem } from "./system.ts";
import { EmulatedWifi } from "./wifi.ts";

const MIB = 0x100000;
const SDK_ADDRESS = 0x40010000;
const WINBOND = 0x1440ef;
const MAC = Uint8Array.of(0x5c, 0xcf, 0x7f, 1, 2, 3);
/** rst_info of the SDK: reason, then what an exception left. */
const RESET_WORDS = 7;
const Reason = { exception: 2, softWatchdog: 3, restart: 4, deepSleep: 5 };
/** EXCCAUSE of the SDK's software watchdog, which ends a program by an interrupt. */
const LEVEL_1_INTERRUPT = 4;
/** What a reset leaves: a program's memory and the host's note. */
const KEPT_RAM_END = PROGRAM_RAM_ADDRESS + PROGRAM_RESERVED_BYTES + 0x40;

export interface HostFirmware {
  segments: { address: number; bytes: Uint8Array }[];
  symbols: ReadonlyMap<string, number>;
  /** Names by address. */
  vendor: ReadonlyMap<number, string>;
}

/** Compiled and linked by the linker script of a board with 1 MiB. */
export async function buildFirmware(edit?: SourceEdit): Promise<HostFirmware> {
  const folder = mkdtempSync(join(tmpdir(), "lintel-host-"));
  try {
    const objects = await compileForChip(folder, edit);
    const rom = new Map([...maskRom()].map(([address, { name }]) => [name, address]));
    const vendor = new Map<number, string>();
    const given = new Map<string, number>();
    undefinedSymbols(objects).forEach((name, index) => {
      if (name === "lintel_flash_mib") return;
      const address = rom.get(name) ?? (name === "flashchip" ? VENDOR_RAM.flashChip : SDK_ADDRESS + 4 * index);
      if (!rom.has(name)) vendor.set(address, name);
      given.set(name, address);
    });
    const { segments, symbols } = linkHost(folder, objects, 1, given);
    return { segments, symbols, vendor };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is around the chip. Absent: an empty world whose time stands still. */
export interface Surroundings {
  time: VirtualTime;
  network: MemoryNetwork;
  air: RadioAir;
  i2c: I2cBus;
  /** Absent: no pin has devices on a wire. */
  wiresAt?: WiresAt;
}

function emptyWorld(): Surroundings {
  const time = new VirtualTime();
  const random = new SeededRandom(1);
  return { time, network: new MemoryNetwork({ time, random }), air: new RadioAir(time, random), i2c: new I2cBus() };
}

export class EmulatedHost implements Sdk {
  readonly chip: Chip;
  readonly serial: EmulatedSerial;
  readonly outputs: EmulatedOutputs;
  readonly wifi: EmulatedWifi;
  readonly lwip: EmulatedLwip;
  readonly crypto = new EmulatedCrypto(this);
  readonly system: SystemParts = {
    flash: new Uint8Array(MIB).fill(0xff),
    rtc: new Uint8Array(768),
    watchdogMs: 3200,
    bittenAt: 0,
  };
  nowMs = 0;
  /** By the host, the watchdog or a crash. */
  restarts = 0;
  readonly #firmware: HostFirmware;
  readonly #world: Surroundings;
  #tasks: (() => void)[] = [];
  /** What the chip is about to do when the call under way has ended. */
  #end: { reason: number; afterMs: number } | undefined;
  #depth = 0;

  constructor(firmware: HostFirmware, world = emptyWorld()) {
    this.#firmware = firmware;
    this.#world = world;
    const station = world.network.station();
    this.serial = new EmulatedSerial(this);
    this.outputs = new EmulatedOutputs(this, world.time, world.i2c, world.wiresAt ?? (() => []));
    this.wifi = new EmulatedWifi(this, MAC, world.time, station, world.air);
    this.lwip = new EmulatedLwip(this, world.network, station);
    const served: ServedByName = {};
    const routines = maskRom();
    for (const [address, name] of firmware.vendor) {
      routines.set(address, { name, run: routineOf(name, address, served) });
    }
    this.chip = new Chip({
      flash: this.system.flash,
      routines,
      peripherals: ({ clock }) => [this.outputs.registers(clock)],
    });
    Object.assign(
      served,
      servedSystem(this, this.system, (reason, afterMs) => this.#endWith(reason, afterMs)),
      this.serial.served(),
      this.outputs.served(),
      this.wifi.served(),
      this.lwip.served(),
      this.crypto.served(this.#address("verifyHere")),
    );
    this.#load();
    this.#tellReason([0]);
  }

  get flash(): Uint8Array {
    return this.system.flash;
  }

  get lines(): readonly string[] {
    return this.serial.lines;
  }

  /** What a program reaches of RTC memory: behind 64 blocks of the SDK's. */
  get rtcMemory(): Uint8Array {
    return this.system.rtc.subarray(256);
  }

  /** What was put into `flash` is there for the chip. */
  begin(): void {
    this.chip.flashChanged(0, MIB);
    this.#enter("setup");
  }

  /** Calls `loop` until this much later, or until the chip is about to restart. The world stands still. */
  run(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs && this.#end === undefined) this.#enter("loop");
  }

  /** Runs chip and world until something holds, at most so long; the chip starts again whenever it was about to. */
  async live(maxMs: number, isOver: () => boolean): Promise<void> {
    const { time } = this.#world;
    const endMs = time.nowMs() + maxMs;
    while (time.nowMs() < endMs && !isOver()) {
      const fromMs = this.nowMs;
      this.#enter("loop");
      const end = this.#end;
      if (end !== undefined) await this.#startAgain(end);
      else await time.runFor(this.nowMs - fromMs);
      this.lwip.tick();
      const tasks = this.#tasks;
      this.#tasks = [];
      for (const task of tasks) task();
    }
  }

  drive(pin: number, level: PinLevel): void {
    this.outputs.pins.setInput(pin, level);
  }

  read(address: number, sizeBytes: number): Uint8Array {
    return sizeBytes === 0 ? new Uint8Array(0) : this.chip.read(address, sizeBytes);
  }

  write(address: number, bytes: Uint8Array): void {
    if (bytes.length > 0) this.chip.write(address, bytes);
  }

  post(task: () => void): void {
    this.#tasks.push(task);
  }

  /** Within a call of the host its stack goes on. */
  call(address: number, ...args: number[]): number {
    const result = this.chip.call(address, args, this.#depth > 0 ? {} : { stack: STACK_TOP });
    if (result.kind !== "returned") throw new Error(`0x${address.toString(16)} ended with ${result.kind}.`);
    return result.words(1)[0] as number;
  }

  /** The core calls the SDK's report of a crash, and that the host. */
  #enter(name: string): void {
    this.#depth++;
    const result = this.chip.call(this.#address(name), [], { stack: STACK_TOP });
    this.#depth--;
    if (result.kind === "returned") return;
    if (result.kind !== "exception" && result.kind !== "stopped") throw new Error(`${name} ended with ${result.kind}.`);
    this.#crash(result);
  }

  #crash(result: CallResult): void {
    const words =
      result.kind === "exception"
        ? [Reason.exception, result.cause, result.epc1, 0, 0, result.excvaddr]
        : [Reason.softWatchdog, LEVEL_1_INTERRUPT, this.system.bittenAt];
    this.#tellReason(words);
    this.call(this.#address("custom_crash_callback"), VENDOR_RAM.resetInfo, 0, 0);
    this.#endWith(words[0] as number, 0);
  }

  #endWith(reason: number, afterMs: number): void {
    this.restarts++;
    this.#end = { reason, afterMs };
  }

  async #startAgain({ reason, afterMs }: { reason: number; afterMs: number }): Promise<void> {
    this.#end = undefined;
    this.#tasks = [];
    this.serial.reset();
    this.outputs.reset();
    this.wifi.reset();
    this.lwip.reset();
    await this.#world.time.runFor(afterMs);
    // Whoever counts on RAM over a restart, or on zeros, is found out; only the SDK's crashes have left words for the next start.
    const keptFrom = reason === Reason.deepSleep ? PROGRAM_RAM_ADDRESS : KEPT_RAM_END;
    this.chip.write(keptFrom, new Uint8Array(STACK_TOP - keptFrom).fill(0xa7));
    this.#load();
    if (reason !== Reason.exception && reason !== Reason.softWatchdog) this.#tellReason([reason]);
    this.nowMs = 0;
    this.#enter("setup");
  }

  /** What the ROM and the core's start do: data, and zeros behind it. */
  #load(): void {
    const { segments, symbols } = this.#firmware;
    const [start = 0, end = 0] = [symbols.get("_bss_start"), symbols.get("_bss_end")];
    this.chip.write(start, new Uint8Array(end - start));
    for (const { address, bytes } of segments) {
      if (address >= FLASH_MAP_ADDRESS) this.flash.set(bytes, address - FLASH_MAP_ADDRESS);
      else this.chip.write(address, bytes);
    }
    this.chip.writeWord(VENDOR_RAM.flashChip, VENDOR_RAM.flashChip + 16);
    this.chip.writeWord(VENDOR_RAM.flashChip + 16, WINBOND);
    this.chip.writeWord(VENDOR_RAM.flashChip + 20, MIB);
  }

  #tellReason(words: readonly number[]): void {
    for (let index = 0; index < RESET_WORDS; index++) {
      this.chip.writeWord(VENDOR_RAM.resetInfo + 4 * index, words[index] ?? 0);
    }
  }

  #address(name: string): number {
    // `setup` and `loop` are C++ here and C with the core's headers.
    const { symbols } = this.#firmware;
    const address = symbols.get(name) ?? symbols.get(`_Z${name.length}${name}v`);
    if (address === undefined) throw new Error(`The host has no ${name}.`);
    return address;
  }
}

/** `served` is filled when the chip is there. */
function routineOf(name: string, address: number, served: ServedByName) {
  const routine = {
    name,
    address,
    resultWords: 1 as const,
    run: (core: RoutineContext) => {
      const serve = served[name];
      if (serve === undefined) throw new Error(`The host has called ${name}, which nobody serves here.`);
      const result = serve(core);
      if (typeof result === "number") core.setResult(0, result >>> 0);
    },
  };
  return name === "setjmp" || name === "longjmp" ? routine.run : poisoned(routine);
}
