/**
 * A board at the end of a serial cable that starts what was flashed onto it: the chip with its ROM (serial-chip.ts) until the
 * emulated host begins, then the virtual board and the programs in its flash. Both see one flash; the cable belongs to the chip,
 * then to the board's serial line. In real time.
 */
import { readBoardId } from "../../board/board-id.ts";
import { Flash } from "../../board/flash.ts";
import { type BoardOptions, VirtualBoard } from "../../board/virtual-board.ts";
import { FLASH_REGION_BYTES, FLASH_REGION_CHIP_OFFSET, FLASH_REGION_MAX_BYTES } from "../../contract/flash-map.ts";
import { ResetReason } from "../../contract/host-abi.ts";
import { SERIAL_BAUD } from "../../contract/limits.ts";
import { FLASH_SECTOR_BYTES } from "../peripherals/flash-port.ts";
import { STRAP_GPIO0, STRAP_GPIO2, STRAP_GPIO15 } from "../peripherals/gpio.ts";
import { BoardPins } from "./board-pins.ts";
import { NativeDevice } from "./native-device.ts";
import { SerialChip, type SerialChipOptions } from "./serial-chip.ts";

const MIB = 0x100000;
const ERASED = 0xff;

export interface FlashedBoardOptions extends Omit<BoardOptions, "flash" | "boardId" | "slot" | "printsOnSerial"> {
  /** Content of the whole flash chip, 1 MiB or more; the board changes it. */
  content: Uint8Array;
  /** Of the chip on the cable; see SerialChip. */
  cable?: Pick<SerialChipOptions, "flashId" | "romMagic" | "disturb" | "onStuck">;
}

export class FlashedBoard {
  readonly chip: SerialChip;
  readonly board: VirtualBoard;
  readonly device: NativeDevice;
  readonly #content: Uint8Array;

  constructor({ content, cable, ...options }: FlashedBoardOptions) {
    this.#content = content;
    const spareBytes = content.length - MIB;
    const flash = new Flash({ regionBytes: Math.min(FLASH_REGION_BYTES + spareBytes, FLASH_REGION_MAX_BYTES) });
    this.board = new VirtualBoard({ ...options, flash, printsOnSerial: true });
    this.device = NativeDevice.fromFlash(this.board);
    this.chip = new SerialChip({
      flash: content,
      mac: options.mac,
      rtcMemory: this.board.power,
      pins: new BoardPins(this.board.pins),
      straps: () => this.#straps(),
      onHost: () => this.#start(),
      onReset: () => this.device.hold(),
      onHostBytes: (bytes) => this.board.serial.send(bytes),
      ...cable,
    });
    this.board.serial.onBytes = (bytes) => this.chip.sayAsHost(bytes, SERIAL_BAUD);
    this.#load();
    flash.onChanged = (offset, sizeBytes) => this.#keep(offset, sizeBytes);
  }

  powerOn(): void {
    this.chip.powerOn();
  }

  powerOff(): void {
    this.chip.powerOff();
    this.device.powerCut();
  }

  /** What is wired to these pins decides how the chip starts (ESP8266EX datasheet, 2). */
  #straps(): number {
    const { pins } = this.board;
    const strap = (pin: number, mask: number) => (pins.levelAtReset(pin) === 1 ? mask : 0);
    return strap(15, STRAP_GPIO15) | strap(0, STRAP_GPIO0) | strap(2, STRAP_GPIO2);
  }

  #start(): void {
    this.#load();
    this.board.boardId = readBoardId(this.board.flash);
    if (this.device.isPowered) this.device.reset(ResetReason.External);
    else this.device.powerOn();
  }

  /** What the chip's flash has become since: the loader, or its stub, was at work. */
  #load(): void {
    const { flash } = this.board;
    const { onChanged } = flash;
    flash.onChanged = undefined;
    const known = new Uint8Array(FLASH_SECTOR_BYTES);
    for (let offset = 0; offset < flash.regionBytes; offset += FLASH_SECTOR_BYTES) {
      const start = FLASH_REGION_CHIP_OFFSET + offset;
      const sector = this.#content.subarray(start, start + FLASH_SECTOR_BYTES);
      flash.read(offset, known);
      if (Buffer.compare(known, sector) === 0) continue;
      flash.erase(offset);
      if (sector.some((byte) => byte !== ERASED)) flash.write(offset, sector);
    }
    flash.onChanged = onChanged;
  }

  #keep(offset: number, sizeBytes: number): void {
    const start = FLASH_REGION_CHIP_OFFSET + offset;
    this.board.flash.read(offset, this.#content.subarray(start, start + sizeBytes));
  }
}
