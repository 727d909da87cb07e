/**
 * What survives which stop. RTC memory and the reset reason outlive restarts, crashes and deep sleep. Without power RTC
 * memory decays, so a power-on fills it with noise: a program that trusts it unchecked is found out here.
 */
import { HostError } from "../contract/error-codes.ts";
import { ResetReason } from "../contract/host-abi.ts";
import { RTC_MEMORY_BYTES } from "../contract/limits.ts";
import type { RandomSource } from "./random.ts";

/** How a program ended itself. `sleepMs` 0 sleeps until the reset pin is pulled; `run` hands over to another image. */
export type StopRequest =
  | { kind: "restart"; reason: number }
  | { kind: "sleep"; sleepMs: number }
  | { kind: "run"; offset: number };

/**
 * Thrown out of `restart`, `sleep_deep` and `image_run`, which do not return. It unwinds the program; the engine that runs it catches
 * it and does what it asks. Not an error.
 */
export class ProgramStop extends Error {
  readonly request: StopRequest;

  constructor(request: StopRequest) {
    super(`the program asked for a ${request.kind}`);
    this.name = "ProgramStop";
    this.request = request;
  }
}

/** Thrown out of a flash operation in which the power went away. It unwinds the program, as nothing does on a board. */
export class PowerCut extends Error {
  constructor() {
    super("the power went away in a flash operation");
    this.name = "PowerCut";
  }
}

export class Power {
  readonly #random: RandomSource;
  readonly #rtcMemory = new Uint8Array(RTC_MEMORY_BYTES);
  #resetReason = ResetReason.PowerOn;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  get resetReason(): ResetReason {
    return this.#resetReason;
  }

  /** The chip starts again. */
  start(reason: ResetReason): void {
    this.#resetReason = reason;
    if (reason === ResetReason.PowerOn) this.#random.fill(this.#rtcMemory);
  }

  rtcRead(offset: number, into: Uint8Array): number {
    if (!isInside(offset, into.length)) return HostError.OutOfRange;
    into.set(this.#rtcMemory.subarray(offset, offset + into.length));
    return 0;
  }

  rtcWrite(offset: number, bytes: Uint8Array): number {
    if (!isInside(offset, bytes.length)) return HostError.OutOfRange;
    this.#rtcMemory.set(bytes, offset);
    return 0;
  }
}

function isInside(offset: number, sizeBytes: number): boolean {
  return offset >= 0 && offset + sizeBytes <= RTC_MEMORY_BYTES;
}
