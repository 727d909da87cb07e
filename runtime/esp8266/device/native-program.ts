/**
 * A native program: the image of contract/native-image.ts, checked once, and what a compiler knows about the places in it.
 * Any number of devices can run it, and they share one emulated chip (native-machine.ts).
 */
import { imageAreaAt } from "../../board/flash-image.ts";
import { FLASH_REGION_CHIP_OFFSET, FLASH_SLOT_A_OFFSET } from "../../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../contract/image-header.ts";
import { PROGRAM_DATA_OFFSET } from "../../contract/limits.ts";
import {
  FLASH_MAP_ADDRESS,
  NATIVE_IMAGE_HEADER_BYTES,
  NATIVE_IMAGE_MAGIC,
  NativeImageWord,
  PROGRAM_RESERVED_BYTES,
} from "../../contract/native-image.ts";
import { hex } from "../emulator-error.ts";

const WORD_BYTES = 4;

/** Bytes that are not a native program; the message names every reason. */
export class NativeProgramError extends Error {
  constructor(reasons: string[]) {
    super(`This is not a native program: ${reasons.join("; ")}.`);
    this.name = "NativeProgramError";
  }
}

/** What a compiler tells about an image, so that a crash can be told with its place. Offsets count from the image's start. */
export interface ProgramSymbols {
  functions?: readonly { name: string; offset: number; sizeBytes: number }[];
  trapSites?: readonly { offset: number; trap: string }[];
}

/** Addresses of the functions that a host calls; undefined: the program has none. */
export interface ProgramEntries {
  init: number;
  start: number;
  poll: number;
  heapUsed: number | undefined;
  heapLimit: number | undefined;
}

export class NativeProgram {
  readonly image: Uint8Array;
  /** Where its first byte stands on the chip's flash, and in the address space. */
  readonly flashOffset: number;
  readonly address: number;
  /** Where its image begins in the Lintel region. */
  readonly regionOffset: number;
  /** From PROGRAM_RAM_ADDRESS on. */
  readonly ramBytes: number;
  readonly entries: ProgramEntries;
  readonly #symbols: ProgramSymbols;

  /** Empty without symbols. */
  get functions(): NonNullable<ProgramSymbols["functions"]> {
    return this.#symbols.functions ?? [];
  }

  private constructor(image: Uint8Array, flashOffset: number, symbols: ProgramSymbols) {
    this.image = image;
    this.flashOffset = flashOffset;
    this.address = FLASH_MAP_ADDRESS + flashOffset;
    this.regionOffset = flashOffset - FLASH_REGION_CHIP_OFFSET - IMAGE_HEADER_BYTES;
    this.#symbols = symbols;
    const word = wordsOf(image);
    this.ramBytes = word(NativeImageWord.RamBytes);
    const optional = (index: NativeImageWord) => (word(index) === 0 ? undefined : this.address + word(index));
    this.entries = {
      init: this.address + word(NativeImageWord.Init),
      start: this.address + word(NativeImageWord.Start),
      poll: this.address + word(NativeImageWord.Poll),
      heapUsed: optional(NativeImageWord.HeapUsed),
      heapLimit: optional(NativeImageWord.HeapLimit),
    };
  }

  /**
   * `offset` is that of the image header before it, in the Lintel region: a slot or the boot area. Throws a
   * NativeProgramError when the bytes are not an image that a device can run there.
   */
  static load(image: Uint8Array, symbols: ProgramSymbols = {}, offset = FLASH_SLOT_A_OFFSET): NativeProgram {
    if (image.length < NATIVE_IMAGE_HEADER_BYTES) {
      throw new NativeProgramError([`it has ${image.length} bytes, its header alone ${NATIVE_IMAGE_HEADER_BYTES}`]);
    }
    const word = wordsOf(image);
    const reasons = [...sizeFaults(word, image.length, offset), ...entryFaults(word, image.length)];
    // Without the magic the other words mean nothing.
    if (word(NativeImageWord.Magic) !== NATIVE_IMAGE_MAGIC) {
      reasons.splice(
        0,
        reasons.length,
        `it begins with ${hex(word(NativeImageWord.Magic))}, not ${hex(NATIVE_IMAGE_MAGIC)}`,
      );
    }
    if (reasons.length > 0) throw new NativeProgramError(reasons);
    return new NativeProgram(image.slice(), FLASH_REGION_CHIP_OFFSET + offset + IMAGE_HEADER_BYTES, symbols);
  }

  /** The trap whose instruction stands at an address. */
  trapAt(address: number): string | undefined {
    return this.#symbols.trapSites?.find(({ offset }) => this.address + offset === address)?.trap;
  }

  /** `0x402cc1e3 (poll + 0x11)`. */
  describe(address: number): string {
    const offset = address - this.address;
    const found = this.#symbols.functions?.find((fn) => offset >= fn.offset && offset < fn.offset + fn.sizeBytes);
    return found === undefined ? hex(address) : `${hex(address)} (${found.name} + ${hex(offset - found.offset, 1)})`;
  }
}

type Words = (index: NativeImageWord) => number;

function wordsOf(image: Uint8Array): Words {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  return (index) => view.getUint32(index * WORD_BYTES, true);
}

function sizeFaults(word: Words, imageBytes: number, offset: number): string[] {
  const faults: string[] = [];
  const saidBytes = word(NativeImageWord.ImageBytes);
  const ramBytes = word(NativeImageWord.RamBytes);
  if (imageBytes < saidBytes) faults.push(`it is truncated: ${imageBytes} of ${saidBytes} bytes`);
  if (imageBytes > saidBytes) faults.push(`${imageBytes - saidBytes} bytes follow its end`);
  const roomBytes = (imageAreaAt(offset)?.sizeBytes ?? 0) - IMAGE_HEADER_BYTES;
  if (imageBytes > roomBytes) faults.push(`its ${imageBytes} bytes do not fit the ${roomBytes} at ${hex(offset, 1)}`);
  if (ramBytes > PROGRAM_RESERVED_BYTES) {
    faults.push(`it needs ${ramBytes} bytes of RAM, a host reserves ${PROGRAM_RESERVED_BYTES}`);
  }
  if (ramBytes < PROGRAM_DATA_OFFSET || ramBytes % WORD_BYTES !== 0) {
    faults.push(`its RAM of ${ramBytes} bytes is not a number of words that holds the host's table`);
  }
  return faults;
}

function entryFaults(word: Words, imageBytes: number): string[] {
  const faults: string[] = [];
  for (const name of ["Init", "Start", "Poll", "HeapUsed", "HeapLimit"] as const) {
    const offset = word(NativeImageWord[name]);
    const isRequired = name === "Init" || name === "Start" || name === "Poll";
    if (offset === 0 && isRequired) faults.push(`it has no ${name}`);
    else if (offset !== 0 && (offset < NATIVE_IMAGE_HEADER_BYTES || offset >= imageBytes)) {
      faults.push(`its ${name} at ${hex(offset, 1)} lies outside of its code`);
    }
  }
  return faults;
}
