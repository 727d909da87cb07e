/**
 * A whole ESP8266: chip, peripherals and mask ROM wired together. For code that uses the hardware itself; a native program
 * of Lintel, which only calls its host, needs none of this (native-machine.ts).
 *
 * A reset brings the core and the watchdog to their state after power-on; RAM, RTC memory and flash stay. Nothing starts by
 * itself: there is no boot ROM yet, so code is entered with `chip.pc`, or called.
 */
import { InterruptLine, type Peripheral } from "../bus.ts";
import { Chip, type ChipOptions, type Connections } from "../chip.ts";
import { EmulatorError } from "../emulator-error.ts";
import { ApbClock } from "../peripherals/apb-clock.ts";
import { Dport, EdgeInterrupt } from "../peripherals/dport.ts";
import { FrcTimers } from "../peripherals/frc-timers.ts";
import { Gpio, type PinPort } from "../peripherals/gpio.ts";
import { SharedLine } from "../peripherals/interrupt-input.ts";
import { IoMux } from "../peripherals/io-mux.ts";
import { Rtc, RtcResetReason } from "../peripherals/rtc.ts";
import { RtcMemory, type RtcUserMemory } from "../peripherals/rtc-memory.ts";
import { Uart } from "../peripherals/uart.ts";
import { Watchdog } from "../peripherals/watchdog.ts";
import type { FlashPort } from "../rom/flash-routines.ts";
import { maskRom } from "../rom/mask-rom.ts";

const MEGABYTE = 0x100000;
const SECTOR_BYTES = 0x1000;
const GPIO16 = 16;

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
  /** See Gpio. */
  straps?: number;
  chip?: Pick<ChipOptions, "engine" | "cacheMissCycles" | "translateAfter">;
}

/** The peripherals of one chip. */
export interface Parts {
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
  #parts: Parts | undefined;

  constructor(options: Esp8266Options) {
    this.#options = options;
    this.chip = new Chip({
      ...options.chip,
      flash: options.flash,
      peripherals: (connections) => {
        this.#parts = this.#wire(connections);
        const { uarts, ...others } = this.#parts;
        return [...uarts, ...Object.values<Peripheral>({ ...others })];
      },
    });
    const rom = maskRom({
      serial: this.parts.uarts,
      flash: {
        chip: this.#flashPort(),
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
  }

  get parts(): Parts {
    if (this.#parts === undefined) throw new EmulatorError("bug", "The chip has not asked for its peripherals.");
    return this.#parts;
  }

  /** As the reset pin does, or another reason. */
  reset(reason: RtcResetReason): void {
    this.chip.reset();
    this.chip.stop();
    this.parts.watchdog.reset();
    this.parts.rtc.resetReason = reason;
    this.#options.onReset?.(reason);
  }

  #wire({ clock, interrupts }: Connections): Parts {
    const { pins, mac, straps, transmitted } = this.#options;
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
      ...(straps === undefined ? {} : { straps }),
    });
    return {
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
        flash.fill(0xff, offset, offset + SECTOR_BYTES);
        this.chip.flashChanged(offset, SECTOR_BYTES);
      },
    };
  }
}
