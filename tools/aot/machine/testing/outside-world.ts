/**
 * What a function under test sees of the world, the same for the machine form and for the bytes: memory, callees that
 * answer with a hash of their arguments and spoil what they may, and a record of all that can be observed.
 */
import type { Reg } from "../machine-function.ts";

/** Whom a test function calls; `call_pointer` always has the last one. */
export interface Signature {
  argumentWords: number;
  resultWords: number;
  clobbers: number;
}

/** What the linker would give a symbol. */
export const SYMBOL_VALUE = 0x1234560;

export type WorldEvent = string;

const MEMORY_BYTES = 256;
const REGISTER_WORDS = 6;
const FIRST_REGISTER = 2;

export class OutsideWorld {
  readonly events: WorldEvent[] = [];
  readonly #memory: DataView;

  constructor(seed: number) {
    this.#memory = new DataView(new ArrayBuffer(MEMORY_BYTES));
    for (let at = 0; at < MEMORY_BYTES; at++) this.#memory.setUint8(at, hash(seed, at));
  }

  load(address: number, sizeBytes: number, isSigned: boolean): number {
    const at = placeOf(address, sizeBytes);
    if (sizeBytes === 1) return this.#memory.getUint8(at);
    if (sizeBytes === 2) return isSigned ? this.#memory.getInt16(at, true) : this.#memory.getUint16(at, true);
    return this.#memory.getInt32(at, true);
  }

  store(address: number, sizeBytes: number, value: number): void {
    const at = placeOf(address, sizeBytes);
    if (sizeBytes === 1) this.#memory.setUint8(at, value);
    else if (sizeBytes === 2) this.#memory.setUint16(at, value, true);
    else this.#memory.setInt32(at, value, true);
    this.events.push(`store${sizeBytes} ${address >>> 0} ${value & (sizeBytes === 4 ? -1 : 2 ** (8 * sizeBytes) - 1)}`);
  }

  /** Returns the result words. Registers that may change do, `setRegister` is called for each. */
  call(name: string, signature: Signature, words: number[], setRegister: (reg: Reg, value: number) => void): number[] {
    this.events.push(`call ${name} ${words.join(" ")}`);
    const seed = words.reduce((sum, word) => hash(sum, word), this.events.length);
    for (let reg = 0; reg < 16; reg++) if ((signature.clobbers >> reg) & 1) setRegister(reg, hash(seed, 1000 + reg));
    const results = Array.from({ length: signature.resultWords }, (_, index) => hash(seed, index));
    for (const [index, value] of results.slice(0, REGISTER_WORDS).entries()) setRegister(FIRST_REGISTER + index, value);
    return results;
  }
}

/** Word `index` of arguments or results: a register, or a place on the stack. */
export function registerOfWord(index: number): Reg | undefined {
  return index < REGISTER_WORDS ? FIRST_REGISTER + index : undefined;
}

export const STACK_WORD_FIRST = REGISTER_WORDS;

function placeOf(address: number, sizeBytes: number): number {
  return address & (MEMORY_BYTES - 1) & -sizeBytes;
}

export function hash(a: number, b: number): number {
  let mixed = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(b, 0xc2b2ae35);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x27d4eb2f);
  return mixed ^ (mixed >>> 13);
}
