/** What a program takes of the board's memory: measured by starting it on a virtual board that has no network. */
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualBoard } from "../../runtime/board/virtual-board.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import { PROGRAM_RAM_BYTES } from "../../runtime/contract/limits.ts";
import { BuildError } from "./build-error.ts";
import { createDevice, type DeviceProgram } from "./create-device.ts";

/** Time for the program's `start`, milliseconds of virtual time. */
const START_MS = 1000;

export interface ProgramMemory {
  /** Data that the program begins with, the host's part before it included. */
  staticBytes: number;
  /** Given out by the allocator during `start`; a device program allocates nothing later. */
  heapBytes: number;
}

/**
 * Undefined for a program that does not export `heap_used` and `heap_limit`. A program that crashes while it starts, as one
 * that asks for more memory than there is, is a BuildError.
 */
export async function measureProgram(program: DeviceProgram): Promise<ProgramMemory | undefined> {
  const time = new VirtualTime();
  const random = new SeededRandom(0);
  const network = new MemoryNetwork({ time, random }).station();
  const errors: string[] = [];
  const log = (level: LogLevel, text: string) => void (level === LogLevel.Error && errors.push(text));
  const device = createDevice(program, new VirtualBoard({ time, random, network, mac: new Uint8Array(6), log }));
  device.powerOn();
  await time.run(START_MS);
  const { heapUsedBytes, heapLimitBytes, crashes, watchdogResets } = device.figures;
  device.stop();
  // A program may have logged errors of its own before. What follows the first line are frames without names.
  const [reason] = errors.find((text) => /^the (program trapped|watchdog)/.test(text))?.split("\n") ?? [];
  if (watchdogResets > 0) throw new BuildError(`the program hangs while it starts: ${reason}`);
  if (crashes > 0) {
    // The allocator may have been inlined, so where the trap is does not tell.
    const perhaps = `; that may be its own, or too little memory: static data and all that it allocates have ${PROGRAM_RAM_BYTES} bytes`;
    throw new BuildError(
      `the program crashes while it starts: ${reason}${reason?.includes("unreachable") ? perhaps : ""}`,
    );
  }
  if (heapLimitBytes === 0) return undefined;
  return { staticBytes: PROGRAM_RAM_BYTES - heapLimitBytes, heapBytes: heapUsedBytes };
}
