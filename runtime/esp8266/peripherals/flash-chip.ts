/**
 * The flash chip on the SPI bus: what it does on each instruction, its write enable latch and its busy time. Instructions,
 * status bits and typical times: W25Q32JV datasheet, sections 8.1, 7.1 and 9.6; the identification is JEDEC's (JEP106).
 *
 * What is sent to a busy chip is ignored, but for reads of its status. Not emulated: quad and dual transfers, protection,
 * suspend, security registers; they read as ones.
 */
import type { CycleClock } from "../bus.ts";
import {
  FLASH_BLOCK_BYTES,
  FLASH_BLOCK_ERASE_CYCLES,
  FLASH_PAGE_BYTES,
  FLASH_PAGE_PROGRAM_CYCLES,
  FLASH_SECTOR_BYTES,
  FLASH_SECTOR_ERASE_CYCLES,
  type FlashPort,
} from "./flash-port.ts";

export enum FlashInstruction {
  WriteStatus = 0x01,
  PageProgram = 0x02,
  Read = 0x03,
  WriteDisable = 0x04,
  ReadStatus = 0x05,
  WriteEnable = 0x06,
  FastRead = 0x0b,
  SectorErase = 0x20,
  ReadStatus2 = 0x35,
  ChipErase60 = 0x60,
  JedecId = 0x9f,
  PowerUp = 0xab,
  PowerDown = 0xb9,
  ChipErase = 0xc7,
  BlockErase = 0xd8,
}

const STATUS_BUSY = 1 << 0;
const STATUS_WRITE_ENABLED = 1 << 1;

export class FlashChip {
  /** Manufacturer, type, capacity: three bytes, the first one in the lowest place. */
  readonly id: number;
  readonly #cells: FlashPort;
  readonly #clock: CycleClock;
  #isWriteEnabled = false;
  #busyUntil = 0;

  constructor(cells: FlashPort, clock: CycleClock, id: number) {
    this.#cells = cells;
    this.#clock = clock;
    this.id = id;
  }

  get status(): number {
    return (this.isBusy ? STATUS_BUSY : 0) | (this.#isWriteEnabled ? STATUS_WRITE_ENABLED : 0);
  }

  get isBusy(): boolean {
    return this.#clock.cycles < this.#busyUntil;
  }

  /** One transaction: instruction, address where it has one, bytes in; answers with `length` bytes. */
  transfer(instruction: number, address: number, input: Uint8Array, length: number): Uint8Array {
    const output = new Uint8Array(length).fill(0xff);
    if (instruction === FlashInstruction.ReadStatus) return output.fill(this.status);
    if (this.isBusy) return output;
    const offset = address % this.#cells.sizeBytes;
    switch (instruction) {
      case FlashInstruction.JedecId:
        return output.map((_, index) => (this.id >>> (8 * (index % 3))) & 0xff);
      case FlashInstruction.ReadStatus2:
        return output.fill(0);
      case FlashInstruction.Read:
      case FlashInstruction.FastRead:
        this.#cells.read(offset, output);
        return output;
      case FlashInstruction.WriteEnable:
        this.#isWriteEnabled = true;
        return output;
      case FlashInstruction.WriteDisable:
        this.#isWriteEnabled = false;
        return output;
      case FlashInstruction.WriteStatus:
      case FlashInstruction.PageProgram:
      case FlashInstruction.SectorErase:
      case FlashInstruction.BlockErase:
      case FlashInstruction.ChipErase:
      case FlashInstruction.ChipErase60:
        if (this.#isWriteEnabled) this.#change(instruction, offset, input);
        this.#isWriteEnabled = false;
        return output;
      default:
        return output;
    }
  }

  #change(instruction: FlashInstruction, offset: number, input: Uint8Array): void {
    if (instruction === FlashInstruction.PageProgram) this.#program(offset, input);
    else if (instruction === FlashInstruction.SectorErase)
      this.#erase(offset & -FLASH_SECTOR_BYTES, FLASH_SECTOR_BYTES);
    else if (instruction === FlashInstruction.BlockErase) this.#erase(offset & -FLASH_BLOCK_BYTES, FLASH_BLOCK_BYTES);
    else if (instruction !== FlashInstruction.WriteStatus) this.#erase(0, this.#cells.sizeBytes);
  }

  /** Within a page the address wraps; bytes that were sent too early are overwritten (section 8.2.13). */
  #program(offset: number, bytes: Uint8Array): void {
    const page = offset & -FLASH_PAGE_BYTES;
    const content = new Uint8Array(FLASH_PAGE_BYTES).fill(0xff);
    bytes.forEach((byte, index) => {
      content[(offset - page + index) % FLASH_PAGE_BYTES] = byte;
    });
    this.#cells.write(page, content);
    this.#beBusy(FLASH_PAGE_PROGRAM_CYCLES);
  }

  #erase(offset: number, sizeBytes: number): void {
    for (let done = 0; done < sizeBytes; done += FLASH_SECTOR_BYTES) this.#cells.eraseSector(offset + done);
    const blocks = Math.floor(sizeBytes / FLASH_BLOCK_BYTES);
    this.#beBusy(blocks > 0 ? blocks * FLASH_BLOCK_ERASE_CYCLES : FLASH_SECTOR_ERASE_CYCLES);
  }

  #beBusy(forCycles: number): void {
    this.#busyUntil = this.#clock.cycles + forCycles;
  }
}
