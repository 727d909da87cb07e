/**
 * The address space: what the chip's own accesses do beyond the fast path of the engines (access rules, peripherals,
 * flash cache), and a debugger's view of the same bytes without rules.
 *
 * An engine that cannot serve an access itself calls `load` or `store`. They never throw for events on the chip: `fault`
 * is then the cause of an exception, otherwise NO_FAULT. What is not emulated throws an EmulatorError.
 *
 * Assumed, since no document says it: an access inside the permitted half of the address space where the chip has no
 * memory raises LoadStoreError, as do stores to flash and ROM.
 */
import type { MemoryAccess, Peripheral } from "../bus.ts";
import { CACHE_MISS_CYCLES } from "../core/cycle-model.ts";
import { ExceptionCause } from "../core/exception-causes.ts";
import { EmulatorError, hex } from "../emulator-error.ts";
import { Memory, WASM_PAGE_BYTES, type WasmMemory } from "../webassembly-api.ts";
import {
  DRAM_ADDRESS,
  DRAM_BYTES,
  FIRST_PERMITTED_ADDRESS,
  FLASH_WINDOW_ADDRESS,
  FLASH_WINDOW_BYTES,
  IRAM_ADDRESS,
  IRAM_BYTES,
  LAST_PERMITTED_ADDRESS,
  PERIPHERAL_WINDOWS,
  ROM_ADDRESS,
  ROM_BYTES,
} from "./address-map.ts";
import { CACHE_LINE_SHIFT, FlashCache } from "./flash-cache.ts";
import { CACHE_PRESENT, DRAM_HOST, DRAM_TOUCHED, EXTRA_HOST, FLASH_HOST, IRAM_CODE, IRAM_HOST } from "./host-layout.ts";

export const NO_FAULT = -1;

/** RAM that a real chip does not have, for test benches: any width of access, instructions too. */
export interface ExtraRam {
  readonly address: number;
  readonly sizeBytes: number;
}

/** A stretch of the address space with bytes behind it. */
export interface Region {
  readonly name: string;
  readonly address: number;
  readonly sizeBytes: number;
  /** Offset in the WebAssembly memory. */
  readonly host: number;
  readonly writable: boolean;
  readonly executable: boolean;
  /** Flash and IRAM: whole words only. */
  readonly wordsOnly: boolean;
  /** Offset of a byte for each byte that tells whether code was decoded from it; 0: cannot be written by chip code. */
  readonly codeMap: number;
}

export class MemorySpace implements MemoryAccess {
  readonly wasm: WasmMemory;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Int32Array;
  readonly view: DataView;
  readonly cache: FlashCache;
  readonly regions: readonly Region[];
  /** RAM of the options, in their order. */
  readonly extra: readonly Region[];
  /** Cause of the exception that the last access raises. */
  fault = NO_FAULT;
  /** Cycles that the last access took beyond the instruction itself. */
  stallCycles = 0;
  /** The last access may have changed what comes next: a peripheral was used, code was changed, a line was fetched. */
  attention = false;
  /** Told when bytes that code was decoded from change. */
  onCodeChanged: () => void = () => {};
  /** The line of the flash cache costs cycles; without (tests of a compiler) flash is as fast as RAM. */
  #cachePenalty = CACHE_MISS_CYCLES;
  #peripherals: readonly Peripheral[] = [];

  constructor(extraRam: readonly ExtraRam[] = []) {
    let host = EXTRA_HOST;
    this.extra = extraRam.map(({ address, sizeBytes }, index): Region => {
      const size = (sizeBytes + 15) & ~15;
      const region = { host, codeMap: host + size, address, sizeBytes };
      host += 2 * size;
      return { ...region, name: `RAM ${index}`, writable: true, executable: true, wordsOnly: false };
    });
    this.regions = [...CHIP_REGIONS, ...this.extra];
    const pages = Math.ceil(host / WASM_PAGE_BYTES);
    this.wasm = new Memory({ initial: pages, maximum: pages });
    this.bytes = new Uint8Array(this.wasm.buffer);
    this.halves = new Uint16Array(this.wasm.buffer);
    this.words = new Int32Array(this.wasm.buffer);
    this.view = new DataView(this.wasm.buffer);
    this.cache = new FlashCache(
      this.bytes.subarray(CACHE_PRESENT, CACHE_PRESENT + (FLASH_WINDOW_BYTES >> CACHE_LINE_SHIFT)),
    );
    this.#checkOverlaps();
  }

  /** Puts peripherals into the address space; they need the core's clock, and the core needs the memory. */
  attach(peripherals: readonly Peripheral[]): void {
    this.#peripherals = [...this.#peripherals, ...peripherals];
    this.#checkOverlaps();
  }

