/** What the compiler says about a module that it does not compile. Its own mistakes are plain Errors. */

/** The module is not valid WebAssembly, or does not fit the target. */
export class CompileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CompileError";
  }
}

/** The module is valid, but uses what this compiler does not translate. */
export class UnsupportedError extends CompileError {
  constructor(message: string) {
    super(message);
    this.name = "UnsupportedError";
  }
}
