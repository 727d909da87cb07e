/**
 * An ESP8266 at the end of a serial cable, in real time: what a computer sees of a board with the usual circuit of two transistors
 * between DTR, RTS and the pins EN and GPIO0.
 *
 * The chip runs unpaced while its flash is busy or bytes are on the line, and for a little while after, then at about its own
 * pace, so that an idle one costs next to nothing.
 */

import type { Cable, SerialSignals } from "../../board/web-serial-port.ts";
import { EmulatorError } from "../emulator-error.ts";
import { type Level, type PinPort, STRAP_GPIO0, STRAPS_FLASH } from "../peripherals/gpio.ts";
import { heardByte } from "../peripherals/line-speed.ts";
import { RtcResetReason } from "../peripherals/rtc.ts";
import type { RtcUserMemory } from "../peripherals/rtc-memory.ts";
import { ROM_CLOCK_MHZ } from "../rom/rom-cycles.ts";
import { Esp8266 } from "./esp8266.ts";

/** What drives the bus, and counts bits, until a program sets another clock. */
const CLOCK_HZ = ROM_CLOCK_MHZ * 1_000_000;
/** A capacitor holds EN low for a little longer, so that GPIO0 is settled when the straps are read. */
const RESET_RELEASE_MS = 2;
const PACE_MS = 4;
const PACE_CYCLES = (CLOCK_HZ / 1000) * PACE_MS;
const SLICE_CYCLES = 500_000;
/** A chip whose flash is busy only asks it whether it still is, which takes us longest: so much of that is left out each time. */
const FLASH_BUSY_SKIP_CYCLES = 3 * SLICE_CYCLES;
/** Of work without a byte, as taking a block apart. */
const UNPACED_CYCLES = CLOCK_HZ / 2;
const GPIO0 = 0;

export interface SerialChipOptions {
  flash: Uint8Array;
  flashId?: number;
  romMagic?: number;
  mac: Uint8Array;
  rtcMemory: RtcUserMemory;
  pins: PinPort;
  /** Levels at reset, as Esp8266Options.straps, but for what DTR and RTS do; absent: those that start from flash. */
  straps?: () => number;
  /** The emulated host in flash has begun; from now on it has the cable. */
  onHost?: () => void;
  /** The computer sends, and the emulated host has the cable. */
  onHostBytes?: (bytes: Uint8Array) => void;
  /** The core has come to where nothing is emulated, and stands still until the next reset. */
  onStuck?: (why: string) => void;
  /** The chip is held in reset, or let go. */
  onReset?: (isHeld: boolean) => void;
  /** What becomes of a byte on the cable; undefined: it is lost. */
  disturb?: (byte: number) => number | undefined;
}

export class SerialChip implements Cable {
  readonly esp: Esp8266;
  /** Bytes from the chip, as the computer hears them. */
  onBytes: (bytes: Uint8Array) => void = () => {};
  /** Something failed that is no event on the chip. */
  onError: (error: unknown) => void = (error) => {
    throw error;
  };
  onLost: (why: Error) => void = () => {};
  #baudRate = 115_200;
  readonly #options: SerialChipOptions;
  #isDtrUp = false;
  #isRtsUp = false;
  #isHeld = false;
  #isPowered = false;
  #hasLeft = false;
  #isStuck = false;
  #release: NodeJS.Timeout | undefined;
  #turn: NodeJS.Timeout | NodeJS.Immediate | undefined;
  #heard: number[] = [];
  /** Cycle at which something was last seen to go on. */
  #activeAt = 0;

  constructor(options: SerialChipOptions) {
    this.#options = options;
    this.esp = new Esp8266({
      flash: options.flash,
      mac: options.mac,
      rtcMemory: options.rtcMemory,
      pins: this.#pins(options.pins),
      straps: () => {
        const levels = options.straps?.() ?? STRAPS_FLASH;
        return this.#isGpio0Low ? levels & ~STRAP_GPIO0 : levels;
      },
      transmitted: (uart, byte) => {
        if (uart === 0) this.#hear(byte, CLOCK_HZ / this.esp.parts.uarts[0].clockDivider);
      },
      onHost: () => {
        this.#hasLeft = true;
        options.onHost?.();
      },
      ...(options.flashId === undefined ? {} : { flashId: options.flashId }),
      ...(options.romMagic === undefined ? {} : { romMagic: options.romMagic }),
    });
  }

