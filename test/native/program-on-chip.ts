/**
 * A WebAssembly module compiled to native code and run on the emulated chip, with RAM that no chip has: memory, stack and
 * globals each have a place of their own, with nothing around it, so that an access that goes astray is an exception.
 */
import {
  FLASH_MAP_ADDRESS,
  HOST_IMAGE_SLOT,
  NativeImageWord,
  PROGRAM_RAM_ADDRESS,
} from "../../runtime/contract/native-image.ts";
import type { NamedRoutine } from "../../runtime/esp8266/bus.ts";
import { type CallResult, Chip } from "../../runtime/esp8266/chip.ts";
import { maskRom } from "../../runtime/esp8266/rom/mask-rom.ts";
import { compileModule, type NativeModule } from "../../tools/aot/compile-module.ts";
import type { ValType } from "../../tools/aot/read/module.ts";
import { interfaceOf } from "./interface-of.ts";
import { type Imports, NO_IMPORTS, type Outcome, type Program, type Signature, STACK_EXHAUSTED } from "./program.ts";
import { toJs, valuesFromWords, type WasmValue, wordsOfValues } from "./wasm-values.ts";

export interface ChipSettings {
  /** Default: translated. */
  engine?: "interpreter" | "translated";
  /** Entries of a block before it is translated; 0 translates everything. */
  translateAfter?: number;
  checked?: boolean;
  useRom?: boolean;
  imports?: Imports;
  /** Memory can grow up to this; default: 64 MiB. */
  memoryMaxBytes?: number;
  /** Of the image in flash, a multiple of 4; default: 0. */
  imageOffset?: number;
  /** Of one call; default: 200 million. */
  instructionsMax?: number;
}

/** Where there is nothing on a chip. Everything below the stack is free, so that whoever leaves it meets an exception. */
const STACK_ADDRESS = 0x28000000;
const STACK_BYTES = 256 * 1024;
const STACK_GUARD_BYTES = 0x4000000;
export const MEMORY_ADDRESS = 0x30000000;
const MEMORY_MAX_BYTES = 64 * 1024 * 1024;
const GLOBALS_ADDRESS = PROGRAM_RAM_ADDRESS + 0x100;
const HOST_ADDRESS = 0x5e000000;
const HOST_SPACING_BYTES = 16;
const HOST_FUNCTIONS_MAX = HOST_IMAGE_SLOT;
const FLASH_BYTES = 0x100000;
const WORD_BYTES = 4;
const INSTRUCTIONS_MAX = 2e8;
const ILLEGAL_INSTRUCTION = 0;
const FIRST_WORD_REGISTER = 2;
const LAST_SCRATCH_REGISTER = 11;
const POISON = 0xdead0000;

/** Slots of the host's table by the names of imports, in the order in which they are asked for. */
class HostTable {
  readonly names: string[] = [];
  readonly #imports: Imports;

  constructor(imports: Imports) {
    this.#imports = imports;
  }

  slot(module: string, name: string): number | undefined {
    if (this.#imports.function(module, name) === undefined) return undefined;
    const key = `${module}\n${name}`;
    if (!this.names.includes(key)) this.names.push(key);
    const slot = this.names.indexOf(key);
    return slot < HOST_FUNCTIONS_MAX ? slot : undefined;
  }
}

/** Throws what compileModule throws. */
export function compileForChip(wasm: Uint8Array, settings: ChipSettings = {}): ProgramOnChip {
  const { imports = NO_IMPORTS, checked = false, useRom = true, memoryMaxBytes = MEMORY_MAX_BYTES } = settings;
  const host = new HostTable(imports);
  const native = compileModule(wasm, {
    memoryAddress: MEMORY_ADDRESS,
    memoryMaxBytes,
    globalsAddress: GLOBALS_ADDRESS,
    hostSlot: (module, name) => host.slot(module, name),
    importedGlobal: (module, name) => {
      const value = imports.global(module, name);
      return value && toJs(value);
    },
    checked,
    useRom,
    verify: true,
  });
  const signatures = new Map<string, Signature>();
  for (const { module, name, signature } of interfaceOf(wasm).imports) signatures.set(`${module}\n${name}`, signature);
  const routines = host.names.map((key): NamedRoutine => {
    const [module = "", name = ""] = key.split("\n");
    return hostRoutine(imports, module, name, signatures.get(key) as Signature);
  });
  return new ProgramOnChip(native, routines, settings);
}

function hostRoutine(imports: Imports, module: string, name: string, { params, results }: Signature): NamedRoutine {
  const run = imports.function(module, name);
  if (run === undefined) throw new Error(`the import ${module}.${name} is not offered`);
  return {
    name: `${module}.${name}`,
    run: (core) => {
      let word = 0;
      const values = run(valuesFromWords(params, () => core.argument(word++)));
      if (values.length !== results.length) throw new Error(`${module}.${name} gave ${values.length} results`);
      const words = wordsOfValues(values);
      for (const [index, result] of words.entries()) core.setResult(index, result);
      // A function may leave anything in the registers that its caller has to save.
      for (let register = FIRST_WORD_REGISTER + words.length; register <= LAST_SCRATCH_REGISTER; register++) {
        core.set(register, POISON + register);
      }
    },
  };
}

export class ProgramOnChip implements Program {
  readonly native: NativeModule;
  readonly chip: Chip;
  readonly #imageAddress: number;
  readonly #instructionsMax: number;
  readonly #traps: Map<number, string>;

