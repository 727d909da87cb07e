/** Something that the user can put right: printed as one line, without a stack, and the command ends with code 1. */
export class CommandError extends Error {}
