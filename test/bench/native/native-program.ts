/** A native program as judges run it: what to load where, and the addresses of its functions. */
import { PROGRAM_DATA_OFFSET, PROGRAM_RAM_BYTES } from "../../../runtime/contract/limits.ts";
import {
  FLASH_MAP_ADDRESS,
  HOST_IMAGE_SLOT,
  HOST_TABLE_SLOTS,
  NativeImageWord,
  PROGRAM_RAM_ADDRESS,
} from "../../../runtime/contract/native-image.ts";
import { compileModule, type NativeModule } from "../../../tools/aot/compile-module.ts";
import { decode } from "../../../tools/lx106/decode.ts";
import { compileC } from "../../qemu/gcc.ts";
import type { Segment } from "../../qemu/process.ts";

const WORD_BYTES = 4;
const INSTRUCTION_BYTES_MAX = 3;

export interface NativeProgram {
  segments: Segment[];
  functions: ReadonlyMap<string, number>;
  /** To be called before everything else, where the program has it. */
  init?: number;
}

/** A file in C, and the bytes of its measured functions: code, literals, alignment between functions. */
export function programOfC(sourceFile: string, optimise: "-O2" | "-Os"): { program: NativeProgram; codeBytes: number } {
  const { segments, symbols, sections } = compileC(sourceFile, optimise);
  return { program: { segments, functions: symbols }, codeBytes: sections.get(".measured") ?? 0 };
}

/** A module of WebAssembly linked at its native addresses (its static data begins in the chip's program RAM). */
export function programOfWasm(
  wasm: Uint8Array,
  { useRom }: { useRom: boolean },
): { program: NativeProgram; module: NativeModule } {
  const module = compileModule(wasm, {
    memoryAddress: 0,
    memoryFirst: PROGRAM_RAM_ADDRESS + PROGRAM_DATA_OFFSET,
    memoryMaxBytes: PROGRAM_RAM_BYTES - PROGRAM_DATA_OFFSET,
    globalsAddress: PROGRAM_RAM_ADDRESS + PROGRAM_RAM_BYTES,
    hostSlot: () => undefined,
    checked: false,
    useRom,
  });
  const table = new DataView(new ArrayBuffer(WORD_BYTES * HOST_TABLE_SLOTS));
  table.setUint32(WORD_BYTES * HOST_IMAGE_SLOT, FLASH_MAP_ADDRESS, true);
  const functions = new Map<string, number>();
  for (const [name, item] of module.exports) {
    if (item.kind === "function") functions.set(name, FLASH_MAP_ADDRESS + item.offset);
  }
  const { buffer, byteOffset } = module.image;
  const init = new DataView(buffer, byteOffset).getUint32(WORD_BYTES * NativeImageWord.Init, true);
  return {
    program: {
      segments: [
        { address: FLASH_MAP_ADDRESS, bytes: module.image },
        { address: PROGRAM_RAM_ADDRESS, bytes: new Uint8Array(table.buffer) },
      ],
      functions,
      init: FLASH_MAP_ADDRESS + init,
    },
    module,
  };
}

/**
 * Bytes of an exported function and of all that it calls: code and literals, each literal once. Arithmetic routines are
 * left out, as those of libgcc are.
 */
export function reachableBytes(module: NativeModule, name: string): number {
  const entry = module.exports.get(name);
  if (entry?.kind !== "function") throw new Error(`the module exports no function ${name}`);
  const waiting = [entry.offset];
  const seen = new Set<number>();
  const literals = new Set<number>();
  let bytes = 0;
  for (let offset = waiting.pop(); offset !== undefined; offset = waiting.pop()) {
    const { sizeBytes, isProgram } = functionAt(module, offset);
    if (seen.has(offset) || !isProgram) continue;
    seen.add(offset);
    bytes += sizeBytes;
    for (const { mnemonic, target } of targetsIn(module.image, offset, sizeBytes)) {
      if (mnemonic === "l32r") literals.add(target);
      else if (target < offset || target >= offset + sizeBytes) waiting.push(functionAt(module, target).offset);
    }
  }
  return bytes + WORD_BYTES * literals.size;
}

function functionAt(module: NativeModule, offset: number) {
  const found = module.functions.find((item) => item.offset <= offset && offset < item.offset + item.sizeBytes);
  if (found === undefined) throw new Error(`no function at ${offset}`);
  return found;
}

/** Where calls, jumps and l32r of a function lead, as offsets in the image. */
function* targetsIn(
  image: Uint8Array,
  start: number,
  sizeBytes: number,
): Generator<{ mnemonic: string; target: number }> {
  for (let offset = start; offset < start + sizeBytes; ) {
    const instruction = decode(image.subarray(offset, offset + INSTRUCTION_BYTES_MAX), offset);
    if (instruction === undefined) throw new Error(`no instruction at ${offset}`);
    const { mnemonic, operands } = instruction;
    if (mnemonic === "l32r" || mnemonic === "call0" || mnemonic === "j")
      yield { mnemonic, target: operands.at(-1) as number };
    offset += mnemonic.endsWith(".n") ? 2 : INSTRUCTION_BYTES_MAX;
  }
}
