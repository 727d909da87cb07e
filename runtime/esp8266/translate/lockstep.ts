/**
 * For tests: runs random code on both engines side by side and compares everything that chip code or a user could see,
 * at random points: registers, counters, exceptions and interrupts with their exact place, memory.
 *
 * The code is random instructions of every kind, branches to places near by, so that it loops, overlaps and runs into
 * nonsense. Exceptions and interrupts go to a routine that notes the state, gives the registers
 * useful values again and goes on somewhere else.
 */
import { SeededRandom } from "../../board/random.ts";
import type { NamedRoutine } from "../bus.ts";
import { Chip } from "../chip.ts";
import { decode } from "../core/decode.ts";
import {
  PS_EXCM,
  PS_INTLEVEL_MASK,
  VECTOR_DEBUG,
  VECTOR_DOUBLE,
  VECTOR_KERNEL,
  VECTOR_NMI,
  VECTOR_USER,
} from "../core/exception-causes.ts";
import { INSTRUCTION_ENCODINGS } from "../core/instruction-encodings.ts";
import { BRANCHES, LOADS, OP_FACTS, Op, STORES, WRITES_D } from "../core/operations.ts";
import { SpecialRegister as SR } from "../core/special-registers.ts";
import { EmulatorError } from "../emulator-error.ts";
import { DRAM_ADDRESS, FLASH_WINDOW_ADDRESS, IRAM_ADDRESS } from "../memory/address-map.ts";

const CODE_BYTES = 1500;
const EXTRA_ADDRESS = 0x50000000;
const EXTRA_BYTES = 0x4000;
const FIRST_POINTER = 8;
const VECTORS = 0x40000000;

export interface LockstepOptions {
  readonly seed: number;
  readonly rounds: number;
}

export interface LockstepResult {
  readonly exceptions: number;
  readonly instructions: number;
  readonly translated: { readonly regions: number; readonly instructions: number };
}

/** Everything visible, as text that can be compared. */
function stateOf(chip: Chip): string {
  const registers = Array.from(chip.registers, (value) => (value >>> 0).toString(16)).join(" ");
  const special = [SR.SAR, SR.PS, SR.EPC1, SR.EXCCAUSE, SR.EXCVADDR, SR.INTERRUPT, SR.CCOUNT]
    .map((register) => `${SR[register]}=${chip.readSpecial(register).toString(16)}`)
    .join(" ");
  const counts = `instructions=${chip.instructions} cycles=${chip.cycles} misses=${chip.memory.cache.misses}`;
  return `pc=${chip.pc.toString(16)} ${registers} ${special} ${counts}`;
}

/** Most encodings are rare among random words, so we begin with one of each kind and change its registers and constants. */
const SAMPLES = Object.values(INSTRUCTION_ENCODINGS).map((hex) => Buffer.from(`${hex}0000`, "hex").readUIntLE(0, 3));
const FIELDS = [0x0000f0, 0x000f00, 0x00f000, 0xff0000];

function vary(random: SeededRandom): number {
  const sample = SAMPLES[random.integer(0, SAMPLES.length - 1)] as number;
  const wanted = decode(sample, 0, 0).op;
  let word = sample;
  for (const field of FIELDS) {
    const changed = (word & ~field) | (random.integer(0, 0xffffff) & field);
    if (decode(changed, 0, 0).op === wanted) word = changed;
  }
  return word;
}

