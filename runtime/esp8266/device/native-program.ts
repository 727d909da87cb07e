/**
 * A native program: the image of contract/native-image.ts, checked once, and what a compiler knows about the places in it.
 * Any number of devices can run it, and they share one emulated chip (native-machine.ts).
 */
import { FLASH_REGION_CHIP_OFFSET, FLASH_SLOT_A_OFFSET, FLASH_SLOT_BYTES } from "../../contract/flash-map.ts";
import { PROGRAM_DATA_OFFSET } from "../../contract/limits.ts";
import {
  FLASH_MAP_ADDRESS,
  NATIVE_IMAGE_HEADER_BYTES,
  NATIVE_IMAGE_MAGIC,
  NativeImageWord,
  PROGRAM_RESERVED_BYTES,
} from "../../contract/native-image.ts";
import { hex } from "../emulator-error.ts";

/** Where the image stands in flash, and in the address space. */
export const IMAGE_FLASH_OFFSET = FLASH_REGION_CHIP_OFFSET + FLASH_SLOT_A_OFFSET;
export const IMAGE_ADDRESS = FLASH_MAP_ADDRESS + IMAGE_FLASH_OFFSET;

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
  /** From PROGRAM_RAM_ADDRESS on. */
  readonly ramBytes: number;
  readonly entries: ProgramEntries;
  readonly #symbols: ProgramSymbols;

  /** Empty without symbols. */
  get functions(): NonNullable<ProgramSymbols["functions"]> {
    return this.#symbols.functions ?? [];
  }

  private constructor(image: Uint8Array, ramBytes: number, entries: ProgramEntries, symbols: ProgramSymbols) {
    this.image = image;
    this.ramBytes = ramBytes;
    this.entries = entries;
    this.#symbols = symbols;
  }

  /** Throws a NativeProgramError when the bytes are not an image that a device can run. */
  static load(image: Uint8Array, symbols: ProgramSymbols = {}): NativeProgram {
    if (image.length < NATIVE_IMAGE_HEADER_BYTES) {
      throw new NativeProgramError([`it has ${image.length} bytes, its header alone ${NATIVE_IMAGE_HEADER_BYTES}`]);
    }
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    const word = (index: NativeImageWord) => view.getUint32(index * WORD_BYTES, true);
    const reasons = [...sizeFaults(word, image.length), ...entryFaults(word, image.length)];
    // Without the magic the other words mean nothing.
    if (word(NativeImageWord.Magic) !== NATIVE_IMAGE_MAGIC) {
      reasons.splice(
        0,
        reasons.length,
        `it begins with ${hex(word(NativeImageWord.Magic))}, not ${hex(NATIVE_IMAGE_MAGIC)}`,
      );
    }
    if (reasons.length > 0) throw new NativeProgramError(reasons);
    const optional = (index: NativeImageWord) => (word(index) === 0 ? undefined : IMAGE_ADDRESS + word(index));
    const entries = {
      init: IMAGE_ADDRESS + word(NativeImageWord.Init),
      start: IMAGE_ADDRESS + word(NativeImageWord.Start),
      poll: IMAGE_ADDRESS + word(NativeImageWord.Poll),
      heapUsed: optional(NativeImageWord.HeapUsed),
      heapLimit: optional(NativeImageWord.HeapLimit),
    };
    return new NativeProgram(image.slice(), word(NativeImageWord.RamBytes), entries, symbols);
  }

  /** The trap whose instruction stands at an address. */
  trapAt(address: number): string | undefined {
    return this.#symbols.trapSites?.find(({ offset }) => IMAGE_ADDRESS + offset === address)?.trap;
  }

  /** `0x402c6123 (poll + 0x11)`. */
  describe(address: number): string {
    const offset = address - IMAGE_ADDRESS;
    const found = this.#symbols.functions?.find((fn) => offset >= fn.offset && offset < fn.offset + fn.sizeBytes);
    return found === undefined ? hex(address) : `${hex(address)} (${found.name} + ${hex(offset - found.offset, 1)})`;
  }
}

type Words = (index: NativeImageWord) => number;

function sizeFaults(word: Words, imageBytes: number): string[] {
  const faults: string[] = [];
  const saidBytes = word(NativeImageWord.ImageBytes);
  const ramBytes = word(NativeImageWord.RamBytes);
  if (imageBytes < saidBytes) faults.push(`it is truncated: ${imageBytes} of ${saidBytes} bytes`);
  if (imageBytes > saidBytes) faults.push(`${imageBytes - saidBytes} bytes follow its end`);
  if (imageBytes > FLASH_SLOT_BYTES) faults.push(`its ${imageBytes} bytes do not fit a slot of ${FLASH_SLOT_BYTES}`);
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
