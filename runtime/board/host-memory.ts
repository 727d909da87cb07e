/**
 * The memory of a program as host functions see it. Pointers and lengths come from the program, so every one is checked
 * here, once, before anything is touched: a length below zero is a bad argument, a range that leaves the memory is out of
 * range. So does one that touches what the host keeps for itself before the program's data; only nothing at all may stand at
 * the null pointer. The addresses are unsigned, though WebAssembly hands i32 over as signed.
 */
import { HostError } from "../contract/error-codes.ts";

export class ProgramMemory {
  readonly #bytes: () => Uint8Array;
  readonly #first: number;

  /** `bytes` is asked anew at each call: a program's memory may have grown and moved. `first`: the program's first address. */
  constructor(bytes: () => Uint8Array, first: number) {
    this.#bytes = bytes;
    this.#first = first;
  }

  /** The bytes themselves, not a copy: valid until the host function returns. */
  range(pointer: number, sizeBytes: number): Uint8Array | HostError {
    if (sizeBytes < 0) return HostError.BadArgument;
    const start = pointer >>> 0;
    const bytes = this.#bytes();
    if (start + sizeBytes > bytes.length) return HostError.OutOfRange;
    if (start < this.#first && (start > 0 || sizeBytes > 0)) return HostError.OutOfRange;
    return bytes.subarray(start, start + sizeBytes);
  }
}

export function isError(result: Uint8Array | HostError): result is HostError {
  return typeof result === "number";
}