/** A word that is an instruction, seldom one that leaves the code; undefined for a bad draw. */
function drawInstruction(
  random: SeededRandom,
  at: number,
  starts: ReadonlySet<number>,
): { word: number; sizeBytes: number } | undefined {
  const word = random.fraction() < 0.3 ? random.integer(0, 0xffffff) : vary(random);
  const { op, d, s, sizeBytes, immediate } = decode(word, at, 0);
  const facts = OP_FACTS[op] as number;
  // The upper registers mostly keep the addresses that they are given, and most accesses use them.
  const spoils = (facts & WRITES_D) !== 0 && d >= FIRST_POINTER;
  const strays = (facts & (LOADS | STORES)) !== 0 && s < FIRST_POINTER;
  if ((spoils || strays) && random.fraction() > 0.03) return undefined;
  const isRare = op === Op.Illegal || op === Op.Ret || op === Op.Jx || op === Op.Callx0 || op >= Op.Wsr;
  if (isRare && random.fraction() > 0.02) return undefined;
  if (op === Op.NotEmulated || op === Op.Tlb || op === Op.Waiti || op === Op.Simcall || op === Op.Rfi) return undefined;
  if (op === Op.Wsr || op === Op.Xsr || op === Op.Rfe || op === Op.Rfde) return undefined;
  if (op === Op.L32r && (immediate < at - 1000 || immediate > at))
    return random.fraction() < 0.002 ? { word, sizeBytes } : undefined;
  const jumps = (facts & BRANCHES) !== 0 || op === Op.J || op === Op.Call0;
  if (jumps && (immediate < at - 200 || immediate > at + 60)) return undefined;
  if (jumps && immediate < at && !starts.has(immediate) && random.fraction() > 0.01) return undefined;
  return { word: sizeBytes === 2 ? word & 0xffff : word, sizeBytes };
}

function drawCode(random: SeededRandom, address: number): { code: Uint8Array; starts: number[] } {
  const code = new Uint8Array(CODE_BYTES);
  const starts = new Set<number>();
  let at = 16;
  while (at < CODE_BYTES - 3) {
    const drawn = drawInstruction(random, address + at, starts);
    if (!drawn) continue;
    starts.add(address + at);
    for (let index = 0; index < drawn.sizeBytes; index++) code[at + index] = drawn.word >>> (8 * index);
    at += drawn.sizeBytes;
  }
  return { code, starts: [...starts] };
}

class Machine {
  readonly chip: Chip;
  readonly log: string[] = [];
  readonly #random: SeededRandom;
  readonly #starts: readonly number[];

  constructor(engine: "interpreter" | "translated", seed: number, flash: Uint8Array, starts: readonly number[]) {
    this.#random = new SeededRandom(seed).fork(2);
    this.#starts = starts;
    const handler: NamedRoutine = { name: "handler", run: (core) => core.jump(this.#handle()) };
    this.chip = new Chip({
      engine,
      flash,
      translateAfter: 2,
      extraRam: [{ address: EXTRA_ADDRESS, sizeBytes: EXTRA_BYTES }],
      routines: new Map(
        [VECTOR_DEBUG, VECTOR_NMI, VECTOR_KERNEL, VECTOR_USER, VECTOR_DOUBLE].map((offset) => [
          VECTORS + offset,
          handler,
        ]),
      ),
    });
  }

  #handle(): number {
    const { chip } = this;
    this.log.push(stateOf(chip));
    chip.writeSpecial(SR.PS, chip.readSpecial(SR.PS) & ~(PS_EXCM | PS_INTLEVEL_MASK));
    chip.writeSpecial(SR.INTENABLE, 1 << 6);
    chip.writeSpecial(SR.CCOMPARE0, chip.readSpecial(SR.CCOUNT) + this.#random.integer(50, 3000));
    this.setRegisters();
    return this.#somewhere();
  }

  #somewhere(): number {
    const start = this.#starts[this.#random.integer(0, this.#starts.length - 1)] as number;
    return this.#random.fraction() < 0.02 ? start + 1 : start;
  }

  /** Numbers, and addresses of every kind of memory. */
  setRegisters(): void {
    const { registers } = this.chip;
    for (let register = 0; register < 16; register++)
      registers[register] = register < FIRST_POINTER ? this.#number() : this.#pointer();
  }

  #number(): number {
    return this.#random.fraction() < 0.5
      ? this.#random.integer(-(2 ** 31), 2 ** 31 - 1)
      : this.#random.integer(-40, 40);
  }

