/** Orders for the host on this machine (test/native/fake-sdk/driver.cpp), collected, then run in one process: one start of a chip. */
import { spawnSync } from "node:child_process";
import { Flash } from "../../../runtime/board/flash.ts";
import { writeUnsignedImage } from "../../../runtime/board/unsigned-image.ts";
import { FLASH_BOOT_OFFSET, FLASH_REGION_CHIP_OFFSET } from "../../../runtime/contract/flash-map.ts";
import { IMAGE_HEADER_BYTES, ImageArch } from "../../../runtime/contract/image-header.ts";
import { PROGRAM_DATA_OFFSET } from "../../../runtime/contract/limits.ts";
import {
  FLASH_MAP_ADDRESS,
  NATIVE_IMAGE_MAGIC,
  NativeImageWord,
  PROGRAM_RAM_ADDRESS,
} from "../../../runtime/contract/native-image.ts";

const MIB = 0x100000;
/** JEDEC ids as the SDK tells them, manufacturer in the lowest byte: boards/esp-01.json. */
export const WINBOND = 0x1440ef;
export const PUYA = 0x146085;

export const RAM_BYTES = 0x4000;
/** Where a program's own memory begins. */
export const DATA = PROGRAM_RAM_ADDRESS + PROGRAM_DATA_OFFSET;
export const RAM_END = PROGRAM_RAM_ADDRESS + RAM_BYTES;

const CODE_BYTES = 16;
const PAYLOAD_BYTES = 96;

/** A native program with room for three jumps. */
export function nativePayload(words: Partial<Record<NativeImageWord, number>> = {}): Uint8Array {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const view = new DataView(payload.buffer);
  const header: Record<number, number> = {
    [NativeImageWord.Magic]: NATIVE_IMAGE_MAGIC,
    [NativeImageWord.ImageBytes]: PAYLOAD_BYTES,
    [NativeImageWord.RamBytes]: RAM_BYTES,
    [NativeImageWord.Init]: 32,
    [NativeImageWord.Start]: 32 + CODE_BYTES,
    [NativeImageWord.Poll]: 32 + 2 * CODE_BYTES,
    ...words,
  };
  for (const [word, value] of Object.entries(header)) view.setUint32(4 * Number(word), value, true);
  return payload;
}

/** What came of a script. */
export interface Outcome {
  /** Results of calls, in order. */
  results: number[];
  /** Every line. */
  lines: string[];
}

export class HostScript {
  readonly #lines: string[] = [];

  constructor({ flashMiB = 1, chipId = WINBOND } = {}) {
    this.order("flash", flashMiB * MIB, chipId);
  }

  /** A chip with a program at the start of the Lintel region, switched on: `init`, `start` and the first poll are behind it. */
  static running(options: { flashMiB?: number; chipId?: number } = {}): HostScript {
    return new HostScript(options).image(FLASH_BOOT_OFFSET).order("on", 0).order("run", 3);
  }

  order(...words: (string | number)[]): this {
    this.#lines.push(words.join(" "));
    return this;
  }

  /** `payloadWords` and `headerWords` overwrite words, by index and by offset; without jumps nothing can be called. */
  image(
    offset: number,
    payloadWords: Partial<Record<NativeImageWord, number>> = {},
    headerWords: Record<number, number> = {},
    hasJumps = true,
  ): this {
    const flash = new Flash();
    const payload = nativePayload(payloadWords);
    writeUnsignedImage(flash, offset, ImageArch.Lx106, payload, headerWords);
    const bytes = new Uint8Array(IMAGE_HEADER_BYTES + payload.length);
    flash.read(offset, bytes);
    this.put(FLASH_MAP_ADDRESS + FLASH_REGION_CHIP_OFFSET + offset, bytes);
    return hasJumps ? this.order("program", offset + IMAGE_HEADER_BYTES) : this;
  }

  call(name: string, ...args: number[]): this {
    return this.order("call", name, ...args);
  }

  put(address: number, bytes: Uint8Array | string): this {
    const given = Buffer.from(bytes);
    return given.length === 0 ? this : this.order("put", address, given.toString("hex"));
  }

  get(address: number, sizeBytes: number): this {
    return this.order("get", address, sizeBytes);
  }

  run(driver: string): Outcome {
    const { stdout, stderr, status, signal } = spawnSync(driver, {
      input: `${this.#lines.join("\n")}\n`,
      encoding: "utf8",
      maxBuffer: 1 << 28,
      // Objects that live as long as the chip does are no leak.
      env: { ...process.env, ASAN_OPTIONS: "detect_leaks=0" },
    });
    const lines = stdout.split("\n").filter((line) => line !== "");
    if (status !== 0) {
      throw new Error(
        `The host ended (${status ?? signal}): ${lines.at(-1) ?? "it said nothing"}\n${stderr.slice(0, 2000)}`,
      );
    }
    return { lines, results: lines.filter((line) => line.startsWith("= ")).map((line) => Number(line.slice(2))) };
  }
}

/** Lines of one kind, without the word that says so. */
export function linesOf({ lines }: Outcome, kind: string): string[] {
  return lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
}

export function bytesOf(outcome: Outcome): Buffer[] {
  return linesOf(outcome, "bytes").map((hex) => Buffer.from(hex, "hex"));
}
