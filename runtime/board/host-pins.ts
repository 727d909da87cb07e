/** Host functions of the pins group. */
import { HostError } from "../contract/error-codes.ts";
import { EDGE_RECORD_BYTES, I2C_SCL_PIN, I2C_SDA_PIN, PinMode } from "../contract/host-abi.ts";
import type { HostImports } from "./host-imports.ts";
import { isError, type ProgramMemory } from "./host-memory.ts";
import type { VirtualBoard } from "./virtual-board.ts";

type PinsGroup = Pick<
  HostImports,
  | "pin_mode"
  | "pin_read"
  | "pin_write"
  | "pin_watch"
  | "pin_edges"
  | "edge_read"
  | "adc_read"
  | "pwm_write"
  | "i2c_transfer"
>;

export function pinFunctions(board: VirtualBoard, memory: ProgramMemory): PinsGroup {
  const { pins, i2c } = board;
  return {
    pin_mode: (pin, mode) => pins.setMode(pin, mode),
    pin_read: (pin) => pins.read(pin),
    pin_write: (pin, level) => pins.write(pin, level),
    pin_watch: (pin, edges, debounceMs) => pins.watch(pin, edges, debounceMs),
    pin_edges: (pin) => pins.takeCount(pin),
    edge_read(pointer, capacityBytes) {
      const into = memory.range(pointer, capacityBytes);
      if (isError(into)) return into;
      return into.length < EDGE_RECORD_BYTES ? HostError.BadArgument : pins.takeEdges(into);
    },
    adc_read: () => pins.readAdc(),
    pwm_write: (pin, duty) => pins.pulse(pin, duty),
    i2c_transfer(address, writePointer, writeBytes, readPointer, readBytes) {
      const bytes = memory.range(writePointer, writeBytes);
      if (isError(bytes)) return bytes;
      const into = memory.range(readPointer, readBytes);
      if (isError(into)) return into;
      const result = i2c.transfer(address, bytes, into);
      if (result !== HostError.BadArgument) {
        pins.setMode(I2C_SDA_PIN, PinMode.InputPullup);
        pins.setMode(I2C_SCL_PIN, PinMode.InputPullup);
      }
      return result;
    },
  };
}