  #pointer(): number {
    const offset = this.#random.integer(0, 1000);
    switch (this.#random.integer(0, 15)) {
      case 0:
        return this.#number();
      case 1:
        return EXTRA_ADDRESS + 0x2000 + offset;
      case 2:
        return IRAM_ADDRESS + 0x8000 + (offset & ~3);
      case 3:
        // Half of these lines share their places in the cache with the code.
        return FLASH_WINDOW_ADDRESS + 0x800 + 0x2000 * this.#random.integer(1, 20) + (offset & ~3);
      case 4:
        return EXTRA_ADDRESS + 0x2000 + offset * 4;
      case 5:
        return this.#somewhere();
      default:
        return DRAM_ADDRESS + offset * 16;
    }
  }

  /** What is not emulated ends a run, in the same place. */
  run(maxInstructions: number): void {
    try {
      this.chip.run({ maxInstructions });
    } catch (error) {
      if (!(error instanceof EmulatorError) || error.code !== "not-emulated") throw error;
      this.log.push(`${error.message} ${error.pc} ${stateOf(this.chip)}`);
      this.setRegisters();
      this.jump();
    }
  }

  jump(): void {
    this.chip.pc = this.#somewhere();
  }
}

/** Throws at the first difference. What happened, so that a test can see that it was not nothing. */
export function runLockstep({ seed, rounds }: LockstepOptions): LockstepResult {
  const random = new SeededRandom(seed);
  const place = random.integer(0, 2);
  const address = [FLASH_WINDOW_ADDRESS + 0x800, IRAM_ADDRESS + 0x100, EXTRA_ADDRESS + 0x200][place] as number;
  const flash = new Uint8Array(0x4000);
  random.fill(flash);
  const { code, starts } = drawCode(random, address);
  flash.set(code, 0x800);
  const machines = (["interpreter", "translated"] as const).map((engine) => new Machine(engine, seed, flash, starts));
  const [one, two] = machines as [Machine, Machine];
  for (const machine of machines) {
    if (place !== 0) machine.chip.write(address, code);
    machine.chip.writeSpecial(SR.PS, 0);
    machine.setRegisters();
    machine.jump();
  }
  for (let round = 0; round < rounds; round++) {
    const maxInstructions = random.integer(1, 4000);
    const moves = random.fraction() < 0.2;
    const forgets = random.fraction() < 0.2;
    for (const machine of machines) {
      if (moves) machine.jump();
      if (forgets) machine.chip.memory.cache.clear();
      machine.run(maxInstructions);
    }
    compare(`exceptions, seed ${seed}, round ${round}`, one.log.join("\n"), two.log.join("\n"));
    compare(`state, seed ${seed}, round ${round}`, stateOf(one.chip), stateOf(two.chip));
  }
  for (const { address: first, sizeBytes, name } of one.chip.memory.regions) {
    const [left, right] = [one.chip.read(first, sizeBytes), two.chip.read(first, sizeBytes)];
    if (Buffer.compare(left, right) !== 0) throw new Error(`Memory of ${name} differs, seed ${seed}`);
  }
  if (Buffer.compare(one.chip.memory.touched, two.chip.memory.touched) !== 0)
    throw new Error(`Written bytes differ, seed ${seed}`);
  return { exceptions: one.log.length, instructions: one.chip.instructions, translated: two.chip.translated };
}

function compare(what: string, left: string, right: string): void {
  if (left === right) return;
  const lines = left.split("\n");
  const others = right.split("\n");
  const index = lines.findIndex((line, at) => line !== others[at]);
  throw new Error(
    `The engines differ: ${what}, entry ${index}\nbefore:      ${lines[index - 1]}\ninterpreter: ${lines[index]}\ntranslated:  ${others[index]}`,
  );
}
