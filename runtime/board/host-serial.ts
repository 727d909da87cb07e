/** Host functions of the serial group. */
import type { HostImports } from "./host-imports.ts";
import { isError, type ProgramMemory } from "./host-memory.ts";
import type { VirtualBoard } from "./virtual-board.ts";

export function serialFunctions(
  { serial }: VirtualBoard,
  memory: ProgramMemory,
): Pick<HostImports, "serial_read" | "serial_write"> {
  return {
    serial_read(pointer, capacityBytes) {
      const into = memory.range(pointer, capacityBytes);
      return isError(into) ? into : serial.read(into);
    },
    serial_write(pointer, sizeBytes) {
      const bytes = memory.range(pointer, sizeBytes);
      return isError(bytes) ? bytes : serial.write(bytes);
    },
  };
}
