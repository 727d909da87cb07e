/**
 * UART0 and UART1 (ESP8266 technical reference, chapter 11; register names of the SDK's uart_register.h): two FIFOs of 128
 * bytes, the bit clock, interrupts. Bytes take the time that the bit clock and the frame say, in both directions.
 *
 * Assumed: thresholds are met at the number given (FIFO full: at least; FIFO empty: below); an interrupt whose condition
 * lasts cannot be cleared; a byte written to a full FIFO is lost; the receive timeout counts frames of eight bits; reset
 * values of CONF1. Not emulated: baud detection, infrared, modem lines, breaks, parity errors; their registers are refused
 * or keep what is written.
 */
import type { CycleClock, Peripheral } from "../bus.ts";
import type { InterruptInput } from "./interrupt-input.ts";
import { heardByte } from "./line-speed.ts";
import { unknownRegister } from "./unknown-register.ts";

export const UART_ADDRESSES = [0x60000000, 0x60000f00] as const;

const UART_FIFO = 0x00;
const UART_INT_RAW = 0x04;
const UART_INT_ST = 0x08;
const UART_INT_ENA = 0x0c;
const UART_INT_CLR = 0x10;
const UART_CLKDIV = 0x14;
const UART_STATUS = 0x1c;
const UART_CONF0 = 0x20;
const UART_CONF1 = 0x24;
const UART_DATE = 0x78;

const UART_RXFIFO_FULL_INT = 1 << 0;
const UART_TXFIFO_EMPTY_INT = 1 << 1;
const UART_RXFIFO_OVF_INT = 1 << 4;
const UART_RXFIFO_TOUT_INT = 1 << 8;
const UART_INT_MASK = 0x1ff;

const UART_CLKDIV_CNT_MASK = 0xfffff;
/** 80 MHz / 694 = 115,274 baud. */
const UART_CLKDIV_RESET = 694;
const UART_DATE_VALUE = 0x00062000;

/** By its name the level of the pin. But esptool's stub waits for 0 here before it goes on, so a quiet line reads as 0. */
const UART_TXD = 1 << 31;
const UART_RXD = 1 << 15;
const UART_TXFIFO_CNT_SHIFT = 16;

const UART_PARITY_EN = 1 << 1;
const UART_BIT_NUM_SHIFT = 2;
const UART_STOP_BIT_NUM_SHIFT = 4;
const UART_LOOPBACK = 1 << 14;
const UART_RXFIFO_RST = 1 << 17;
const UART_TXFIFO_RST = 1 << 18;
/** 8 data bits, 1 stop bit, no parity. */
const UART_CONF0_RESET = 0x1c;

const UART_TXFIFO_EMPTY_THRHD_SHIFT = 8;
const UART_RX_TOUT_THRHD_SHIFT = 24;
const UART_THRHD_MASK = 0x7f;
const UART_RX_TOUT_EN = 1 << 31;
const UART_CONF1_RESET = 0x6060;

const UART_FIFO_BYTES = 128;
/** Bytes on their way to the receiver at most; more than that is a mistake of whoever plays the other side. */
const WIRE_MAX_BYTES = 1 << 20;
const STOP_BITS = [1, 1, 1.5, 2];

/** A byte on its way to the receiver, and the ticks that the sender takes for a bit; undefined: just those of the receiver. */
interface SentByte {
  byte: number;
  bitTicks: number | undefined;
}

export interface UartOptions {
  index: 0 | 1;
  /** The peripheral bus. */
  clock: CycleClock;
  interrupt: InterruptInput;
  /** Takes a byte when its last bit has left the chip. */
  transmitted: (byte: number) => void;
}

