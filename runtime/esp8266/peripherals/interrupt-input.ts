/**
 * Between peripherals and the core's interrupt lines. Several blocks can share one line (both UARTs do), and lines 8 to
 * 13 of this core are edge-triggered (Xtensa configuration of the chip, core-isa.h, XCHAL_INTTYPE_MASK_EXTERN_EDGE 0x3f00):
 * a pulse is enough for them.
 */
import type { InterruptLines } from "../bus.ts";

/** One source of an interrupt: up or down. */
export type InterruptInput = (isUp: boolean) => void;

/** A line that is up while any of its inputs is. */
export class SharedLine {
  readonly #lines: InterruptLines;
  readonly #line: number;
  readonly #isUp: boolean[] = [];

  constructor(lines: InterruptLines, line: number) {
    this.#lines = lines;
    this.#line = line;
  }

  input(): InterruptInput {
    const index = this.#isUp.push(false) - 1;
    return (isUp) => {
      if (this.#isUp[index] === isUp) return;
      this.#isUp[index] = isUp;
      if (this.#isUp.includes(true)) this.#lines.raise(this.#line);
      else this.#lines.lower(this.#line);
    };
  }
}
