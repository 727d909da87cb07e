/** What is known of the shift amount register SAR within a block, so that it is not set to what it holds already. */
export type ShiftSetup = { mnemonic: "ssl" | "ssr" | "ssai"; operand: number };

export class ShiftRegister {
  #known: ShiftSetup | undefined;

  /** Whether the instruction that sets it is needed; takes note of it. */
  needs(setup: ShiftSetup): boolean {
    if (this.#known?.mnemonic === setup.mnemonic && this.#known.operand === setup.operand) return false;
    this.#known = setup;
    return true;
  }

  forget(): void {
    this.#known = undefined;
  }

  /** A register has a new value. */
  noteWrite(register: number): void {
    if (this.#known !== undefined && this.#known.mnemonic !== "ssai" && this.#known.operand === register) this.forget();
  }
}
