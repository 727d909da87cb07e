/** Which errors out of a running program are its own, and how they are logged. */

/** What a program does wrong itself. Anything else thrown out of it is a mistake of the host, and is thrown on. */
export function isTrap(error: unknown): error is Error {
  return error instanceof WebAssembly.RuntimeError || error instanceof EarlyCall || isStackOverflow(error);
}

function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("call stack");
}

/** The message and the frames of the program; those of the engine tell nothing. */
export function trapText(trap: Error): string {
  const [message = trap.message, ...frames] = (trap.stack ?? trap.message).split("\n");
  return [message, ...frames.filter((frame) => frame.includes("wasm://"))].join("\n");
}

/** A host function was given a pointer by the module's own initialization, when its memory cannot be reached yet. */
export class EarlyCall extends Error {
  constructor() {
    super("a host function with a pointer was called before start(); move the call into start()");
    this.name = "EarlyCall";
  }
}
