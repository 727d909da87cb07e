/** What the emulated chip tells beside the readings: where its time goes, and what it does instruction by instruction. */

import { once } from "node:events";
import { createWriteStream, openSync, type WriteStream } from "node:fs";
import type { DeviceLife } from "../../runtime/board/device-life.ts";
import { FLASH_SLOT_A_OFFSET } from "../../runtime/contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../runtime/contract/image-header.ts";
import { NativeDevice } from "../../runtime/esp8266/device/native-device.ts";
import { CPU_CYCLES_PER_MS, machineOf } from "../../runtime/esp8266/device/native-machine.ts";
import type { NativeProgram } from "../../runtime/esp8266/device/native-program.ts";
import type { Profile } from "../../runtime/esp8266/profile.ts";
import type { BoardImages } from "../image/board-images.ts";
import { decode } from "../lx106/decode.ts";
import { formatInstruction } from "../lx106/format.ts";
import { CommandError } from "./command-error.ts";

/** A line each: some 10 MB. */
const TRACE_MAX_INSTRUCTIONS = 200_000;
const INSTRUCTION_MAX_BYTES = 3;
const PROFILE_SHOWN = 20;

export interface ChipWatchOptions {
  profile: boolean;
  trace?: string;
}

export class ChipWatch {
  readonly #program: NativeProgram | undefined;
  readonly #profile: Profile | undefined;
  #trace: WriteStream | undefined;
  #traced = 0;

  /** Watches the program that the boards begin with, in slot A. */
  constructor(images: BoardImages, options: ChipWatchOptions) {
    this.#program = images.engine === "lx106" ? programIn(images.image) : undefined;
    if (this.#program === undefined) {
      if (options.profile || options.trace !== undefined) {
        throw new CommandError("only machine code has a profile or a trace: add --engine lx106");
      }
      return;
    }
    const { chip } = machineOf(this.#program);
    if (options.profile) {
      const { address } = this.#program;
      const functions = this.#program.functions.map(({ name, offset, sizeBytes }) => ({
        name,
        address: address + offset,
        sizeBytes,
      }));
      this.#profile = chip.startProfile(functions);
    }
    if (options.trace !== undefined) this.#startTrace(options.trace);
  }

  #startTrace(file: string): void {
    const program = this.#program as NativeProgram;
    const { chip } = machineOf(program);
    const stream = createWriteStream(file, { fd: openTrace(file) });
    stream.on("error", (error) => {
      chip.onTrace = undefined;
      process.exitCode = 1;
      console.error(`the trace ends: cannot write ${file}: ${error.message}`);
    });
    this.#trace = stream;
    chip.onTrace = ({ pc, changed }) => {
      const registers = changed.map(([register, value]) => `a${register}=${(value >>> 0).toString(16)}`);
      const instruction = decode(chip.read(pc, INSTRUCTION_MAX_BYTES), pc);
      const text = instruction === undefined ? "?" : formatInstruction(instruction);
      stream.write(
        `${pc.toString(16)}  ${text.padEnd(28)} ${registers.join(" ").padEnd(16)} ${program.describe(pc)}\n`,
      );
      if (++this.#traced === TRACE_MAX_INSTRUCTIONS) chip.onTrace = undefined;
    };
  }

  /** Figures of the devices together; the longest call and the deepest stack of any. */
  figures(devices: readonly DeviceLife[]): object {
    if (this.#program === undefined) return {};
    const all = devices.flatMap((device) => (device instanceof NativeDevice ? [device.figures] : []));
    return {
      chip: {
        instructions: all.reduce((sum, { instructions }) => sum + instructions, 0),
        cycles: all.reduce((sum, { cycles }) => sum + cycles, 0),
        longestCallMs: Math.max(...all.map(({ longestCallCycles }) => longestCallCycles)) / CPU_CYCLES_PER_MS,
        stackBytes: Math.max(...all.map(({ stackBytes }) => stackBytes)),
      },
      ...(this.#profile === undefined ? {} : { profile: this.#profile.entries.slice(0, PROFILE_SHOWN) }),
    };
  }

  async close(): Promise<void> {
    if (this.#trace === undefined) return;
    this.#trace.end();
    if (!this.#trace.closed) await once(this.#trace, "close");
  }
}

function programIn(image: Uint8Array): NativeProgram {
  const program = NativeDevice.programAt(image.subarray(IMAGE_HEADER_BYTES), FLASH_SLOT_A_OFFSET);
  if (typeof program === "string") throw new CommandError(`the program does not run on the chip: ${program}`);
  return program;
}

function openTrace(file: string): number {
  try {
    return openSync(file, "w");
  } catch (error) {
    throw new CommandError(`cannot write ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Figures of a chip and its profile, for people. */
export function describeChip(result: object): string[] {
  const { chip, profile } = result as { chip?: Record<string, number>; profile?: Profile["entries"] };
  if (chip === undefined) return [];
  const lines = Object.entries(chip).map(([name, value]) => `chip ${name}: ${Number(value.toFixed(3))}`);
  const cycles = chip.cycles ?? 0;
  if (profile !== undefined) lines.push("share of the cycles, by function; (outside) is ROM and host functions:");
  for (const entry of profile ?? []) {
    const share = ((100 * entry.cycles) / Math.max(1, cycles)).toFixed(1).padStart(5);
    lines.push(`${share} %  ${String(entry.instructions).padStart(10)} instructions  ${entry.name}`);
  }
  return lines;
}
