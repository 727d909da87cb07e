/** Host functions of the radio group. */
import { HostError } from "../contract/error-codes.ts";
import { RADIO_RECORD_BYTES } from "../contract/host-abi.ts";
import type { HostImports } from "./host-imports.ts";
import { isError, type ProgramMemory } from "./host-memory.ts";
import type { VirtualBoard } from "./virtual-board.ts";

export function radioFunctions(
  { radio }: VirtualBoard,
  memory: ProgramMemory,
): Pick<HostImports, "radio_sniff" | "radio_read" | "radio_beacon"> {
  return {
    radio_sniff: (channel) => radio.sniff(channel),
    radio_read(pointer, capacityBytes) {
      const into = memory.range(pointer, capacityBytes);
      if (isError(into)) return into;
      return into.length < RADIO_RECORD_BYTES ? HostError.BadArgument : radio.read(into);
    },
    radio_beacon(pointer, sizeBytes) {
      const frame = memory.range(pointer, sizeBytes);
      return isError(frame) ? frame : radio.beacon(frame);
    },
  };
}