  #checkOverlaps(): void {
    const blocks = [...this.regions, ...this.#peripherals].sort((a, b) => a.address - b.address);
    blocks.forEach((block, index) => {
      const next = blocks[index + 1];
      if (block.address % 4 !== 0 || block.sizeBytes % 4 !== 0 || block.sizeBytes <= 0)
        throw new EmulatorError("setup", `${block.name} at ${hex(block.address)} does not consist of whole words.`);
      if (next && block.address + block.sizeBytes > next.address)
        throw new EmulatorError("setup", `${block.name} and ${next.name} overlap at ${hex(next.address)}.`);
    });
  }

  regionAt(address: number): Region | undefined {
    const wanted = address >>> 0;
    for (const region of this.regions)
      if (wanted - region.address < region.sizeBytes && wanted >= region.address) return region;
    return undefined;
  }

  /** A load of `sizeBytes` (1, 2, 4) by chip code; the value without sign, as an int32 when it is a word. */
  load(address: number, sizeBytes: number): number {
    this.fault = NO_FAULT;
    this.stallCycles = 0;
    if ((address & (sizeBytes - 1)) !== 0) return this.#fail(ExceptionCause.LoadStoreAlignment);
    const region = this.regionAt(address);
    if (!region) return this.#loadElsewhere(address >>> 0, sizeBytes);
    if (region.wordsOnly && sizeBytes !== 4) return this.#fail(ExceptionCause.LoadStoreError);
    const offset = (address >>> 0) - region.address;
    if (region.address === FLASH_WINDOW_ADDRESS) this.#touchLine(offset >>> CACHE_LINE_SHIFT);
    const host = region.host + offset;
    if (sizeBytes === 4) return this.words[host >>> 2] as number;
    return sizeBytes === 2 ? (this.halves[host >>> 1] as number) : (this.bytes[host] as number);
  }

  /** A store of the lowest `sizeBytes` of `value` by chip code. */
  store(address: number, sizeBytes: number, value: number): void {
    this.fault = NO_FAULT;
    this.stallCycles = 0;
    if ((address & (sizeBytes - 1)) !== 0) {
      this.#fail(ExceptionCause.LoadStoreAlignment);
      return;
    }
    const region = this.regionAt(address);
    if (!region) {
      this.#storeElsewhere(address >>> 0, sizeBytes, value);
      return;
    }
    if (!region.writable || (region.wordsOnly && sizeBytes !== 4)) {
      this.#fail(ExceptionCause.LoadStoreError);
      return;
    }
    const offset = (address >>> 0) - region.address;
    this.#put(region.host + offset, sizeBytes, value);
    if (region.address === DRAM_ADDRESS) this.#put(DRAM_TOUCHED + offset, sizeBytes, 0x01010101);
    else this.#noteCodeChange(region, offset, sizeBytes);
  }

