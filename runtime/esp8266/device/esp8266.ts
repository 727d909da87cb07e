/**
 * A whole ESP8266: chip, peripherals and mask ROM wired together. For code that uses the hardware itself; a native program
 * of Lintel, which only calls its host, needs none of this (native-machine.ts).
 *
 * A reset brings the core and the watchdog to their state after power-on; RAM, RTC memory and flash stay. Then the ROM's own
 * code runs: the serial loader, or what is in flash, as the straps say. Code may also be entered with `chip.pc`, or called.
 */
import { InterruptLine, type Peripheral } from "../bus.ts";
import { Chip, type ChipOptions, type Connections } from "../chip.ts";
import { EmulatorError } from "../emulator-error.ts";
import { DRAM_ADDRESS, DRAM_BYTES } from "../memory/address-map.ts";
import { NO_FAULT } from "../memory/memory-space.ts";
import { ApbClock } from "../peripherals/apb-clock.ts";
import { Dport, EdgeInterrupt } from "../peripherals/dport.ts";
import { FlashChip } from "../peripherals/flash-chip.ts";
import { FLASH_SECTOR_BYTES, type FlashPort } from "../peripherals/flash-port.ts";
import { FrcTimers } from "../peripherals/frc-timers.ts";
import { Gpio, type PinPort, STRAPS_FLASH } from "../peripherals/gpio.ts";
import { SharedLine } from "../peripherals/interrupt-input.ts";
import { IoMux } from "../peripherals/io-mux.ts";
import { Rtc, RtcResetReason } from "../peripherals/rtc.ts";
import { RtcMemory, type RtcUserMemory } from "../peripherals/rtc-memory.ts";
import { Spi } from "../peripherals/spi.ts";
import { Uart } from "../peripherals/uart.ts";
import { Watchdog } from "../peripherals/watchdog.ts";
import { bootFromFlash } from "../rom/flash-boot.ts";
import { type InterruptRoutines, interruptRoutines } from "../rom/interrupt-routines.ts";
import { maskRom } from "../rom/mask-rom.ts";
import * as cycles from "../rom/rom-cycles.ts";
import { RomMagic } from "../rom/rom-magic.ts";
import type { RomRoutine } from "../rom/rom-routine.ts";
import { waitHere } from "../rom/rom-routine.ts";
import { SerialLoader } from "../rom/serial-loader.ts";
import { RESET_VECTOR, RUN_FLASH_ADDRESS, type StartRoutines, startRoutines } from "../rom/start-routines.ts";
import { EMULATED_HOST_ADDRESS } from "./emulated-host.ts";

const MEGABYTE = 0x100000;
/** What the ROM keeps at the end of DRAM lies above the stack of a program that the loader starts. */
const STACK_TOP = DRAM_ADDRESS + DRAM_BYTES - 16;
const GPIO16 = 16;
/** Winbond, W25Q; the capacity is the power of two. */
const FLASH_ID = 0x40ef;
const FLASH_CAPACITY_SHIFT = 16;

export interface Esp8266Options {
  /** Content of the flash chip; the ROM's routines change it. */
  flash: Uint8Array;
  pins: PinPort;
  rtcMemory: RtcUserMemory;
  mac: Uint8Array;
  /** Takes what the UARTs send. */
  transmitted: (uart: 0 | 1, byte: number) => void;
  /** The chip was reset by its watchdog or by itself; a run under way ends. */
  onReset?: (reason: RtcResetReason) => void;
  /** The emulated host begins (emulated-host.ts). The core stands still until the next reset. */
  onHost?: () => void;
  /** At each reset; see Gpio. */
  straps?: () => number;
  /** JEDEC identification of the flash chip: manufacturer, type, capacity. Default: a W25Q of the flash's size. */
  flashId?: number;
  /** The word by which tools know the chip, where it is to pass for another one. */
  romMagic?: number;
  chip?: Pick<ChipOptions, "engine" | "cacheMissCycles" | "translateAfter">;
}

/** The peripherals of one chip. */
export interface Parts {
  spi: Spi;
  uarts: readonly [Uart, Uart];
  dport: Dport;
  gpio: Gpio;
  ioMux: IoMux;
  frc: FrcTimers;
  rtc: Rtc;
  rtcMemory: RtcMemory;
  watchdog: Watchdog;
}

export class Esp8266 {
  readonly chip: Chip;
  readonly #options: Esp8266Options;
  readonly #cells: FlashPort;
  #parts: Parts | undefined;
  #interrupts: InterruptRoutines | undefined;
  #start: StartRoutines | undefined;

