/**
 * The host ABI (contract/host-abi.ts) on a virtual board. No function throws on what a program hands it; only `restart`,
 * `sleep_deep` and `image_run`, which do not return, throw a ProgramStop, and a write or erase of flash in which the power
 * goes away a PowerCut. What the virtual board does not offer answers Unsupported and is logged once. Larger groups are in
 * host-*.ts.
 */
import { HostError } from "../contract/error-codes.ts";
import { HOST_ABI_VERSION, LogLevel } from "../contract/host-abi.ts";
import { LOG_MAX_BYTES } from "../contract/limits.ts";
import { cryptoFunctions } from "./host-crypto.ts";
import type { HostImports } from "./host-imports.ts";
import { isError, ProgramMemory } from "./host-memory.ts";
import { networkFunctions } from "./host-network.ts";
import { pinFunctions } from "./host-pins.ts";
import { radioFunctions } from "./host-radio.ts";
import { serialFunctions } from "./host-serial.ts";
import { storageFunctions } from "./host-storage.ts";
import { wireFunctions } from "./host-wires.ts";
import { ProgramStop } from "./power.ts";
import type { VirtualBoard } from "./virtual-board.ts";

/** `memory` gives the program's memory as it is at the moment of a call; the host keeps what is before `first` for itself. */
export function hostFunctions(board: VirtualBoard, memory: () => Uint8Array, first = 0): HostImports {
  const programMemory = new ProgramMemory(memory, first);
  return board.alterHost({
    ...clockAndChanceFunctions(board, programMemory),
    ...powerFunctions(board),
    ...storageFunctions(board, programMemory),
    ...pinFunctions(board, programMemory),
    ...wireFunctions(board, programMemory),
    ...networkFunctions(board, programMemory),
    ...radioFunctions(board, programMemory),
    ...serialFunctions(board, programMemory),
    ...cryptoFunctions(board, programMemory),
    ...selfFunctions(board, programMemory),
  });
}

function clockAndChanceFunctions(
  board: VirtualBoard,
  memory: ProgramMemory,
): Pick<HostImports, "clock_ms" | "clock_unix" | "clock_set" | "random_fill"> {
  return {
    clock_ms: () => board.clock.ms(),
    clock_unix: () => board.clock.unixS(),
    clock_set: (unixS) => board.clock.setUnixS(unixS),
    random_fill(pointer, sizeBytes) {
      const bytes = memory.range(pointer, sizeBytes);
      if (isError(bytes)) return bytes;
      board.random.fill(bytes);
      return 0;
    },
  };
}

function powerFunctions(
  board: VirtualBoard,
): Pick<HostImports, "restart" | "sleep_deep" | "reset_reason" | "deadline_set"> {
  return {
    restart(reason) {
      throw new ProgramStop({ kind: "restart", reason });
    },
    sleep_deep(ms) {
      throw new ProgramStop({ kind: "sleep", sleepMs: ms >>> 0 });
    },
    reset_reason: () => board.power.resetReason,
    deadline_set: (ms) => board.onDeadline(ms >>> 0),
  };
}

function selfFunctions(
  board: VirtualBoard,
  memory: ProgramMemory,
): Pick<HostImports, "chip_mac" | "board_id" | "abi_version" | "slot" | "image_run" | "log"> {
  return {
    chip_mac(pointer) {
      const out = memory.range(pointer, board.mac.length);
      if (isError(out)) return out;
      out.set(board.mac);
      return 0;
    },
    board_id: () => board.boardId,
    abi_version: () => HOST_ABI_VERSION,
    slot: () => board.slot,
    image_run(offset) {
      const result = board.onImageRun(offset >>> 0);
      if (result === HostError.Unsupported) board.reportMissing("image_run");
      if (result < 0) return result;
      throw new ProgramStop({ kind: "run", offset: offset >>> 0 });
    },
    log(level, pointer, sizeBytes) {
      const text = memory.range(pointer, sizeBytes);
      if (isError(text)) return text;
      if (LogLevel[level] === undefined || text.length > LOG_MAX_BYTES) return HostError.BadArgument;
      board.log(level, Buffer.from(text).toString("utf8"));
      return 0;
    },
  };
}