  powerOn(): void {
    if (this.#isPowered) return;
    this.#isPowered = true;
    this.#start(RtcResetReason.PowerOn);
  }

  powerOff(): void {
    this.#isPowered = false;
    this.#halt();
    clearTimeout(this.#release);
    this.#release = undefined;
  }

  async open(baudRate: number): Promise<void> {
    this.#baudRate = baudRate;
  }

  async close(): Promise<void> {}

  async setBaudRate(baudRate: number): Promise<void> {
    this.#baudRate = baudRate;
  }

  async setSignals(signals: SerialSignals): Promise<void> {
    this.#isDtrUp = signals.dataTerminalReady ?? this.#isDtrUp;
    this.#isRtsUp = signals.requestToSend ?? this.#isRtsUp;
    const isHeld = this.#isRtsUp && !this.#isDtrUp;
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    clearTimeout(this.#release);
    this.#release = undefined;
    if (!this.#isPowered) return;
    if (isHeld) {
      this.#halt();
      this.#options.onReset?.(true);
      return;
    }
    this.#release = setTimeout(() => {
      this.#release = undefined;
      this.#options.onReset?.(false);
      this.#start(RtcResetReason.External);
    }, RESET_RELEASE_MS);
  }

  get #isGpio0Low(): boolean {
    return this.#isDtrUp && !this.#isRtsUp;
  }

  /** The computer sends. */
  async send(bytes: Uint8Array): Promise<void> {
    if (!this.#isPowered || this.#isHeld || this.#release !== undefined) return;
    const { disturb, onHostBytes } = this.#options;
    const arriving = disturb === undefined ? bytes : [...bytes].map(disturb).filter((byte) => byte !== undefined);
    if (this.#hasLeft) {
      onHostBytes?.(Uint8Array.from(arriving));
      return;
    }
    this.esp.parts.uarts[0].receive(arriving, Math.round(CLOCK_HZ / this.#baudRate));
    this.#soon();
  }

  /** The emulated host sends. */
  sayAsHost(bytes: Uint8Array, baudRate: number): void {
    if (!this.#hasLeft) return;
    for (const byte of bytes) this.#hear(byte, baudRate);
    this.#deliver();
  }

  #start(reason: RtcResetReason): void {
    this.#hasLeft = false;
    this.#isStuck = false;
    this.esp.reset(reason);
    this.#soon();
  }

  #halt(): void {
    clearTimeout(this.#turn as NodeJS.Timeout | undefined);
    clearImmediate(this.#turn as NodeJS.Immediate | undefined);
    this.#turn = undefined;
  }

  #soon(): void {
    this.#halt();
    if (this.#isStuck) return;
    this.#turn = setImmediate(() => this.#run(SLICE_CYCLES));
  }

  #run(cycles: number): void {
    this.#turn = undefined;
    try {
      const { chip } = this.esp;
      chip.run({ maxCycles: cycles });
    } catch (error) {
      if (error instanceof EmulatorError && error.code === "not-emulated") {
        // Code that went astray: the chip stands still until its next reset.
        this.#isStuck = true;
        this.#deliver();
        this.#options.onStuck?.(error.message);
        return;
      }
      this.powerOff();
      this.onError(error);
      return;
    }
    const { spi, uarts } = this.esp.parts;
    const isArriving = uarts[0].arrivingBitTicks !== undefined;
    if (spi.isFlashBusy && !isArriving) this.esp.chip.core.cycles += FLASH_BUSY_SKIP_CYCLES;
    const { cycles: now } = this.esp.chip;
    const isBusy = this.#heard.length > 0 || isArriving || spi.isFlashBusy;
    if (isBusy) this.#activeAt = now;
    this.#deliver();
    if (!this.#isPowered || this.#isHeld || this.#hasLeft) return;
    if (now - this.#activeAt < UNPACED_CYCLES) this.#soon();
    else this.#turn = setTimeout(() => this.#run(PACE_CYCLES), PACE_MS);
  }

  #hear(byte: number, senderBaudRate: number): void {
    const arriving = heardByte(byte, senderBaudRate / this.#baudRate);
    const { disturb } = this.#options;
    const heard = disturb === undefined ? arriving : disturb(arriving);
    if (heard !== undefined) this.#heard.push(heard);
  }

  #deliver(): void {
    if (this.#heard.length === 0) return;
    const bytes = Uint8Array.from(this.#heard);
    this.#heard = [];
    this.onBytes(bytes);
  }

  /** GPIO0 is pulled low by the circuit, whoever else drives it. */
  #pins(pins: PinPort): PinPort {
    return {
      level: (pin): Level => (pin === GPIO0 && this.#isGpio0Low ? 0 : pins.level(pin)),
      configure: (pin, driven, pullUp) => pins.configure(pin, driven, pullUp),
      onChange: (listener) => pins.onChange(listener),
    };
  }
}
