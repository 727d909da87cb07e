/** Runs a function on random inputs and keeps all that can be seen of it: what a pass must not change. For tests. */
import type { RandomSource } from "../../../runtime/board/random.ts";
import { interpret, type Outcome, type World } from "./interpret.ts";
import type { Func, Value } from "./ir.ts";

const MEMORY_BYTES = 256;
const STEPS_MAX = 20_000;

export interface Sight {
  outcome: Outcome;
  /** Calls with an effect: whom, arguments, and memory as they saw it. */
  calls: string[];
  memory: string;
}

function hash(numbers: readonly number[]): number {
  let state = 0x811c9dc5;
  for (const number of numbers) state = Math.imul(state ^ number ^ (number >>> 13), 0x01000193) + 0x9e37;
  return state | 0;
}

function numberOf(value: Value): number {
  const callee = value.callee;
  if (callee === undefined) return -1;
  return callee.kind === "rom" ? callee.address : callee.kind === "host" ? callee.slot : callee.index + 1000;
}

export function look(func: Func, params: readonly number[], seed: number, stepsMax = STEPS_MAX): Sight {
  const calls: string[] = [];
  const bytes = (length: number, salt: number): Uint8Array =>
    Uint8Array.from({ length }, (_, index) => hash([seed, salt, index]) >>> 3);
  const world: World = {
    memory: bytes(MEMORY_BYTES, 1),
    globals: bytes(MEMORY_BYTES, 2),
    constants: bytes(MEMORY_BYTES, 3),
    stepsMax,
    call: (value, args, { memory, globals }) => {
      const answer = hash([numberOf(value), ...args]);
      const words = [answer, Math.imul(answer, 31), answer >>> 7];
      if (value.isPure === true) return words;
      const seen = hash([...memory, ...globals]);
      calls.push(`${numberOf(value)}(${args.join()}) ${seen}`);
      memory[answer & (MEMORY_BYTES - 1)] = answer >>> 8;
      globals[(answer >>> 8) & (MEMORY_BYTES - 1)] = answer >>> 16;
      return words;
    },
  };
  const outcome = interpret(func, params, world);
  return { outcome, calls, memory: `${hash([...world.memory])} ${hash([...world.globals])}` };
}

const PARAMS = [0, 1, 2, 3, 5, 7, 8, 16, 31, 32, 64, 100, -1, -2, 0x7fffffff, -0x80000000, 0x12345678];

export function randomParams(random: RandomSource, count: number): number[] {
  return Array.from({ length: count }, () => PARAMS[random.integer(0, PARAMS.length - 1)] as number);
}
