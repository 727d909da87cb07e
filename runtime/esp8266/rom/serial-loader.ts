/**
 * The serial loader of the mask ROM: what the chip runs when GPIO0 is low at reset. Commands, answers and error codes are those
 * of Espressif's "Serial Protocol" (esptool documentation, ESP8266); the ROM's own text is not used.
 *
 * Known behaviour of the real ROM that is kept, since tools have to live with it: it finds the speed of the line by itself; it
 * answers SYNC eight times, and an unknown command too; FLASH_BEGIN erases up to one block of 64 KiB more than it was told
 * (esptool: get_erase_size). It knows no compression, no MD5, no change of speed and no identification of the flash.
 */
import type { RoutineContext } from "../bus.ts";
import {
  FLASH_BLOCK_BYTES,
  FLASH_PAGE_BYTES,
  FLASH_PAGE_PROGRAM_CYCLES,
  FLASH_SECTOR_BYTES,
  FLASH_SECTOR_ERASE_CYCLES,
  type FlashPort,
} from "../peripherals/flash-port.ts";
import * as cycles from "./rom-cycles.ts";
import { waitHere } from "./rom-routine.ts";
import { SlipReader, slipPacket } from "./slip.ts";

enum Command {
  FlashBegin = 0x02,
  FlashData = 0x03,
  FlashEnd = 0x04,
  MemBegin = 0x05,
  MemEnd = 0x06,
  MemData = 0x07,
  Sync = 0x08,
  WriteReg = 0x09,
  ReadReg = 0x0a,
}

/** The second status byte of an answer that failed. */
export enum LoaderError {
  None = 0,
  InvalidMessage = 0x05,
  Failed = 0x06,
  InvalidChecksum = 0x07,
  FlashWrite = 0x08,
}

/** Between two looks at the line; its FIFO holds more than arrives meanwhile. */
const LOOK_CYCLES = 500;

const DIRECTION_REQUEST = 0;
const DIRECTION_ANSWER = 1;
const HEADER_BYTES = 8;
const BLOCK_HEADER_BYTES = 16;
const CHECKSUM_SEED = 0xef;
const SYNC_ANSWERS = 8;
/** An unknown command is not echoed, which is how tools tell "unknown" from "failed". Which number stands there is assumed. */
const NO_COMMAND = 0xff;
/** Not 0, which is how tools tell this ROM from a stub that still runs. */
const SYNC_VALUE = 0x20120707;
const SYNC_PAYLOAD = Uint8Array.of(0x07, 0x07, 0x12, 0x20, ...new Array<number>(32).fill(0x55));
/** Blocks of 16 KiB and what is around them. */
const PACKET_MAX_BYTES = 0x4000 + BLOCK_HEADER_BYTES + HEADER_BYTES;
const SECTORS_PER_BLOCK = FLASH_BLOCK_BYTES / FLASH_SECTOR_BYTES;
const WORD_BYTES = 4;
export interface LoaderLine {
  /** At the start: the first byte that has arrived is to raise the interrupt, as what is loaded finds it (esptool's older stub). */
  listen(): void;
  /** The next byte that has arrived. */
  take(): number | undefined;
  readonly hasRoom: boolean;
  transmit(byte: number): void;
  /** Everything has left. */
  readonly isQuiet: boolean;
  /** Sets the speed to that of what arrives; false while nothing has. */
  adjustSpeed(): boolean;
}

/** Loads and stores as chip code does them; a fault or a register that is not there: undefined, false. */
export interface LoaderBus {
  load(address: number): number | undefined;
  store(address: number, value: number): boolean;
  /** Into RAM; false when not all of it is. */
  fill(address: number, bytes: Uint8Array): boolean;
}

export interface SerialLoaderOptions {
  line: LoaderLine;
  bus: LoaderBus;
  flash: FlashPort;
  /** Where the loader leaves to when it is told to run what is in flash, or to start again. */
  runFlash: number;
  restart: (core: RoutineContext) => void;
  /** Stack of a program that is started from RAM. */
  stackTop: number;
}

interface Load {
  /** Where the next block goes, and where all of them end. */
  address: number;
  end: number;
}

export class SerialLoader {
  readonly #options: SerialLoaderOptions;
  readonly #slip = new SlipReader(PACKET_MAX_BYTES);
  readonly #outgoing: number[] = [];
  #isSpeedKnown = false;
  #memory: Load | undefined;
  #flash: Load | undefined;
  /** What is done once everything has been sent. */
  #leave: ((core: RoutineContext) => void) | undefined;