export class Uart implements Peripheral {
  readonly name: string;
  readonly address: number;
  readonly sizeBytes = 0x80;
  readonly #clock: CycleClock;
  readonly #interrupt: InterruptInput;
  readonly #transmitted: (byte: number) => void;
  readonly #txFifo: number[] = [];
  readonly #rxFifo: number[] = [];
  readonly #wire: SentByte[] = [];
  #isShifting = false;
  #isWireBusy = false;
  #cancelTimeout: (() => void) | undefined;
  /** Interrupts that stay until they are cleared; the FIFO levels come on top. */
  #latched = 0;
  #intEna = 0;
  #clkdiv = UART_CLKDIV_RESET;
  #conf0 = UART_CONF0_RESET;
  #conf1 = UART_CONF1_RESET;

  constructor(options: UartOptions) {
    this.name = `UART${options.index}`;
    this.address = UART_ADDRESSES[options.index];
    this.#clock = options.clock;
    this.#interrupt = options.interrupt;
    this.#transmitted = options.transmitted;
  }

  /**
   * The other side sends: bytes arrive one after the other, at the receiver's own speed, or with so many ticks a bit. Then
   * they arrive wrong unless the receiver is set to about that.
   */
  receive(bytes: Iterable<number>, bitTicks?: number): void {
    for (const byte of bytes) this.#wire.push({ byte: byte & 0xff, bitTicks });
    if (this.#wire.length > WIRE_MAX_BYTES)
      throw new RangeError(`${this.name}: more than ${WIRE_MAX_BYTES} bytes wait.`);
    this.#carryOne();
  }

  /** Ticks of a bit that is arriving, as the chip's measurement of pulses tells; undefined: the line is quiet. */
  get arrivingBitTicks(): number | undefined {
    return this.#wire[0]?.bitTicks;
  }

  get clockDivider(): number {
    return this.#clkdiv;
  }

  /** Nothing waits to be sent, and nothing is on its way out. */
  get isQuiet(): boolean {
    return this.#txFifo.length === 0 && !this.#isShifting;
  }

  /** As a read of UART_FIFO; undefined when nothing has arrived. */
  take(): number | undefined {
    if (this.#rxFifo.length === 0) return undefined;
    return this.read(UART_FIFO);
  }

  get hasRoom(): boolean {
    return this.#txFifo.length < UART_FIFO_BYTES;
  }

  /** As a write to UART_FIFO. */
  transmit(byte: number): void {
    if (!this.hasRoom) return;
    this.#txFifo.push(byte & 0xff);
    this.#shiftOne();
    this.#update();
  }

  /** Ticks of a bit. */
  setClockDivider(divider: number): void {
    this.#clkdiv = divider & UART_CLKDIV_CNT_MASK;
  }

  /** Bytes that have arrived when UART_RXFIFO_FULL comes. */
  setReceiveThreshold(bytes: number): void {
    this.#conf1 = (this.#conf1 & ~UART_THRHD_MASK) | (bytes & UART_THRHD_MASK);
    this.#update();
  }

  /** As after power-on; what is on the wire is lost. */
  reset(): void {
    this.#wire.length = 0;
    this.#latched = 0;
    this.#intEna = 0;
    this.#clkdiv = UART_CLKDIV_RESET;
    this.#conf0 = UART_CONF0_RESET;
    this.#conf1 = UART_CONF1_RESET;
    this.#cancelTimeout?.();
    this.#cancelTimeout = undefined;
    this.resetFifos();
  }

  resetFifos(): void {
    this.#txFifo.length = 0;
    this.#rxFifo.length = 0;
    this.#update();
  }

  read(offset: number): number {
    switch (offset) {
      case UART_FIFO: {
        const byte = this.#rxFifo.shift() ?? 0;
        this.#update();
        return byte;
      }
      case UART_INT_RAW:
        return this.#raw();
      case UART_INT_ST:
        return this.#raw() & this.#intEna;
      case UART_INT_ENA:
        return this.#intEna;
      case UART_CLKDIV:
        return this.#clkdiv;
      case UART_STATUS:
        return (
          ((this.#isShifting ? UART_TXD : 0) |
            (this.#txFifo.length << UART_TXFIFO_CNT_SHIFT) |
            UART_RXD |
            this.#rxFifo.length) >>>
          0
        );
      case UART_CONF0:
        return this.#conf0;
      case UART_CONF1:
        return this.#conf1 >>> 0;
      case UART_DATE:
        return UART_DATE_VALUE;
      default:
        throw unknownRegister(this.name, this.address, offset, "read");
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case UART_FIFO:
        this.transmit(value);
        return;
      case UART_INT_ENA:
        this.#intEna = value & UART_INT_MASK;
        break;
      case UART_INT_CLR:
        this.#latched &= ~value;
        break;
      case UART_CLKDIV:
        this.setClockDivider(value);
        break;
      case UART_CONF0:
        this.#conf0 = value >>> 0;
        if ((value & UART_TXFIFO_RST) !== 0) this.#txFifo.length = 0;
        if ((value & UART_RXFIFO_RST) !== 0) this.#rxFifo.length = 0;
        break;
      case UART_CONF1:
        this.#conf1 = value;
        break;
      default:
        throw unknownRegister(this.name, this.address, offset, "write");
    }
    this.#update();
  }

  #raw(): number {
    let raw = this.#latched;
    if (this.#rxFifo.length > 0 && this.#rxFifo.length >= (this.#conf1 & UART_THRHD_MASK)) raw |= UART_RXFIFO_FULL_INT;
    const emptyThreshold = (this.#conf1 >>> UART_TXFIFO_EMPTY_THRHD_SHIFT) & UART_THRHD_MASK;
    if (this.#txFifo.length < Math.max(1, emptyThreshold)) raw |= UART_TXFIFO_EMPTY_INT;
    return raw;
  }

  #update(): void {
    this.#interrupt((this.#raw() & this.#intEna) !== 0);
  }

  #frameTicks(bitTicks = this.#clkdiv): number {
    const dataBits = 5 + ((this.#conf0 >>> UART_BIT_NUM_SHIFT) & 3);
    const parityBits = (this.#conf0 & UART_PARITY_EN) === 0 ? 0 : 1;
    const stopBits = STOP_BITS[(this.#conf0 >>> UART_STOP_BIT_NUM_SHIFT) & 3] as number;
    return Math.ceil((1 + dataBits + parityBits + stopBits) * Math.max(1, bitTicks));
  }

  #shiftOne(): void {
    if (this.#isShifting) return;
    const byte = this.#txFifo.shift();
    if (byte === undefined) return;
    this.#isShifting = true;
    this.#clock.at(this.#clock.cycles + this.#frameTicks(), () => {
      this.#isShifting = false;
      if ((this.#conf0 & UART_LOOPBACK) !== 0) this.#arrive(byte);
      else this.#transmitted(byte);
      this.#shiftOne();
      this.#update();
    });
  }

  #carryOne(): void {
    if (this.#isWireBusy || this.#wire.length === 0) return;
    this.#isWireBusy = true;
    this.#clock.at(this.#clock.cycles + this.#frameTicks(this.#wire[0]?.bitTicks), () => {
      this.#isWireBusy = false;
      const sent = this.#wire.shift();
      if (sent !== undefined) this.#arrive(this.#heard(sent));
      this.#carryOne();
      this.#update();
    });
  }

  #heard({ byte, bitTicks }: SentByte): number {
    return bitTicks === undefined ? byte : heardByte(byte, bitTicks / this.#clkdiv);
  }

  #arrive(byte: number): void {
    if (this.#rxFifo.length < UART_FIFO_BYTES) this.#rxFifo.push(byte);
    else this.#latched |= UART_RXFIFO_OVF_INT;
    this.#cancelTimeout?.();
    this.#cancelTimeout = undefined;
    if ((this.#conf1 & UART_RX_TOUT_EN) === 0) return;
    const frames = (this.#conf1 >>> UART_RX_TOUT_THRHD_SHIFT) & UART_THRHD_MASK;
    this.#cancelTimeout = this.#clock.at(this.#clock.cycles + frames * 8 * Math.max(1, this.#clkdiv), () => {
      if (this.#rxFifo.length > 0) this.#latched |= UART_RXFIFO_TOUT_INT;
      this.#update();
    });
  }
}
