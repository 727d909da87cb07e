/** The program cannot be built; the message says why, compiler diagnostics included. */
export class BuildError extends Error {}
