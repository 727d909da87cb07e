/**
 * SPI0, the controller between the core and the flash chip (register names of the SDK's spi_register.h). A transaction is
 * done at once; the chip's own busy time is not shortened by that. Commands of the controller's own (bits of SPI_CMD) and
 * free ones (SPI_USER, which esptool uses) are served; more than one of them in one write is refused.
 *
 * Registers of timing and width (CTRL, CLOCK, PIN ...) keep what is written. Not emulated: interrupts, slave mode, SPI1.
 */
import type { Peripheral } from "../bus.ts";
import { EmulatorError, hex } from "../emulator-error.ts";
import { type FlashChip, FlashInstruction } from "./flash-chip.ts";
import { unknownRegister } from "./unknown-register.ts";

const SPI_CMD = 0x00;
const SPI_ADDR = 0x04;
const SPI_RD_STATUS = 0x10;
const SPI_USER = 0x1c;
const SPI_USER1 = 0x20;
const SPI_USER2 = 0x24;
const SPI_W0 = 0x40;
const SPI_W15 = 0x7c;
const SPI_EXT2 = 0xf8;
const SPI_LAST_PLAIN = 0x3c;
const SPI_FIRST_EXT = 0xf0;
const REGISTERS_BYTES = 0x100;

/** Bits of SPI_CMD, and the instruction that each one sends. */
const FLASH_READ = 1 << 31;
const FLASH_RDID = 1 << 28;
const FLASH_RDSR = 1 << 27;
const FLASH_PP = 1 << 25;
const SPI_USR = 1 << 18;
const INSTRUCTIONS = new Map<number, FlashInstruction>([
  [FLASH_READ, FlashInstruction.Read],
  [1 << 30, FlashInstruction.WriteEnable],
  [1 << 29, FlashInstruction.WriteDisable],
  [FLASH_RDID, FlashInstruction.JedecId],
  [FLASH_RDSR, FlashInstruction.ReadStatus],
  [1 << 26, FlashInstruction.WriteStatus],
  [FLASH_PP, FlashInstruction.PageProgram],
  [1 << 24, FlashInstruction.SectorErase],
  [1 << 23, FlashInstruction.BlockErase],
  [1 << 22, FlashInstruction.ChipErase],
  [1 << 21, FlashInstruction.PowerDown],
  [1 << 20, FlashInstruction.PowerUp],
]);
/** The bits below mean nothing; esptool-js writes there what other chips take for a length. */
const COMMANDS_MASK = -1 << 18;
const ADDRESS_MASK = 0xffffff;
const LENGTH_SHIFT = 24;
const ID_BYTES = 3;

const USR_ADDR = 1 << 30;
const USR_MISO = 1 << 28;
const USR_MOSI = 1 << 27;
const ADDR_BITLEN_SHIFT = 26;
const MOSI_BITLEN_SHIFT = 17;
const MISO_BITLEN_SHIFT = 8;
const ADDR_BITLEN_MASK = 0x3f;
const DATA_BITLEN_MASK = 0x1ff;
const WORD_BITS = 32;
/** At reset: one word in. Assumed, for esptool-js reads the flash's identification without setting a length first. */
const USER1_AT_RESET = 31 << MISO_BITLEN_SHIFT;
const COMMAND_MASK = 0xff;

export class Spi implements Peripheral {
  readonly name = "SPI0";
  readonly address = 0x60000200;
  readonly sizeBytes = REGISTERS_BYTES;
  readonly #chip: FlashChip;
  readonly #kept = new Uint32Array(REGISTERS_BYTES / 4);
  readonly #data: Uint8Array;

  constructor(chip: FlashChip) {
    this.#chip = chip;
    this.#kept[SPI_USER1 / 4] = USER1_AT_RESET;
    this.#data = new Uint8Array(this.#kept.buffer, SPI_W0, SPI_W15 + 4 - SPI_W0);
  }

  get isFlashBusy(): boolean {
    return this.#chip.isBusy;
  }

  read(offset: number): number {
    this.#check(offset, "read");
    // A command is over when its write is; the controller's state machine is idle.
    if (offset === SPI_CMD || offset === SPI_EXT2) return 0;
    return this.#kept[offset / 4] as number;
  }

  write(offset: number, value: number): void {
    this.#check(offset, "write");
    if (offset === SPI_CMD) this.#run(value);
    else this.#kept[offset / 4] = value;
  }

  #check(offset: number, access: "read" | "write"): void {
    const isKnown = offset <= SPI_LAST_PLAIN || (offset >= SPI_W0 && offset <= SPI_W15) || offset >= SPI_FIRST_EXT;
    if (!isKnown) throw unknownRegister(this.name, this.address, offset, access);
  }

  #run(value: number): void {
    const command = value & COMMANDS_MASK;
    if (command === 0) return;
    if (command === SPI_USR) {
      this.#runUser();
      return;
    }
    const instruction = INSTRUCTIONS.get(command);
    if (instruction === undefined) {
      throw new EmulatorError("not-emulated", `${this.name}: the command ${hex(command)} is not emulated.`);
    }
    const place = this.#kept[SPI_ADDR / 4] as number;
    const length = place >>> LENGTH_SHIFT;
    const isProgram = command === FLASH_PP;
    const isRead = command === FLASH_READ;
    const input = isProgram ? this.#data.slice(0, length) : new Uint8Array(0);
    const wanted = isRead ? length : command === FLASH_RDID ? ID_BYTES : command === FLASH_RDSR ? 1 : 0;
    const output = this.#chip.transfer(instruction, place & ADDRESS_MASK, input, wanted);
    if (command === FLASH_RDSR) this.#kept[SPI_RD_STATUS / 4] = output[0] as number;
    else if (command === FLASH_RDID) this.#answer(Uint8Array.of(...output, 0));
    else if (isRead) this.#answer(output);
  }

  #runUser(): void {
    const user = this.#kept[SPI_USER / 4] as number;
    const lengths = this.#kept[SPI_USER1 / 4] as number;
    const bytesOf = (shift: number) => (((lengths >>> shift) & DATA_BITLEN_MASK) + 1) >>> 3;
    const addressBits = ((lengths >>> ADDR_BITLEN_SHIFT) & ADDR_BITLEN_MASK) + 1;
    const address = (user & USR_ADDR) === 0 ? 0 : (this.#kept[SPI_ADDR / 4] as number) >>> (WORD_BITS - addressBits);
    const input = (user & USR_MOSI) === 0 ? 0 : bytesOf(MOSI_BITLEN_SHIFT);
    const output = (user & USR_MISO) === 0 ? 0 : bytesOf(MISO_BITLEN_SHIFT);
    const instruction = (this.#kept[SPI_USER2 / 4] as number) & COMMAND_MASK;
    this.#answer(this.#chip.transfer(instruction, address, this.#data.slice(0, input), output));
  }

  #answer(bytes: Uint8Array): void {
    this.#data.set(bytes.subarray(0, this.#data.length));
  }
}
