/** Images from program folders, or from payloads that were built before. */
import { basename } from "node:path";
import { ImageArch } from "../../runtime/contract/image-header.ts";
import { PROGRAM_RAM_BYTES } from "../../runtime/contract/limits.ts";
import { NATIVE_IMAGE_MAGIC } from "../../runtime/contract/native-image.ts";
import { NativeProgram, NativeProgramError } from "../../runtime/esp8266/device/native-program.ts";
import { viewOf } from "../../runtime/image/bytes.ts";
import { ImageError } from "../../runtime/image/image-header.ts";
import { WasmProgram } from "../../runtime/wasm/wasm-program.ts";
import { buildNative } from "../build/build-native.ts";
import { type CompileOptions, compileProgram, type Engine } from "../build/compile-program.ts";
import type { DeviceProgram } from "../build/create-device.ts";
import { measureProgram } from "../build/measure-program.ts";
import { packImage } from "./pack-image.ts";

export interface ImageIdentity {
  /** Absent: the name of the program's folder. */
  product?: string;
  version: string;
  securityCounter?: number;
  board?: number;
}

/** Absent: all that a program may have. */
interface Need {
  ramBytes?: number;
}

export const ENGINE_ARCH: Record<Engine, ImageArch> = { wasm: ImageArch.Wasm32, lx106: ImageArch.Lx106 };

/** `\0asm`. */
const WASM_MAGIC = 0x6d736100;

/** Compiles the program at `path`; the image is not signed. */
export async function buildImage(
  path: string,
  engine: Engine,
  identity: ImageIdentity,
  options: CompileOptions = {},
): Promise<Uint8Array> {
  if (engine === "lx106") {
    const { name, module, program } = await buildNative(path, options);
    return packPayload(module.image, { product: name, ...identity, ...(await needOf(program)) });
  }
  const { name, wasm } = await compileProgram(path, engine, options);
  return packPayload(wasm, { product: name, ...identity, ...(await needOf(WasmProgram.compile(wasm))) });
}

/** Packs what `lintel build` wrote; the kind of machine is read from it. */
export function packPayload(payload: Uint8Array, identity: ImageIdentity & { product: string } & Need): Uint8Array {
  const arch = ENGINE_ARCH[engineOf(payload)];
  return packImage({ ramBytes: PROGRAM_RAM_BYTES, ...identity, payload, arch });
}

/** As packPayload, with the RAM that the program is seen to take when it starts. */
export async function packMeasured(
  payload: Uint8Array,
  identity: ImageIdentity & { product: string },
): Promise<Uint8Array> {
  return packPayload(payload, { ...identity, ...(await needOf(loadPayload(payload))) });
}

/** What runs this payload. */
export function engineOf(payload: Uint8Array): Engine {
  const magic = payload.length < 4 ? 0 : viewOf(payload).getUint32(0, true);
  if (magic === WASM_MAGIC) return "wasm";
  if (magic === NATIVE_IMAGE_MAGIC) return "lx106";
  throw new ImageError("the payload is neither WebAssembly nor machine code of lintel build");
}

function loadPayload(payload: Uint8Array): DeviceProgram {
  if (engineOf(payload) === "wasm") return WasmProgram.compile(payload);
  try {
    return NativeProgram.load(payload);
  } catch (error) {
    if (error instanceof NativeProgramError) throw new ImageError(error.message);
    throw error;
  }
}

/** Static data and all that is allocated at the start: what PROGRAM_RAM_BYTES are for. */
async function needOf(program: DeviceProgram): Promise<Need> {
  const memory = await measureProgram(program);
  return memory === undefined ? {} : { ramBytes: memory.staticBytes + memory.heapBytes };
}

/** `build/counter.lx106` is the counter's. */
export function productOfFile(file: string): string {
  return basename(file).replace(/\.[^.]*$/, "");
}
