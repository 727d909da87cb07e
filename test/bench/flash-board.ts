/**
 * A counter on a virtual board that starts from its flash, in virtual time, with the model server of the power-cut runs beside
 * it: years of readings take minutes. Its queue is watched from outside, by what it writes.
 */
import type { DeviceLife } from "../../runtime/board/device-life.ts";
import { Flash, type FlashOperation } from "../../runtime/board/flash.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { FLASH_QUEUE_OFFSET, FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import { NetStatus } from "../../runtime/contract/host-abi.ts";
import { QUEUE_DROPPED_OFFSET, QUEUE_FIRST_OFFSET, QUEUE_HEADER_BYTES } from "../../runtime/contract/queue-format.ts";
import type { Engine } from "../../tools/build/compile-program.ts";
import { createFlashDevice } from "../../tools/build/create-device.ts";
import { ModelNetwork } from "../powercut/model-network.ts";
import { ModelServer } from "../powercut/model-server.ts";
import { freshState } from "../powercut/server-state.ts";
import { type CounterImages, flashCounter } from "./counter-images.ts";

const START_UNIX_MS = 1_790_000_000_000;
const MAC = Uint8Array.of(0x02, 0x4c, 0x4e, 0x54, 0, 1);

/** A header of the queue on its way to flash. */
export interface HeaderWrite {
  atMs: number;
  /** Sequence number of the first reading behind it. */
  first: number;
  dropped: number;
}

export class FlashBoard {
  readonly time = new VirtualTime({ startUnixMs: START_UNIX_MS });
  readonly flash: Flash;
  readonly device: DeviceLife;
  readonly server = freshState();
  isServerUp = true;
  lastHeader: HeaderWrite = { atMs: 0, first: 1, dropped: 0 };
  /** Bytes of the queue's head that are written. */
  headBytes = 0;

  constructor(images: CounterImages, engine: Engine, regionBytes: number) {
    const random = new SeededRandom(1);
    const { time, server } = this;
    this.flash = new Flash({ regionBytes });
    flashCounter(this.flash, images);
    this.flash.onOperation = (operation) => this.#watch(operation);
    const isUp = () => this.isServerUp;
    const network = new ModelNetwork({
      time,
      server: new ModelServer({
        state: server,
        shelf: { images: new Map(), patches: new Map() },
        unixMs: () => time.unixMs(),
        accepts: () => true,
        // The connection that is open when the server goes away ends with it.
        killsAt: () => !isUp(),
      }),
      joinResult: () => NetStatus.Up,
      isServerUp: isUp,
    });
    const board = new VirtualBoard({ time, random, network, mac: MAC, flash: this.flash });
    this.device = createFlashDevice(engine, board, { onAllocation: "error" });
  }

  get queueSectors(): number {
    return (this.flash.regionBytes - FLASH_QUEUE_OFFSET) / FLASH_SECTOR_BYTES;
  }

  /** Readings that the server has, or knows to be lost: the device numbers them from 1. */
  get watermark(): number {
    return Math.max(0, ...this.server.watermarks.values());
  }

  #watch({ kind, offset, data }: FlashOperation): undefined {
    if (kind !== "write" || offset < FLASH_QUEUE_OFFSET) return;
    const at = offset % FLASH_SECTOR_BYTES;
    this.headBytes = at + data.length;
    // A header that is all zeros makes the sector's old one void.
    if (at !== 0 || data.length !== QUEUE_HEADER_BYTES || data.every((byte) => byte === 0)) return;
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    this.lastHeader = {
      atMs: this.time.nowMs(),
      first: view.getUint32(QUEUE_FIRST_OFFSET, true),
      dropped: view.getUint32(QUEUE_DROPPED_OFFSET, true),
    };
  }
}
