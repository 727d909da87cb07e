/**
 * DPORT: what stands between the core and its surroundings. There is no chapter on it; names are those of the SDK's
 * eagle_soc.h and of esp-open-rtos' dport_regs.h, whose authors worked them out. Emulated: which timers may interrupt
 * (EDGE_INT_ENABLE), the flash cache (CACHE_FLASH_CTRL bit 8, SPI_CACHE_RAM), the core's clock, and the factory's MAC
 * address, read the way esptool reads it.
 */
import type { Peripheral } from "../bus.ts";
import type { InterruptInput } from "./interrupt-input.ts";
import { unknownRegister } from "./unknown-register.ts";

const EDGE_INT_ENABLE = 0x04;
const CACHE_FLASH_CTRL = 0x0c;
const CPU_CLOCK = 0x14;
const CLOCKGATE_WATCHDOG = 0x18;
const SPI_INT_STATUS = 0x20;
const SPI_CACHE_RAM = 0x24;
const HOST_INF_SEL = 0x28;
const OTP_MAC0 = 0x50;
const OTP_MAC1 = 0x54;
const OTP_CHIPID = 0x58;
const OTP_MAC2 = 0x5c;

const CACHE_READ_EN = 1 << 8;
const CPU_CLOCK_X2 = 1 << 0;
const WORDS = 0x60 / 4;

/** Bits of EDGE_INT_ENABLE. */
export enum EdgeInterrupt {
  Wdt = 0,
  Frc1 = 1,
  Frc2 = 2,
}

export interface DportOptions {
  mac: Uint8Array;
  /** The flash cache is switched; the window reads nothing useful while it is off. */
  setCacheEnabled: (isEnabled: boolean) => void;
  /** 1: 80 MHz, 2: 160 MHz. */
  setCyclesPerTick: (cyclesPerTick: 1 | 2) => void;
}

interface Gate {
  output: InterruptInput;
  isUp: boolean;
}

export class Dport implements Peripheral {
  readonly name = "DPORT";
  readonly address = 0x3ff00000;
  readonly sizeBytes = WORDS * 4;
  readonly #options: DportOptions;
  readonly #gates = new Map<EdgeInterrupt, Gate>();
  readonly #kept = new Uint32Array(WORDS);

  constructor(options: DportOptions) {
    this.#options = options;
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = options.mac;
    this.#kept[OTP_MAC0 / 4] = f << 24;
    this.#kept[OTP_MAC1 / 4] = (d << 8) | e;
    this.#kept[OTP_MAC2 / 4] = (a << 16) | (b << 8) | c;
    this.#kept[CACHE_FLASH_CTRL / 4] = CACHE_READ_EN;
  }

  /** A source passes to its line only while its bit is set. */
  gate(source: EdgeInterrupt, output: InterruptInput): InterruptInput {
    const gate: Gate = { output, isUp: false };
    this.#gates.set(source, gate);
    return (isUp) => {
      gate.isUp = isUp;
      output(isUp && this.#isEnabled(source));
    };
  }

  /** The ROM's cache routines switch the same bit. */
  setCacheEnabled(isEnabled: boolean): void {
    const value = this.#kept[CACHE_FLASH_CTRL / 4] as number;
    this.write(CACHE_FLASH_CTRL, isEnabled ? value | CACHE_READ_EN : value & ~CACHE_READ_EN);
  }

  read(offset: number): number {
    switch (offset) {
      case EDGE_INT_ENABLE:
      case CACHE_FLASH_CTRL:
      case CPU_CLOCK:
      case CLOCKGATE_WATCHDOG:
      case SPI_INT_STATUS:
      case SPI_CACHE_RAM:
      case HOST_INF_SEL:
      case OTP_MAC0:
      case OTP_MAC1:
      case OTP_CHIPID:
      case OTP_MAC2:
        return this.#kept[offset / 4] as number;
      default:
        throw unknownRegister(this.name, this.address, offset, "read");
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case EDGE_INT_ENABLE:
        this.#kept[offset / 4] = value;
        for (const [source, gate] of this.#gates) gate.output(gate.isUp && this.#isEnabled(source));
        return;
      case CACHE_FLASH_CTRL:
        this.#kept[offset / 4] = value;
        this.#options.setCacheEnabled((value & CACHE_READ_EN) !== 0);
        return;
      case CPU_CLOCK:
        this.#kept[offset / 4] = value;
        this.#options.setCyclesPerTick((value & CPU_CLOCK_X2) === 0 ? 1 : 2);
        return;
      case CLOCKGATE_WATCHDOG:
      case SPI_CACHE_RAM:
      case HOST_INF_SEL:
        this.#kept[offset / 4] = value;
        return;
      default:
        throw unknownRegister(this.name, this.address, offset, "write");
    }
  }

  #isEnabled(source: EdgeInterrupt): boolean {
    return (((this.#kept[EDGE_INT_ENABLE / 4] as number) >>> source) & 1) === 1;
  }
}
