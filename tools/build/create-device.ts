/** A device that runs a program, whatever engine the program was compiled for. */
import type { DeviceLife, DeviceOptions } from "../../runtime/board/device-life.ts";
import type { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { NativeDevice } from "../../runtime/esp8266/device/native-device.ts";
import { NativeProgram } from "../../runtime/esp8266/device/native-program.ts";
import { WasmDevice } from "../../runtime/wasm/wasm-device.ts";
import { WasmProgram } from "../../runtime/wasm/wasm-program.ts";
import type { Engine } from "./compile-program.ts";

export type DeviceProgram = WasmProgram | NativeProgram;

export function createDevice(program: DeviceProgram, board: VirtualBoard, options?: DeviceOptions): DeviceLife {
  return program instanceof NativeProgram
    ? new NativeDevice(program, board, options)
    : new WasmDevice(program, board, options);
}

/** A device that starts with the boot image in its board's flash, as a real one does. */
export function createFlashDevice(engine: Engine, board: VirtualBoard, options?: DeviceOptions): DeviceLife {
  return engine === "lx106" ? NativeDevice.fromFlash(board, options) : WasmDevice.fromFlash(board, options);
}