  constructor(options: SerialLoaderOptions) {
    this.#options = options;
  }

  /** As after a reset. */
  reset(): void {
    this.#options.line.listen();
    this.#slip.reset();
    this.#outgoing.length = 0;
    this.#isSpeedKnown = false;
    this.#memory = undefined;
    this.#flash = undefined;
    this.#leave = undefined;
  }

  /** One look at the line. */
  run(core: RoutineContext): "waiting" | undefined {
    const { line } = this.#options;
    if (!this.#isSpeedKnown) this.#isSpeedKnown = line.adjustSpeed();
    while (this.#outgoing.length > 0 && line.hasRoom) line.transmit(this.#outgoing.shift() as number);
    if (this.#outgoing.length === 0) {
      if (this.#leave !== undefined) {
        if (!line.isQuiet) return waitHere(core, LOOK_CYCLES);
        const leave = this.#leave;
        this.#leave = undefined;
        leave(core);
        return undefined;
      }
      // One packet at a time: an answer leaves before the next one is looked at.
      for (let byte = line.take(); byte !== undefined; byte = line.take()) {
        const packet = this.#slip.take(byte);
        if (packet === undefined) continue;
        this.#serve(core, packet);
        break;
      }
    }
    return waitHere(core, LOOK_CYCLES);
  }

  #serve(core: RoutineContext, packet: Uint8Array): void {
    if (packet.length < HEADER_BYTES || packet[0] !== DIRECTION_REQUEST) return;
    const view = new DataView(packet.buffer);
    const command = packet[1] as number;
    const data = packet.subarray(HEADER_BYTES);
    if (view.getUint16(2, true) !== data.length) {
      this.#answer(command, 0, LoaderError.InvalidMessage);
      return;
    }
    const words = Array.from({ length: data.length >>> 2 }, (_, index) =>
      view.getUint32(HEADER_BYTES + index * WORD_BYTES, true),
    );
    const checksum = view.getUint32(4, true);
    switch (command) {
      case Command.Sync:
        this.#sync(data);
        return;
      case Command.ReadReg:
        this.#readRegister(words);
        return;
      case Command.WriteReg:
        this.#writeRegisters(core, words);
        return;
      case Command.MemBegin:
        this.#memory = loadOf(words);
        this.#answer(command, 0, this.#memory === undefined ? LoaderError.InvalidMessage : LoaderError.None);
        return;
      case Command.MemData:
        this.#answer(
          command,
          0,
          this.#block(data, words, checksum, this.#memory, (at, bytes) => this.#options.bus.fill(at, bytes)),
        );
        return;
      case Command.MemEnd:
        this.#endMemory(words);
        return;
      case Command.FlashBegin:
        this.#beginFlash(core, words);
        return;
      case Command.FlashData:
        this.#answer(
          command,
          0,
          this.#block(data, words, checksum, this.#flash, (at, bytes) => this.#toFlash(core, at, bytes)),
        );
        return;
      case Command.FlashEnd:
        this.#endFlash(words);
        return;
      default:
        for (let count = 0; count < SYNC_ANSWERS; count++) this.#answer(NO_COMMAND, 0, LoaderError.InvalidMessage);
    }
  }

  #answer(command: number, value: number, error: LoaderError): void {
    const packet = new Uint8Array(HEADER_BYTES + 2);
    const view = new DataView(packet.buffer);
    packet[0] = DIRECTION_ANSWER;
    packet[1] = command;
    view.setUint16(2, 2, true);
    view.setUint32(4, value, true);
    packet[HEADER_BYTES] = error === LoaderError.None ? 0 : 1;
    packet[HEADER_BYTES + 1] = error;
    this.#outgoing.push(...slipPacket(packet));
  }

  #sync(data: Uint8Array): void {
    if (data.length !== SYNC_PAYLOAD.length || data.some((byte, index) => byte !== SYNC_PAYLOAD[index])) {
      this.#answer(Command.Sync, 0, LoaderError.InvalidMessage);
      return;
    }
    for (let count = 0; count < SYNC_ANSWERS; count++) this.#answer(Command.Sync, SYNC_VALUE, LoaderError.None);
  }

  #readRegister([address]: number[]): void {
    const value = address === undefined || address % WORD_BYTES !== 0 ? undefined : this.#options.bus.load(address);
    this.#answer(Command.ReadReg, value ?? 0, value === undefined ? LoaderError.Failed : LoaderError.None);
  }

  /** Address, value, mask, delay in microseconds; and again, as often as they come. */
  #writeRegisters(core: RoutineContext, words: number[]): void {
    const { bus } = this.#options;
    let isDone = words.length >= 4;
    for (let index = 0; index + 4 <= words.length && isDone; index += 4) {
      const [address = 0, value = 0, mask = 0, delayUs = 0] = words.slice(index, index + 4);
      const kept = mask === 0xffffffff ? 0 : bus.load(address);
      isDone = kept !== undefined && bus.store(address, ((kept & ~mask) | (value & mask)) >>> 0);
      core.spend(delayUs * cycles.ROM_CLOCK_MHZ);
    }
    this.#answer(Command.WriteReg, 0, isDone ? LoaderError.None : LoaderError.Failed);
  }

  /** Length, number, two words of nothing, then the bytes. */
  #block(
    data: Uint8Array,
    [length]: number[],
    checksum: number,
    load: Load | undefined,
    put: (at: number, bytes: Uint8Array) => boolean,
  ): LoaderError {
    const bytes = data.subarray(BLOCK_HEADER_BYTES);
    if (load === undefined || length !== bytes.length) return LoaderError.InvalidMessage;
    if (bytes.reduce((sum, byte) => sum ^ byte, CHECKSUM_SEED) !== (checksum & 0xff))
      return LoaderError.InvalidChecksum;
    if (load.address >= load.end) return LoaderError.Failed;
    if (!put(load.address, bytes)) return LoaderError.FlashWrite;
    load.address += bytes.length;
    return LoaderError.None;
  }

  #toFlash(core: RoutineContext, at: number, bytes: Uint8Array): boolean {
    const { flash } = this.#options;
    const fits = bytes.subarray(0, Math.max(0, flash.sizeBytes - at));
    if (fits.length === 0) return false;
    flash.write(at, fits);
    core.spend(Math.ceil(bytes.length / FLASH_PAGE_BYTES) * FLASH_PAGE_PROGRAM_CYCLES);
    return true;
  }

  #beginFlash(core: RoutineContext, words: number[]): void {
    const { flash } = this.#options;
    const load = loadOf(words);
    const [eraseBytes = 0] = words;
    const isInside = load !== undefined && load.address % FLASH_SECTOR_BYTES === 0 && load.address <= flash.sizeBytes;
    this.#flash = isInside ? load : undefined;
    if (load !== undefined && isInside) {
      const sectors = erasedSectors(load.address / FLASH_SECTOR_BYTES, Math.ceil(eraseBytes / FLASH_SECTOR_BYTES));
      for (let sector = 0; sector < sectors; sector++) {
        const offset = load.address + sector * FLASH_SECTOR_BYTES;
        if (offset < flash.sizeBytes) flash.eraseSector(offset);
      }
      core.spend(sectors * FLASH_SECTOR_ERASE_CYCLES);
    }
    this.#answer(Command.FlashBegin, 0, isInside ? LoaderError.None : LoaderError.InvalidMessage);
  }

  /** 1: runs what is in flash. 0: starts again, as after a reset, by the straps of the last one. */
  #endFlash([stays]: number[]): void {
    const { runFlash, restart } = this.#options;
    this.#answer(Command.FlashEnd, 0, LoaderError.None);
    this.#leave = stays === 1 ? (core) => core.jump(runFlash) : restart;
  }

  /** 0 and an address: calls it. What returns comes back into the loader. */
  #endMemory([stays, entry]: number[]): void {
    this.#answer(Command.MemEnd, 0, entry === undefined ? LoaderError.InvalidMessage : LoaderError.None);
    if (stays !== 0 || entry === undefined) return;
    this.#leave = (core) => {
      core.set(0, core.pc);
      core.set(1, this.#options.stackTop);
      core.jump(entry);
    };
  }
}

/** Bytes, blocks, bytes of a block, address. */
function loadOf([, blocks, blockBytes, address]: number[]): Load | undefined {
  if (blocks === undefined || blockBytes === undefined || address === undefined) return undefined;
  return { address, end: address + blocks * blockBytes };
}

/** The head, up to the end of its block of 64 KiB, is counted twice. */
function erasedSectors(first: number, sectors: number): number {
  const head = Math.min(sectors, SECTORS_PER_BLOCK - (first % SECTORS_PER_BLOCK));
  return sectors + head;
}
