/** Host functions of the pins group for devices on one wire. */
import type { HostImports } from "./host-imports.ts";
import { isError, type ProgramMemory } from "./host-memory.ts";
import type { VirtualBoard } from "./virtual-board.ts";

type WiresGroup = Pick<HostImports, "onewire_transfer" | "onewire_triplet" | "pulse_read">;

export function wireFunctions({ wires }: VirtualBoard, memory: ProgramMemory): WiresGroup {
  return {
    onewire_transfer(pin, writePointer, writeBytes, readPointer, readBytes) {
      const bytes = memory.range(writePointer, writeBytes);
      if (isError(bytes)) return bytes;
      const into = memory.range(readPointer, readBytes);
      if (isError(into)) return into;
      // What is read may lie where that lay which is written.
      return wires.oneWireTransfer(pin, bytes.slice(), into);
    },
    onewire_triplet: (pin, direction) => wires.oneWireTriplet(pin, direction),
    pulse_read(pin, startLowUs, quietUs, pointer, capacityBytes) {
      const into = memory.range(pointer, capacityBytes);
      return isError(into) ? into : wires.pulseRead(pin, startLowUs, quietUs, into);
    },
  };
}
