/** Something that the user can put right: printed as one line, without a stack, and the command ends with code 1. */
export class CommandError extends Error {
  /** With --json: the line that the command ends with; absent: the message as `error`. */
  readonly report: object | undefined;

  constructor(message: string, report?: object) {
    super(message);
    this.report = report;
  }
}