  constructor(options: Esp8266Options) {
    this.#options = options;
    this.#cells = this.#flashPort();
    this.chip = new Chip({
      ...options.chip,
      flash: options.flash,
      peripherals: (connections) => {
        this.#parts = this.#wire(connections);
        const { uarts, ...others } = this.#parts;
        return [...uarts, ...Object.values<Peripheral>({ ...others }), new RomMagic(options.romMagic)];
      },
    });
    const rom = maskRom({
      serial: this.parts.uarts,
      flash: {
        chip: this.#cells,
        cache: {
          enable: (megabyte, cacheBytes) => {
            this.parts.dport.setCacheEnabled(true);
            this.chip.mapFlash(megabyte * MEGABYTE);
            this.chip.memory.cache.clear(cacheBytes);
          },
          disable: () => this.parts.dport.setCacheEnabled(false),
        },
      },
    });
    for (const [address, routine] of rom) this.chip.addRoutine(address, routine);
    for (const routine of this.#bootRoutines()) this.chip.addRoutine(routine.address, routine);
  }

  #bootRoutines(): RomRoutine[] {
    const { chip } = this;
    const { parts } = this;
    const { memory } = chip;
    const uart = parts.uarts[0];
    const tell = (text: string) => {
      for (const character of text) uart.transmit(character.charCodeAt(0));
    };
    this.#interrupts = interruptRoutines(chip, tell);
    const fill = (address: number, bytes: Uint8Array): boolean => {
      const region = memory.regionAt(address);
      const isRam = region?.writable && address + bytes.length <= region.address + region.sizeBytes;
      if (isRam) memory.writeBytes(address, bytes);
      return isRam === true;
    };
    const loader = new SerialLoader({
      flash: this.#cells,
      line: {
        listen: () => uart.setReceiveThreshold(1),
        take: () => uart.take(),
        get hasRoom() {
          return uart.hasRoom;
        },
        get isQuiet() {
          return uart.isQuiet;
        },
        transmit: (byte) => uart.transmit(byte),
        adjustSpeed: () => {
          const ticks = uart.arrivingBitTicks;
          if (ticks !== undefined) uart.setClockDivider(ticks);
          return ticks !== undefined;
        },
      },
      bus: {
        load: (address) => {
          const value = memory.load(address, 4);
          return memory.fault === NO_FAULT ? value >>> 0 : undefined;
        },
        store: (address, value) => {
          memory.store(address, 4, value);
          return memory.fault === NO_FAULT;
        },
        fill,
      },
      runFlash: RUN_FLASH_ADDRESS,
      restart: (core) => {
        this.reset(RtcResetReason.Software);
        core.jump(RESET_VECTOR);
      },
      stackTop: STACK_TOP,
    });
    this.#start = startRoutines({
      core: chip,
      loader,
      line: uart,
      straps: () => parts.gpio.straps,
      cause: () => parts.rtc.resetReason,
      boot: () => bootFromFlash({ flash: this.#cells, fill }),
      restart: () => this.reset(RtcResetReason.Software),
      stackTop: STACK_TOP,
    });
    const host: RomRoutine = {
      name: "emulated host",
      address: EMULATED_HOST_ADDRESS,
      resultWords: 0,
      run: (core) => {
        this.#options.onHost?.();
        chip.stop();
        return waitHere(core, cycles.IDLE_CYCLES);
      },
    };
    return [...this.#start.routines, host, ...this.#interrupts.vectors, ...this.#interrupts.routines];
  }

  get parts(): Parts {
    if (this.#parts === undefined) throw new EmulatorError("bug", "The chip has not asked for its peripherals.");
    return this.#parts;
  }

  /** As the reset pin does, or another reason. */
  reset(reason: RtcResetReason): void {
    this.chip.reset();
    this.chip.stop();
    this.#interrupts?.reset();
    this.#start?.reset();
    for (const uart of this.parts.uarts) uart.reset();
    this.parts.gpio.straps = this.#options.straps?.() ?? STRAPS_FLASH;
    this.parts.watchdog.reset();
    this.parts.rtc.resetReason = reason;
    this.#options.onReset?.(reason);
  }

  #wire({ clock, interrupts }: Connections): Parts {
    const { flash, pins, mac, straps, transmitted } = this.#options;
    const flashId = this.#options.flashId ?? FLASH_ID | (Math.log2(flash.length) << FLASH_CAPACITY_SHIFT);
    const apb = new ApbClock(clock);
    const line = (number: InterruptLine) => new SharedLine(interrupts, number);
    const uartLine = line(InterruptLine.Uart);
    const uart = (index: 0 | 1) =>
      new Uart({
        index,
        clock: apb,
        interrupt: uartLine.input(),
        transmitted: (byte) => transmitted(index, byte),
      });
    const dport = new Dport({
      mac,
      setCacheEnabled: (isEnabled) => (isEnabled ? this.chip.mapFlash(0) : this.chip.unmapFlash()),
      setCyclesPerTick: (cycles) => apb.setCyclesPerTick(cycles),
    });
    const gpio = new Gpio({
      pins,
      interrupt: line(InterruptLine.Gpio).input(),
      ...(straps === undefined ? {} : { straps: straps() }),
    });
    return {
      spi: new Spi(new FlashChip(this.#cells, clock, flashId)),
      uarts: [uart(0), uart(1)],
      dport,
      gpio,
      ioMux: new IoMux(gpio),
      frc: new FrcTimers({
        clock: apb,
        frc1: dport.gate(EdgeInterrupt.Frc1, line(InterruptLine.Frc1).input()),
        frc2: dport.gate(EdgeInterrupt.Frc2, line(InterruptLine.Frc2).input()),
      }),
      rtc: new Rtc({
        clock: apb,
        gpio16: {
          level: () => pins.level(GPIO16),
          drive: (level) => pins.configure(GPIO16, level, false),
        },
        reset: () => this.reset(RtcResetReason.Software),
      }),
      rtcMemory: new RtcMemory(this.#options.rtcMemory),
      watchdog: new Watchdog({
        clock: apb,
        interrupt: dport.gate(EdgeInterrupt.Wdt, line(InterruptLine.Wdt).input()),
        bite: () => this.reset(RtcResetReason.Watchdog),
      }),
    };
  }

  #flashPort(): FlashPort {
    const { flash } = this.#options;
    return {
      sizeBytes: flash.length,
      read: (offset, into) => into.set(flash.subarray(offset, offset + into.length)),
      write: (offset, bytes) => {
        bytes.forEach((byte, index) => {
          flash[offset + index] = (flash[offset + index] as number) & byte;
        });
        this.chip.flashChanged(offset, bytes.length);
      },
      eraseSector: (offset) => {
        flash.fill(0xff, offset, offset + FLASH_SECTOR_BYTES);
        this.chip.flashChanged(offset, FLASH_SECTOR_BYTES);
      },
    };
  }
}