  #put(host: number, sizeBytes: number, value: number): void {
    if (sizeBytes === 4) this.words[host >>> 2] = value;
    else if (sizeBytes === 2) this.halves[host >>> 1] = value;
    else this.bytes[host] = value;
  }

  #noteCodeChange(region: Region, offset: number, length: number): void {
    if (region.codeMap === 0) return;
    for (let index = 0; index < length; index++) {
      if (this.bytes[region.codeMap + offset + index] === 0) continue;
      this.attention = true;
      this.onCodeChanged();
      return;
    }
  }

  /** Fetches the line of an instruction if it is missing; the cycles that this takes. */
  fetchLine(line: number): number {
    if (this.cache.present[line] !== 0) return 0;
    this.cache.fill(line);
    return this.#cachePenalty;
  }

  #touchLine(line: number): void {
    this.stallCycles = this.fetchLine(line);
    if (this.stallCycles !== 0) this.attention = true;
  }

  #fail(cause: ExceptionCause): number {
    this.fault = cause;
    return 0;
  }

  #loadElsewhere(address: number, sizeBytes: number): number {
    if (!isPermitted(address)) return this.#fail(ExceptionCause.LoadProhibited);
    const peripheral = this.#peripheralAt(address, "read");
    if (!peripheral) return this.#fail(ExceptionCause.LoadStoreError);
    if (sizeBytes !== 4) return this.#fail(ExceptionCause.LoadStoreError);
    this.attention = true;
    return peripheral.read(address - peripheral.address) | 0;
  }

  #storeElsewhere(address: number, sizeBytes: number, value: number): void {
    if (!isPermitted(address)) {
      this.#fail(ExceptionCause.StoreProhibited);
      return;
    }
    const peripheral = this.#peripheralAt(address, "written");
    if (!peripheral || sizeBytes !== 4) {
      this.#fail(ExceptionCause.LoadStoreError);
      return;
    }
    this.attention = true;
    peripheral.write(address - peripheral.address, value >>> 0);
  }

  #peripheralAt(address: number, verb: "read" | "written"): Peripheral | undefined {
    for (const peripheral of this.#peripherals)
      if (address >= peripheral.address && address - peripheral.address < peripheral.sizeBytes) return peripheral;
    if (PERIPHERAL_WINDOWS.some(([first, end]) => address >= first && address < end))
      throw new EmulatorError("not-emulated", `No peripheral is emulated at ${hex(address)}, which was ${verb}.`, {
        address,
      });
    if (address >= ROM_ADDRESS && address < ROM_ADDRESS + ROM_BYTES && verb === "read")
      throw new EmulatorError("not-emulated", `The bytes of the mask ROM are not there: ${hex(address)} was read.`, {
        address,
      });
    return undefined;
  }

  // The debugger's view: no access rules, no cache, no peripherals.

  #hostOffset(address: number, length: number): { region: Region; offset: number } {
    const region = this.regionAt(address);
    const offset = region ? (address >>> 0) - region.address : 0;
    if (!region || offset + length > region.sizeBytes)
      throw new EmulatorError("setup", `There is no memory of ${length} bytes at ${hex(address)}.`, { address });
    return { region, offset };
  }

  /** A copy. */
  readBytes(address: number, length: number): Uint8Array {
    const { region, offset } = this.#hostOffset(address, length);
    return this.bytes.slice(region.host + offset, region.host + offset + length);
  }

  writeBytes(address: number, bytes: Uint8Array): void {
    const { region, offset } = this.#hostOffset(address, bytes.length);
    this.bytes.set(bytes, region.host + offset);
    if (region.address === DRAM_ADDRESS)
      this.bytes.fill(1, DRAM_TOUCHED + offset, DRAM_TOUCHED + offset + bytes.length);
    if (region.address === FLASH_WINDOW_ADDRESS) this.onCodeChanged();
    this.#noteCodeChange(region, offset, bytes.length);
  }

  readWord(address: number): number {
    const { region, offset } = this.#hostOffset(address, 4);
    return this.view.getUint32(region.host + offset, true);
  }

  writeWord(address: number, value: number): void {
    const { region, offset } = this.#hostOffset(address, 4);
    this.view.setUint32(region.host + offset, value >>> 0, true);
    if (region.address === DRAM_ADDRESS) this.view.setUint32(DRAM_TOUCHED + offset, 0x01010101, true);
    if (region.address === FLASH_WINDOW_ADDRESS) this.onCodeChanged();
    this.#noteCodeChange(region, offset, 4);
  }

  readByte(address: number): number {
    const { region, offset } = this.#hostOffset(address, 1);
    return this.bytes[region.host + offset] as number;
  }

  writeByte(address: number, value: number): void {
    this.writeBytes(address, Uint8Array.of(value));
  }

  /** The bytes behind the flash window from `offset` on have changed; what follows the given ones is erased flash. */
  setFlash(offset: number, bytes: Uint8Array): void {
    this.bytes.set(bytes.subarray(0, FLASH_WINDOW_BYTES - offset), FLASH_HOST + offset);
    this.onCodeChanged();
  }

  /** Cycles that a line from flash costs; 0 makes flash as fast as RAM. */
  setCachePenalty(cycles: number): void {
    this.#cachePenalty = cycles;
  }

  /** Forgets what was written to DRAM between two addresses (default: everywhere). */
  clearTouched(first = DRAM_ADDRESS, end = DRAM_ADDRESS + DRAM_BYTES): void {
    this.bytes.fill(0, DRAM_TOUCHED + first - DRAM_ADDRESS, DRAM_TOUCHED + end - DRAM_ADDRESS);
  }

  /** The map behind `clearTouched`: 1 for each byte of DRAM that was written. */
  get touched(): Uint8Array {
    return this.bytes.subarray(DRAM_TOUCHED, DRAM_TOUCHED + DRAM_BYTES);
  }
}

const CHIP_REGIONS: readonly Region[] = [
  {
    ...{ name: "DRAM", address: DRAM_ADDRESS, sizeBytes: DRAM_BYTES, host: DRAM_HOST, codeMap: 0 },
    ...{ writable: true, executable: false, wordsOnly: false },
  },
  {
    ...{ name: "IRAM", address: IRAM_ADDRESS, sizeBytes: IRAM_BYTES, host: IRAM_HOST, codeMap: IRAM_CODE },
    ...{ writable: true, executable: true, wordsOnly: true },
  },
  {
    ...{ name: "flash", address: FLASH_WINDOW_ADDRESS, sizeBytes: FLASH_WINDOW_BYTES, host: FLASH_HOST, codeMap: 0 },
    ...{ writable: false, executable: true, wordsOnly: true },
  },
];

function isPermitted(address: number): boolean {
  return address >= FIRST_PERMITTED_ADDRESS && address <= LAST_PERMITTED_ADDRESS;
}
