/**
 * Names for the addresses of a crash: those of WebAssembly and so of AssemblyScript, from a build of the same sources. Programs
 * are position-independent, so one build names both slots.
 */
import { FLASH_BOOT_OFFSET } from "../../runtime/contract/flash-map.ts";
import { ExceptionCause } from "../../runtime/esp8266/core/exception-causes.ts";
import { NativeProgram } from "../../runtime/esp8266/device/native-program.ts";
import { buildNative } from "../build/build-native.ts";
import type { PinNumbers } from "../build/product.ts";
import type { MonitorLine } from "./serial-line.ts";

const BOOT_PROGRAM = "firmware/boot";
const HEX_DIGITS = 8;

export type ExceptionLine = Extract<MonitorLine, { kind: "exception" }>;

export class CrashNames {
  readonly #path: string;
  readonly #pins: PinNumbers;
  readonly #builds = new Map<string, ReturnType<typeof buildNative>>();

  constructor(path: string, pins: PinNumbers = new Map()) {
    this.#path = path;
    this.#pins = pins;
  }

  /** What happened, and where. A build that fails is told in place of the names. */
  async describe({ cause, epc1, excvaddr, imageOffset }: ExceptionLine): Promise<string> {
    const path = imageOffset === FLASH_BOOT_OFFSET ? BOOT_PROGRAM : this.#path;
    try {
      const { module } = await this.#build(path);
      const program = NativeProgram.load(module.image, module, imageOffset);
      const trap = cause === ExceptionCause.IllegalInstruction ? program.trapAt(epc1) : undefined;
      const what = trap ?? `exception ${cause} (${ExceptionCause[cause] ?? "unknown"}), address ${hex(excvaddr)}`;
      return `${what} at ${program.describe(epc1)}, if the board runs these sources of ${path}`;
    } catch (error) {
      return `no names: ${path} cannot be built: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #build(path: string): ReturnType<typeof buildNative> {
    const build = this.#builds.get(path) ?? buildNative(path, path === this.#path ? { pins: this.#pins } : {});
    this.#builds.set(path, build);
    return build;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(HEX_DIGITS, "0")}`;
}
