/** A device program from source, for one of the engines. */
import { WasmProgram } from "../../runtime/wasm/wasm-program.ts";
import { buildNative } from "./build-native.ts";
import { type CompileOptions, compileProgram, type Engine } from "./compile-program.ts";
import type { DeviceProgram } from "./create-device.ts";

export async function loadProgram(path: string, engine: Engine, options: CompileOptions = {}): Promise<DeviceProgram> {
  if (engine === "wasm") return WasmProgram.compile((await compileProgram(path, engine, options)).wasm);
  return (await buildNative(path, options)).program;
}
