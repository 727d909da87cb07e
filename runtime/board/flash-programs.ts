/**
 * The programs of a device that starts out of its flash: the boot image first, then whatever it hands over to. Images are
 * compiled once for all devices of a process.
 */
import { createHash } from "node:crypto";
import { HostError } from "../contract/error-codes.ts";
import { FLASH_BOOT_OFFSET } from "../contract/flash-map.ts";
import { LogLevel } from "../contract/host-abi.ts";
import type { ImageArch } from "../contract/image-header.ts";
import { readFlashImage } from "./flash-image.ts";
import type { ProgramSource } from "./program-engine.ts";
import type { VirtualBoard } from "./virtual-board.ts";

/** Compiled programs that are kept for devices to come; those that run are kept by their devices. */
const CACHED_MAX = 64;

/** A payload at this offset of flash as a program, or why it is none. */
export type Compile<P> = (payload: Uint8Array, offset: number) => P | string;

export class ProgramCache<P extends object> {
  readonly arch: ImageArch;
  readonly #compile: Compile<P>;
  readonly #keyOffset: boolean;
  /** In the order of their last use. */
  readonly #programs = new Map<string, P>();

  /** `isPlaced`: the same payload at another offset is another program. */
  constructor(arch: ImageArch, isPlaced: boolean, compile: Compile<P>) {
    this.arch = arch;
    this.#keyOffset = isPlaced;
    this.#compile = compile;
  }

  get size(): number {
    return this.#programs.size;
  }

  get(payload: Uint8Array, offset: number): P | string {
    const digest = createHash("sha256").update(payload).digest("hex");
    const key = this.#keyOffset ? `${digest} ${offset}` : digest;
    const program = this.#programs.get(key) ?? this.#compile(payload, offset);
    if (typeof program === "string") return program;
    this.#programs.delete(key);
    this.#programs.set(key, program);
    const [oldest] = this.#programs.keys();
    if (this.#programs.size > CACHED_MAX && oldest !== undefined) this.#programs.delete(oldest);
    return program;
  }
}

export class FlashPrograms<P extends object> implements ProgramSource<P> {
  readonly #board: VirtualBoard;
  readonly #cache: ProgramCache<P>;
  #chosen: P | undefined;

  constructor(board: VirtualBoard, cache: ProgramCache<P>) {
    this.#board = board;
    this.#cache = cache;
  }

  get chosen(): P {
    if (this.#chosen === undefined) throw new Error("No image was chosen.");
    return this.#chosen;
  }

  choose(offset = FLASH_BOOT_OFFSET): number {
    const image = readFlashImage(this.#board.flash, offset, this.#cache.arch);
    if (typeof image === "string") return this.#refuse(offset, image);
    const program = this.#cache.get(image.payload, offset);
    if (typeof program === "string") return this.#refuse(offset, program);
    this.#chosen = program;
    this.#board.slot = image.slot;
    return 0;
  }

  #refuse(offset: number, reason: string): HostError {
    const level = offset === FLASH_BOOT_OFFSET ? LogLevel.Error : LogLevel.Warning;
    this.#board.log(level, `the image at 0x${offset.toString(16).padStart(5, "0")} does not run: ${reason}`);
    return HostError.BadArgument;
  }
}
