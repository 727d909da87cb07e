/** `--board` and `--pin`, for the commands that build a program. */
import { InvalidArgumentError, Option } from "commander";
import { boardNames } from "../build/board.ts";
import type { PinWishes } from "../build/pin-plan.ts";

/** `use` says what the command does with it. */
export function boardOption(use: string): Option {
  return new Option("--board <board>", `${use}; one of ${boardNames().join(", ")}, or a file (see lintel boards)`);
}

export function pinOption(): Option {
  return new Option("--pin <function=pin>", "pin of one of the program's functions, as barrierA=D5; again for the next")
    .argParser(addWish)
    .default(new Map(), "the board's, or the program's");
}

/** Commander gives what came before. */
function addWish(text: string, before: PinWishes): PinWishes {
  const [, name, pin] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || pin === undefined) {
    throw new InvalidArgumentError("A function and its pin are expected, as barrierA=D5, or barrierB=none.");
  }
  if (before.has(name)) throw new InvalidArgumentError(`${name} has a pin already: ${before.get(name)}.`);
  return new Map(before).set(name, pin);
}
