/** Host functions of the flash group and of RTC memory. */
import { HostError } from "../contract/error-codes.ts";
import type { HostImports } from "./host-imports.ts";
import { isError, type ProgramMemory } from "./host-memory.ts";
import type { VirtualBoard } from "./virtual-board.ts";

const WORD_BYTES = 4;

type StorageGroup = Pick<
  HostImports,
  "flash_size" | "flash_read" | "flash_write" | "flash_erase" | "rtc_read" | "rtc_write"
>;

export function storageFunctions(board: VirtualBoard, memory: ProgramMemory): StorageGroup {
  const { flash, power } = board;
  return {
    flash_size: () => flash.regionBytes,
    flash_read(offset, pointer, sizeBytes) {
      const into = memory.range(pointer, sizeBytes);
      return isError(into) ? into : flash.read(offset >>> 0, into);
    },
    flash_write(offset, pointer, sizeBytes) {
      const bytes = memory.range(pointer, sizeBytes);
      if (isError(bytes)) return bytes;
      // The chip's flash controller reads its source by words.
      if (pointer % WORD_BYTES !== 0) return HostError.Unaligned;
      return flash.write(offset >>> 0, bytes);
    },
    flash_erase: (offset) => flash.erase(offset >>> 0),
    rtc_read(offset, pointer, sizeBytes) {
      const into = memory.range(pointer, sizeBytes);
      return isError(into) ? into : power.rtcRead(offset >>> 0, into);
    },
    rtc_write(offset, pointer, sizeBytes) {
      const bytes = memory.range(pointer, sizeBytes);
      return isError(bytes) ? bytes : power.rtcWrite(offset >>> 0, bytes);
    },
  };
}