  /** `routines`: the host's functions by their slots. */
  constructor(native: NativeModule, routines: readonly NamedRoutine[], settings: ChipSettings) {
    const { imageOffset = 0, memoryMaxBytes = MEMORY_MAX_BYTES } = settings;
    this.native = native;
    this.#imageAddress = FLASH_MAP_ADDRESS + imageOffset;
    this.#instructionsMax = settings.instructionsMax ?? INSTRUCTIONS_MAX;
    this.#traps = new Map(native.trapSites.map(({ offset, trap }) => [this.#imageAddress + offset, trap]));
    const flash = new Uint8Array(FLASH_BYTES);
    if (native.image.length > FLASH_BYTES - imageOffset) throw new Error(`${native.image.length} bytes of image`);
    flash.set(native.image, imageOffset);
    const addresses = routines.map((_, slot) => HOST_ADDRESS + HOST_SPACING_BYTES * slot);
    this.chip = new Chip({
      flash,
      engine: settings.engine ?? "translated",
      ...(settings.translateAfter === undefined ? {} : { translateAfter: settings.translateAfter }),
      routines: new Map([
        ...maskRom(),
        ...routines.map((routine, slot) => [addresses[slot] as number, routine] as const),
      ]),
      extraRam: [
        { address: STACK_ADDRESS, sizeBytes: STACK_BYTES },
        { address: MEMORY_ADDRESS, sizeBytes: memoryMaxBytes },
      ],
      cacheMissCycles: 0,
    });
    for (const [slot, address] of addresses.entries()) this.#setSlot(slot, address);
    this.#setSlot(HOST_IMAGE_SLOT, this.#imageAddress);
  }

  #setSlot(slot: number, address: number): void {
    this.chip.writeWord(PROGRAM_RAM_ADDRESS + WORD_BYTES * slot, address);
  }

  init(): Outcome {
    const { buffer, byteOffset } = this.native.image;
    const offset = new DataView(buffer, byteOffset).getUint32(WORD_BYTES * NativeImageWord.Init, true);
    return this.#run(offset, [], []);
  }

  call(name: string, args: readonly WasmValue[]): Outcome {
    const item = this.native.exports.get(name);
    if (item?.kind !== "function") return { kind: "crashed", what: `there is no exported function "${name}"` };
    const types = args.map(({ type }) => type);
    if (types.join() !== item.params.join()) return { kind: "crashed", what: `"${name}" takes ${item.params}` };
    return this.#run(item.offset, args, item.results);
  }

  #run(offset: number, args: readonly WasmValue[], results: readonly ValType[]): Outcome {
    const result = this.chip.call(this.#imageAddress + offset, wordsOfValues(args), {
      maxInstructions: this.#instructionsMax,
      // Results of several words come back where arguments stood, above the stack pointer.
      stack: STACK_ADDRESS + STACK_BYTES - 0x1000,
    });
    if (result.kind === "exception") return this.#explain(result);
    if (result.kind !== "returned") {
      return { kind: "inconclusive", reason: `not at its end after ${this.#instructionsMax} instructions` };
    }
    const words = result.words(results.reduce((sum, type) => sum + (type === "i64" || type === "f64" ? 2 : 1), 0));
    let word = 0;
    return { kind: "returned", values: valuesFromWords(results, () => words[word++] as number) };
  }

  #explain({ cause, epc1, excvaddr }: CallResult & { kind: "exception" }): Outcome {
    const trap = cause === ILLEGAL_INSTRUCTION ? this.#traps.get(epc1) : undefined;
    if (trap !== undefined) return { kind: "trapped", trap };
    const isBelowStack = excvaddr < STACK_ADDRESS && excvaddr >= STACK_ADDRESS - STACK_GUARD_BYTES;
    if (cause !== ILLEGAL_INSTRUCTION && isBelowStack) return { kind: "trapped", trap: STACK_EXHAUSTED };
    const place = `0x${(epc1 - this.#imageAddress).toString(16)} of the image (${this.#functionAt(epc1)})`;
    return { kind: "crashed", what: `exception ${cause} at ${place}, address 0x${excvaddr.toString(16)}` };
  }

  #functionAt(address: number): string {
    const offset = address - this.#imageAddress;
    const found = this.native.functions.find((item) => offset >= item.offset && offset < item.offset + item.sizeBytes);
    return found?.name ?? "no function";
  }

  /** Value of an exported global. */
  global(name: string): WasmValue | undefined {
    const item = this.native.exports.get(name);
    if (item?.kind !== "global") return undefined;
    const { type, address, constant } = item;
    let word = 0;
    const next = () =>
      address === undefined ? (constant?.[word++] ?? 0) : this.chip.readWord(address + WORD_BYTES * word++);
    return valuesFromWords([type], next)[0];
  }

  /** Bytes of the linear memory from its start. */
  memory(lengthBytes: number): Uint8Array {
    return this.chip.read(MEMORY_ADDRESS, lengthBytes);
  }
}
