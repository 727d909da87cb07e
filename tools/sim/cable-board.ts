/** A board of boards/ as it comes out of its bag, on a virtual serial cable: flash of its size and id, a MAC, nothing in it. */
import type { Network } from "../../runtime/board/network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import type { TimeSource } from "../../runtime/board/time-source.ts";
import type { LogSink } from "../../runtime/board/virtual-board.ts";
import { FlashedBoard, type FlashedBoardOptions } from "../../runtime/esp8266/device/flashed-board.ts";
import type { Board } from "../build/board-schema.ts";

const MIB = 0x100000;
const ERASED = 0xff;

export interface CableBoardOptions {
  board: Board;
  /** 6 bytes. */
  mac: Uint8Array;
  time: TimeSource;
  network: Network;
  seed: number;
  /** What is in its flash; absent: all ones. */
  content?: Uint8Array;
  log?: LogSink;
  /** Otherwise than usual. */
  cable?: FlashedBoardOptions["cable"];
}

export function cableBoard({ board, mac, seed, content, cable, ...options }: CableBoardOptions): FlashedBoard {
  const flashId = usualFlashId(board);
  return new FlashedBoard({
    ...options,
    mac,
    content: content ?? new Uint8Array(board.flash.sizeMiB * MIB).fill(ERASED),
    random: new SeededRandom(seed),
    cable: { ...(flashId === undefined ? {} : { flashId }), ...cable },
  });
}

/** JEDEC, manufacturer in the lowest byte; undefined: the board file names none. */
export function usualFlashId({ flash }: Board): number | undefined {
  const [chip] = flash.chips;
  if (chip === undefined) return undefined;
  const device = Number.parseInt(chip.device, 16);
  return Number.parseInt(chip.manufacturer, 16) | ((device >>> 8) << 8) | ((device & 0xff) << 16);
}
