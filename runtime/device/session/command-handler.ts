/** What a product does on commands that the session does not know itself (contract/command-messages.ts). */
import { isAscii } from "../hal/ascii.ts";

/** The method of a command, in the message that it came in. */
export class MethodName {
  pointer: usize = 0;
  length: u32 = 0;
  /** The second argument; 0 when there is none. */
  second: i32 = 0;

  is(text: string): bool {
    return isAscii(this.pointer, this.length, text);
  }
}

/** Answers of a handler that are no results. */
export const COMMAND_UNKNOWN: i32 = i32.MIN_VALUE;
export const COMMAND_REFUSED: i32 = i32.MIN_VALUE + 1;

export interface CommandHandler {
  /**
   * Runs a command, at most once whatever happens; `argument` is 0 when there is none. Returns the result, or
   * COMMAND_UNKNOWN, or COMMAND_REFUSED for an argument that makes no sense.
   */
  handle(method: MethodName, argument: i32): i32;
}
