/** Where instructions and cycles go, by function: each block of code that runs counts for the function it lies in. */
export interface ProfiledFunction {
  readonly name: string;
  readonly address: number;
  readonly sizeBytes: number;
}

export interface ProfileEntry {
  readonly name: string;
  /** Of the function itself, without what it calls. */
  instructions: number;
  cycles: number;
}

/** Code that lies in none of the functions. */
export const OUTSIDE = "(outside)";

export class Profile {
  readonly #functions: readonly ProfiledFunction[];
  readonly #entries: readonly ProfileEntry[];
  readonly #outside: ProfileEntry = { name: OUTSIDE, instructions: 0, cycles: 0 };
  /** Answers already found: there are far fewer blocks than calls. */
  readonly #byPc = new Map<number, ProfileEntry>();

  constructor(functions: readonly ProfiledFunction[]) {
    this.#functions = [...functions].sort((a, b) => a.address - b.address);
    this.#entries = this.#functions.map(({ name }) => ({ name, instructions: 0, cycles: 0 }));
  }

  count(pc: number, instructions: number, cycles: number): void {
    let entry = this.#byPc.get(pc);
    if (!entry) {
      entry = this.#find(pc >>> 0);
      this.#byPc.set(pc, entry);
    }
    entry.instructions += instructions;
    entry.cycles += cycles;
  }

  #find(pc: number): ProfileEntry {
    const index = this.#functions.findLastIndex(({ address }) => address <= pc);
    const found = this.#functions[index];
    return found && pc < found.address + found.sizeBytes ? (this.#entries[index] as ProfileEntry) : this.#outside;
  }

  /** Everything that ran, most cycles first. */
  get entries(): readonly ProfileEntry[] {
    return [...this.#entries, this.#outside]
      .filter(({ instructions, cycles }) => instructions > 0 || cycles > 0)
      .sort((a, b) => b.cycles - a.cycles);
  }
}
