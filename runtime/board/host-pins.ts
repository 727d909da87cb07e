/** Host functions of the pins group. Pulse width and I2C are not offered by the virtual board yet. */
import { HostError } from "../contract/error-codes.ts";
import { EDGE_RECORD_BYTES } from "../contract/host-abi.ts";
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
  const { pins } = board;
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
    pwm_write: () => board.reportMissing("pwm_write"),
    i2c_transfer: () => board.reportMissing("i2c_transfer"),
  };
}
