/** Runs a random function as it was selected and as bytes, and says where the two differ. */
import { SeededRandom } from "../../../../runtime/board/random.ts";
import type { FunctionCode } from "../../emit/emit-function.ts";
import { OutsideWorld } from "./outside-world.ts";
import type { RandomFunction } from "./random-function.ts";
import { runCode } from "./run-code.ts";
import { runMachine } from "./run-machine.ts";

const MACHINE_STEPS_MAX = 10_000;
const CODE_STEPS_MAX = 200_000;

/** Undefined when nothing that can be observed differs on `inputs` inputs. What the bytes do wrong by themselves is thrown. */
export function findDifference(selected: RandomFunction, code: FunctionCode, inputs: number): string | undefined {
  for (let input = 0; input < inputs; input++) {
    const random = new SeededRandom(input);
    const limit = input === 0 ? 4 : 0x7fffffff;
    const argumentWords = Array.from({ length: selected.argumentWords }, () =>
      random.integer(input === 0 ? 0 : -limit, limit),
    );
    const { signatures, resultWords } = selected;
    const options = { signatures, resultWords, argumentWords };
    const expected = new OutsideWorld(input);
    const actual = new OutsideWorld(input);
    const isDone = runMachine(selected.fn, expected, { ...options, stepsMax: MACHINE_STEPS_MAX });
    const isCodeDone = runCode(code, actual, { ...options, stepsMax: CODE_STEPS_MAX });
    if (isDone && !isCodeDone) return `input ${input}: the code does not end`;
    const count = isDone ? Math.max(expected.events.length, actual.events.length) : expected.events.length;
    for (let index = 0; index < count; index++) {
      if (expected.events[index] === actual.events[index]) continue;
      return `input ${input}, event ${index}: ${actual.events[index]}, not ${expected.events[index]}`;
    }
  }
  return undefined;
}
